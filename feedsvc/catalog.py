"""The only code that selects and orders: which articles stand where, at one moment.

Time is an argument. Between two scheduled changes every moment gives the same catalog.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from itertools import chain, groupby, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from feedsvc.content.folder import Content
from feedsvc.model import Article, MediaFile, Site, Status
from feedsvc.urls import KINDS, ListingRef

NEWS_AGE: Final = timedelta(days=2)  # what a news sitemap may hold
LARGEST_MONTH: Final = 500  # entries; a larger month is archived by day


class Standing(Enum):
    """What an article that has been public is now. A ghost shows nowhere, but its going is a change."""

    VISIBLE = "visible"
    WITHDRAWN = "withdrawn"
    GHOST = "ghost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """An article's line in every listing it belongs to.

    `touched` is its last change that subscribers see, never in the future; `day` is YYYY-MM-DD in the site's zone.
    """

    article: Article
    standing: Standing
    touched: datetime
    day: str

    @property
    def key(self) -> tuple[float, str]:
        """Newest first, ties by id."""
        return -self.article.published.timestamp(), self.article.id


@dataclass(frozen=True, kw_only=True)
class Listing:
    """An ordered selection of articles. Its feed holds `size` entries; `archived` tells whether older ones have a place."""

    ref: ListingRef
    title: str
    description: str
    rows: tuple[Row, ...]
    size: int
    archived: bool

    @cached_property
    def newest(self) -> tuple[Row, ...]:
        """The rows of the feed: `size` visible articles, and what stands between them."""
        seen = 0
        for index, row in enumerate(self.rows):
            if seen == self.size:
                return self.rows[:index]
            seen += row.standing is Standing.VISIBLE
        return self.rows

    @cached_property
    def visible(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.standing is Standing.VISIBLE)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Where each visible article stands in `visible`, by its id."""
        return {row.article.id: index for index, row in enumerate(self.visible)}

    @cached_property
    def older(self) -> str:
        """The newest period that the newest rows do not wholly hold, "" if they hold everything."""
        start = next((row for row in self.rows[len(self.newest) :] if row.standing is not Standing.GHOST), None)
        return next((period for period in self.periods if start and start.day.startswith(period)), "")

    @property
    def prev_archive(self) -> str:
        """What the feed's prev-archive link names (RFC 5005 section 4)."""
        return self.older if self.archived else ""

    @cached_property
    def pages(self) -> Mapping[str, tuple[Row, ...]]:
        """The older pages: period -> rows, newest first, down from `older`.

        Where that would be one alone, the next newer period stands above it: an archive that links to no other draws a
        validator's warning.
        """
        if not self.older:
            return {}
        names = list(self.periods)
        start = names.index(self.older)
        start -= start == len(names) - 1 and start > 0
        return {period: self.periods[period] for period in names[start:]}

    @property
    def archive(self) -> Mapping[str, tuple[Row, ...]]:
        """The archive documents of the feed (RFC 5005 section 4): the older pages, if older entries have a place."""
        return self.pages if self.archived else {}

    @cached_property
    def periods(self) -> Mapping[str, tuple[Row, ...]]:
        return {period: rows for period, rows in _periods(self.rows) if any(row.standing is not Standing.GHOST for row in rows)}

    @cached_property
    def neighbours(self) -> Mapping[str, tuple[str, str]]:
        """Older page -> the next older and the next newer one, "" where there is none."""
        names = ["", *self.pages, ""]
        return {
            here: (older, newer) for (newer, here), (_, older) in zip(pairwise(names), pairwise(names[1:]), strict=False) if here
        }

    def day_of(self, month: str) -> str:
        """The newest day of a month that is paged by day, "" otherwise."""
        return next((period for period in self.pages if period.startswith(f"{month}-")), "")


