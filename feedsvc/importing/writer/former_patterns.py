"""Patterns of redirects.yaml for the addresses of listings that every site of WordPress had."""

from __future__ import annotations

from typing import Final

_FEED_NAMES: Final = {"atom": "atom", "rss2": "rss", "rdf": "rss"}
WORDPRESS_PATTERNS: Final = {
    **{
        f"/category/{{parents...}}/{{id}}/feed/{name}/": f"/category/{{id}}/feed.{suffix}" for name, suffix in _FEED_NAMES.items()
    },
    "/category/{parents...}/{id}/feed/": "/category/{id}/feed.rss",
    **{
        f"/{kind}/{{id}}/feed/{name}/": f"/{kind}/{{id}}/feed.{suffix}"
        for kind in ("category", "tag", "author")
        for name, suffix in _FEED_NAMES.items()
    },
    "/category/{parents...}/{id}/page/{number}/": "/category/{id}/",
    **{f"/{kind}/{{id}}/page/{{number}}/": f"/{kind}/{{id}}/" for kind in ("category", "tag", "author")},
    "/page/{number}/": "/",
    "/{year}/{month}/{day}/": "/archive/{year}/{month}/",  # of a day, only large months have a page
    "/{year}/{month}/": "/archive/{year}/{month}/",
    "/{year}/{month}/page/{number}/": "/archive/{year}/{month}/",
    "/{year}/": "/archive/",
}
# Of a site that was below a path and is not any more.
MOVED_PATTERNS: Final = {
    "/category/{parents...}/{id}/": "/category/{id}/",
    **{f"/{kind}/{{id}}/feed/": f"/{kind}/{{id}}/feed.rss" for kind in ("category", "tag", "author")},
    **{f"/{kind}/{{id}}/": f"/{kind}/{{id}}/" for kind in ("category", "tag", "author")},
}
