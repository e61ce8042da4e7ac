"""What every page of a site has around it, and the views that several pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from typing import Final

from feedsvc.catalog.catalog import Catalog, Listing, Row, Standing
from feedsvc.language import Language, direction, language
from feedsvc.model import Article, Site
from feedsvc.pages.images import Picture, local, logo_size, picture
from feedsvc.pages.metadata import POLICY, FeedShown, Head, feeds
from feedsvc.pages.theme import Theme
from feedsvc.routes import ArticleAt, ListingRef, PageAt, Place, SingleAt, path_of
from feedsvc.support.bounded_cache import Kept
from feedsvc.support.date_formats import rfc3339
from feedsvc.uris import rooted

_MOST_CARDS: Final = 2048  # of about 2 kB


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A link on a page; `here` where it leads to this page or to the section it belongs to.

    `language` and `direction` are those of the title where it is an article's in a language of its own, else "".
    """

    title: str
    href: str
    here: bool = False
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """A date for people and, as `machine`, for a time element; a text may stand `before` and `after` it."""

    machine: str
    shown: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """An article in a list; `mark` says in a preview why readers do not see it.

    `spelled` is for the product's own templates: what they made of the card, by what else it was made with.
    """

    href: str
    title: str
    summary: str
    published: str
    date: str
    language: str
    direction: str
    image: Picture | None
    mark: str = ""
    spelled: dict[object, str] = field(default_factory=dict, repr=False, compare=False)


class Frame:
    """Makes pages of one catalog with one theme."""

    def __init__(self, catalog: Catalog, theme: Theme) -> None:
        self.catalog, self.theme = catalog, theme
        self._logo_size = logo_size(catalog) if catalog.site.logo else (0, 0)
        self.lang: Language = language(catalog.site.language, catalog.site.timezone)
        # What many pages of the edition have alike.
        self._links: Kept[ListingRef, Shown] = Kept()
        self._feeds: Kept[ListingRef, tuple[FeedShown, ...]] = Kept()
        self._menus: Kept[ListingRef | None, list[Shown]] = Kept()
        self._parts: Kept[tuple[str, object], str] = Kept()
        # With the row, so that no other one takes its place in memory, and so its key.
        self._cards: Kept[int, tuple[Row, Card]] = Kept(_MOST_CARDS)

    @property
    def site(self) -> Site:
        return self.catalog.site

    def page(self, template: str, head: Head, *, here: ListingRef | None = None, **facts: object) -> bytes:
        """The whole page; `here` is the listing it shows or belongs to."""
        own = local(self.site, head.canonical)
        section = here if here and here.kind == "category" else None
        menu = self._menus.of(section, lambda: self._menu(section))
        around = {
            "head": head,
            "own": own,
            "sections": menu,
            "menu_key": (section, own if own in self._menu_leads_to else ""),
            "feeds_key": tuple(feed.href for feed in head.feeds),
        }
        return self.theme.render(template, {**self._constant, **around, **facts}, self._once)

    def _once(self, make: Callable[[], str], name: str, key: object) -> str:
        """A part of pages that is the same wherever name and key are."""
        return self._parts.of((name, key), make)

    @cached_property
    def _constant(self) -> Mapping[str, object]:
        """What is the same on every page."""
        site = self.site
        return {
            "site": site,
            "lang": self.lang,
            "policy": POLICY,
            "home": self.href(PageAt(ListingRef())),
            "static": rooted(site.base_url, "/static/"),
            "subscribe": self.href(SingleAt("subscribe/")),
            "icon": local(site, site.icon),
            "logo": local(site, site.logo),
            "logo_size": self._logo_size,
        }

    @cached_property
    def _sections(self) -> tuple[Listing, ...]:
        return tuple(one for ref, one in self.catalog.listings.items() if ref.kind == "category")

    @cached_property
    def _menu_leads_to(self) -> frozenset[object]:
        """The pages in whose menu something is marked as the page itself."""
        sections = (self.shown(one).href for one in self._sections)
        return frozenset((self._constant["home"], self._constant["subscribe"], *sections))

    def _menu(self, here: ListingRef | None) -> list[Shown]:
        """The sections, `here` among them marked."""
        links = [(one, self.shown(one)) for one in self._sections]
        return [replace(link, here=True) if one.ref == here else link for one, link in links]

    def href(self, place: Place) -> str:
        return rooted(self.site.base_url, path_of(place))

    def shown(self, listing: Listing) -> Shown:
        return self._links.of(listing.ref, lambda: Shown(title=listing.title, href=self.href(PageAt(listing.ref))))

    def feeds(self, *listings: Listing) -> tuple[FeedShown, ...]:
        """Each listing's feeds, the page's own first; one listing named twice counts once."""
        distinct = {listing.ref: listing for listing in listings}
        several = (self._feeds.of(one.ref, partial(feeds, self.site, one)) for one in distinct.values())
        return tuple(chain.from_iterable(several))

    def moment(self, moment: datetime, key: str = "") -> Moment:
        """`key` names the sentence that the date stands in."""
        shown = self.lang.date(moment)
        before, after = self.lang.around(key) if key else ("", "")
        return Moment(machine=rfc3339(moment), shown=shown, before=before, after=after)

    def direction(self, article: Article) -> str:
        return direction(article.language) if article.language else ""

    def mark(self, row: Row) -> str:
        """Why only a preview shows the article; "" for what readers see."""
        return self.lang.say(row.mark, date=self.lang.date_time(row.article.published)) if row.mark else ""

    def card(self, row: Row) -> Card:
        return self._cards.of(id(row), lambda: (row, self._card(row)))[1]

    def _card(self, row: Row) -> Card:
        article = row.article
        return Card(
            href=self.href(ArticleAt(article.slug)),
            title=article.title,
            summary=summary(self.catalog, article),
            published=rfc3339(article.published),
            date=self.lang.date(article.published),
            language=article.language,
            direction=self.direction(article),
            image=picture(self.catalog, article.image) if article.image else None,
            mark=self.mark(row),
        )


def summary(catalog: Catalog, article: Article) -> str:
    """What stands below a title; "" where that would be the title again."""
    told = catalog.content.summary(article)
    return "" if told == article.title else told


def visible(rows: tuple[Row, ...]) -> list[Row]:
    return [row for row in rows if row.standing is Standing.VISIBLE]
