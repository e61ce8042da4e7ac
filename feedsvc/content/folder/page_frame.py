"""Page frame: what the head and the menus of every page take from pages/ and root/."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Final

from feedsvc.model import Site
from feedsvc.page_model import MenuEntry, MenuPage, PageFrame, StaticPage

# Files of root/ to which the head of a page links.
HEAD_FILES: Final = ("favicon.ico", "favicon.svg", "apple-touch-icon.png", "manifest.webmanifest", "site.webmanifest")


def build_page_frame(site: Site, pages: Mapping[str, StaticPage], root_files: Container[str]) -> PageFrame:
    """Return the page frame.

    Of `pages` (by slug and former slug), it has those that are no drafts and either have a `menu` other than "none" or are
    targets in the navigation or the footer of site.yaml, in the order of `order`, then title. Of `root_files`, paths below
    root/, it has those in HEAD_FILES.
    """
    published = {page.path: page for page in pages.values() if not page.is_draft}
    named = {page.path for name in _named_pages(site) if (page := pages.get(name))}
    shown = [page for page in published.values() if page.path in named or page.menu != "none"]
    return PageFrame(
        menu_pages=tuple(
            MenuPage(
                slug=page.slug, title=page.title, language=page.language, menu=page.menu, order=page.order, aliases=page.aliases
            )
            for page in sorted(shown, key=lambda page: (page.order, page.title, page.slug))
        ),
        head_files=tuple(name for name in HEAD_FILES if name in root_files),
    )


def _named_pages(site: Site) -> Iterator[str]:
    entries: tuple[MenuEntry, ...] = (*(site.navigation or ()), *(site.footer.links or ()))
    yield from (entry.target.strip("/") for entry in entries)
