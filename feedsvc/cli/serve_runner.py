"""Serve runner: builds and runs the server of one process, which serves alone or as one of several workers."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from feedsvc.cli.content_folder import open_content_folder
from feedsvc.cli.options import state_folder
from feedsvc.cli.output import format_count, log_edition, log_problem_changes, print_problems, report
from feedsvc.content.scan import BackgroundScan
from feedsvc.live import Edition, Listener
from feedsvc.service import Service, ServiceConfig, open_live
from feedsvc.support import process, watchdog
from feedsvc.support.alerts import Alerts
from feedsvc.support.client_address import parse_networks
from feedsvc.uris import mount_path
from feedsvc.web import Server, Worker


def service_config(
    *,
    content: Path,
    base_url: str,
    state: Path | None,
    announce: bool,
    trusted_proxy: tuple[str, ...] = (),
    limit_polls: int | None = None,
    open_status: tuple[str, ...] = (),
    database: str = "",
    purge: tuple[str, ...] = (),
    no_last_modified: bool = False,
    access_log: str | None = None,
) -> ServiceConfig:
    """Return the settings of a service from the values of the options of `serve`. Raises FeedsvcError for an invalid value."""
    return ServiceConfig(
        content=content,
        base_url=base_url,
        state_folder=state_folder(content, state),
        database_url=database,
        trusted_proxies=parse_networks(trusted_proxy),
        poll_limit=limit_polls,
        status_networks=parse_networks(open_status, "--open-status"),
        purge_command=purge,
        announce=announce,
        has_last_modified=not no_last_modified,
        access_log_format=access_log or "",
    )


def serve(
    settings: ServiceConfig,
    threads: int,
    open_socket: Callable[[], socket.socket],
    *,
    worker: Worker | None = None,
    scan: BackgroundScan | None = None,
    is_demo: bool = False,
) -> None:
    """Serve in this process until SIGTERM or SIGINT, alone or as a worker, of which only the first prints problems and editions.

    `open_socket` returns the listening socket, a result of `listen` or `listen_unix`. It is called when the content has been
    read. If it opens the socket, connections are refused until then, so that a proxy uses another server. `scan` is a scan of
    articles/ that was just started. With `is_demo`, problems in the files are not printed, and SIGHUP ends the server, as when
    its terminal is closed; otherwise SIGHUP makes the server examine every file.
    """
    is_first = worker is None or worker.number == 1
    with ExitStack() as stack:
        alerts = Alerts()
        open_folder = partial(open_content_folder, settings.content, settings.base_url, settings.state_folder, alerts, scan)
        live = open_live(open_folder, settings.state_folder, alerts, stack, has_last_modified=settings.has_last_modified)
        process.return_large_blocks()
        process.freeze_heap()
        process.leak_on_exit(live)
        watchdog.start()  # threads start from here on, so this process does not fork any more
        if is_first and not is_demo:
            print_problems(live.edition.content.problems)
        service = Service(settings, live, stack, worker)
        listening_socket = open_socket()
        stack.callback(listening_socket.close)
        server = Server(service.application, listening_socket=listening_socket, threads=threads)
        listeners: list[Listener] = [log_problem_changes, log_edition] if is_first else []
        end_server = signal.getsignal(signal.SIGTERM)
        watcher = service.watch(listeners, calls_hooks=lambda: is_first and not is_demo)
        signal.signal(signal.SIGHUP, end_server if is_demo else lambda *_: watcher.request_full_scan())
        message = _startup_message(settings.content, service.first_edition, server)
        if worker:
            worker.report_ready(f"{message} with {worker.count} workers")
        else:
            report(message)
        sentence = server.run()
    if not worker:  # the supervisor of workers reports it
        report(sentence)


def _startup_message(content: Path, first_edition: Edition, server: Server) -> str:
    base_url = first_edition.content.site.base_url
    mount = mount_path(base_url)
    is_web_address = server.url.startswith("http")
    address = f"{server.url}{mount[1:]}{'/' if mount else ''}" if is_web_address else server.url
    count = format_count(len(first_edition.publication.catalog.visible), "article")
    public_address = "" if address == f"{base_url}/" else f" as {base_url}/"
    return f"serving {count} of {content} at {address}{public_address}"
