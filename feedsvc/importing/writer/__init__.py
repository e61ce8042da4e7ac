"""Writer of a content folder from the neutral records of a source.

`import_source` reads an open source twice and writes settings, media, redirects and articles that an editor could have written. A
later import changes only what changed at the source. It returns a report; `REPORT_FORMATS` has the formats of it.
"""

from feedsvc.importing.writer.conflicts import ConflictChoice
from feedsvc.importing.writer.mapping import TermMapping, read_mapping
from feedsvc.importing.writer.media_sources import DEFAULT_MAX_BYTES, FolderMedia, MediaOrigin, WebMedia
from feedsvc.importing.writer.report import ImportReport, MergeConflict
from feedsvc.importing.writer.report_formats import REPORT_FORMATS, SHORT_LIST, format_text, short_value
from feedsvc.importing.writer.run import ImportOptions, import_source

__all__ = [
    "DEFAULT_MAX_BYTES",
    "REPORT_FORMATS",
    "SHORT_LIST",
    "ConflictChoice",
    "FolderMedia",
    "ImportOptions",
    "ImportReport",
    "MediaOrigin",
    "MergeConflict",
    "TermMapping",
    "WebMedia",
    "format_text",
    "import_source",
    "read_mapping",
    "short_value",
]
