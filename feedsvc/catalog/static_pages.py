"""Static pages of one catalog: which of them are public, and the media files that they make public."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from feedsvc.content.folder import ContentSnapshot
from feedsvc.page_model import StaticPage


def public_pages(content: ContentSnapshot, *, is_preview: bool) -> Mapping[str, StaticPage]:
    """Return the pages that have an address, by slug and former slug: the published ones, in a preview drafts, too."""
    pages = content.pages
    if is_preview or not any(page.is_draft for page in pages.values()):
        return pages
    return {name: page for name, page in pages.items() if not page.is_draft}


def update_pages(
    pages: Mapping[str, StaticPage], before: ContentSnapshot, now: ContentSnapshot, *, is_preview: bool
) -> Mapping[str, StaticPage]:
    """Return `public_pages` of the content `now`; the object `pages`, which is that of the content `before`, if it is equal."""
    if now.pages is before.pages:
        return pages
    updated = public_pages(now, is_preview=is_preview)
    return pages if updated == pages else updated


def pages_by_slug(pages: Mapping[str, StaticPage]) -> Iterator[StaticPage]:
    """Yield each page of `pages`, a mapping by slug and former slug, once, sorted by slug."""
    yield from (pages[name] for name in sorted(pages) if pages[name].slug == name)


def page_media(pages: Mapping[str, StaticPage]) -> Iterator[str]:
    """Yield the path (media/...) of each reference of these pages to a media file; a path may occur several times."""
    for page in pages_by_slug(pages):
        yield from page.media
