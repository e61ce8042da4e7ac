"""Old addresses of redirects.yaml and of articles that have a file in a tree, for hosts that serve files and cannot redirect.

An exact rule or an alias without a query has one file, a rule with a "*" has none. Rules with the target GONE have none either:
at their addresses, such a host answers 404. Nor is there a file where `may_have_file` is False.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.publication import exact_redirects, sources_of
from feedsvc.redirects import GONE, can_be_file
from feedsvc.routes import FeedAt, FileAt, SiteDocumentAt, SitemapAt, VariantAt, place_of

_FILE_PLACES: Final = (FeedAt, FileAt, SiteDocumentAt, SitemapAt, VariantAt)


def old_paths(catalog: Catalog, *, of_feeds: bool) -> Iterator[str]:
    """Yield the old addresses with a file: with `of_feeds` those that lead to a feed, else all others."""
    for path, target in exact_redirects(catalog):
        if target != GONE and is_feed_path(target) == of_feeds and may_have_file(catalog, path):
            yield path


def old_paths_of(catalog: Catalog, path: str) -> Iterator[str]:
    """Yield the old addresses whose file may change with the document at a path. Some may have no file."""
    yield from sources_of(catalog, path)
    # A file needs the names of its folders.
    yield from (folder for folder in _folders(path) if _is_exact(catalog, folder))


def _is_exact(catalog: Catalog, path: str) -> bool:
    return path in catalog.content.redirects.exact or path in catalog.content.addresses.articles


def gap_sentences(catalog: Catalog) -> Iterator[str]:
    """Yield sentences on old addresses that a host which only serves files cannot answer: they have no file.

    One sentence is on all rules with a query or a "*", one on aliases of articles. One more is on each old address that is a
    folder of media/. Nothing is yielded if there are no such addresses.
    """
    if gaps := [*catalog.content.redirects.plain_host_gaps]:
        others = f"and {len(gaps) - 1:,} more " if len(gaps) > 1 else ""
        yield (
            f"the tree has no files for {gaps[0]} {others}of redirects.yaml: a file cannot answer a query or a *; feedsvc serve "
            "and nginx can"
        )
    if count := sum(not can_be_file(address) for address in catalog.content.addresses.articles):
        yield (
            f"the tree has no files for {count:,} aliases of articles, such as those with a query: a file cannot answer them; "
            "feedsvc serve and nginx can"
        )
    for path in catalog.content.redirects.path_addresses:
        if path[1:] in catalog.media.folders:
            yield (
                f"the tree has no file for {path} of redirects.yaml, because {path[1:]}/ is a folder with files; only feedsvc "
                "serve, nginx and hosts that read _redirects can redirect from it"
            )


def may_have_file(catalog: Catalog, path: str) -> bool:
    """Return whether the tree may have a file at a former path or old address.

    False if `can_be_file` is False, as for an address with a query or with a name of more than 255 bytes; for one without a
    slash at its end that is a folder of media/ or root/; and for one below a file: a document's, one of root/, or that of
    another old address.
    """
    return (
        can_be_file(path)
        and not any(_is_file(catalog, folder) for folder in _folders(path))
        and path[1:] not in catalog.media.folders
        and (path.endswith("/") or not any(name.startswith(f"{path[1:]}/") for name in catalog.content.root_files))
    )


def is_feed_path(target: str) -> bool:
    return isinstance(place_of(target), FeedAt)


def _folders(path: str) -> Iterator[str]:
    """Yield the paths, without a slash at the end, of all folders that the file of a path lies in."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]


def _is_file(catalog: Catalog, path: str) -> bool:
    """Return whether a file may have this path without a slash at the end: a file of root/, a document or an old address.

    A document or old address is a file, not a folder, if its last name has a file extension.
    """
    if path[1:] in catalog.content.root_files:
        return True
    if "." not in path[path.rfind("/") :]:
        return False
    return _is_exact(catalog, path) or isinstance(place_of(path), _FILE_PLACES)
