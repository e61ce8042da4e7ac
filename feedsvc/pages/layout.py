"""Layout of pages: the head, menu and footer around each page, and the views that several pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from typing import Annotated, Final, TypedDict

from markupsafe import Markup

from feedsvc.catalog import Catalog, IssueRow, Listing, Row
from feedsvc.feeds import headlines, issue_title, listing_language, listing_title
from feedsvc.language import Language, direction, get_language, native_name
from feedsvc.model import Article, Image, Site
from feedsvc.pages.menus import HeadLink, MenuItem, footer_items, head_links, icon_address, navigation_items, page_items
from feedsvc.pages.metadata import (
    CONTENT_SECURITY_POLICY,
    Breadcrumb,
    FeedView,
    PageMetadata,
    breadcrumb_json_ld,
    feed_views,
    logo_image,
    open_graph,
)
from feedsvc.pages.stylesheets import STATIC_ROOT, stylesheet_links
from feedsvc.pages.theme import Theme
from feedsvc.pages.views import Card, DateView, LinkView, image_view, local_href, logo_size, pixel_size
from feedsvc.routes import ArchiveAt, ListingRef, PageAt, Place, SiteDocumentAt, path_of
from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.uris import absolute, path_below, root_relative

_MAX_PARTS: Final = 1024  # values of each cache; a site may have more listings
_MAX_CARDS: Final = 2048  # of about 2 kB each
_MAX_LANGUAGES: Final = 8  # layouts in other languages, each with an eighth of the cards


class SiteVariables(TypedDict):
    """Template variables that are the same on every page of a language. Links within the site are root-relative."""

    site: Annotated[Site, "settings in site.yaml"]
    lang: Annotated[Language, "words, dates and numbers of the page's language"]
    site_language: Annotated[str, "language of the texts of site.yaml and categories.yaml; empty if it is the page's own"]
    site_direction: Annotated[str, "writing direction of these texts, `ltr` or `rtl`; empty as `site_language`"]
    policy: Annotated[str, "Content-Security-Policy of the page"]
    home: Annotated[str, "link to the front page"]
    static: Annotated[str, "link to the folder of static files, with a final slash"]
    stylesheets: Annotated[
        list[str], "links to the stylesheets with their versions: site.css, then extra.css if the theme has it"
    ]
    subscribe: Annotated[str, "link to the page with all feeds"]
    archive: Annotated[str, "link to the archive of all months"]
    license: Annotated[str, "link to license.xml; empty without `license` in site.yaml"]
    icon: Annotated[str, "link to the icon in site.yaml, else to the favicon in root/, else to the logo, or empty"]
    head_links: Annotated[tuple[HeadLink, ...], "links in the head to files in root/"]
    logo: Annotated[str, "link to the logo in site.yaml, or empty"]
    logo_size: Annotated[tuple[int, int], "width and height at which the logo is shown, in pixels"]


class PageVariables(TypedDict):
    """Template variables that all pages have, but with other values on each page."""

    head: Annotated[PageMetadata, "metadata in the head of the page"]
    breadcrumb_data: Annotated[Markup, "JSON-LD of the pages above the page, or empty"]
    own: Annotated[str, "link to the page itself"]
    sections: Annotated[list[LinkView], "menu: `navigation` in site.yaml, else the categories"]
    menu_key: Annotated[object, "key of the menu for `once`: pages with the same key have the same menu"]
    footer: Annotated[list[LinkView], "links in the footer"]
    footer_key: Annotated[object, "key of the footer for `once`"]
    feeds_key: Annotated[object, "key of the links to feeds for `once`"]


class PageLayout:
    """The layout of the pages of one catalog with one theme and words of one language. Thread-safe; it caches links and cards.

    `logo` is the site's logo for Open Graph, a variant if it is too wide; None without logo or if its size is unknown.
    """

    def __init__(self, catalog: Catalog, theme: Theme, language: str = "") -> None:
        """Create the layout. `language` is the tag of the language of its words, "" for the site's language."""
        self.catalog, self.theme = catalog, theme
        # Read once, because every page shows the logo.
        logo_pixels = pixel_size(catalog, path_below(catalog.site.base_url, catalog.site.logo)[1:])
        self.logo = logo_image(catalog, logo_pixels)
        self._logo_size = logo_size(logo_pixels) if catalog.site.logo else (0, 0)
        self.lang: Language = get_language(language or catalog.site.language, catalog.site.timezone)
        # Caches of parts that many pages of an edition share.
        self._listing_links: BoundedCache[ListingRef, LinkView] = BoundedCache(_MAX_PARTS)
        self._feed_views: BoundedCache[ListingRef, tuple[FeedView, ...]] = BoundedCache(_MAX_PARTS)
        self._menus: BoundedCache[ListingRef | None, list[LinkView]] = BoundedCache(_MAX_PARTS)
        self._breadcrumbs: BoundedCache[tuple[tuple[Place, str], ...], tuple[Breadcrumb, ...]] = BoundedCache(_MAX_PARTS)
        self._fragments: BoundedCache[tuple[str, object], str] = BoundedCache(_MAX_PARTS)
        # Each entry holds its row, so that no other object gets its id, which is the key.
        self._cards: BoundedCache[int, tuple[Row, Card]] = BoundedCache(_MAX_CARDS // _MAX_LANGUAGES if language else _MAX_CARDS)
        self._layouts: BoundedCache[str, PageLayout] = BoundedCache(_MAX_LANGUAGES)

    @property
    def site(self) -> Site:
        return self.catalog.site

    def for_listing(self, ref: ListingRef) -> PageLayout:
        """Return the layout for a listing's pages, with words in the language of a language listing, else in the site's."""
        tag = listing_language(self.site, ref)
        if tag == self.lang.tag:
            return self
        return self._layouts.get_or_create(tag, lambda: PageLayout(self.catalog, self.theme, tag))

    def render(
        self, template: str, head: PageMetadata, variables: Mapping[str, object], current_listing: ListingRef | None = None
    ) -> bytes:
        """Render a whole page with a template. The navigation menu marks the link to `current_listing` if that is a category.

        All menus mark the link to `head.canonical`. `variables`, the template's own, replace those of the layout of equal name.
        """
        own_href = local_href(self.site, head.canonical)
        current_section = current_listing if current_listing and current_listing.kind == "category" else None
        menu = self._menus.get_or_create(current_section, lambda: self._menu(current_section))
        page_variables = PageVariables(
            head=head,
            breadcrumb_data=breadcrumb_json_ld(self.site, head.trail, head.canonical) if head.trail else Markup(),
            own=own_href,
            sections=menu,
            menu_key=(current_section, own_href if own_href in self._menu_hrefs else ""),
            footer=self._footer,
            footer_key=own_href if own_href in self._footer_hrefs else "",
            feeds_key=tuple(feed.href for feed in head.feeds),
        )
        return self.theme.render(template, {**self._common_variables, **page_variables, **variables}, self._render_once)

    def _render_once(self, make: Callable[[], str], name: str, key: object) -> str:
        """Return the HTML of the part of pages with this name and key. `make` renders it if it is not in the cache."""
        return self._fragments.get_or_create((name, key), make)

    @cached_property
    def _common_variables(self) -> SiteVariables:
        site = self.site
        return SiteVariables(
            site=site,
            lang=self.lang,
            site_language="" if self._is_site_language else site.language,
            site_direction="" if self._is_site_language else direction(site.language),
            policy=CONTENT_SECURITY_POLICY,
            home=self.href(PageAt(ListingRef())),
            static=root_relative(site.base_url, STATIC_ROOT),
            stylesheets=stylesheet_links(self.theme, site),
            subscribe=self.href(SiteDocumentAt("subscribe/")),
            archive=self.href(ArchiveAt()),
            license=self.href(SiteDocumentAt("license.xml")) if site.license else "",
            icon=local_href(site, icon_address(self.catalog)),
            head_links=head_links(self.catalog),
            logo=local_href(site, site.logo),
            logo_size=self._logo_size,
        )

    @property
    def _is_site_language(self) -> bool:
        return self.lang.tag == self.site.language

    @cached_property
    def _navigation(self) -> tuple[tuple[ListingRef | None, LinkView], ...]:
        """Pairs (listing, link) of the navigation menu. `listing` is the category, author or custom feed at the link's target.

        It is None for every other target, such as the front page, a language, a tag, or a period of a listing.
        """
        items = navigation_items(self.catalog)
        return tuple((item.listing.ref if item.listing else None, self._item_link(item)) for item in items)

    @cached_property
    def _menu_hrefs(self) -> frozenset[object]:
        """Addresses that the navigation menu links to, with the front page and /subscribe/, whose links templates add."""
        hrefs = (link.href for _, link in self._navigation)
        return frozenset((self._common_variables["home"], self._common_variables["subscribe"], *hrefs))

    @cached_property
    def _footer(self) -> list[LinkView]:
        """Links of the footer: its items, and at the end a link to /subscribe/ unless one of the items leads there."""
        links = [self._item_link(item) for item in footer_items(self.catalog)]
        feeds = self._item_link(MenuItem(href=self.href(SiteDocumentAt("subscribe/")), word="feeds"))
        return links if any(link.href == feeds.href for link in links) else [*links, feeds]

    @cached_property
    def _footer_hrefs(self) -> frozenset[str]:
        return frozenset(link.href for link in self._footer)

    def page_links(self) -> list[LinkView]:
        """Return links to the static pages that menus link to, in the order of `PageFrame.menu_pages`."""
        return [self._item_link(item) for item in page_items(self.catalog)]

    def _item_link(self, item: MenuItem) -> LinkView:
        if item.listing and not item.title:
            return self.listing_link(item.listing)
        language = self.lang.tag if item.word and not self._is_site_language else item.language
        return LinkView(
            title=self.lang.say(item.word) if item.word else item.title,
            href=item.href,
            language=language,
            direction=direction(language) if language else "",
        )

    def _menu(self, current: ListingRef | None) -> list[LinkView]:
        """Return the links of the navigation menu. If `current` is not None, links to this category are marked (`here`)."""
        return [replace(link, here=True) if ref and ref == current else link for ref, link in self._navigation]

    def head(
        self,
        place: Place,
        title: str,
        *listings: Listing,
        description: str = "",
        language: str = "",
        image: Image | None = None,
        trail: tuple[Breadcrumb, ...] = (),
    ) -> PageMetadata:
        """Return the metadata of a page other than an article's: with the feeds of `listings` and then those of the site.

        `language` is the page's language tag, "" for the site's. Open Graph has the site's logo if there is no `image`.
        """
        address = absolute(self.site.base_url, path_of(place))
        return PageMetadata(
            title=title,
            canonical=address,
            description=description,
            feeds=self.feed_views(*listings, self.catalog.listings[ListingRef()]),
            graph=open_graph(self.catalog, title, description, address, logo=self.logo, language=language, image=image),
            trail=trail,
        )

    def href(self, place: Place) -> str:
        return root_relative(self.site.base_url, path_of(place))

    def listing_link(self, listing: Listing) -> LinkView:
        return self._listing_links.get_or_create(listing.ref, lambda: self._build_listing_link(listing))

    def _build_listing_link(self, listing: Listing) -> LinkView:
        # Titles of all other kinds are in the language of the settings files.
        title_language = listing_language(self.site, listing.ref)
        language = title_language if title_language != self.lang.tag else ""
        return LinkView(
            title=listing_title(listing),
            href=self.href(PageAt(listing.ref)),
            language=language,
            direction=direction(language) if language else "",
        )

    def feed_views(self, *listings: Listing) -> tuple[FeedView, ...]:
        """Return the feeds of each listing, one for each format, in the order given. A listing given twice counts once."""
        distinct = {listing.ref: listing for listing in listings}
        views = (
            self._feed_views.get_or_create(listing.ref, partial(feed_views, self.site, listing)) for listing in distinct.values()
        )
        return tuple(chain.from_iterable(views))

    def trail(self, *places: tuple[Place, str], own_title: str) -> tuple[Breadcrumb, ...]:
        """Return the breadcrumbs of a page: the front page, `places` as (place, title), and the page itself without a link."""
        above = self._breadcrumbs.get_or_create(places, lambda: self._build_breadcrumbs(places))
        return (*above, Breadcrumb(own_title))

    def _build_breadcrumbs(self, places: tuple[tuple[Place, str], ...]) -> tuple[Breadcrumb, ...]:
        above = ((PageAt(ListingRef()), self.lang.say("home")), *places)
        return tuple(Breadcrumb(title, self.href(place)) for place, title in above)

    def period_link(self, place: ArchiveAt | PageAt, key: str) -> LinkView | None:
        """Return the link to `place`, with the words of `key`, "older" or "newer"; None if the period of `place` is ""."""
        if not place.period:
            return None
        return LinkView(title=self.lang.say(key, month=self.lang.period_name(place.period)), href=self.href(place))

    def date_view(self, moment: datetime, key: str = "", *, with_time: bool = False) -> DateView:
        """Return a date as a page shows it, `with_time` as `date_time` does, within the text of `key` ("" for no text)."""
        text = self.lang.date_time(moment) if with_time else self.lang.date(moment)
        before, after = self.lang.split_at_placeholder(key) if key else ("", "")
        return DateView(machine=self.lang.machine_date(moment), shown=text, before=before, after=after)

    def direction(self, article: Article) -> str:
        """Return the writing direction of an article's text, "ltr" or "rtl"; "" if the article is in the site's language."""
        return direction(article.language) if article.language else ""

    def preview_label(self, row: Row) -> str:
        """Return the reason why only a preview shows the article; "" if readers see it."""
        return self.lang.say(row.preview_label, date=self.lang.date_time(row.article.published)) if row.preview_label else ""

    def card(self, row: Row) -> Card:
        return self._cards.get_or_create(id(row), lambda: (row, self._build_card(row)))[1]

    def _build_card(self, row: Row) -> Card:
        article = row.article
        language = article.language or self.site.language
        section = self.catalog.listings[ListingRef("category", article.categories[0])] if article.categories else None
        return Card(
            href=self.href(row.place),
            title=issue_title(self.site, row) if isinstance(row, IssueRow) else article.title,
            summary=headlines(self.site, row) if isinstance(row, IssueRow) else distinct_summary(self.catalog, article),
            published=self.lang.machine_date(article.published),
            date=self.lang.date(article.published) if self.site.show.dates else "",
            time=self.lang.date_time(article.published, with_offset=False) if self.site.show.dates else "",
            section=self.listing_link(section) if section else None,
            byline=self.lang.say("comma").join([self.catalog.content.authors[name].name for name in article.authors]),
            language=article.language,
            direction=self.direction(article),
            image=image_view(self.catalog, article.image) if article.image else None,
            mark=self.preview_label(row),
            language_name=native_name(language) if language != self.lang.tag else "",
            in_language=self.lang.split_at_placeholder("in_language"),
        )


def distinct_summary(catalog: Catalog, article: Article) -> str:
    """Return an article's summary, else the beginning of its text; "" if that is empty or equal to the title above it."""
    summary = catalog.content.summary(article)
    return "" if summary == article.title else summary
