"""What a bucket's build knows of its own objects: parts that say what is new, kept in the bucket, and all in one now and then.

What a part says is true of the moment when it was put; the bucket's own list says what has become of it since. A part is put
only where there is none of its number: so two builds that are at work at once find out.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from feedsvc.errors import FeedsvcError
from feedsvc.export.file_table import FORMER
from feedsvc.export.layout import MANIFEST
from feedsvc.export.s3.client import Bucket
from feedsvc.export.s3.objects import Note

_FOLDER: Final = f"{MANIFEST}/"
_PARTS: Final = 32  # so many are soon read; more are put together
_FULL: Final = 5000  # notes that a kill may cost; they are found out again, by a request each


def is_part(name: str, below: str = "") -> bool:
    return name.startswith(f"{below}{_FOLDER}") and name.removeprefix(f"{below}{_FOLDER}").isdecimal()


def nested(listed: Iterable[str]) -> frozenset[str]:
    """Where among these names other builds have their notes; each ends in a slash."""
    split = (name.rpartition(f"/{_FOLDER}") for name in listed)
    return frozenset(f"{below}/" for below, _, number in split if below and number.isdecimal())


def _number(part: str) -> int:
    return int(part.rpartition("/")[2])


class Inventory:
    """`notes` are those of the objects that are ours, by name.

    `common` is what they were made from. `is_lost` says that there may be more of ours: somebody removed or damaged parts. What
    is noted next makes it whole again.
    """

    def __init__(self, bucket: Bucket, listed: Collection[str], below: str = "") -> None:
        """`listed` are the names of all objects that there are; `below` is where another build put those that it noted."""
        self._bucket, self._below = bucket, below
        self.notes: dict[str, Note] = {}
        self.common = ""
        self._new: dict[str, Note] = {}
        self._parts = sorted(name for name in listed if is_part(name, below))
        self._past: list[str] = []
        self.is_lost, following = bool(listed) and not self._parts, 0
        for name, data in zip(self._parts, bucket.read(self._parts), strict=True):
            said = _said(data)
            is_taken, is_next, following = self._take(name, said), _number(name) == following, _number(name) + 1
            self.is_lost = not is_taken or (not said["is_whole"] and (self.is_lost or not is_next))

    def _take(self, name: str, said: Mapping[str, Any]) -> bool:
        """Of a part that somebody damaged nothing is believed; what it told is found out again."""
        try:
            common, notes = str(said["common"]), {str(name): _note(*note) for name, note in said["notes"].items()}
            is_whole = bool(said["is_whole"])
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        if is_whole:
            self.notes, self._past = {}, [one for one in self._parts if one < name]
        self.begin(common)
        self.notes |= notes
        return True

    def begin(self, common: str) -> None:
        """What is noted from now on was made from this."""
        if common != self.common:
            self.notes = {name: _without_imprint(note) for name, note in self.notes.items()}
        self.common = common

    def claim(self, names: Iterable[str]) -> None:
        """Before they are put: a build that dies half-way leaves no object that nobody owns."""
        for name in names:
            if name not in self.notes:
                self.note(name, Note())
        self.flush(1)

    def note(self, name: str, note: Note) -> None:
        self.notes[name] = self._new[name] = note

    def flush(self, least: int = _FULL) -> None:
        """Put what is new, if it is so much."""
        if len(self._new) < least:
            return
        if self.is_lost:
            self._put_whole()
        else:
            self._put(self._new, is_whole=False)

    def forget(self, names: Iterable[str]) -> None:
        """What has gone leaves no name behind, either: it may have gone for a reason."""
        gone = [name for name in names if self.notes.pop(name, None)]
        if gone:
            self._put_whole()

    def end(self) -> None:
        self.flush(1)
        if len(self._parts) - len(self._past) > _PARTS:
            self._put_whole()
        self._bucket.remove(self._past)
        self._parts = [name for name in self._parts if name not in self._past]
        self._past = []

    def _put_whole(self) -> None:
        self._past = [*self._parts]
        self._put(self.notes, is_whole=True)
        self.is_lost = False

    def _put(self, notes: Mapping[str, Note], *, is_whole: bool) -> None:
        text = json.dumps(
            {"is_whole": is_whole, "common": self.common, "notes": notes}, ensure_ascii=False, separators=(",", ":")
        )
        name = f"{self._below}{_FOLDER}{self._next():08}"
        if not self._bucket.create(name, gzip.compress(text.encode("utf-8", "surrogatepass"), 6, mtime=0)):
            raise FeedsvcError(f"another build is writing {self._bucket.address}; wait for it to end, then build again")
        self._parts.append(name)
        self._new = {}

    def _next(self) -> int:
        return _number(self._parts[-1]) + 1 if self._parts else 0


def _without_imprint(note: Note) -> Note:
    """Since when nothing names a former copy stays true, whatever documents are made from."""
    return note if note.imprint.startswith(FORMER) else note._replace(imprint="")


def _note(imprint: str, tag: str, mark: str, time: int = 0) -> Note:
    return Note(str(imprint), str(tag), str(mark), int(time))


def _said(data: bytes) -> Any:
    try:
        return json.loads(gzip.decompress(data).decode("utf-8", "surrogatepass"))
    except (OSError, EOFError, ValueError):
        return {}
