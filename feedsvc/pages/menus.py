"""Menus: the items of the navigation menu and of the footer, and the links in the head to files of root/."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from feedsvc.catalog import Catalog, Listing
from feedsvc.free_places import StaticPageAt
from feedsvc.model import Site
from feedsvc.page_model import TITLED_KINDS, TITLES_OF_PATHS, MenuEntry, MenuPage
from feedsvc.routes import ArchiveAt, ListingRef, PageAt, Place, TagsAt, path_of, place_of
from feedsvc.uris import resolve, root_relative

# Name of a file of root/ -> attributes of the link to it in the head of every page.
_HEAD_LINKS: Final[Mapping[str, tuple[str, str]]] = {
    "apple-touch-icon.png": ("apple-touch-icon", "image/png"),
    "manifest.webmanifest": ("manifest", "application/manifest+json"),
    "site.webmanifest": ("manifest", "application/manifest+json"),
}
_ICON_FILES: Final = ("favicon.svg", "favicon.ico")


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuItem:
    """An item of a menu: a link. `listing` is the category, author or custom feed that it leads to, None for other targets.

    The text is `title`; if that is "", the title of `listing`; without one, the word of the page's language with the key `word`.
    `language` is that of a `title` that comes from a page in another language than the site's, else "".
    """

    href: str
    listing: Listing | None = None
    title: str = ""
    word: str = ""
    language: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeadLink:
    """A link in the head to a file of root/."""

    rel: str
    type: str
    href: str


def navigation_items(catalog: Catalog) -> tuple[MenuItem, ...]:
    """Return the items of the navigation menu: those of site.yaml, in its order, without missing categories and pages.

    If site.yaml has no `navigation` ([] is an empty menu), they are all categories, ordered by id, and then the pages whose key
    `navigation` is header, in the order of `PageFrame.menu_pages`.
    """
    entries = catalog.site.navigation
    if entries is not None:
        return tuple(_named_items(catalog, entries))
    ids = sorted({category.id for category in catalog.content.categories.values()})  # its keys include aliases
    categories = (_listing_item(catalog.site, catalog.listings[ListingRef("category", name)]) for name in ids)
    return (*categories, *page_items(catalog, "header"))


def footer_items(catalog: Catalog) -> tuple[MenuItem, ...]:
    """Return the items of the footer: those of site.yaml, in its order, without missing categories and pages.

    If site.yaml has no `footer.links` ([] is no links), they are the pages whose key `navigation` is footer, the archive and all
    topics; of these, the ones whose address is in the navigation menu are left out. `PageLayout` adds the link to /subscribe/.
    """
    links = catalog.site.footer.links
    if links is not None:
        return tuple(_named_items(catalog, links))
    above = {item.href for item in navigation_items(catalog)}
    indexes = (_item_at_path(catalog, path_of(place)) for place in (ArchiveAt(), TagsAt()))
    items = (*page_items(catalog, "footer"), *indexes)
    return tuple(item for item in items if item.href not in above)


def navigation_categories(catalog: Catalog) -> list[str]:
    """Return the ids of the categories in the navigation menu, in its order; if it has none, those of all categories.

    An id may be repeated. All categories are in the order of `ContentSnapshot.categories`.
    """
    refs = (item.listing.ref for item in navigation_items(catalog) if item.listing)
    return [ref.id for ref in refs if ref.kind == "category"] or [entry.id for entry in catalog.content.categories.values()]


def head_links(catalog: Catalog) -> tuple[HeadLink, ...]:
    """Return the links to files of root/ in the head of every page, except the link to the icon: one for each `rel`."""
    names = [name for name in catalog.content.frame.head_files if name in _HEAD_LINKS]
    links = {_HEAD_LINKS[name][0]: name for name in reversed(names)}  # one manifest, although there are two names for it
    return tuple(
        HeadLink(rel=rel, type=_HEAD_LINKS[name][1], href=root_relative(catalog.site.base_url, f"/{name}"))
        for rel, name in sorted(links.items())
    )


def icon_address(catalog: Catalog) -> str:
    """Return the absolute address of the icon: that in site.yaml, else a favicon in root/, else the logo, else ""."""
    site, names = catalog.site, catalog.content.frame.head_files
    favicon = next((name for name in _ICON_FILES if name in names), "")
    return site.icon or (f"{site.base_url}/{favicon}" if favicon else site.logo)


def page_items(catalog: Catalog, *menus: str) -> Iterator[MenuItem]:
    """Yield the items of the static pages of these `menus`, or of all that menus link to."""
    pages = catalog.content.frame.menu_pages
    return (_page_item(catalog.site, page) for page in pages if not menus or page.menu in menus)


def _named_items(catalog: Catalog, entries: Iterable[MenuEntry]) -> Iterator[MenuItem]:
    """Yield the items of entries; a category or page that does not exist is left out."""
    for entry in entries:
        item = _find_item(catalog, entry.target)
        if item:
            yield MenuItem(href=item.href, listing=item.listing, title=entry.title) if entry.title else item


def _find_item(catalog: Catalog, target: str) -> MenuItem | None:
    site = catalog.site
    if target.startswith("/"):
        return _item_at_path(catalog, target)
    if ":" in target:
        return MenuItem(href=target, title=urlsplit(target).hostname or target)
    category = catalog.listings.get(catalog.canonical_listing_ref(ListingRef("category", target)))
    if category:
        return _listing_item(site, category)
    page = _find_page(catalog, target)
    return _page_item(site, page) if page else None


def _find_page(catalog: Catalog, name: str) -> MenuPage | None:
    return next((page for page in catalog.content.frame.menu_pages if name == page.slug or name in page.aliases), None)


def _item_at_path(catalog: Catalog, target: str) -> MenuItem:
    """Return the item of a path as an editor wrote it. The path may have a query or a fragment, and need not exist."""
    site = catalog.site
    address = urlsplit(resolve(site.base_url, site.base_url, target))
    href = urlunsplit(("", "", address.path, address.query, address.fragment)) or "/"
    place = place_of(target)
    page = _find_page(catalog, place.slug) if isinstance(place, StaticPageAt) else None
    if page:
        return _page_item(site, page)
    listing = _titled_listing(catalog, place)
    word = TITLES_OF_PATHS.get(target, "")
    return MenuItem(href=href, listing=listing, title="" if word or listing else target, word=word)


def _titled_listing(catalog: Catalog, place: Place | None) -> Listing | None:
    if not isinstance(place, PageAt) or place.period or place.listing.kind not in TITLED_KINDS:
        return None
    return catalog.listings.get(catalog.canonical_listing_ref(place.listing))


def _listing_item(site: Site, listing: Listing) -> MenuItem:
    return MenuItem(href=root_relative(site.base_url, path_of(PageAt(listing.ref))), listing=listing)


def _page_item(site: Site, page: MenuPage) -> MenuItem:
    href = root_relative(site.base_url, path_of(StaticPageAt(page.slug)))
    return MenuItem(href=href, title=page.title, language=page.language)
