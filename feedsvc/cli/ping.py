"""Command feedsvc ping."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from feedsvc.catalog import build_catalog
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
from feedsvc.support.clock import wall_clock
from feedsvc.websub import HubResult, publish_once, reachable_hubs

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
    if not reachable_hubs(snapshot.site):
        reason = f"{snapshot.site.base_url}/ {_UNREACHABLE}" if snapshot.site.hubs else "site.yaml names no hubs"
        report(f"no hub is notified, because {reason}")
        if json:
            print_json([])
        return
    catalog = build_catalog(snapshot, wall_clock())
    purge_failure, results = publish_once(state_folder(content, state), wall_clock, catalog, purge, includes_unchanged=all_feeds)
    if purge_failure:
        report(f"the purge command {purge_failure}; hubs are notified anyway")
    for result in results:
        for failure in result.failures:
            report(f"{result.hub}: {failure}")
    if json:
        print_json([_to_json(result) for result in results])
    else:
        for result in results:
            print_line(_sentence(result))
    sys.exit(1 if purge_failure or any(result.failed_count or result.untried_count for result in results) else 0)


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
