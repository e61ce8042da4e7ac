"""Preview runner for feedsvc serve --preview: drafts are visible; no read counts, no hub notifications, no Last-Modified."""

from __future__ import annotations

import signal
import socket
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.cli.options import state_folder
from feedsvc.cli.output import format_article_count, log_edition, log_problem_changes, print_problems, report
from feedsvc.content.media import VariantStore
from feedsvc.errors import FeedsvcError
from feedsvc.live import Live, Watcher
from feedsvc.pages import ThemeSelection
from feedsvc.preview import EventStreams, PreviewMiddleware, label_counts
from feedsvc.publication import LastModifiedStore
from feedsvc.routes import ListingRef
from feedsvc.support import process, watchdog
from feedsvc.uris import mount_path
from feedsvc.web import Server, create_app, is_loopback, listen, url_of

_MAX_STREAMS: Final = 8  # open pages; each holds one server thread


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
        mount = mount_path(first_edition.content.site.base_url)
        summary = ", ".join([format_article_count(first_edition.content), *_label_summary(first_edition.publication.catalog)])
        report(f"previewing {summary} of {content} at {server.url}{mount[1:]}{'/' if mount else ''}")
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
