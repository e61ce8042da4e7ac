"""Writer of a content folder from the neutral records of a source.

`import_source` reads an open source twice and writes settings, media, redirects and articles that an editor could have written. A
later import writes those files anew that nobody changed since.
"""

from feedsvc.importing.writer.media import DEFAULT_MAX_BYTES, FolderMedia, MediaOrigin, WebMedia
from feedsvc.importing.writer.report import REPORT_FORMATS, SHORT_LIST, ImportReport, format_text
from feedsvc.importing.writer.run import ImportOptions, import_source
from feedsvc.importing.writer.terms import TermMapping, read_mapping

__all__ = [
    "DEFAULT_MAX_BYTES",
    "REPORT_FORMATS",
    "SHORT_LIST",
    "FolderMedia",
    "ImportOptions",
    "ImportReport",
    "MediaOrigin",
    "TermMapping",
    "WebMedia",
    "format_text",
    "import_source",
    "read_mapping",
]
