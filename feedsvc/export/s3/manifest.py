"""Manifest of a bucket: numbered parts, which are objects in the bucket.

Each part has the object states that changed since the previous part or, as a full part, all states. The bucket's listing shows
which objects were changed later. A part is put on the condition that its number is free, so two builds at the same time notice
each other.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from feedsvc.errors import FeedsvcError
from feedsvc.export.former_images import is_former_image
from feedsvc.export.layout import MANIFEST_FILE
from feedsvc.export.s3.client import BucketClient
from feedsvc.export.s3.objects import ObjectState

_MANIFEST_FOLDER: Final = f"{MANIFEST_FILE}/"
MAX_PARTS: Final = 32  # parts, which are read quickly; more are merged into a full part
FLUSH_SIZE: Final = 5000  # states that a kill may lose; recovering them takes one request for each


def is_part(name: str, prefix: str = "") -> bool:
    """Return whether an object is a part of the manifest below `prefix`: "" for this build's, or one of `nested_prefixes`."""
    return name.startswith(f"{prefix}{_MANIFEST_FOLDER}") and name.removeprefix(f"{prefix}{_MANIFEST_FOLDER}").isdecimal()


def nested_prefixes(listed: Iterable[str]) -> frozenset[str]:
    """Return the prefixes, with a final slash, of builds to folders below this build's: their manifest parts are in `listed`.

    `listed` has the names of objects, relative to this build's prefix.
    """
    split = (name.rpartition(f"/{_MANIFEST_FOLDER}") for name in listed)
    return frozenset(f"{prefix}/" for prefix, _, number in split if prefix and number.isdecimal())


def _part_number(part: str) -> int:
    return int(part.rpartition("/")[2])


class BucketManifest:
    """Manifest of the builds to one prefix. `states` maps the names of feedsvc's own objects to their states.

    `build_fingerprint` is that of the facts that all objects share. `is_incomplete` is True if parts were removed or damaged,
    or if the bucket has objects but no part: there may be unrecorded objects of feedsvc. Then the next part is a full one.
    Methods raise FeedsvcError.
    """

    def __init__(
        self,
        bucket: BucketClient,
        listed: Collection[str],
        prefix: str = "",
        *,
        max_parts: int = MAX_PARTS,
        flush_size: int = FLUSH_SIZE,
    ) -> None:
        """Read the parts among `listed`, the names of all objects of the bucket client's prefix.

        `prefix` selects the manifest of a build to a folder below; "" stands for this build's. `finish` merges more than
        `max_parts` parts into one. `flush` puts unsaved states as a part if there are at least `flush_size`.
        """
        self._bucket, self._prefix = bucket, prefix
        self._max_parts, self._flush_size = max_parts, flush_size
        self.states: dict[str, ObjectState] = {}
        self.build_fingerprint = ""
        self._unsaved: dict[str, ObjectState] = {}
        self._parts = sorted(name for name in listed if is_part(name, prefix))
        self._obsolete_parts: list[str] = []
        self.is_incomplete, next_number = bool(listed) and not self._parts, 0
        for name, data in zip(self._parts, bucket.read(self._parts), strict=True):
            content, number = _parse_part(data), _part_number(name)
            is_valid, is_next, next_number = self._apply_part(name, content), number == next_number, number + 1
            self.is_incomplete = not is_valid or (not content["is_whole"] and (self.is_incomplete or not is_next))

    def _apply_part(self, name: str, content: Mapping[str, Any]) -> bool:
        """Apply the states of the part `name`. Return whether it is valid; if not, change nothing.

        `Upload.build` recovers the states of a damaged part.
        """
        try:
            build_fingerprint, is_whole = str(content["common"]), bool(content["is_whole"])
            states = {str(name): _object_state(*fields) for name, fields in content["notes"].items()}
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        if is_whole:
            self.states, self._obsolete_parts = {}, [part for part in self._parts if part < name]
        self.set_build_fingerprint(build_fingerprint)
        self.states |= states
        return True

    def set_build_fingerprint(self, fingerprint: str) -> None:
        """Set the fingerprint of the facts that all objects share. If it changed, clear the fingerprints of all states.

        Those of former image variants stay.
        """
        if fingerprint != self.build_fingerprint:
            self.states = {name: _without_fingerprint(state) for name, state in self.states.items()}
        self.build_fingerprint = fingerprint

    def reserve(self, names: Iterable[str]) -> None:
        """Record names that are not recorded yet, and put a part with all unsaved states.

        Call it before their objects are put, so that a killed build leaves no object without an entry.
        """
        for name in names:
            if name not in self.states:
                self.record(name, ObjectState())
        self._put_unsaved()

    def record(self, name: str, state: ObjectState) -> None:
        """Set an object's state. The next part that is put has it; no part is put now."""
        self.states[name] = self._unsaved[name] = state

    def flush(self) -> None:
        """Put a part if at least `flush_size` states are unsaved: with the unsaved or, if `is_incomplete`, with all states."""
        if len(self._unsaved) >= self._flush_size:
            self._put_unsaved()

    def _put_unsaved(self) -> None:
        if not self._unsaved:
            return
        if self.is_incomplete:
            self._put_full()
        else:
            self._put_part(self._unsaved, is_whole=False)

    def remove(self, names: Iterable[str]) -> None:
        """Remove the entries of these objects. If there were any, put a full part; `finish` then removes the parts with them.

        A full part is needed because an article may have been deleted to make its name disappear.
        """
        removed = [name for name in names if self.states.pop(name, None)]
        if removed:
            self._put_full()

    def finish(self) -> None:
        """Put unsaved states, merge the parts into a full part if they are more than `max_parts`, and remove obsolete parts."""
        self._put_unsaved()
        if len(self._parts) - len(self._obsolete_parts) > self._max_parts:
            self._put_full()
        self._bucket.remove(self._obsolete_parts)
        self._parts = [name for name in self._parts if name not in self._obsolete_parts]
        self._obsolete_parts = []

    def _put_full(self) -> None:
        self._obsolete_parts = [*self._parts]
        self._put_part(self.states, is_whole=True)
        self.is_incomplete = False

    def _put_part(self, states: Mapping[str, ObjectState], *, is_whole: bool) -> None:
        text = json.dumps(
            {"is_whole": is_whole, "common": self.build_fingerprint, "notes": states}, ensure_ascii=False, separators=(",", ":")
        )
        name = f"{self._prefix}{_MANIFEST_FOLDER}{self._next_number():08}"
        if not self._bucket.create(name, gzip.compress(text.encode("utf-8", "surrogatepass"), 6, mtime=0)):
            raise FeedsvcError(f"another build is writing {self._bucket.address}; wait for it to end, then build again")
        self._parts.append(name)
        self._unsaved = {}

    def _next_number(self) -> int:
        return _part_number(self._parts[-1]) + 1 if self._parts else 0


def _without_fingerprint(state: ObjectState) -> ObjectState:
    """Return a state without fingerprint. A former image variant keeps its fingerprint: the time since when it is former."""
    return state if is_former_image(state.fingerprint) else state._replace(fingerprint="")


def _object_state(fingerprint: str, etag: str, digest: str, time: int = 0) -> ObjectState:
    return ObjectState(str(fingerprint), str(etag), str(digest), int(time))


def _parse_part(data: bytes) -> Any:
    try:
        return json.loads(gzip.decompress(data).decode("utf-8", "surrogatepass"))
    except (OSError, EOFError, ValueError):
        return {}
