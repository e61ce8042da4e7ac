"""The files of a static tree that are no documents of the publication: redirects of former addresses, files for hosts."""

from __future__ import annotations

from feedsvc.export import file_name, host_headers, hosts
from feedsvc.export.aliases import former_paths
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, place_of


def documents(publication: Publication) -> dict[str, Document]:
    """Return the documents at former addresses by file name."""
    return {file_name(path): _document(publication, path) for path in former_paths(publication.catalog)}


def _document(publication: Publication, path: str) -> Document:
    target = publication.redirect_target(path) or path
    document = publication.resolve(target)
    assert isinstance(document, Document)
    needs_no_redirect = document.status == 410 or isinstance(place_of(target), FeedAt)
    return document if needs_no_redirect else publication.render_redirect_page(path, target)


def for_hosts(publication: Publication) -> dict[str, bytes]:
    """Return the files `_redirects` and `_headers`, which hosts read, by name."""
    host = hosts.HOSTS[hosts.HOSTING_ANY]
    return {
        "_redirects": hosts.render_redirects(publication.catalog, host).encode(),
        "_headers": host_headers.render_headers(publication.catalog).encode(),
    }
