"""Runner of `serve` and `demo`: builds and runs the server of one process, which serves alone, as a worker or as a preview.

In a preview drafts are visible; it has no read counts, no hub notifications and no Last-Modified.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.cli.options import state_folder
from feedsvc.cli.output import format_article_count, format_count, log_edition, log_problem_changes, print_problems, report
from feedsvc.content.media import VariantStore
from feedsvc.errors import FeedsvcError
from feedsvc.live import Edition, Listener, Live, Watcher
from feedsvc.pages import ThemeSelection
from feedsvc.preview import EventStreams, PreviewMiddleware, label_counts
from feedsvc.publication import LastModifiedStore
from feedsvc.routes import ListingRef
from feedsvc.service import Service, ServiceConfig, open_live
from feedsvc.support import process, watchdog
from feedsvc.support.alerts import Alerts
from feedsvc.support.client_address import parse_networks
from feedsvc.uris import mount_path
from feedsvc.web import Server, Worker, create_app, is_loopback, listen, url_of

_MAX_STREAMS: Final = 8  # open pages of a preview; each holds one server thread


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
    is_demo: bool = False,
) -> None:
    """Serve in this process until SIGTERM or SIGINT, alone or as a worker, of which only the first prints problems and editions.

    `open_socket` returns the listening socket, a result of `listen` or `listen_unix`. It is called when the content has been
    read. If it opens the socket, connections are refused until then, so that a proxy uses another server. With `is_demo`,
    problems in the files are not printed, and SIGHUP ends the server, as when its terminal is closed; otherwise SIGHUP makes
    the server examine every file.
    """
    is_first = worker is None or worker.number == 1
    with ExitStack() as stack:
        alerts = Alerts()
        open_folder = partial(open_content_folder, settings.content, settings.base_url, settings.state_folder, alerts)
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
    address = _local_address(base_url, server)
    count = format_count(len(first_edition.publication.catalog.visible), "article")
    public_address = "" if address == f"{base_url}/" else f" as {base_url}/"
    return f"serving {count} of {content} at {address}{public_address}"


def _local_address(base_url: str, server: Server) -> str:
    """Return the address of the server, with the path of `base_url` unless it is a unix socket."""
    mount = mount_path(base_url)
    return f"{server.url}{mount[1:]}{'/' if mount else ''}" if server.url.startswith("http") else server.url


def serve_preview(
    content: Path, *, host: str, port: int, threads: int, base_url: str, state: Path | None, allows_any_host: bool
) -> None:
    """Serve the preview until SIGTERM or SIGINT. Raises FeedsvcError for a non-loopback `host`, unless `allows_any_host`.

    If `base_url` is "", it is the address of the preview itself for a loopback `host`, else that of site.yaml. If `state` is
    None, the state folder is a temporary one if `port` is 0, else the one that `feedsvc serve` has by default.
    """
    if not allows_any_host and not _is_loopback_host(host):
        raise FeedsvcError(
            f"--host {host}: other machines may reach this address, but a preview shows drafts; "
            "omit --host, or add --preview-anywhere"
        )
    with ExitStack() as stack:
        # The port, and with it the base URL, differs at each start, so a cache would be useless next time.
        temporary_folder = Path(stack.enter_context(TemporaryDirectory(prefix="feedsvc-"))) if not port and not state else None
        state_path = temporary_folder or state_folder(content, state)
        listening_socket = stack.enter_context(closing(listen(host, port)))
        # Links in feeds lead to the preview, too. The address of all interfaces cannot be linked to.
        site_url = base_url or (url_of(listening_socket).rstrip("/") if _is_loopback_host(host) else "")
        last_modified = stack.enter_context(closing(LastModifiedStore(None)))
        content_folder = open_content_folder(content, site_url, state_path)
        variant_store = stack.enter_context(closing(VariantStore(state_path / "pictures")))
        live = Live(
            content_folder, last_modified, variant_store=variant_store, preview=True, theme_selection=ThemeSelection(state_path)
        )
        process.freeze_heap()
        watchdog.start()
        first_edition = live.edition
        print_problems(first_edition.content.problems)
        streams = EventStreams(live, _MAX_STREAMS)
        app = PreviewMiddleware(create_app(live), live, streams, allows_any_host=allows_any_host)
        server = Server(
            app,
            host=host,
            port=port,
            threads=threads + _MAX_STREAMS,
            listening_socket=listening_socket,
            on_stop=streams.stop,
            is_streaming=True,
        )
        watcher = Watcher(content, live, [log_problem_changes, log_edition, streams.notify])
        signal.signal(signal.SIGHUP, lambda *_: watcher.request_full_scan())
        stack.callback(watcher.stop)
        watcher.start()
        address = _local_address(first_edition.content.site.base_url, server)
        summary = ", ".join([format_article_count(first_edition.content), *_label_summary(first_edition.publication.catalog)])
        report(f"previewing {summary} of {content} at {address}")
        sentence = server.run()
    report(sentence)


def _label_summary(catalog: Catalog) -> list[str]:
    counts = label_counts(catalog.listings[ListingRef()].visible)
    return [f"{' and '.join(filter(None, (', '.join(counts[:-1]), counts[-1])))} among them,"] if counts else []


def _is_loopback_host(host: str) -> bool:
    """Return whether a host name or address is only this machine. True for one without an address: `listen` reports that."""
    try:
        addresses = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return all(is_loopback(str(address[0])) for *_, address in addresses)
