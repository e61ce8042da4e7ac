"""Feeds of a listing, in every format.

The input is a catalog and a listing. The output is one neutral `Feed`, its bytes in a built-in format or one of a plug-in, and
the digest of the feed. Discovery, pages, publication, export, web, the API, WebSub, editing and the command line use this
package.
"""

from feedsvc.feeds.builder import (
    MAX_CACHED_ENTRIES,
    EntryCache,
    author_person,
    build_feed,
    feed_title,
    last_updated,
    license_link,
    listing_language,
    listing_title,
)
from feedsvc.feeds.digest import FeedDigests
from feedsvc.feeds.escaping import escape, quote_attribute
from feedsvc.feeds.formats import FORMATS, check_plugins, enlarge_caches, render_extended, suffixes_of
from feedsvc.feeds.issue_content import headlines, issue_title
from feedsvc.feeds.rsl import RSL_MEDIA_TYPE, RSL_NAMESPACE, RslElement, rsl_content

__all__ = [
    "FORMATS",
    "MAX_CACHED_ENTRIES",
    "RSL_MEDIA_TYPE",
    "RSL_NAMESPACE",
    "EntryCache",
    "FeedDigests",
    "RslElement",
    "author_person",
    "build_feed",
    "check_plugins",
    "enlarge_caches",
    "escape",
    "feed_title",
    "headlines",
    "issue_title",
    "last_updated",
    "license_link",
    "listing_language",
    "listing_title",
    "quote_attribute",
    "render_extended",
    "rsl_content",
    "suffixes_of",
]
