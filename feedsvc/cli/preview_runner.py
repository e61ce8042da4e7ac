"""feedsvc serve --preview: nothing is counted, announced or dated, and drafts are seen."""

from __future__ import annotations

import signal
import socket
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from feedsvc.catalog.catalog import Catalog
from feedsvc.cli.content_folder import folder
from feedsvc.cli.options import state_folder
from feedsvc.cli.output import counted, log, tell
from feedsvc.cli.themes import adoption
from feedsvc.content.media.thumbnails import Renditions
from feedsvc.errors import FeedsvcError
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.preview.events import Streams
from feedsvc.preview.middleware import Preview
from feedsvc.preview.panel import counts
from feedsvc.publication.last_modified import Ledger
from feedsvc.routes import ListingRef
from feedsvc.support import hang_reports, watchdog
from feedsvc.support.clock import wall_clock
from feedsvc.uris import mount
from feedsvc.web.access_control import is_loopback
from feedsvc.web.app import application
from feedsvc.web.server import Server, listen, url_of

_STREAMS: Final = 8  # pages that are looked at, each with a thread of its own


def preview(content: Path, *, host: str, port: int, threads: int, base_url: str, state: Path | None, anywhere: bool) -> None:
    """Serves the preview until it is stopped. Raises FeedsvcError for an address of others, unless it may be `anywhere`."""
    if not anywhere and not _is_here(host):
        raise FeedsvcError(
            f"a preview shows drafts, and {host} is an address that others may reach; leave --host out, or add --preview-anywhere"
        )
    with ExitStack() as parts:
        # With another port at each start, what is remembered of one would serve no other.
        passing = Path(parts.enter_context(TemporaryDirectory(prefix="feedsvc-"))) if not port and not state else None
        home = passing or state_folder(content, state)
        parts.enter_context(watchdog.watching(home))
        if hung := hang_reports.notice(home, wall_clock()):
            click.echo(f"feedsvc: {hung}", err=True)
        listening = parts.enter_context(closing(listen(host, port)))
        # Links in feeds stay in the preview, too; an address of all interfaces is none to link to.
        base = base_url or (url_of(listening).rstrip("/") if _is_here(host) else "")
        ledger = parts.enter_context(closing(Ledger(None)))
        read, renditions = folder(content, base, home), Renditions(home / "pictures")
        live = Live(read, ledger, renditions=renditions, preview=True, adoption=adoption(home))
        watchdog.start_heartbeat()
        first = live.edition
        tell(first.content.problems)
        streams = Streams(live, _STREAMS)
        app = Preview(application(live), live, streams, anywhere=anywhere)
        server = Server(
            app,
            host=host,
            port=port,
            threads=threads + _STREAMS,
            listening=listening,
            leaving=streams.stop,
            streams=True,
        )
        watcher = Watcher(content, live, [log, streams.tell])
        signal.signal(signal.SIGHUP, lambda *_: watcher.look())
        parts.callback(watcher.stop)
        watcher.start()
        below = mount(first.content.site.base_url)
        shown = ", ".join([counted(first.content), *_among(first.publication.catalog)])
        click.echo(f"feedsvc: previewing {shown} of {content} at {server.url}{below[1:]}{'/' if below else ''}", err=True)
        server.run()


def _among(catalog: Catalog) -> list[str]:
    found = counts(catalog.listings[ListingRef()].visible)
    return [f"{' and '.join(filter(None, (', '.join(found[:-1]), found[-1])))} among them,"] if found else []


def _is_here(host: str) -> bool:
    """Whether a name or address means this machine alone; what means nothing is told where it is listened on."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return True
    return all(is_loopback(str(address[0])) for *_, address in found)
