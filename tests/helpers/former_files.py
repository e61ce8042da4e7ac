"""What a tree holds beside the documents of a publication: at former addresses, and for hosts."""

from __future__ import annotations

from feedsvc.export import file_name, hosts
from feedsvc.export.aliases import former_paths
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, place_of


def documents(publication: Publication) -> dict[str, Document]:
    """Return what stands at former addresses, by the files' names."""
    return {file_name(path): _document(publication, path) for path in former_paths(publication.catalog)}


def _document(publication: Publication, path: str) -> Document:
    target = publication.redirect_target(path) or path
    found = publication.resolve(target)
    assert isinstance(found, Document)
    is_copy = found.status == 410 or isinstance(place_of(target), FeedAt)
    return found if is_copy else publication.render_redirect_page(path, target)


def for_hosts(publication: Publication) -> dict[str, bytes]:
    """Return the files that hosts read, by their names."""
    host = hosts.HOSTS[hosts.HOSTING_ANY]
    return {
        "_redirects": hosts.render_redirects(publication.catalog, host).encode(),
        "_headers": hosts.render_headers(publication.catalog).encode(),
    }
