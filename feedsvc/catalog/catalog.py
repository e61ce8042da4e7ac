"""The only code that selects: which articles stand where, at one moment.

Time is an argument. Between two scheduled changes every moment gives the same catalog. A catalog made from another one
equals a new one and costs what changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from html import escape
from itertools import accumulate, chain, takewhile
from operator import attrgetter
from typing import Final

from feedsvc.catalog.former_tags import FormerTags, former_slugs, former_tags
from feedsvc.catalog.indexes import BySlug, Layered, Moved, Name, Referred
from feedsvc.catalog.listing import Listing
from feedsvc.catalog.listings import Spellings, listings, relisted, respelled
from feedsvc.catalog.periods import LARGEST_MONTH
from feedsvc.catalog.row import Row, Standing, in_order, is_visible, row_key
from feedsvc.catalog.schedule import NEWS_AGE, Timetable, timetable
from feedsvc.catalog.tags import Tags
from feedsvc.catalog.visibility import Maker
from feedsvc.content.folder.folder import Content
from feedsvc.model import Article, Site, Status
from feedsvc.routes import ListingRef
from feedsvc.support.sorted_chunks import Ordered

__all__ = ["LARGEST_MONTH", "NEWS_AGE", "Catalog", "Listing", "Row", "Standing", "catalog", "is_alike"]

_Rows = dict[str, Row]
_Names = Mapping[Name, str]
_link = attrgetter("article.link")
_ROOM: Final = 800_000  # bytes of /subscribe/ that tags may take
_MARKUP: Final = 500  # bytes of it around the names of a listing


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All that is public at one moment, with its indexes.

    `listings` are in the order of their kinds and ids. `visible` and `withdrawn` are keyed by slug, newest first; `moved`
    leads from former addresses: (kind or "article", alias) -> id or slug. `recent` are the visible rows of the last two
    days, newest first; `elsewhere` counts the visible articles that live at another address. The catalog holds from
    `last_change` until just before `next_change`; None where time changes nothing more. In a `preview`, drafts, scheduled
    and expired articles are visible too, and marked.
    """

    content: Content
    listings: Mapping[ListingRef, Listing]
    visible: BySlug
    withdrawn: BySlug
    moved: Moved
    media: Referred
    recent: tuple[Row, ...]
    elsewhere: int
    last_change: datetime | None
    next_change: datetime | None
    preview: bool
    now: datetime = field(repr=False, compare=False)
    timetable: Timetable = field(repr=False, compare=False)
    spellings: Spellings = field(repr=False, compare=False)
    former_tags: FormerTags = field(repr=False, compare=False)

    @property
    def site(self) -> Site:
        return self.content.site

    @property
    def next_visible_change(self) -> datetime | None:
        """The next moment at which time alone changes what readers see; None if there is none."""
        return self.timetable.next_visible(self.now)

    @property
    def shown(self) -> Iterator[Listing]:
        """The listings that search engines hear of: no tag whose articles have all gone."""
        return (listing for listing in self.listings.values() if listing.ref.kind != "tag" or not listing.is_empty)

    @cached_property
    def tags(self) -> Tags:
        """The tags of visible articles, by use and by name."""
        return Tags(self.spellings)

    @cached_property
    def offered(self) -> tuple[Listing, ...]:
        """The listings that /subscribe/ and feeds.opml name, in their order: all but tags, and the most used tags."""
        others = takewhile(lambda listing: listing.ref.kind != "tag", self.listings.values())
        return (*others, *(self.tagged(tag) for tag in sorted(self._offered_tags())))

    def tagged(self, tag: str) -> Listing:
        """Return the listing of a tag's id. Raises KeyError."""
        return self.listings[ListingRef("tag", tag)]

    def _offered_tags(self) -> Iterator[str]:
        """The most used tags as long as they fit: fewer than MOST_USED where their names are very long."""
        sizes = accumulate(_size(tag, self.tagged(tag).title) for tag in self.tags.most_used)
        return (tag for tag, size in zip(self.tags.most_used, sizes, strict=True) if size <= _ROOM)

    def replaced(self, content: Content, now: datetime, *, gone: Iterable[Article] = (), come: Iterable[Article] = ()) -> Catalog:
        """What `catalog` gives of the content at a moment, at the price of what changed since this one.

        `gone` and `come` are the articles in which the content differs from this one's; an edited one is in both. A listing
        in which nothing changed is the same object, and so is a row. An article is taken as changed because it is named:
        name those whose media files have other bytes, too.
        """
        if not is_alike(self.content, content):
            return catalog(content, now, preview=self.preview)
        left, new = tuple(gone), tuple(come)
        table = self.timetable.replaced(left, new)
        before, after = self._changed(left, new, table.between(self.now, now), now)
        spellings, titles = respelled(self.spellings, [*before.values()], [*after.values()])
        self._retitle(titles, before, after)
        left_rows, new_rows = [*before.values()], [*after.values()]
        made = replace(
            self,
            content=content,
            listings=relisted(self.listings, self.site, titles, left_rows, new_rows),
            last_change=table.last(now),
            next_change=table.next(now),
            now=now,
            timetable=table,
            spellings=spellings,
            former_tags=self.former_tags.replaced(left_rows, new_rows),
        )
        found = _followed(made, left_rows, new_rows, self._moved_tags(made, {*titles, *former_slugs((*left_rows, *new_rows))}))
        if "tags" in vars(self):
            vars(found)["tags"] = self.tags.replaced(spellings, titles)  # where cached_property keeps it
        return found

    def _changed(
        self, gone: tuple[Article, ...], come: tuple[Article, ...], due: Iterable[Article], now: datetime
    ) -> tuple[_Rows, _Rows]:
        """The rows that go and those that come, by id."""
        make = Maker(self.content.site, now, preview=self.preview)
        before = {article.id: row for article in gone if (row := self._row(article))}
        after = {article.id: row for article in come if (row := make.row(article))}
        named = {article.id for article in chain(gone, come)}
        for article in due:
            was, now_is = self._row(article) if article.id not in named else None, make.row(article)
            if article.id not in named and was != now_is:
                before |= {article.id: was} if was else {}
                after |= {article.id: now_is} if now_is else {}
        return before, after

    def _moved_tags(self, after: Catalog, slugs: Collection[str]) -> tuple[_Names, _Names]:
        """The redirects from these slugs before a change and after it."""
        return (
            self.former_tags.redirects(self.listings, slugs),
            after.former_tags.redirects(after.listings, slugs),
        )

    def _row(self, article: Article) -> Row | None:
        return self.listings[ListingRef()].find(article)

    def _retitle(self, titles: Mapping[str, str], before: _Rows, after: _Rows) -> None:
        """A tag that is called another name changes every entry that bears it."""
        for tag, title in titles.items():
            listing = self.listings.get(ListingRef("tag", tag))
            for row in listing.rows if listing and listing.title != title else ():
                if row.article.id not in before:
                    before[row.article.id], after[row.article.id] = row, replace(row)


