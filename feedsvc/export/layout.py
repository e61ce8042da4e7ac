"""Layout of a tree: the file names of documents, their conflicts, the order of writing, and the selections of `--only`.

A file and a folder cannot have the same name, but an address and one below it can exist.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.export import aliases
from feedsvc.export.hosts import Host
from feedsvc.export.old_addresses import is_feed_path
from feedsvc.free_places import StaticPageAt
from feedsvc.publication import Publication, is_withdrawn, withdrawn_places
from feedsvc.routes import (
    MOST_READ_PATH,
    ArchiveAt,
    ArticleAt,
    FeedAt,
    FileAt,
    IssueAt,
    PageAt,
    Place,
    SiteDocumentAt,
    TagsAt,
    VariantAt,
    path_of,
    place_of,
)
from feedsvc.support.compression import CODINGS

MANIFEST_FILE: Final = ".feedsvc-build.journal"
LOCK_FILE: Final = ".feedsvc-build.lock"
TEMPORARY_PREFIX: Final = ".feedsvc-new-"
COPIED_PREFIXES: Final = ("media/", "sized/")  # the names of media files and image variants, which are copied
# The suffixes of compressed variants by coding: all of CODINGS, in that order.
COMPRESSED_SUFFIXES: Final[Mapping[str, str]] = {
    coding: {"zstd": ".zst", "gzip": ".gz"}.get(coding, f".{coding}") for coding in CODINGS
}

# Files of a tree without an address on the live server: the page for missing documents, and the notice of a withdrawn article in
# the folder of the article's address.
MISSING_PATH: Final = "/404.html"
_GONE_FILE: Final = "410.html"
_INDEX_FILE: Final = "index.html"
SERVICE_PATHS: Final = (MISSING_PATH, MOST_READ_PATH)  # of every tree: what the live server answers without a document

_WRITE_ORDER: Final[tuple[type[Place], ...]] = (
    *(FileAt, VariantAt, ArticleAt, PageAt, IssueAt, TagsAt, ArchiveAt, StaticPageAt),
    FeedAt,
)
_FEED_NAME: Final = "/feed."
_PLACES_FOR_FEEDS: Final = (SiteDocumentAt("feeds.opml"), SiteDocumentAt("license.xml"), FileAt("static/feed.css"))


def file_name(path: str) -> str:
    """Return the name of a document's file, relative to the tree: "x/index.html" for "/x/", "feed.rss" for "/feed.rss"."""
    return f"{path[1:]}{_INDEX_FILE}" if path.endswith("/") else path[1:]


def path_of_file(name: str) -> str:
    """Return the path of the document with this file name: the inverse of `file_name`.

    A media file or image variant named index.html keeps that name in its path.
    """
    path = f"/{name}"
    if not path.endswith(f"/{_INDEX_FILE}") or isinstance(place_of(path), FileAt | VariantAt):
        return path
    return path.removesuffix(_INDEX_FILE)


def gone_path(path: str) -> str:
    """Return the path of the file with the notice of a withdrawn article or issue, whose address is `path`."""
    return path + _GONE_FILE


def address_of_gone_path(path: str) -> str:
    """Return the address of an article or issue, withdrawn or not, if its `gone_path` is `path`; else ""."""
    address = path.removesuffix(_GONE_FILE)
    return address if address != path and isinstance(place_of(address), ArticleAt | IssueAt) else ""


def auxiliary_paths(publication: Publication, paths: Sequence[str], own_files: Container[str], host: Host) -> Iterator[str]:
    """Yield the auxiliary paths whose files may change with the documents at `paths`.

    Auxiliary are paths at which the live server has no document of the publication: SERVICE_PATHS (404.html, views.json), the
    files that the host reads, notices of withdrawn articles and issues, former addresses of listings and their issues, and old
    addresses. `own_files` has the names of the files that feedsvc wrote. Paths with an own file are yielded even if the file is
    obsolete by now.
    """
    yield from SERVICE_PATHS
    yield from host.files
    for path in paths:
        place = place_of(path)
        if isinstance(place, ArticleAt | IssueAt):
            notice = gone_path(path)
            if is_withdrawn(publication.catalog, place) or file_name(notice) in own_files:
                yield notice
    if host.has_former_files:
        affected = dict.fromkeys(aliases.affected_former_paths(publication.catalog, paths))
        yield from (path for path in affected if file_name(path) in own_files or aliases.target_path(publication, path))


