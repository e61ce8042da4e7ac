"""Targets of a source's former feeds in the newsroom: listings, their formats, and GONE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from feedsvc.content.schema.field_types import normalize_language_case
from feedsvc.importing.source import SourceSite, TermKind
from feedsvc.importing.wordpress import FeedHolding, WordPressFeed
from feedsvc.importing.writer.terms import TermTable
from feedsvc.redirects import GONE

TERM_KINDS: Final = {FeedHolding.CATEGORY: TermKind.CATEGORY, FeedHolding.TAG: TermKind.TAG, FeedHolding.AUTHOR: None}


def feed_suffixes(site: SourceSite) -> Iterator[str]:
    for index, address in enumerate(site.feeds):
        known = site.feed_suffixes[index] if index < len(site.feed_suffixes) else ""
        yield known or next((suffix for suffix in ("atom", "json") if suffix in address.lower()), "rss")


def language_page(language: str) -> str:
    """Return the path of the listing of a language, whose name may have "_" in place of "-", and any letter case."""
    return f"/language/{normalize_language_case(language.replace('_', '-'))}/"


def feed_target(feed: WordPressFeed, terms: TermTable, languages: Sequence[str]) -> str:
    """Return the path to which a former feed leads now, GONE if the mapping drops what it had, "" without one.

    `languages` is `SourceSite.languages`: the feed of such a site held only the posts in the first one.
    """
    if feed.holding is FeedHolding.SITE and not languages:
        return f"/feed.{feed.format}"
    if feed.holding in (FeedHolding.SITE, FeedHolding.LANGUAGE):
        return f"{language_page(feed.key or languages[0])}feed.{feed.format}"
    find = {FeedHolding.CATEGORY: terms.category_id, FeedHolding.TAG: terms.tag_id, FeedHolding.AUTHOR: terms.author_id}
    listing = find[feed.holding](feed.key)
    if not listing and terms.is_dropped(TERM_KINDS[feed.holding], feed.key):
        return GONE
    return f"/{feed.holding.value}/{listing}/feed.{feed.format}" if listing else ""
