"""Command feedsvc serve."""

from __future__ import annotations

import logging
import sys
from functools import partial
from pathlib import Path

import click

from feedsvc.cli import import_cli_module
from feedsvc.cli.config import ServeConfig
from feedsvc.cli.options import (
    base_url_option,
    content_argument,
    database_option,
    log_options,
    purge_option,
    report_errors,
    state_folder,
    state_option,
)
from feedsvc.cli.output import report
from feedsvc.cli.variables import command, option
from feedsvc.content.scan import start_scan
from feedsvc.support import hang_reports
from feedsvc.support.client_address import parse_networks
from feedsvc.support.file_descriptors import raise_limit
from feedsvc.support.token_bucket import DEFAULT_HOURLY_LIMIT
from feedsvc.web import LOG_FORMATS, Supervisor, Worker, listen


@command()
@content_argument
@option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on; 0 chooses a free one.")
@option(
    "--threads",
    default=4,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Number of threads in each process.",
)
@option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Number of processes that serve together; use one per processor core. Each holds all articles in memory.",
)
@option(
    "--trusted-proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    help="Address or network of a reverse proxy whose X-Forwarded-For is trusted. Repeat the option for several.",
)
@option(
    "--limit-polls",
    "polls",
    metavar="N",
    type=click.IntRange(0, 100_000),
    help="Number of requests for one feed without If-None-Match or If-Modified-Since that are allowed to a client in an hour; "
    f"0 for no limit. The default is {DEFAULT_HOURLY_LIMIT}, or no limit behind a proxy.",
)
@option(
    "--open-status",
    "opened",
    metavar="ADDRESS",
    multiple=True,
    help="Address or network that may read /status and /metrics, besides this machine. Repeat the option for several.",
)
@base_url_option
@state_option
@database_option
@purge_option("the changed addresses")
@option(
    "--announce/--no-announce",
    default=True,
    help="Notify the WebSub hubs of site.yaml (the default), or not, as for a copy of a site.",
)
@option(
    "--no-last-modified",
    is_flag=True,
    help="Send ETag without Last-Modified. Use it if several servers have separate state folders, because their dates differ.",
)
@option("--access-log", type=click.Choice(tuple(LOG_FORMATS)), help="Write one line per response to stdout, in this format.")
@option("--preview", is_flag=True, help="Show drafts and problems, too; answer only requests from this machine.")
@option("--preview-anywhere", is_flag=True, help="Answer requests from other machines to the preview, too.")
@log_options
@report_errors
def serve(
    *,
    content: Path,
    host: str,
    port: int,
    threads: int,
    workers: int,
    proxies: tuple[str, ...],
    polls: int | None,
    opened: tuple[str, ...],
    base_url: str,
    state: Path | None,
    database: str,
    purge: tuple[str, ...],
    announce: bool,
    no_last_modified: bool,
    access_log: str | None,
    preview: bool,
    preview_anywhere: bool,
) -> None:
    """Serve the feeds and pages of CONTENT (./content).

    \b
    Examples:
      feedsvc serve
      feedsvc serve newsroom --port 8080 --base-url http://127.0.0.1:8080
      feedsvc serve newsroom --preview
      feedsvc serve newsroom --workers 2
      FEEDSVC_PORT=8080 feedsvc serve newsroom
    """
    raise_limit()
    if preview:
        if workers > 1:
            report("--workers is ignored, because --preview runs in one process", logging.WARNING)
        import_cli_module("preview_runner").serve_preview(  # imported only for a preview
            content, host=host, port=port, threads=threads, base_url=base_url, state=state, allows_any_host=preview_anywhere
        )
        return
    config = ServeConfig(
        content=content,
        host=host,
        port=port,
        threads=threads,
        trusted_proxies=parse_networks(proxies),
        poll_limit=polls,
        status_networks=parse_networks(opened, "--open-status"),
        base_url=base_url,
        state_folder=state_folder(content, state),
        database_url=database,
        purge_command=purge,
        announce=announce,
        has_last_modified=not no_last_modified,
        access_log_format=access_log or "",
    )
    if workers == 1:
        scan = start_scan(content)  # in another process if there are many files, while this one imports the modules
        import_cli_module("serve_runner").serve(config, scan)
    else:
        _serve_with_workers(config, workers)


def _serve_with_workers(config: ServeConfig, workers: int) -> None:
    # Fail for a bad address before any worker reads the folder.
    listening_socket = listen(config.host, config.port)
    serve_runner = import_cli_module("serve_runner")

    @report_errors
    def serve_one(worker: Worker) -> None:
        serve_runner.serve_worker(worker, config, listening_socket)

    supervisor = Supervisor(
        workers,
        serve_one,
        print_line=report,
        on_stop=listening_socket.close,
        explain_exit=partial(hang_reports.explanation, config.state_folder),
    )
    sys.exit(supervisor.run())
