"""Finished documents within reach, the ones asked for last."""

from __future__ import annotations

import threading
from collections import OrderedDict

from feedsvc.document import Document


class Shelf:
    """Up to `most` bytes of documents; the rest is made anew when it is wanted. Safe in threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: str) -> Document | None:
        with self._lock:
            found = self._documents.get(path)
            if found:
                self._documents.move_to_end(path)
            return found

    def put(self, path: str, made: Document) -> None:
        with self._lock:
            if path in self._documents:
                return
            self._documents[path] = made
            self._size += _weight(made)
            while self._size > self._most and len(self._documents) > 1:
                self._size -= _weight(self._documents.popitem(last=False)[1])


def _weight(made: Document) -> int:
    return len(made.body) + len(made.gzip)
