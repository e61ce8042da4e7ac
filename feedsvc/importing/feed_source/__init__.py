"""Reader of feeds: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed.

A file, a folder of files or an address comes in. Neutral records for the writer of a content folder come out, or parsed
documents (`FeedDocument`) for the comparison with another feed. Items of these have id, title and dates as written, but
their content as HTML with absolute links, and no elements other than the fields of FeedItem. Only `importing.formats`
and `editing` use this package.
"""

from feedsvc.importing.feed_source.documents import FeedLimits, is_address, read_document
from feedsvc.importing.feed_source.markup import plain_text, title_text
from feedsvc.importing.feed_source.parse import parse_feed
from feedsvc.importing.feed_source.records import FeedDocument, FeedItem, FeedKind
from feedsvc.importing.feed_source.source import open_feed_source

__all__ = [
    "FeedDocument",
    "FeedItem",
    "FeedKind",
    "FeedLimits",
    "is_address",
    "open_feed_source",
    "parse_feed",
    "plain_text",
    "read_document",
    "title_text",
]
