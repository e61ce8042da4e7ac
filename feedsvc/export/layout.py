"""Where documents lie in a tree, in which order they are written, and which of them are wanted."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Final

from feedsvc.export import aliases
from feedsvc.export.hosts import HEADERS, REDIRECTS, Host
from feedsvc.publication.publication import Publication
from feedsvc.routes import SUFFIXES, ArticleAt, FeedAt, FileAt, PageAt, Place, SingleAt, SizedAt, TagsAt, path_of, place_of
from feedsvc.support.compression import CODINGS

MANIFEST: Final = ".feedsvc-build.journal"
FORMER: Final = ".feedsvc-build.json"  # the list of earlier versions
LOCK: Final = ".feedsvc-build.lock"
TEMPORARY: Final = ".feedsvc-new-"
COPIED: Final = ("media/", "sized/")  # how the names begin of what is a file of its own
# How the compressed twin of a file ends, by its coding: all of CODINGS, in that order.
TWINS: Final[Mapping[str, str]] = {coding: {"zstd": ".zst", "gzip": ".gz"}.get(coding, f".{coding}") for coding in CODINGS}

# What a server has no address for, and a tree has a file for: the page for what is missing, and that of a withdrawn article,
# which lies in the folder of its address.
MISSING: Final = "/404.html"
_GONE: Final = "410.html"
_INDEX: Final = "index.html"
_BESIDE: Final = (MISSING, REDIRECTS, HEADERS)

_RANKS: Final[tuple[type[Place], ...]] = (FileAt, SizedAt, ArticleAt, PageAt, TagsAt, FeedAt)
_ENDINGS: Final = tuple(f"/feed.{suffix}" for suffix in SUFFIXES)
_WITH_FEEDS: Final = (SingleAt("feeds.opml"), FileAt("static/feed.css"))


def file_name(path: str) -> str:
    """Where a document lies in the tree: a page in its folder's index.html."""
    return f"{path[1:]}{_INDEX}" if path.endswith("/") else path[1:]


def path_at(name: str) -> str:
    """The path of the document that lies there, for a name that `file_name` gives."""
    path = f"/{name}"
    return path.removesuffix(_INDEX) if path.endswith(f"/{_INDEX}") and place_of(path) is None else path


def gone(path: str) -> str:
    """The path of the file that says of an article's address that it is gone."""
    return path + _GONE


def gone_from(path: str) -> str:
    """The address that such a file speaks of, "" for any other path."""
    address = path.removesuffix(_GONE)
    return address if address != path and isinstance(place_of(address), ArticleAt) else ""


def files_beside(publication: Publication, paths: Sequence[str], ours: Container[str], host: Host) -> Iterator[str]:
    """Return the paths of what is no document of its own and changes with documents at these paths.

    `ours` are the names of the files that are there.
    """
    yield MISSING
    yield from host.files
    for path in paths:
        place = place_of(path)
        if isinstance(place, ArticleAt) and (place.slug in publication.catalog.withdrawn or file_name(gone(path)) in ours):
            yield gone(path)
    if host.has_former:
        former = dict.fromkeys(aliases.beside(publication.catalog, paths))
        yield from (path for path in former if file_name(path) in ours or aliases.target(publication, path))


def former_paths(publication: Publication, host: Host) -> Iterable[str]:
    """Return every former path that has a file at this host."""
    return aliases.paths(publication.catalog) if host.has_former else ()


def may_be_ours(name: str) -> bool:
    """Whether some publication has a document that lies there."""
    paths = f"/{name}", f"/{name.removesuffix(_INDEX)}"
    return any(path in _BESIDE or place_of(gone_from(path) or path) for path in paths)


def is_feed(path: str) -> bool:
    return path.endswith(_ENDINGS) and isinstance(place_of(path), FeedAt)


def last_named(path: str) -> tuple[int, str]:
    """In this order, what readers follow comes before the feeds that name it."""
    place = type(place_of(path))
    return next((rank for rank, kind in enumerate(_RANKS) if place is kind), len(_RANKS)), path


def is_beside(path: str) -> bool:
    """What names feeds and pages, and that nothing else leads to."""
    return last_named(path)[0] == len(_RANKS)


def _all(publication: Publication, host: Host) -> Iterator[str]:
    yield MISSING
    yield from (gone(path_of(ArticleAt(slug))) for slug in sorted(publication.catalog.withdrawn))
    yield from publication.paths()
    yield from former_paths(publication, host)
    yield from host.files


def _feeds(publication: Publication, host: Host) -> Iterator[str]:
    yield "/static/feed.css"
    yield from publication.copy_paths()  # which feeds name, and nobody else has
    yield from publication.feed_paths()
    yield "/feeds.opml"
    yield from (path for path in former_paths(publication, host) if isinstance(place_of(path), FeedAt))


def _is_of_feeds(place: Place | None) -> bool:
    return isinstance(place, FeedAt | SizedAt) or place in _WITH_FEEDS


# What `--only` may say: all paths of it, in the order of writing, and whether a place belongs to it.
SELECTIONS: Final[Mapping[str, tuple[Callable[[Publication, Host], Iterator[str]], Callable[[Place | None], bool]]]] = {
    "": (_all, lambda _: True),
    "feeds": (_feeds, _is_of_feeds),
}
