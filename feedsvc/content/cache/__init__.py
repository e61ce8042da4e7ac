"""Records: how each file was read, and its last valid version, stored over restarts.

In come records by path; out come the same records at the next start, verified by checksums. `content.folder` uses it.
"""

from feedsvc.content.cache.codec import decode_page, encode_page
from feedsvc.content.cache.record import NO_MEDIA, Interner, Record
from feedsvc.content.cache.settings_table import StoredSetting
from feedsvc.content.cache.store import ParseCache

__all__ = [
    "NO_MEDIA",
    "Interner",
    "ParseCache",
    "Record",
    "StoredSetting",
    "decode_page",
    "encode_page",
]
