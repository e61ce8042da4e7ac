"""Command feedsvc feeds."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import click

from feedsvc.catalog import Catalog, Listing, Visibility, build_catalog, count_articles
from feedsvc.cli.content_folder import load_without_theme_trial
from feedsvc.cli.options import base_url_option, content_argument, report_errors
from feedsvc.cli.output import print_problems
from feedsvc.cli.variables import command, option
from feedsvc.feeds import FORMATS, listing_title
from feedsvc.routes import FeedAt, path_of
from feedsvc.support.clock import wall_clock
from feedsvc.support.date_formats import rfc3339
from feedsvc.uris import absolute

_HEADINGS: Final = ("ADDRESS", "ENTRIES", "ARTICLES", "LAST CHANGE", "ACCESS", "TITLE")
_TEXT_SUFFIX: Final = "rss"  # format whose address stands in the table


@command("feeds")
@content_argument
@option("--json", "as_json", is_flag=True, help="Print JSON, with the addresses of all formats.")
@base_url_option
@report_errors
def list_feeds(*, content: Path, as_json: bool, base_url: str) -> None:
    """List every feed of CONTENT (./content): its address, number of entries, last change, and who can read it.

    ENTRIES is the number of entries of the newest document, ARTICLES that of all articles in the listing. The command writes
    nothing. It prints errors in files of CONTENT, which may change the list, and then exits with status 1.

    \b
    Examples:
      feedsvc feeds
      feedsvc feeds newsroom --json
    """
    snapshot = load_without_theme_trial(content, base_url)
    print_problems(snapshot.errors)
    catalog = build_catalog(snapshot, wall_clock())
    listings = catalog.listings.values()
    if as_json:
        click.echo(json.dumps([_feed_facts(catalog, listing) for listing in listings], ensure_ascii=False, indent=2))
    else:
        for line in _align([_HEADINGS, *(_table_row(catalog, listing) for listing in listings)]):
            click.echo(line)
    sys.exit(1 if snapshot.errors else 0)


def _feed_facts(catalog: Catalog, listing: Listing) -> dict[str, Any]:
    base_url = catalog.site.base_url
    return {
        "kind": listing.ref.kind,
        "id": listing.ref.id,
        "title": listing_title(listing),
        "addresses": {suffix: absolute(base_url, path_of(FeedAt(listing.ref, suffix))) for suffix in FORMATS},
        "entries": sum(row.visibility is Visibility.VISIBLE for row in listing.feed_rows),
        "articles": count_articles(listing),
        "last_change": rfc3339(listing.last_changed) if listing.last_changed else None,
        "access": "public",
    }


def _table_row(catalog: Catalog, listing: Listing) -> tuple[str, ...]:
    facts, changed = _feed_facts(catalog, listing), listing.last_changed
    local = changed.astimezone(ZoneInfo(catalog.site.timezone)).strftime("%Y-%m-%d %H:%M") if changed else "-"
    return facts["addresses"][_TEXT_SUFFIX], str(facts["entries"]), str(facts["articles"]), local, facts["access"], facts["title"]


def _align(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Return the rows as lines with columns of equal width; the last column is not padded."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ("  ".join(_padded(row, widths)).rstrip() for row in rows)


def _padded(row: Sequence[str], widths: Iterable[int]) -> Iterator[str]:
    return (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
