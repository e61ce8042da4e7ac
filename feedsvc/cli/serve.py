"""Command feedsvc serve."""

from __future__ import annotations

import logging
import re
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from feedsvc.cli import import_cli_module
from feedsvc.cli.options import (
    PATH_TYPE,
    base_url_option,
    content_argument,
    database_option,
    log_options,
    purge_option,
    report_errors,
    state_option,
)
from feedsvc.cli.output import report
from feedsvc.cli.settings import IntRange, WordChoice, command, option
from feedsvc.errors import FeedsvcError
from feedsvc.support.client_address import UNIX_PEER
from feedsvc.support.file_descriptors import raise_limit
from feedsvc.support.token_bucket import DEFAULT_HOURLY_LIMIT

if TYPE_CHECKING:
    from feedsvc.service import ServiceConfig
    from feedsvc.web import Worker

_UNKNOWN_CLIENTS: Final = (
    "clients of the unix socket have no addresses, so all readers with the same browser count as one; if the proxy sets "
    "X-Forwarded-For, add --trusted-proxy unix"
)
_MODE: Final = re.compile(r"(?:0o?)?([0-7]{3})")


def _parse_mode(_context: click.Context, _option: click.Parameter, text: str) -> int:
    match = _MODE.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"'{text}' is not a mode in octal; give three digits, such as 660 or 666")
    return int(match[1], 8)


@command()
@content_argument
@option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@option("--port", default=8000, show_default=True, type=IntRange(0, 65535), help="Port to listen on; 0 chooses a free one.")
@option(
    "--unix-socket",
    metavar="PATH",
    type=PATH_TYPE,
    help="Listen on a unix socket at PATH, for a proxy on this machine, instead of --host and --port.",
)
@option(
    "--unix-socket-mode",
    metavar="MODE",
    default="660",
    show_default=True,
    callback=_parse_mode,
    help="Permissions of the unix socket, in octal. The proxy's user must be allowed to write.",
)
@option(
    "--threads",
    default=4,
    show_default=True,
    type=IntRange(1, 256),
    help="Number of threads in each process.",
)
@option(
    "--workers",
    default=1,
    show_default=True,
    type=IntRange(1, 64),
    help="Number of processes that serve together; use one per processor core. Each holds all articles in memory.",
)
@option(
    "--trusted-proxy",
    metavar="ADDRESS",
    multiple=True,
    help="Address or network of a reverse proxy whose X-Forwarded-For is trusted; unix for one that uses the unix socket. "
    "Repeat the option for several.",
)
@option(
    "--limit-polls",
    metavar="N",
    type=IntRange(0, 100_000),
    help="Number of requests for one feed without If-None-Match or If-Modified-Since that are allowed to a client in an hour; "
    f"0 for no limit. The default is {DEFAULT_HOURLY_LIMIT}, or no limit behind a proxy.",
)
@option(
    "--open-status",
    metavar="ADDRESS",
    multiple=True,
    help="Address or network that may read /status and /metrics, besides this machine; unix for programs that use the unix "
    "socket. Repeat the option for several.",
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
@option(
    "--access-log", type=WordChoice(("logfmt", "json", "combined")), help="Write one line per response to stdout, in this format."
)
@option("--preview", is_flag=True, help="Show drafts and problems, too; answer only requests from this machine.")
@option("--preview-anywhere", is_flag=True, help="Answer requests from other machines to the preview, too.")
@log_options
@report_errors
def serve(
    *,
    content: Path,
    host: str,
    port: int,
    unix_socket: Path | None,
    unix_socket_mode: int,
    threads: int,
    workers: int,
    base_url: str,
    state: Path | None,
    preview: bool,
    preview_anywhere: bool,
    **settings: Any,
) -> None:
    """Serve the feeds and pages of CONTENT (./content).

    \b
    Examples:
      feedsvc serve
      feedsvc serve content --port 8080 --base-url http://127.0.0.1:8080
      feedsvc serve content --preview
      feedsvc serve content --workers 2
      feedsvc serve content --unix-socket /run/feedsvc/http.sock --trusted-proxy unix
      FEEDSVC_PORT=8080 feedsvc serve content
    """
    raise_limit()
    open_socket = _open_socket(host, port, unix_socket, unix_socket_mode)
    if preview:
        if unix_socket:
            raise FeedsvcError("--unix-socket is for a proxy, but a preview shows drafts; omit --preview, or --unix-socket")
        if workers > 1:
            report("--workers is ignored, because --preview runs in one process", logging.WARNING)
        import_cli_module("serve_runner").serve_preview(
            content, host=host, port=port, threads=threads, base_url=base_url, state=state, allows_any_host=preview_anywhere
        )
        return
    runner = import_cli_module("serve_runner")
    config = runner.service_config(content=content, base_url=base_url, state=state, **settings)
    if unix_socket and UNIX_PEER not in config.trusted_proxies:
        report(_UNKNOWN_CLIENTS)
    if workers == 1:
        runner.serve(config, threads, open_socket)
    else:
        _serve_with_workers(runner.serve, config, threads, workers, open_socket)


def _open_socket(host: str, port: int, path: Path | None, mode: int) -> Callable[[], socket.socket]:
    """Return a function that listens on the unix socket or the address. Raises FeedsvcError if both are given."""
    context = click.get_current_context()
    for name in ("host", "port"):
        if path and context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise FeedsvcError(
                f"--unix-socket and --{name} contradict each other: a server listens on one of them; omit the other"
            )

    def open_socket() -> socket.socket:
        from feedsvc import web  # noqa: PLC0415 - it imports Flask

        return web.listen_unix(path, mode) if path else web.listen(host, port)

    return open_socket


def _serve_with_workers(
    serve: Callable[..., None], config: ServiceConfig, threads: int, workers: int, open_socket: Callable[[], socket.socket]
) -> None:
    from feedsvc.web import Supervisor  # noqa: PLC0415 - it imports Flask

    # Fail for a bad address before any worker reads the folder.
    listening_socket = open_socket()

    @report_errors
    def serve_one(worker: Worker) -> None:
        serve(config, threads, lambda: listening_socket, worker=worker)

    sys.exit(Supervisor(workers, serve_one, print_line=report, on_stop=listening_socket.close).run())
