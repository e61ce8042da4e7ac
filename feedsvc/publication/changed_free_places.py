"""Static pages and files in root/ that differ between two catalogs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from feedsvc.catalog import Catalog
from feedsvc.content.media import variants
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.publication.root_files import FAVICON, favicon_path
from feedsvc.routes import FileAt, Place, place_of


def changed_free_places(before: Catalog, now: Catalog, changed_media: AbstractSet[str]) -> Iterator[Place]:
    """Yield the places of the static pages and of the files in root/ in which two catalogs differ, with former names of pages.

    `changed_media` are the paths (media/...) of the changed media files; a page that refers to one counts as changed. Also yield
    the media files that are public in one catalog only because of a page, and the image variants that a changed page offers.
    """
    files_before, files = before.content.root_files, now.content.root_files
    if files_before is not files:
        yield from (RootFileAt(path) for path in {**files_before, **files} if files_before.get(path) != files.get(path))
    if favicon_path(now) in changed_media:
        yield RootFileAt(FAVICON)
    if before.pages is now.pages and not changed_media:
        return
    for catalog, other in ((before, now), (now, before)):
        for name, page in catalog.pages.items():
            if other.pages.get(name) != page or not changed_media.isdisjoint(page.media):
                yield StaticPageAt(name)
                yield from (FileAt(path) for path in page.media if path not in other.media)
                yield from _variant_places(catalog, page.media)


def _variant_places(catalog: Catalog, paths: Iterable[str]) -> Iterator[Place]:
    for path in paths:
        yield from (place for variant in variants(catalog.media.get(path)) if (place := place_of(variant.path)))
