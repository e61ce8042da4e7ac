"""Options of a listing's feed: those of site.yaml, overridden key by key by the listing's own entry of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Final

from feedsvc.catalog.tag_settings import entry_of
from feedsvc.content.folder import ContentSnapshot
from feedsvc.model import CustomFeed, FeedOptions, FeedOverrides, ListingSettings
from feedsvc.routes import ListingKind, ListingRef

_NO_OVERRIDES: Final = FeedOverrides()
_MAX_ISSUES: Final = 10


def feed_options(content: ContentSnapshot, ref: ListingRef) -> FeedOptions:
    """Return the effective options of a listing's feed. `archives` is "all" or "none". Raises KeyError for a combination.

    For a periodical, the defaults are not the site's: `content` is "full", because the HTML of an issue holds summaries only,
    and `entries` is at most _MAX_ISSUES, because an issue may be as long as a hundred entries. Its own entry may override both.
    """
    settings = listing_settings(content, ref)
    site_options = content.site.feed
    if isinstance(settings, CustomFeed) and settings.digest:
        site_options = replace(site_options, content="full", entries=min(site_options.entries, _MAX_ISSUES))
    return _effective_options(site_options, settings.feed if settings else _NO_OVERRIDES, ref.kind)


def listing_settings(content: ContentSnapshot, ref: ListingRef) -> ListingSettings | None:
    """Return the entry of a listing in its settings file; None if it has none; also None for the site, languages and aliases.

    Raises KeyError for a combination.
    """
    entries: Mapping[ListingKind, Mapping[str, ListingSettings]] = {
        "site": {},
        "category": content.categories,
        "author": content.authors,
        "custom": content.custom_feeds,
        "private": content.private_feeds,
        "language": {},
        "tag": content.tags,
    }
    return entry_of(entries[ref.kind], ref.id)


@lru_cache(maxsize=1024)  # most listings share one object
def _effective_options(options: FeedOptions, overrides: FeedOverrides, kind: ListingKind) -> FeedOptions:
    changes = {name: value for name in FeedOverrides.__slots__ if (value := getattr(overrides, name)) is not None}
    if options.archives == "site":
        changes = {"archives": "all" if kind == "site" else "none"} | changes
    return replace(options, **changes)
