"""feedsvc serve"""

from __future__ import annotations

import signal
import sys
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from feedsvc.audience.address import networks
from feedsvc.audience.counter import Counter
from feedsvc.audience.store import Views
from feedsvc.audience.visitor import Visitors
from feedsvc.audience.wsgi import Audience
from feedsvc.cli import previewing
from feedsvc.cli.options import (
    VIEWS,
    base_url_option,
    content_argument,
    database_option,
    folder,
    plainly,
    purge_option,
    state_folder,
    state_option,
)
from feedsvc.console import counted, log, tell
from feedsvc.content.renditions import Renditions
from feedsvc.ledger import Ledger
from feedsvc.live import Live
from feedsvc.push.announcer import Announcer
from feedsvc.push.listening import Listening
from feedsvc.urls import mount
from feedsvc.watch import Listener, Watcher
from feedsvc.web.access import FORMATS, AccessLog
from feedsvc.web.app import application
from feedsvc.web.server import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@click.command()
@content_argument
@click.option("--host", default="127.0.0.1", show_default=True, envvar="FEEDSVC_HOST", help="The address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(0, 65535), envvar="FEEDSVC_PORT", help="0 takes a free one."
)
@click.option(
    "--threads", default=4, show_default=True, type=click.IntRange(1, 256), envvar="FEEDSVC_THREADS", help="Worker threads."
)
@click.option(
    "--trusted-proxy",
    "proxies",
    metavar="ADDRESS",
    multiple=True,
    envvar="FEEDSVC_TRUSTED_PROXY",
    help="A reverse proxy (address or network) whose X-Forwarded-For is believed; repeatable.",
)
@base_url_option
@state_option
@database_option
@purge_option("the changed addresses")
@click.option(
    "--announce/--no-announce",
    default=True,
    envvar="FEEDSVC_ANNOUNCE",
    help="Tell the hubs of site.yaml; not from a copy of a site.",
)
@click.option(
    "--access-log", type=click.Choice(tuple(FORMATS)), envvar="FEEDSVC_ACCESS_LOG", help="One line to stdout for each answer."
)
@click.option("--preview", is_flag=True, envvar="FEEDSVC_PREVIEW", help="Show drafts and problems, on this machine only.")
@click.option("--preview-anywhere", is_flag=True, envvar="FEEDSVC_PREVIEW_ANYWHERE", help="Let others reach the preview.")
@plainly
def serve(
    *,
    content: Path,
    host: str,
    port: int,
    threads: int,
    proxies: tuple[str, ...],
    base_url: str,
    state: Path | None,
    database: str,
    purge: tuple[str, ...],
    announce: bool,
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
      FEEDSVC_PORT=8080 feedsvc serve newsroom
    """
    if preview:
        previewing.preview(
            content, host=host, port=port, threads=threads, base_url=base_url, state=state, anywhere=preview_anywhere
        )
        return
    trusted, home = networks(proxies), state_folder(content, state)
    with ExitStack() as parts:
        ledger = parts.enter_context(closing(Ledger(home / "modified.sqlite")))
        live = Live(folder(content, base_url, home), ledger, renditions=Renditions(home / "pictures"))
        first = live.edition
        tell(first.content.problems)
        views, visitors = parts.enter_context(closing(Views(database or home / VIEWS))), Visitors()
        counter = parts.enter_context(closing(Counter(views, live.clock, chore=visitors.turn, spill=home / "unwritten")))
        announcer = parts.enter_context(closing(Announcer(home, live.clock, purge=purge)))
        base = first.content.site.base_url
        served = application(live, {"push": lambda: asdict(announcer.status())})
        app: WSGIApplication = Audience(
            served, counter, visitors, live.article_id, base_url=live.base_url, clock=live.clock, trusted=trusted
        )
        if access_log:
            accesses = parts.enter_context(closing(AccessLog(access_log, sys.stdout.fileno(), trusted)))
            app = accesses.around(app, live.clock)
        server = Server(app, host=host, port=port, threads=threads)
        listeners: list[Listener] = [log, *([Listening(announcer, first, addresses=bool(purge))] if announce else [])]
        watcher = Watcher(content, live, listeners)
        signal.signal(signal.SIGHUP, lambda *_: watcher.look())
        parts.callback(watcher.stop)
        watcher.start()
        address = f"{server.url}{mount(base)[1:]}{'/' if mount(base) else ''}"
        click.echo(f"feedsvc: serving {counted(first.content)} of {content} at {address} as {base}/", err=True)
        server.run()
