"""Real feed readers in one table over one neutral result.

A format's own test says what we meant to write; these say what others read. Each reader is listed with what it is
known not to tell, so that a test can compare exactly what it does:

    for reader in READERS.values():
        require(reader)
        [told] = reader.read_all([document], "rss")
        if "entry.authors" in reader.tells("rss"):
            assert told.entries[0].authors == ("Ritesh Nambiar", "Jia Liu")

A reader that is not installed is skipped with the line that installs it; with FEEDSVC_TEST_REQUIRE_ALL=1 in the
environment it is a failure.
"""

from tests.readers.libraries import listparser as read_opml
from tests.readers.programs import json_feed_schema
from tests.readers.result import (
    ENTRY_FIELDS,
    FEED_FIELDS,
    ReadEnclosure,
    ReadEntry,
    ReadFeed,
    ReadOpml,
    ReadOutline,
    UnreadableError,
)
from tests.readers.table import JSON_FEED_SCHEMA, LISTPARSER, READERS
from tests.readers.tool import Reader, Tool, require

__all__ = [
    "ENTRY_FIELDS",
    "FEED_FIELDS",
    "JSON_FEED_SCHEMA",
    "LISTPARSER",
    "READERS",
    "ReadEnclosure",
    "ReadEntry",
    "ReadFeed",
    "ReadOpml",
    "ReadOutline",
    "Reader",
    "Tool",
    "UnreadableError",
    "json_feed_schema",
    "read_opml",
    "require",
]
