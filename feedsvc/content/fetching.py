"""Article files read into records: one, or many at once by several processes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from feedsvc.content import disk, reader
from feedsvc.content.desk import Known
from feedsvc.content.outdated import imprint
from feedsvc.content.reader import Reading
from feedsvc.content.record import NO_MEDIA, Fetched, Record
from feedsvc.content.records import packed, unpacked
from feedsvc.content.survey import NOTHING, Stamp
from feedsvc.content.texts import Texts
from feedsvc.errors import FeedsvcError
from feedsvc.spreading import at_hand, spread

MANY: Final = 500  # files; fewer are read sooner than a process is made
_PIECE: Final = 250  # files


class Fetching:
    """One reading of article files, under settings and stamps that do not change meanwhile.

    `records` are those of the files as they were read before; of an `outdated` one they tell nothing.
    """

    def __init__(
        self,
        *,
        root: Path,
        known: Known,
        stamps: Mapping[str, Stamp],
        records: Mapping[str, Record],
        outdated: frozenset[str],
        texts: Texts,
    ) -> None:
        self._root, self._known, self._stamps, self._records = root, known, stamps, records
        self._outdated, self._texts = outdated, texts
        self._ready: dict[str, Fetched] = {}

    def ahead(self, paths: Sequence[str]) -> None:
        """Where there is much to read, it is read by several processes; their texts are put away."""
        if len(paths) < MANY:
            return
        ordered = sorted(paths)
        pieces = [ordered[start : start + _PIECE] for start in range(0, len(ordered), _PIECE)]
        # Where a process is killed, for its memory perhaps, what it had not read yet is read by this one.
        with suppress(FeedsvcError):
            for data, texts in spread(self._several, pieces, at_hand()):
                self._texts.add(texts)
                self._ready |= {one.path: one for one in unpacked(data)}

    def record(self, path: str) -> Record | None:
        """How a file reads; None if it is gone. Its text is taken in."""
        fetched = self._ready.pop(path, None)
        if fetched is None:
            fetched, markdown = self._fetched(path)
            self._texts.add(_by_digest([(fetched, markdown)]))
        before = self._records.get(path)
        if fetched is None:
            return None
        stamp = self._stamps.get(path, NOTHING)
        return replace(before, stamp=stamp) if fetched.reading is None and before else self._record(stamp, fetched, before)

    def _several(self, paths: Sequence[str]) -> tuple[bytes, dict[bytes, str]]:
        """Files read, packed, and those of their texts that could not be put away."""
        found = [self._fetched(path) for path in paths]
        texts = _by_digest(found)
        left = {} if self._texts.put(texts) else texts
        return packed([one for one, _ in found if one]), left

    def _fetched(self, path: str) -> tuple[Fetched | None, str]:
        """One file, read, and its text; None if it is gone."""
        before, data = self._records.get(path), disk.read(self._root, path)
        if not isinstance(data, bytes):
            return (Fetched(path, b"", Reading(None, (data,), {})) if data else None), ""
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if before and before.stamp and before.digest == digest and path not in self._outdated:
            return Fetched(path, digest, None), ""
        article, problems, places, named, markdown = reader.read(path, data, self._known)
        return Fetched(path, digest, Reading(article, problems, places, named)), markdown

    def _record(self, stamp: Stamp, fetched: Fetched, before: Record | None) -> Record:
        reading = fetched.reading or Reading(None, (), {})
        referred = reading.article.media if reading.article else ()
        media = self._known.media
        return Record(
            stamp=stamp,
            digest=fetched.digest,
            reading=reading,
            site=imprint(self._known.site),
            media={path: found for path in referred if (found := media.stamp(path))} if referred else NO_MEDIA,
            good=before.last if before else None,
        )


def _by_digest(found: Iterable[tuple[Fetched | None, str]]) -> dict[bytes, str]:
    """The texts that were read."""
    read = ((one.reading.article, markdown) for one, markdown in found if markdown and one and one.reading)
    return {article.text: markdown for article, markdown in read if article}
