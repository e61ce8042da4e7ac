"""Content store: what was read of a content folder, kept over restarts in one SQLite file with a row for each article file.

In come records by path, last valid settings, and texts by key; out come the same at the next start, without damaged rows. Of rows
that another version of the code wrote, only last valid versions come out. Only `content.folder` uses it.
"""

from feedsvc.content.store.record import NO_MEDIA, Record, RecordDecoder, encode_record
from feedsvc.content.store.settings import StoredSetting
from feedsvc.content.store.store import ContentStore

__all__ = ["NO_MEDIA", "ContentStore", "Record", "RecordDecoder", "StoredSetting", "encode_record"]
