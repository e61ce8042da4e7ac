"""Values of `href` and `src` on pages: addresses within the site are root-relative.

They include the path of base_url: "/blog/x/" for the path /x/ if base_url ends in "/blog".
"""

from __future__ import annotations

from feedsvc.model import Site
from feedsvc.routes import ArchiveAt, ArticleAt, IssueAt, PageAt, SiteDocumentAt, path_of, place_of
from feedsvc.uris import path_below, root_relative, split_at_query


def local_href(site: Site, address: str) -> str:
    """Return an absolute address below base_url as a root-relative one, with query and fragment; any other one unchanged."""
    path = path_below(site.base_url, address)
    return root_relative(site.base_url, path) + split_at_query(address)[1] if path else address


def canonical_href(site: Site, address: str) -> str:
    """Return an absolute address below base_url as a root-relative one; any other address unchanged.

    The path of a listing, article, issue, archive or site document is made canonical, so that a click on a path without its
    trailing slash is not redirected. Former names in a path stay.
    """
    path = path_below(site.base_url, address)
    place = place_of(path) if path else None
    if not isinstance(place, (ArchiveAt, ArticleAt, IssueAt, PageAt, SiteDocumentAt)):
        return local_href(site, address)
    return root_relative(site.base_url, path_of(place)) + split_at_query(address)[1]
