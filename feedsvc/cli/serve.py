"""Command feedsvc serve."""

from __future__ import annotations

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
    purge_option,
    report_errors,
    state_folder,
    state_option,
)
from feedsvc.cli.variables import command, option
from feedsvc.content.scan import start_scan
from feedsvc.support import hang_reports
from feedsvc.support.client_address import parse_networks
from feedsvc.support.file_descriptors import raise_limit
from feedsvc.support.token_bucket import DEFAULT_HOURLY_LIMIT
from feedsvc.web import LOG_FORMATS, Supervisor, Worker, limit_log, listen


@command()
@content_argument
@option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@option(
    "--threads",
    default=4,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Threads of each worker.",
)
@option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes that serve together, one for each core; each holds all articles.",
)
@option(
    "--trusted-proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    help="A reverse proxy (address or network) whose X-Forwarded-For is believed; repeatable.",
)
@option(
    "--limit-polls",
    "polls",
    metavar="N",
    type=click.IntRange(0, 100_000),
    help="Whole copies of one feed that a client may have in an hour, 0 for any; "
    f"by default {DEFAULT_HOURLY_LIMIT}, behind a proxy any.",
)
@option(
    "--open-status",
    "opened",
    metavar="ADDRESS",
    multiple=True,
    help="An address or network that may read /status and /metrics, too; repeatable.",
)
@base_url_option
@state_option
@database_option
@purge_option("the changed addresses")
@option(
    "--announce/--no-announce",
    default=True,
    help="Tell the hubs of site.yaml; not from a copy of a site.",
)
@option(
    "--no-last-modified",
    is_flag=True,
    help="Send entity tags alone: servers that share no state folder agree on these, not on dates.",
)
@option("--access-log", type=click.Choice(tuple(LOG_FORMATS)), help="One line to stdout for each answer.")
@option("--preview", is_flag=True, help="Show drafts and problems, on this machine only.")
@option("--preview-anywhere", is_flag=True, help="Let others reach the preview.")
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
    limit_log()
    if preview:
        if workers > 1:
            click.echo("feedsvc: --workers is ignored, because --preview runs in one process", err=True)
        import_cli_module("preview_runner").serve_preview(  # imported only for a preview
            content, host=host, port=port, threads=threads, base_url=base_url, state=state, allows_any_host=preview_anywhere
        )
        return
    plan = ServeConfig(
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
        look = start_scan(content)  # in another process if there are many files, while this one imports the modules
        import_cli_module("serve_runner").serve(plan, look)
    else:
        _serve_with_workers(plan, workers)


def _serve_with_workers(plan: ServeConfig, workers: int) -> None:
    # Fail for a bad address before any worker reads the folder.
    listening = listen(plan.host, plan.port)
    serving = import_cli_module("serve_runner")

    @report_errors
    def serve_one(station: Worker) -> None:
        serving.serve_worker(station, plan, listening)

    together = Supervisor(
        workers,
        serve_one,
        print_line=lambda line: click.echo(line, err=True),
        on_stop=listening.close,
        explain_exit=partial(hang_reports.explanation, plan.state_folder),
    )
    sys.exit(together.run())
