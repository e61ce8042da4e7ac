"""Newsroom: the published content of a folder at one moment, its listings with their feeds, and the event of a new edition."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from feedsvc import catalog as catalogs
from feedsvc.api import fields
from feedsvc.api.rendering import find_format
from feedsvc.content.folder import ContentFolder, open_content_folder
from feedsvc.content.schema.field_types import is_base_url
from feedsvc.content.text import did_you_mean
from feedsvc.errors import FieldError, Problem
from feedsvc.feed_model import Feed
from feedsvc.feeds import EntryCache, build_feed, listing_title
from feedsvc.routes import LISTING_KINDS, FeedAt, ListingRef, PageAt, path_of
from feedsvc.support.alerts import Alerts
from feedsvc.support.clock import wall_clock
from feedsvc.uris import absolute


class NewsroomListing:
    """Listing of a newsroom, whose articles (or issues) have feeds: the site, a category, author, custom feed, language or tag.

    `kind` is one of site, category, author, custom, language and tag. `id` is "" for the site, the tag's slug for a tag, the
    language tag for a language, else the id in the settings file.
    """

    def __init__(self, listing: catalogs.Listing, entries: EntryCache) -> None:
        """Wrap a listing of a newsroom. Callers get listings from `Newsroom`."""
        self._listing, self._entries = listing, entries

    def __repr__(self) -> str:
        return f"<NewsroomListing {self.kind}{f' {self.id}' if self.id else ''}: {self.title}>"

    @property
    def kind(self) -> str:
        return self._listing.ref.kind

    @property
    def id(self) -> str:
        return self._listing.ref.id

    @property
    def title(self) -> str:
        return listing_title(self._listing)

    @property
    def url(self) -> str:
        """Address of the listing's page."""
        return self._address(path_of(PageAt(self._listing.ref)))

    @property
    def periods(self) -> tuple[str, ...]:
        """Periods of the archive documents of older entries, YYYY-MM or YYYY-MM-DD, oldest first; () without archives."""
        return tuple(sorted(self._listing.archive))

    def feed_url(self, format: str = "rss", period: str = "") -> str:  # noqa: A002
        """Return the address of the feed in a format, of its newest document or of the archive document of one of `periods`.

        Raises FieldError for an unknown format or period.
        """
        return self._address(path_of(FeedAt(self._listing.ref, find_format(format).suffix, self._known_period(period))))

    def feed(self, format: str = "rss", period: str = "") -> Feed:  # noqa: A002
        """Return the feed of the newest entries if `period` is "", else the archive document of one of `periods`.

        Its links have the addresses of the feed in `format`. Raises FieldError for an unknown format or period.
        """
        chosen = find_format(format)
        return build_feed(self._listing, self._entries, chosen.suffix, chosen.media_type, self._known_period(period))

    def render(self, format: str = "rss", period: str = "") -> bytes:  # noqa: A002
        """Return the feed (of the newest entries, or of one of `periods`) in a format: the bytes that the server sends.

        Raises FieldError for an unknown format or period, and PluginError if the code of a plug-in fails.
        """
        return find_format(format).render(self.feed(format, period))

    def _known_period(self, period: str) -> str:
        if period and period not in self._listing.archive:
            raise FieldError("period", f"'{period}' is none of the listing's periods: {', '.join(self.periods) or 'it has none'}")
        return period

    def _address(self, path: str) -> str:
        return absolute(self._entries.catalog.site.base_url, path)


class Newsroom:
    """Published content of a folder at one moment, immutable. `open_folder` returns it; hooks get one with each edition."""

    def __init__(self, catalog: catalogs.Catalog) -> None:
        """Wrap a catalog. Users of the API get newsrooms from `open_folder` and `EditionEvent`."""
        self._catalog = catalog
        self._entries = EntryCache(catalog)

    def __repr__(self) -> str:
        return f"<Newsroom {self.title}: {len(self._catalog.visible)} articles>"

    @property
    def title(self) -> str:
        return self._catalog.site.title

    @property
    def base_url(self) -> str:
        """Address of the site, without a slash at its end."""
        return self._catalog.site.base_url

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Errors and warnings in files, for editors. A file with an error is left out, or appears in its last valid version."""
        return self._catalog.content.problems

    @cached_property
    def listings(self) -> tuple[NewsroomListing, ...]:
        """All public listings: the site first, then all categories, all authors, custom feeds, languages and tags."""
        listings = sorted(self._catalog.listings.values(), key=lambda one: LISTING_KINDS.index(one.ref.kind))
        return tuple(NewsroomListing(one, self._entries) for one in listings)

    def listing(self, kind: str = "site", id: str = "") -> NewsroomListing:  # noqa: A002
        """Return the public listing of this kind and id, or with this id as an alias. Raises FieldError if there is none.

        The id of a language is a language range. If it has no listing of its own, the listing of a longer tag with the same
        articles is returned, or that of the site if all articles are in one language.
        """
        known_kind = next((known for known in LISTING_KINDS if known == kind), None)
        if known_kind is None:
            raise FieldError("kind", f"{kind!r} is none of {', '.join(LISTING_KINDS)}")
        name = fields.instance("id", id, str)
        found = self._catalog.listings.get(self._catalog.canonical_listing_ref(ListingRef(known_kind, name)))
        if found is None:
            hint = did_you_mean(name, [ref.id for ref in self._catalog.listings if ref.kind == kind])
            raise FieldError("id", f"there is no {kind} '{name}'{f'; {hint}' if hint else ''}")
        return NewsroomListing(found, self._entries)


def open_folder(
    path: str | os.PathLike[str],
    *,
    base_url: str = "",
    state: str | os.PathLike[str] | None = None,
    now: datetime | None = None,
) -> Newsroom:
    """Read a content folder and return what it publishes at the moment `now`, by default the present one.

    `base_url` replaces that of site.yaml, unless it is "". `state` is the path of a state folder, which makes reading a large
    folder again many times as fast and has the last valid versions of files with errors; it must be outside the content folder.
    Without one, nothing is written. Raises ContentError if the content folder cannot be used, FieldError for a bad argument,
    and FeedsvcError if the state folder cannot be used.
    """
    root, address = Path(path), fields.address("base_url", base_url, required=False).rstrip("/")
    if address and not is_base_url(address):
        raise FieldError("base_url", f"{base_url!r} is not the address of a site; give one such as https://example.org/news")
    if state is not None and Path(state).resolve().is_relative_to(root.resolve()):
        raise FieldError("state", f"{os.fspath(state)!r} is inside the content folder; give a folder outside it")
    folder = ContentFolder(root, address) if state is None else open_content_folder(root, address, Path(state), Alerts())
    at = wall_clock() if now is None else fields.moment("now", now)
    content = folder.read(now=at).content
    folder.save()
    return Newsroom(catalogs.build_catalog(content, at))


@dataclass(frozen=True, kw_only=True, slots=True)
class EditionEvent:
    """New edition. `command` is serve, also if another server serves it, or build, which has written all files of the edition.

    `since` is the moment since when the edition is served. `changed_urls` are the addresses whose documents may have changed
    since the previous event, `changed_feeds` those among them that are feeds; both are None if any document may have changed.
    """

    command: Literal["serve", "build"]
    since: datetime
    newsroom: Newsroom
    changed_urls: frozenset[str] | None
    changed_feeds: frozenset[str] | None
