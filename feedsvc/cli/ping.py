"""Command feedsvc ping."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from feedsvc.catalog import Catalog, build_catalog
from feedsvc.cli.content_folder import load_without_theme_trial
from feedsvc.cli.options import base_url_option, content_argument, purge_option, report_errors, state_folder, state_option
from feedsvc.cli.output import format_count, print_problems
from feedsvc.cli.variables import command, option
from feedsvc.feeds import FeedDigests
from feedsvc.support.clock import wall_clock
from feedsvc.uris import absolute
from feedsvc.websub import HubResult, HubSelection, OneShotPublisher, one_shot_publisher


@command()
@content_argument
@base_url_option
@state_option
@option("--all-feeds", "everything", is_flag=True, help="Notify the hubs of every feed, even if it did not change.")
@purge_option("the addresses of changed and removed feeds (not those of pages)")
@report_errors
def ping(*, content: Path, base_url: str, state: Path | None, everything: bool, purge: tuple[str, ...]) -> None:
    """Notify WebSub hubs of feeds of CONTENT (./content) changed since the last ping.

    Use it for a static tree, after the new version is public; feedsvc serve notifies the hubs itself. The exit status is 1 if
    a hub did not accept all notifications (the next ping sends the others again), or if the purge command failed (only
    ping --all-feeds repeats it). The purge command runs only if there is a feed to notify hubs of. Purge the pages yourself
    when you publish the tree.

    \b
    Examples:
      feedsvc ping
      feedsvc ping content --purge "./purge-cdn --stdin"
    """
    snapshot = load_without_theme_trial(content, base_url)
    print_problems(snapshot.problems)
    if not snapshot.site.hubs:
        click.echo("feedsvc: site.yaml names no hubs, so no hub is notified", err=True)
        return
    hub_selection = HubSelection(base_url=snapshot.site.base_url, site_hubs=snapshot.site.hubs)
    if not hub_selection.reachable_hubs:
        click.echo(
            f"feedsvc: {snapshot.site.base_url}/ is an address of this machine, which the hubs cannot fetch, "
            "so no hub is notified; give the public address with --base-url",
            err=True,
        )
        return
    with one_shot_publisher(state_folder(content, state), wall_clock) as publisher:
        failed = _publish(publisher, hub_selection, build_catalog(snapshot, wall_clock()), purge, includes_unchanged=everything)
    sys.exit(1 if failed else 0)


def _publish(
    publisher: OneShotPublisher,
    hub_selection: HubSelection,
    catalog: Catalog,
    purge: tuple[str, ...],
    *,
    includes_unchanged: bool,
) -> int:
    """Run the purge command, then notify the hubs, and print the results. Return the number of failures, 0 for success.

    Each reachable hub is notified of the feeds that changed since it last accepted a notification of them, or with
    `includes_unchanged`, of all feeds. The command `purge` (() for none) gets the addresses of these feeds and of removed ones;
    it is not run if there are neither. If it fails, hubs are notified anyway. Failures are, for each hub, the feeds whose
    notification failed and those not tried after them (`HubResult.untried_count`), and 1 if the purge command failed.
    """
    topics = {absolute(hub_selection.base_url, path): digest for path, digest in FeedDigests().compute(catalog).items()}
    pending_topics = publisher.enqueue(hub_selection, topics, includes_unchanged=includes_unchanged)
    purge_failure = publisher.run_purge_command(purge, pending_topics | publisher.removed_topics) if purge else ""
    if purge_failure:
        click.echo(f"feedsvc: {purge_failure}", err=True)
    return bool(purge_failure) + sum(_print_result(publisher.deliver(hub)) for hub in hub_selection.reachable_hubs)


def _print_result(result: HubResult) -> int:
    for failure in result.failures:
        click.echo(f"feedsvc: {result.hub}: {failure}", err=True)
    untried = f", {result.untried_count} not tried" if result.untried_count else ""
    click.echo(
        f"hub {result.hub}: {format_count(result.delivered_count, 'feed')} announced, {result.failed_count} failed{untried}"
    )
    return result.failed_count + result.untried_count
