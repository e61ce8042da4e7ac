"""feedsvc serve"""

from __future__ import annotations

import signal
from pathlib import Path

import click

from feedsvc.audience.address import networks
from feedsvc.audience.counter import Counter
from feedsvc.audience.store import Views
from feedsvc.audience.visitor import Visitors
from feedsvc.audience.wsgi import Audience
from feedsvc.cli.options import (
    VIEWS,
    base_url_option,
    content_argument,
    database_option,
    folder,
    plainly,
    state_folder,
    state_option,
)
from feedsvc.console import counted, log, tell
from feedsvc.content.renditions import Renditions
from feedsvc.ledger import Ledger
from feedsvc.live import Live
from feedsvc.urls import mount
from feedsvc.watch import Watcher
from feedsvc.web.app import application
from feedsvc.web.server import Server


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
) -> None:
    """Serve the feeds and pages of CONTENT (./content).

    \b
    Examples:
      feedsvc serve
      feedsvc serve newsroom --port 8080 --base-url http://127.0.0.1:8080
      FEEDSVC_PORT=8080 feedsvc serve newsroom
    """
    trusted = networks(proxies)
    home = state_folder(content, state)
    ledger = Ledger(home / "modified.sqlite")
    live = Live(folder(content, base_url, home), ledger, renditions=Renditions(home / "pictures"))
    tell(live.edition.content.problems)
    site = live.edition.content.site
    views, visitors = Views(database or home / VIEWS), Visitors()
    counter = Counter(views, live.clock, chore=visitors.turn)
    below = mount(site.base_url)
    app = Audience(application(live), counter, visitors, live.article_id, mount=below, clock=live.clock, trusted=trusted)
    server = Server(app, host=host, port=port, threads=threads)
    watcher = Watcher(content, live, [log])
    signal.signal(signal.SIGHUP, lambda *_: watcher.look())
    address = f"{server.url}{below[1:]}{'/' if below else ''}"
    click.echo(f"feedsvc: serving {counted(live.edition.content)} of {content} at {address} as {site.base_url}/", err=True)
    watcher.start()
    server.run()
    watcher.stop()
    counter.close()
    views.close()
    ledger.close()
