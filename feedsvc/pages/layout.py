"""Layout of pages: the head, menu and footer around each page, and the views that several pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from typing import Final

from feedsvc.catalog import Catalog, IssueRow, Listing, Row
from feedsvc.feeds import headlines, issue_title, listing_language, listing_title
from feedsvc.language import Language, direction, get_language
from feedsvc.model import Article, Site
from feedsvc.pages.images import ImageView, image_view, local_href, logo_size
from feedsvc.pages.metadata import CONTENT_SECURITY_POLICY, FeedView, PageMetadata, feed_views
from feedsvc.pages.theme import Theme
from feedsvc.routes import ListingRef, PageAt, Place, SiteDocumentAt, path_of
from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.support.date_formats import rfc3339
from feedsvc.uris import root_relative

_MAX_PARTS: Final = 1024  # values of each cache; a site may have more listings
_MAX_CARDS: Final = 2048  # of about 2 kB each
_MAX_LANGUAGES: Final = 8  # layouts in other languages, each with an eighth of the cards


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkView:
    """A link on a page. `here` is True if it leads to this page or to the section that this page belongs to.

    `language` and `direction` are those of the title if it is in another language than the page, else "".
    """

    title: str
    href: str
    here: bool = False
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DateView:
    """A date: `shown` in words, `machine` for a time element, and the text `before` and `after` the shown date."""

    machine: str
    shown: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """An article in a list. `mark` says in a preview why readers do not see the article; "" if they do.

    `html_cache` is for built-in templates. It maps the macro's arguments other than the card to the card's HTML.
    """

    href: str
    title: str
    summary: str
    published: str
    date: str
    language: str
    direction: str
    image: ImageView | None
    mark: str = ""
    html_cache: dict[object, str] = field(default_factory=dict, repr=False, compare=False)


class PageLayout:
    """The layout of the pages of one catalog with one theme, with words of one language."""

    def __init__(self, catalog: Catalog, theme: Theme, language: str = "") -> None:
        """Take the tag of the language, "" for the site's."""
        self.catalog, self.theme = catalog, theme
        self._logo_size = logo_size(catalog) if catalog.site.logo else (0, 0)
        self.lang: Language = get_language(language or catalog.site.language, catalog.site.timezone)
        # Caches of parts that many pages of an edition share.
        self._listing_links: BoundedCache[ListingRef, LinkView] = BoundedCache(_MAX_PARTS)
        self._feed_views: BoundedCache[ListingRef, tuple[FeedView, ...]] = BoundedCache(_MAX_PARTS)
        self._menus: BoundedCache[ListingRef | None, list[LinkView]] = BoundedCache(_MAX_PARTS)
        self._fragments: BoundedCache[tuple[str, object], str] = BoundedCache(_MAX_PARTS)
        # Each entry holds its row, so that no other object gets its id, which is the key.
        self._cards: BoundedCache[int, tuple[Row, Card]] = BoundedCache(_MAX_CARDS // _MAX_LANGUAGES if language else _MAX_CARDS)
        self._layouts: BoundedCache[str, PageLayout] = BoundedCache(_MAX_LANGUAGES)

    @property
    def site(self) -> Site:
        return self.catalog.site

    def for_listing(self, ref: ListingRef) -> PageLayout:
        """Return the layout of a listing's pages: this one, except for a language, whose pages have words of that language."""
        tag = listing_language(self.site, ref)
        if tag == self.lang.tag:
            return self
        return self._layouts.get_or_create(tag, lambda: PageLayout(self.catalog, self.theme, tag))

    def render(
        self, template: str, head: PageMetadata, *, current_listing: ListingRef | None = None, **variables: object
    ) -> bytes:
        """Render a whole page with a template; `current_listing` is the listing that the page shows or belongs to.

        `variables` are the template's own variables.
        """
        own_href = local_href(self.site, head.canonical)
        current_section = current_listing if current_listing and current_listing.kind == "category" else None
        menu = self._menus.get_or_create(current_section, lambda: self._menu(current_section))
        page_variables = {
            "head": head,
            "own": own_href,
            "sections": menu,
            "menu_key": (current_section, own_href if own_href in self._menu_hrefs else ""),
            "feeds_key": tuple(feed.href for feed in head.feeds),
        }
        return self.theme.render(template, {**self._common_variables, **page_variables, **variables}, self._render_once)

    def _render_once(self, make: Callable[[], str], name: str, key: object) -> str:
        """Return the HTML of a part of pages. Call `make` to render it unless the HTML is cached for the same name and key."""
        return self._fragments.get_or_create((name, key), make)

    @cached_property
    def _common_variables(self) -> Mapping[str, object]:
        """Template variables that are the same on every page."""
        site = self.site
        return {
            "site": site,
            "lang": self.lang,
            # The language of the texts of site.yaml and categories.yaml, "" if it is the page's own.
            "site_language": "" if self._is_site_language else site.language,
            "site_direction": "" if self._is_site_language else direction(site.language),
            "policy": CONTENT_SECURITY_POLICY,
            "home": self.href(PageAt(ListingRef())),
            "static": root_relative(site.base_url, "/static/"),
            "subscribe": self.href(SiteDocumentAt("subscribe/")),
            "license": self.href(SiteDocumentAt("license.xml")) if site.license else "",
            "icon": local_href(site, site.icon),
            "logo": local_href(site, site.logo),
            "logo_size": self._logo_size,
        }

    @property
    def _is_site_language(self) -> bool:
        return self.lang.tag == self.site.language

    @cached_property
    def _sections(self) -> tuple[Listing, ...]:
        return tuple(listing for ref, listing in self.catalog.listings.items() if ref.kind == "category")

    @cached_property
    def _menu_hrefs(self) -> frozenset[object]:
        """Addresses that the menu links to. On a page at one of them, the menu marks the link to the page itself."""
        section_hrefs = (self.listing_link(section).href for section in self._sections)
        return frozenset((self._common_variables["home"], self._common_variables["subscribe"], *section_hrefs))

    def _menu(self, current: ListingRef | None) -> list[LinkView]:
        """Return links to the sections (categories). The link to the section `current` is marked, if it is not None."""
        links = [(section.ref, self.listing_link(section)) for section in self._sections]
        return [replace(link, here=True) if ref == current else link for ref, link in links]

    def href(self, place: Place) -> str:
        return root_relative(self.site.base_url, path_of(place))

    def listing_link(self, listing: Listing) -> LinkView:
        return self._listing_links.get_or_create(listing.ref, lambda: self._build_listing_link(listing))

    def _build_listing_link(self, listing: Listing) -> LinkView:
        language = listing.ref.id if listing.ref.kind == "language" and listing.ref.id != self.lang.tag else ""
        return LinkView(
            title=listing_title(listing),
            href=self.href(PageAt(listing.ref)),
            language=language,
            direction=direction(language) if language else "",
        )

    def feed_views(self, *listings: Listing) -> tuple[FeedView, ...]:
        """Return the feeds of each listing, in the order given. A listing that is given twice counts once."""
        distinct = {listing.ref: listing for listing in listings}
        views = (
            self._feed_views.get_or_create(listing.ref, partial(feed_views, self.site, listing)) for listing in distinct.values()
        )
        return tuple(chain.from_iterable(views))

    def date_view(self, moment: datetime, key: str = "") -> DateView:
        """Return a date as a page shows it; `key` names the text of the language in which the date is inserted, "" for none."""
        text = self.lang.date(moment)
        before, after = self.lang.split_at_placeholder(key) if key else ("", "")
        return DateView(machine=rfc3339(moment), shown=text, before=before, after=after)

    def direction(self, article: Article) -> str:
        """Return the writing direction of an article's text, "" if the article is in the site's language."""
        return direction(article.language) if article.language else ""

    def preview_label(self, row: Row) -> str:
        """Return the reason why only a preview shows the article; "" if readers see it."""
        return self.lang.say(row.preview_label, date=self.lang.date_time(row.article.published)) if row.preview_label else ""

    def card(self, row: Row) -> Card:
        return self._cards.get_or_create(id(row), lambda: (row, self._build_card(row)))[1]

    def _build_card(self, row: Row) -> Card:
        article = row.article
        return Card(
            href=self.href(row.place),
            title=issue_title(self.site, row) if isinstance(row, IssueRow) else article.title,
            summary=headlines(self.site, row) if isinstance(row, IssueRow) else distinct_summary(self.catalog, article),
            published=rfc3339(article.published),
            date=self.lang.date(article.published),
            language=article.language,
            direction=self.direction(article),
            image=image_view(self.catalog, article.image) if article.image else None,
            mark=self.preview_label(row),
        )


def distinct_summary(catalog: Catalog, article: Article) -> str:
    """Return the summary that is shown below an article's title; "" if it equals the title."""
    summary = catalog.content.summary(article)
    return "" if summary == article.title else summary