def catalog(content: Content, now: datetime, *, preview: bool = False) -> Catalog:
    """What of the content is public at a moment; in a preview, also what is not yet or no more."""
    make = Maker(content.site, now, preview=preview)
    ordered = in_order(content.articles)
    rows = [*filter(None, map(make.row, ordered))]
    spellings, titles = respelled({}, (), rows)
    found = listings(content, titles, rows)
    site, table = found[ListingRef()], timetable(ordered)
    former = former_tags(spellings, rows)
    moved: dict[Name, str] = _aliases(rows) | former.redirects(found)
    moved |= {("category", alias): category.id for alias, category in content.categories.items() if alias != category.id}
    moved |= {("author", alias): author.id for alias, author in content.authors.items() if alias != author.id}
    # Only what something public refers to, so that a draft's photograph stays unseen.
    media = chain(content.site.media, *(author.media for author in content.authors.values()), _media(site.visible))
    return Catalog(
        content=content,
        listings=found,
        visible=BySlug(site.visible),
        withdrawn=BySlug(Ordered.of(_withdrawn(rows), row_key)),
        moved=Moved(Layered(moved)),
        media=Referred(content.media, Layered(dict(Counter(media)))),
        recent=_recent(site, now),
        elsewhere=_elsewhere(site.visible),
        last_change=table.last(now),
        next_change=table.next(now),
        preview=preview,
        now=now,
        timetable=table,
        spellings=spellings,
        former_tags=former,
    )


def _followed(made: Catalog, before: list[Row], after: list[Row], tags: tuple[_Names, _Names]) -> Catalog:
    """With everything that hangs on the rows that went and came, once the listings are right; `tags` are redirects of tags."""
    site, left, new = made.listings[ListingRef()], [*filter(is_visible, before)], [*filter(is_visible, after)]
    return replace(
        made,
        visible=made.visible.replaced(left, new, site.visible),
        withdrawn=made.withdrawn.replaced(_withdrawn(before), _withdrawn(after)),
        moved=made.moved.replaced({**_aliases(before), **tags[0]}, {**_aliases(after), **tags[1]}),
        media=made.media.replaced(made.content.media, _media(left), _media(new)),
        recent=_recent(site, made.now),
        elsewhere=made.elsewhere + _elsewhere(new) - _elsewhere(left),
    )


def is_alike(one: Content, other: Content) -> bool:
    """Whether two contents differ in articles, media and looks at most."""
    return (one.site, one.categories, one.authors) == (other.site, other.categories, other.authors)


def _size(tag: str, title: str) -> int:
    """Estimate the bytes of a tag on /subscribe/: its address four times, percent-encoded, and its title twice."""
    address = len(tag) if tag.isascii() else 3 * len(tag.encode())
    return _MARKUP + 4 * address + 2 * len(escape(title).encode())


def _withdrawn(rows: Iterable[Row]) -> list[Row]:
    visible, withdrawn = Standing.VISIBLE, Status.WITHDRAWN  # most are the one, and so not the other
    return [row for row in rows if row.standing is not visible and row.article.status is withdrawn]


def _aliases(rows: Iterable[Row]) -> dict[Name, str]:
    """From the former slugs of what has a page, and be it one that says that it is gone."""
    moved = (row for row in rows if row.article.aliases and (is_visible(row) or row.article.status is Status.WITHDRAWN))
    return {("article", alias): row.article.slug for row in moved for alias in row.article.aliases}


def _media(visible: Iterable[Row]) -> Iterator[str]:
    return chain.from_iterable(row.article.media for row in visible)


def _elsewhere(visible: Iterable[Row]) -> int:
    return sum(map(bool, map(_link, visible)))


def _recent(site: Listing, now: datetime) -> tuple[Row, ...]:
    young = takewhile(lambda row: row.article.published > now - NEWS_AGE, site.visible)
    return tuple(row for row in young if not row.mark)
