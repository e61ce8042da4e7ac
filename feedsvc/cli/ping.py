"""feedsvc ping"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from feedsvc.catalog.catalog import Catalog, catalog
from feedsvc.cli.one_shot import newsroom
from feedsvc.cli.options import base_url_option, content_argument, plainly, purge_option, state_folder, state_option
from feedsvc.cli.output import number, tell
from feedsvc.cli.variables import command, option
from feedsvc.feeds.digest import Digests
from feedsvc.support.clock import wall_clock
from feedsvc.uris import absolute
from feedsvc.websub.hubs import Reach
from feedsvc.websub.one_shot import ByHand, Told, by_hand


@command()
@content_argument
@base_url_option
@state_option
@option("--all", "everything", is_flag=True, help="Announce every feed, changed or not.")
@purge_option("the addresses of the changed feeds, not of pages")
@plainly
def ping(*, content: Path, base_url: str, state: Path | None, everything: bool, purge: tuple[str, ...]) -> None:
    """Tell the WebSub hubs in CONTENT (./content) which feeds changed since they were last told.

    For static trees, once the new one is in its place; feedsvc serve does it by itself. Exit status 1 if a hub took less
    than all, which the next ping announces, or if the purge failed, which only ping --all does again. Pages are purged by
    whoever puts the tree in its place.

    \b
    Examples:
      feedsvc ping
      feedsvc ping newsroom --purge "./purge-cdn --stdin"
    """
    read = newsroom(content, base_url)
    tell(read.problems)
    if not read.site.hubs:
        click.echo("feedsvc: site.yaml names no hubs; nobody is told", err=True)
        return
    reach = Reach(base_url=read.site.base_url, named=read.site.hubs)
    if not reach.hubs:
        click.echo(f"feedsvc: no hub elsewhere can fetch {read.site.base_url}/; nobody is told", err=True)
        return
    with by_hand(state_folder(content, state), wall_clock) as hand:
        failed = _announce(hand, reach, catalog(read, wall_clock()), purge, everything=everything)
    sys.exit(1 if failed else 0)


def _announce(hand: ByHand, reach: Reach, current: Catalog, purge: tuple[str, ...], *, everything: bool) -> int:
    """How many announcements and purges failed."""
    topics = {absolute(reach.base_url, path): digest for path, digest in Digests().of(current).items()}
    waiting = hand.plan(reach, topics, everything=everything)
    trouble = hand.purge(purge, waiting) if purge else ""
    if trouble:
        click.echo(f"feedsvc: {trouble}", err=True)
    return bool(trouble) + sum(_say(hand.tell(hub)) for hub in reach.hubs)


def _say(told: Told) -> int:
    for trouble in told.troubles:
        click.echo(f"feedsvc: {told.hub}: {trouble}", err=True)
    untried = f", {told.untried} not tried" if told.untried else ""
    click.echo(f"hub {told.hub}: {number(told.announced, 'feed')} announced, {told.failed} failed{untried}")
    return told.failed + told.untried
