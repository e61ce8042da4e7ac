"""Parse cache: records of article files, last valid versions of settings and pages, and article texts, stored over restarts.

In come records by path, settings, and texts by key; out come the same at the next start, without damaged ones. Of records that
another version of feedsvc wrote, only last valid versions come out. Only `content.folder` uses it.
"""

from feedsvc.content.cache.codec import decode_page, encode_page
from feedsvc.content.cache.record import NO_MEDIA, Interner, Record
from feedsvc.content.cache.record_map import RecordMap
from feedsvc.content.cache.record_page import RecordPage
from feedsvc.content.cache.settings_table import StoredSetting
from feedsvc.content.cache.store import ParseCache

__all__ = [
    "NO_MEDIA",
    "Interner",
    "ParseCache",
    "Record",
    "RecordMap",
    "RecordPage",
    "StoredSetting",
    "decode_page",
    "encode_page",
]
