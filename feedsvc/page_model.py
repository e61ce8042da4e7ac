"""Frozen data classes: static pages, menus and what all pages take from pages/ and root/."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

Menu = Literal["header", "footer", "none"]

# Paths with a title of their own in every language -> key of the title.
TITLES_OF_PATHS: Final[Mapping[str, str]] = {
    "/": "home",
    "/archive/": "archive_all",
    "/subscribe/": "subscribe",
    "/tags/": "all_topics",
}
# Kinds of listings whose titles are in settings files: a menu may show them without depending on articles.
TITLED_KINDS: Final = frozenset(("category", "author", "custom"))


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticPage:
    """Validated content of one file of pages/. `path` is relative to the content folder, `markdown` is the body.

    `menu` is the menu that links to the page if site.yaml does not list that menu's links ("none": no menu does); pages with a
    lower `order` come first. `language` is "" for the site's, `updated` None if not given. `media` are the paths in media/ that
    it refers to.
    """

    path: str
    slug: str
    title: str
    description: str = ""
    language: str = ""
    updated: datetime | None = None
    menu: Menu = "footer"
    order: int = 0
    aliases: tuple[str, ...] = ()
    is_draft: bool = False
    markdown: str = ""
    media: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The slug, then the former slugs (aliases)."""
        return self.slug, *self.aliases


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuEntry:
    """Entry of `navigation` or `footer.links` in site.yaml.

    `target` is the id of a category, else the slug of a page, else a path of this site, else an absolute address. `title` is ""
    for the target's own title, or if it has none, its path or host.
    """

    target: str
    title: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Footer:
    """Key `footer` of site.yaml. `links` are None if pages/ says which pages the footer links to."""

    text: str = ""
    links: tuple[MenuEntry, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShowOptions:
    """Key `show` of site.yaml: optional parts of pages.

    `share` are the links to share an article, `dates` the dates of articles on their pages and in lists, `views` the numbers of
    reads. Reads are counted without `views`, too.
    """

    share: bool = True
    dates: bool = True
    views: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class MenuPage:
    """The facts of a static page that menus show, with the meaning that they have in StaticPage."""

    slug: str
    title: str
    language: str
    menu: Menu
    order: int
    aliases: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFrame:
    """Parts of pages/ and root/ that the head and the menus of every page show.

    `menu_pages` are the pages that are no drafts and that site.yaml links to or whose `menu` is header or footer, sorted by
    `order`, then title. `head_files` are the names of the files in root/ to which the head links.
    """

    menu_pages: tuple[MenuPage, ...] = ()
    head_files: tuple[str, ...] = ()
