"""Command feedsvc feeds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from feedsvc.catalog import Catalog, Listing, Visibility, build_catalog, count_articles
from feedsvc.cli.content_folder import load_without_theme_check
from feedsvc.cli.options import base_url_option, content_argument, json_option, report_errors
from feedsvc.cli.output import aligned_lines, print_json, print_problems
from feedsvc.cli.settings import command
from feedsvc.feeds import listing_title, suffixes_of
from feedsvc.routes import FeedAt, path_of
from feedsvc.support.clock import wall_clock
from feedsvc.uris import absolute

_HEADINGS: Final = ("ADDRESS", "ENTRIES", "ARTICLES", "LAST CHANGE", "ACCESS", "TITLE")
_NO_ADDRESS: Final = "(each token has its own)"  # of a private feed
_TEXT_SUFFIX: Final = "rss"  # format whose address stands in the table


@command("feeds")
@content_argument
@json_option
@base_url_option
@report_errors
def list_feeds(*, content: Path, json: bool, base_url: str) -> None:
    """List every feed of CONTENT (./content) with its address, entries and last change.

    ADDRESS is that of the RSS feed, ENTRIES the number of entries in its newest document, ARTICLES that of all visible articles
    in the listing. A private feed has no address of its own: feedsvc token list shows who can read it. The command writes
    nothing. It prints errors in files of CONTENT, which may change the list, and then exits with status 1.

    \b
    Examples:
      feedsvc feeds
      feedsvc feeds content --json
    """
    snapshot = load_without_theme_check(content, base_url)
    print_problems(snapshot.errors)
    catalog = build_catalog(snapshot, wall_clock())
    private = (listing.at(catalog.now) for listing in catalog.private_listings.values())
    listings = (*catalog.listings.values(), *private)
    if json:
        print_json([_feed_facts(catalog, listing) for listing in listings])
    else:
        for line in aligned_lines([_HEADINGS, *(_table_row(catalog, listing) for listing in listings)]):
            click.echo(line)
    sys.exit(1 if snapshot.errors else 0)


def _feed_facts(catalog: Catalog, listing: Listing) -> dict[str, Any]:
    base_url, is_private = catalog.site.base_url, listing.ref.kind == "private"
    return {
        "kind": "custom" if is_private else listing.ref.kind,
        "id": listing.ref.id,
        "title": listing_title(listing),
        "addresses": {}
        if is_private
        else {suffix: absolute(base_url, path_of(FeedAt(listing.ref, suffix))) for suffix in suffixes_of(listing.ref)},
        "entries": sum(row.visibility is Visibility.VISIBLE for row in listing.feed_rows),
        "articles": count_articles(listing),
        "last_change": listing.last_changed,
        "access": "private" if is_private else "public",
    }


def _table_row(catalog: Catalog, listing: Listing) -> tuple[str, ...]:
    facts, changed = _feed_facts(catalog, listing), listing.last_changed
    local = changed.astimezone(ZoneInfo(catalog.site.timezone)).strftime("%Y-%m-%d %H:%M") if changed else "-"
    address = facts["addresses"].get(_TEXT_SUFFIX, _NO_ADDRESS)
    return address, str(facts["entries"]), str(facts["articles"]), local, facts["access"], facts["title"]