def _periods(rows: Iterable[Row]) -> Iterator[tuple[str, tuple[Row, ...]]]:
    for month, group in groupby(rows, key=lambda row: row.day[:7]):
        together = tuple(group)
        if sum(row.standing is Standing.VISIBLE for row in together) <= LARGEST_MONTH:
            yield month, together
        else:
            yield from ((day, tuple(several)) for day, several in groupby(together, key=lambda row: row.day))


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All that is public at one moment, with its indexes.

    `listings` are in the order of their kinds and ids. `visible` and `withdrawn` are keyed by slug; `moved` leads from
    former addresses: (kind or "article", alias) -> id or slug. `recent` are the visible rows of the last two days, newest
    first. The catalog holds from `last_change` until just before `next_change`; None where time changes nothing more.
    """

    content: Content
    listings: Mapping[ListingRef, Listing]
    visible: Mapping[str, Row]
    withdrawn: Mapping[str, Row]
    moved: Mapping[tuple[str, str], str]
    media: Mapping[str, MediaFile]
    recent: tuple[Row, ...]
    last_change: datetime | None
    next_change: datetime | None

    @property
    def site(self) -> Site:
        return self.content.site

    @property
    def shown(self) -> Iterator[Listing]:
        """The listings that lists of listings name: no tag whose articles have all gone."""
        return (listing for listing in self.listings.values() if listing.ref.kind != "tag" or listing.visible)


def catalog(content: Content, now: datetime) -> Catalog:
    """What of the content is public at a moment."""
    rows = sorted(_rows(content, now), key=lambda row: row.key)
    visible = {row.article.slug: row for row in rows if row.standing is Standing.VISIBLE}
    withdrawn = {row.article.slug: row for row in rows if row.article.status is Status.WITHDRAWN}
    public = {**visible, **withdrawn}
    recent = tuple(row for row in visible.values() if row.article.published > now - NEWS_AGE)
    moments = [moment for article in content.articles for moment in _moments(article)]
    moved = {("article", alias): slug for slug, row in public.items() for alias in row.article.aliases}
    moved |= {("category", alias): category.id for alias, category in content.categories.items() if alias != category.id}
    moved |= {("author", alias): author.id for alias, author in content.authors.items() if alias != author.id}
    return Catalog(
        content=content,
        listings=_listings(content, rows),
        visible=visible,
        withdrawn=withdrawn,
        moved=moved,
        media=_media(content, visible.values()),
        recent=recent,
        last_change=max((moment for moment in moments if moment <= now), default=None),
        next_change=min((moment for moment in moments if moment > now), default=None),
    )


def _moments(article: Article) -> Iterator[datetime]:
    """When time alone changes what is public."""
    if article.status is Status.DRAFT:
        return
    yield article.published
    yield article.published + NEWS_AGE
    yield article.updated
    if article.withdrawn_at:
        yield article.withdrawn_at
    elif article.expires:
        yield article.expires


def _rows(content: Content, now: datetime) -> Iterator[Row]:
    zone = ZoneInfo(content.site.timezone)
    for article in content.articles:
        if article.status is not Status.DRAFT and article.published <= now:
            standing, touched = _standing(article, now)
            local = article.published.astimezone(zone)
            yield Row(article=article, standing=standing, touched=touched, day=f"{local:%Y-%m-%d}")


def _standing(article: Article, now: datetime) -> tuple[Standing, datetime]:
    updated = article.updated if article.updated <= now else article.published
    if article.withdrawn_at:
        return (Standing.WITHDRAWN, article.withdrawn_at) if article.withdrawn_at <= now else (Standing.GHOST, updated)
    if article.expires and article.expires <= now:
        return Standing.GHOST, article.expires
    return Standing.VISIBLE, updated


def _media(content: Content, visible: Iterable[Row]) -> dict[str, MediaFile]:
    """Only what something public refers to, so that a draft's photograph stays unseen."""
    paths = chain(
        content.site.media, *(author.media for author in content.authors.values()), *(row.article.media for row in visible)
    )
    return {path: content.media[path] for path in paths}


def _listings(content: Content, rows: Iterable[Row]) -> dict[ListingRef, Listing]:
    members: dict[ListingRef, list[Row]] = defaultdict(list)
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        for ref in _refs(row.article):
            members[ref].append(row)
        for tag in row.article.tags:
            # What has gone takes its words along: only the address stays.
            spellings[tag.id][tag.title if row.standing is Standing.VISIBLE else tag.id] += row.standing is Standing.VISIBLE
    titles = _titles(content, spellings)
    order = sorted(titles, key=lambda ref: (KINDS.index(ref.kind), ref.id))
    return {ref: _listing(content.site, ref, *titles[ref], tuple(members[ref])) for ref in order}


def _refs(article: Article) -> Iterator[ListingRef]:
    yield ListingRef()
    yield from (ListingRef("category", name) for name in article.categories)
    yield from (ListingRef("author", name) for name in article.authors)
    yield from (ListingRef("tag", tag.id) for tag in article.tags)


def _titles(content: Content, spellings: Mapping[str, Counter[str]]) -> dict[ListingRef, tuple[str, str]]:
    """Every listing's title and description; a tag is called as it is written most often."""
    titles = {ListingRef(): (content.site.title, content.site.description)}
    titles |= {ListingRef("category", one.id): (one.title, one.description) for one in content.categories.values()}
    titles |= {ListingRef("author", one.id): (one.name, one.bio) for one in content.authors.values()}
    titles |= {
        ListingRef("tag", tag): (min(count, key=lambda title: (-count[title], title)), "") for tag, count in spellings.items()
    }
    return titles


def _listing(site: Site, ref: ListingRef, title: str, description: str, rows: tuple[Row, ...]) -> Listing:
    archived = site.feed.archives == "all" or (site.feed.archives == "site" and ref.kind == "site")
    return Listing(ref=ref, title=title, description=description, rows=rows, size=site.feed.entries, archived=archived)