def former_paths(publication: Publication, host: Host, selection: str = "") -> Iterable[str]:
    """Return every former path and old address, of a selection of SELECTIONS, at which a tree may have a file.

    () for a host without `has_former_files`.
    """
    return _FORMER_PATHS[selection](publication.catalog) if host.has_former_files else ()


def blocking_names(names: Iterable[str], new_names: AbstractSet[str]) -> list[str]:
    """Return those of the file names `names` that cannot stay beside files with the names `new_names`.

    They have the name of a folder of a new file, or are in a folder with the name of a new file.
    """
    candidates = list(names) if new_names else []
    if not candidates:
        return []
    folders = {folder for name in new_names for folder in _folders_of(name)}
    return [name for name in candidates if name in folders or not new_names.isdisjoint(_folders_of(name))]


def has_conflicts(new_names: AbstractSet[str], recorded: Container[str]) -> bool:
    """Return whether a file of `new_names` would be below another file, new or `recorded`.

    A new name that is a folder of a recorded file is not noticed.
    """
    return any(folder in new_names or folder in recorded for name in new_names for folder in _folders_of(name))


def without_conflicts(paths: Sequence[str], recorded: Container[str], is_dispensable: Callable[[str], bool]) -> list[str]:
    """Return the paths without dispensable ones whose new file is below another file, or has the name of another file's folder.

    `recorded` has the names of files that exist already: paths with these are not new and stay in the result. A path is
    dispensable if `is_dispensable` returns True for it.
    """
    new = {path: name for path in paths if (name := file_name(path)) not in recorded}
    new_names = {*new.values()}

    def is_below_file(name: str) -> bool:
        return any(folder in new_names or folder in recorded for folder in _folders_of(name))

    below_files = {path for path, name in new.items() if is_below_file(name) and is_dispensable(path)}
    folders = {folder for path, name in new.items() if path not in below_files for folder in _folders_of(name)}
    excluded = below_files | {path for path, name in new.items() if name in folders and is_dispensable(path)}
    return [path for path in paths if path not in excluded] if excluded else [*paths]


def _folders_of(name: str) -> Iterator[str]:
    """Yield all folders of a file name, the innermost first."""
    while name := name.rpartition("/")[0]:
        yield name


def is_feed(path: str) -> bool:
    return _FEED_NAME in path and isinstance(place_of(path), FeedAt)


def write_order_key(path: str) -> tuple[int, str]:
    """Return a sort key for the order of writing: a rank by the kind of place, then the path.

    Files and pages come before the feeds that link to them, and paths that are `is_written_last` come last.
    """
    place_type = type(place_of(path))
    return next((rank for rank, known_type in enumerate(_WRITE_ORDER) if place_type is known_type), len(_WRITE_ORDER)), path


def is_written_last(path: str) -> bool:
    """Return True for a path after all feeds: of a kind of place not in _WRITE_ORDER (sitemaps, feeds.opml), or no place."""
    return write_order_key(path)[0] == len(_WRITE_ORDER)


def _all_paths(publication: Publication, host: Host) -> Iterator[str]:
    yield from SERVICE_PATHS
    yield from (gone_path(path_of(place)) for place in withdrawn_places(publication.catalog))
    yield from publication.paths()
    yield from former_paths(publication, host)
    yield from host.files


def _feed_paths(publication: Publication, host: Host) -> Iterator[str]:
    yield "/static/feed.css"
    yield from publication.variant_paths()  # which feeds name, and others
    yield from publication.feed_paths()
    yield "/feeds.opml"
    if publication.catalog.site.license:
        yield "/license.xml"
    yield from former_paths(publication, host, "feeds")


def _is_for_feeds(publication: Publication, path: str) -> bool:
    place = place_of(path)
    if isinstance(place, FeedAt | VariantAt) or place in _PLACES_FOR_FEEDS:
        return True
    # Also the old address of a feed that leads nowhere now: its file is removed.
    rules = publication.catalog.content.redirects
    return bool(rules) and is_feed_path(publication.redirect_target(path) or rules.exact_target(path))


# The values of `--only`: a function that yields all paths of the selection in the order of writing, and one that returns whether
# a path belongs to the selection.
SELECTIONS: Final[Mapping[str, tuple[Callable[[Publication, Host], Iterator[str]], Callable[[Publication, str], bool]]]] = {
    "": (_all_paths, lambda *_: True),
    "feeds": (_feed_paths, _is_for_feeds),
}
# Without pages, the periods of pages are not computed, which takes a while.
_FORMER_PATHS: Final[Mapping[str, Callable[[Catalog], Iterator[str]]]] = {
    "": aliases.former_paths,
    "feeds": aliases.former_feed_paths,
}
