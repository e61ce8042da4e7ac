"""Readers of other systems' exports and feeds, and the writer that makes a content folder of them.

A file, a folder or an address comes in; each format's module reads it into the neutral records of `source.py`, of which the
writer makes files that an editor could have written. The command line calls this package, and editing reads former feeds with
it.
"""

from feedsvc.importing.addresses import split_address, with_named_host
from feedsvc.importing.feed_document import FeedDocument, FeedItem, FeedKind, title_text
from feedsvc.importing.feed_reader import parse_feed
from feedsvc.importing.feed_source import FeedLimits, read_document
from feedsvc.importing.formats import open_source
from feedsvc.importing.markup import to_plain_text
from feedsvc.importing.source import ImportSourceError

__all__ = [
    "FeedDocument",
    "FeedItem",
    "FeedKind",
    "FeedLimits",
    "ImportSourceError",
    "open_source",
    "parse_feed",
    "read_document",
    "split_address",
    "title_text",
    "to_plain_text",
    "with_named_host",
]
