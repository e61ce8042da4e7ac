"""State of a file before a reading: whether it is read, skipped, taken for deleted, or waits because it is being written."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from feedsvc.content.file_signature import FileSignature
from feedsvc.content.folder.file_names import is_article_path
from feedsvc.content.store import Record

# A file that changes all the time, such as a log, is read after so long.
_MAX_WAIT: Final = timedelta(seconds=1)
_LOG: Final = logging.getLogger(__name__)


class ArticleFileState(Enum):
    """State of a file in articles/ before a reading.

    UNCHANGED ones keep their records. CHANGED ones are read. WAITING ones keep their records until a later reading: they changed
    so recently that they may be half written, or missing only while a program replaces them. MISNAMED ones are no articles.
    UNREADABLE ones are in a folder that cannot be read, so they may exist.
    """

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    WAITING = "waiting"
    DELETED = "deleted"
    MISNAMED = "misnamed"
    UNREADABLE = "unreadable"


def file_state(
    path: str,
    signature: FileSignature | None,
    record: Record | None,
    *,
    changed_at: float,
    latest: float,
    must_read: bool = False,
    is_unreadable: bool = False,
) -> ArticleFileState:
    """Return the state of a file with this signature (None: the scan did not find it) and this record of its last reading.

    `changed_at` is when the file changed, or if it is missing, its folder; `latest` is the latest change that need not wait.
    Both are in nanoseconds since 1970. With `must_read`, a file with the signature of its record is read again.
    `is_unreadable` says that its folder cannot be read.
    """
    if signature is None and record and is_unreadable:
        return ArticleFileState.UNREADABLE
    if record and record.signature == signature and signature is not None and not must_read:
        return ArticleFileState.UNCHANGED
    if changed_at > latest:
        return ArticleFileState.WAITING
    if signature is None:
        return ArticleFileState.DELETED
    return ArticleFileState.CHANGED if is_article_path(path) else ArticleFileState.MISNAMED


class WaitingFiles:
    """Files that wait, with the moment since when. A file that changes at each scan is read after a second."""

    def __init__(self) -> None:
        self._since: dict[str, datetime] = {}

    def select(self, changing: Iterable[str], now: datetime) -> frozenset[str]:
        """Return those of the `changing` paths that still wait at `now`. Call it at each scan with all paths that change."""
        former, self._since = self._since, {path: self._since.get(path, now) for path in changing}
        for path in self._since.keys() - former.keys():
            _LOG.debug("%s: waiting, because it changed a moment ago", path)
        return frozenset(path for path, since in self._since.items() if abs(now - since) < _MAX_WAIT)
