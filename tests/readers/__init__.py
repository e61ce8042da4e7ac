"""Real feed readers with a common result type.

Tests of a format check the bytes that feedsvc writes; tests with these readers check what other programs read. `READERS` lists
the fields that each reader does not support, so that a test compares exactly the fields that it reports:

    for reader in READERS.values():
        require(reader)
        [feed] = reader.read_all([document], "rss")
        if "entry.authors" in reader.reported_fields("rss"):
            assert feed.entries[0].authors == ("Ritesh Nambiar", "Jia Liu")

A reader that is not installed skips the test with its install command. With FEEDSVC_TEST_REQUIRE_ALL=1 in the environment the
test fails instead.
"""

from tests.readers.libraries import listparser as read_opml
from tests.readers.programs import json_feed_schema
from tests.readers.result import (
    ENTRY_FIELDS,
    FEED_FIELDS,
    ParsedEnclosure,
    ParsedEntry,
    ParsedFeed,
    ParsedOpml,
    ParsedOutline,
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
    "ParsedEnclosure",
    "ParsedEntry",
    "ParsedFeed",
    "ParsedOpml",
    "ParsedOutline",
    "Reader",
    "Tool",
    "UnreadableError",
    "json_feed_schema",
    "read_opml",
    "require",
]
