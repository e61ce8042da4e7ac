"""Command feedsvc ping."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from feedsvc.catalog import Catalog, build_catalog
from feedsvc.cli.content_folder import load_without_theme_check
from feedsvc.cli.options import (
    base_url_option,
    content_argument,
    json_option,
    purge_option,
    report_errors,
    state_folder,
    state_option,
)
from feedsvc.cli.output import format_count, print_json, print_line, print_problems, report
from feedsvc.cli.settings import command, option
from feedsvc.feeds import FeedDigests
from feedsvc.support.clock import wall_clock
from feedsvc.uris import absolute
from feedsvc.websub import HubResult, HubSelection, OneShotPublisher, one_shot_publisher

_UNREACHABLE: Final = "is an address of this machine, which hubs cannot reach; give the public one with --base-url"


@command()
@content_argument
@base_url_option
@state_option
@option("--all-feeds", is_flag=True, help="Notify the hubs of every feed, even if it did not change.")
@json_option
@purge_option("the addresses of changed and removed feeds (not those of pages)")
@report_errors
def ping(*, content: Path, base_url: str, state: Path | None, all_feeds: bool, json: bool, purge: tuple[str, ...]) -> None:
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
    snapshot = load_without_theme_check(content, base_url)
    print_problems(snapshot.problems)
    hub_selection = HubSelection(base_url=snapshot.site.base_url, site_hubs=snapshot.site.hubs)
    if not hub_selection.reachable_hubs:
        reason = f"{snapshot.site.base_url}/ {_UNREACHABLE}" if snapshot.site.hubs else "site.yaml names no hubs"
        report(f"no hub is notified, because {reason}")
        if json:
            print_json([])
        return
    with one_shot_publisher(state_folder(content, state), wall_clock) as publisher:
        catalog = build_catalog(snapshot, wall_clock())
        purge_failure, results = _publish(publisher, hub_selection, catalog, purge, includes_unchanged=all_feeds)
    if json:
        print_json([_to_json(result) for result in results])
    else:
        for result in results:
            print_line(_sentence(result))
    sys.exit(1 if purge_failure or any(result.failed_count or result.untried_count for result in results) else 0)


def _publish(
    publisher: OneShotPublisher,
    hub_selection: HubSelection,
    catalog: Catalog,
    purge: tuple[str, ...],
    *,
    includes_unchanged: bool,
) -> tuple[str, list[HubResult]]:
    """Run the purge command, then notify the hubs, and print the failures. Return the purge failure, "" if none, and the results.

    Each reachable hub is notified of the feeds that changed since it last accepted a notification of them, or with
    `includes_unchanged`, of all feeds. The command `purge` (() for none) gets the addresses of these feeds and of removed ones;
    it is not run if there are neither. If it fails, hubs are notified anyway.
    """
    topics = {absolute(hub_selection.base_url, path): digest for path, digest in FeedDigests().compute(catalog).items()}
    pending_topics = publisher.enqueue(hub_selection, topics, includes_unchanged=includes_unchanged)
    purge_failure = publisher.run_purge_command(purge, pending_topics | publisher.removed_topics) if purge else ""
    if purge_failure:
        report(purge_failure)
    results = [publisher.deliver(hub) for hub in hub_selection.reachable_hubs]
    for result in results:
        for failure in result.failures:
            report(f"{result.hub}: {failure}")
    return purge_failure, results


def _sentence(result: HubResult) -> str:
    untried = f", {result.untried_count} not tried" if result.untried_count else ""
    return f"hub {result.hub}: {format_count(result.delivered_count, 'feed')} announced, {result.failed_count} failed{untried}"


def _to_json(result: HubResult) -> dict[str, object]:
    return {
        "hub": result.hub,
        "announced": result.delivered_count,
        "failed": result.failed_count,
        "not_tried": result.untried_count,
        "failures": result.failures,
    }
