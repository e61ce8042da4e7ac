"""Article files read into records: one, or many at once by several processes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from feedsvc.content import safe_read
from feedsvc.content.cache.codec import packed, unpacked
from feedsvc.content.cache.record import NO_MEDIA, Record, Shared
from feedsvc.content.cache.store import Records
from feedsvc.content.file_signature import NOTHING, Stamp
from feedsvc.content.folder.invalidation import imprint
from feedsvc.content.markdown.text_store import Texts
from feedsvc.content.reading import article as reader
from feedsvc.content.reading.article import Reading
from feedsvc.content.reading.context import Known
from feedsvc.errors import FeedsvcError, Problem
from feedsvc.support.process_pool import at_hand, spread

MANY: Final = 500  # files; fewer are read sooner than a process is made
# Files of a piece: enough for one writing of their texts, few enough to be held by a process at once.
_SMALLEST_PIECE: Final = 64
_LARGEST_PIECE: Final = 2000
_PIECES: Final = 32
_STEP: Final = 64  # files that are read before the first of them is looked into
_FEW: Final = 4_000  # files whose texts pass from process to process sooner than they are fetched


@dataclass(frozen=True, slots=True)
class _Several:
    """How files read, in the process that has read them, or `as_bytes`, in another; `texts` are put away already, or not."""

    records: Mapping[str, Record]
    gone: Sequence[str]
    texts: Mapping[bytes, str]
    are_kept: bool
    as_bytes: bytes = b""

    def __reduce__(self) -> tuple[Any, ...]:
        return _Several, ({}, self.gone, self.texts, self.are_kept, self.as_bytes or packed(self.records))

    def taken(self, share: Shared) -> Mapping[str, Record | None]:
        """Each path's record, None of what is gone."""
        if self.records:
            found = {path: share.record(record) for path, record in self.records.items()}
        else:
            found = unpacked(self.as_bytes, share) if self.as_bytes else {}
        return {**found, **dict.fromkeys(self.gone)}


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
        shelf: Records | None,
        share: Shared,
    ) -> None:
        self._root, self._known, self._stamps, self._records = root, known, stamps, records
        self._outdated, self._texts, self._shelf = outdated, texts, shelf
        self._share, self._site = share, imprint(known.site)
        self._are_near = False
        self._ready: dict[str, Record | None] = {}

    def ahead(self, paths: Sequence[str], meanwhile: Callable[[], object] | None = None) -> None:
        """Where there is much to read, it is read by several processes, and written down by them if it is new.

        This one does `meanwhile` then, before it reads, too.
        """
        if len(paths) < MANY:
            return
        self._are_near = self._texts.may_stay and len(paths) <= _FEW
        most = min(max(_SMALLEST_PIECE, len(paths) // _PIECES), _LARGEST_PIECE)
        work = spread(self._several, sorted(paths), at_hand(), most=most, least=_SMALLEST_PIECE, meanwhile=meanwhile)
        # Where a process is killed, for its memory perhaps, what it had not read yet is read by this one.
        with suppress(FeedsvcError):
            for several in work:
                (self._texts.keep_near if several.are_kept else self._texts.add)(several.texts)
                self._ready |= several.taken(self._share)

    def record(self, path: str) -> Record | None:
        """How a file reads; None if it is gone. Its text is taken in."""
        if path in self._ready:
            return self._ready.pop(path)
        record, markdown = self._read(path, safe_read.read(self._root, path))
        self._texts.add(_by_name([(record, markdown)]))
        return self._shared(record)

    def _shared(self, record: Record | None) -> Record | None:
        return self._share.record(record) if record else None

    def _several(self, paths: Sequence[str]) -> _Several:
        """Files read and, where nothing was known of them, written down as what is going to stand: hardly any will not."""
        read = [(path, *self._read(path, data, ahead=True)) for path, data in self._files(paths)]
        texts = _by_name((record, markdown) for _, record, markdown in read)
        gone = [path for path, record, _ in read if not record]
        found = {path: record for path, record, _ in read if record}
        new = {path: record for path, record in found.items() if record.stood and path not in self._records}
        as_bytes = packed(new) if self._shelf else b""
        if self._shelf and self._shelf.keep_new(new, as_bytes, texts):
            near = texts if self._are_near else {}
            return _Several(found, gone, near, are_kept=True, as_bytes=as_bytes if len(new) == len(found) else b"")
        found |= {path: record.lost() for path, record in new.items()}
        return _Several(found, gone, texts, are_kept=False)

    def _files(self, paths: Sequence[str]) -> Iterator[tuple[str, bytes | Problem | None]]:
        """What is in them, of several before the first is looked into: a processor is quicker at what it has just done."""
        for start in range(0, len(paths), _STEP):
            yield from [*safe_read.read_several(self._root, paths[start : start + _STEP])]

    def _read(self, path: str, data: bytes | Problem | None, *, ahead: bool = False) -> tuple[Record | None, str]:
        """The record and text of a file that holds this; None if it is gone. With `ahead` a new article stands already."""
        before = self._records.get(path)
        if data is None:
            return None, ""
        stamp = self._stamps.get(path, NOTHING)
        if isinstance(data, Problem):
            return self._record(stamp, b"", Reading(None, (data,)), before), ""
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if before and before.stamp and before.digest == digest and path not in self._outdated:
            return replace(before, stamp=stamp), ""
        article, problems, places, named, markdown = reader.read(path, data, self._known)
        record = self._record(
            stamp,
            digest,
            Reading(article, problems, places, named),
            before,
            stood=bool(ahead and article and not (before or problems)),
        )
        return record, markdown if article else ""

    def _record(self, stamp: Stamp, digest: bytes, reading: Reading, before: Record | None, *, stood: bool = False) -> Record:
        referred, media = reading.article.media if reading.article else (), self._known.media
        return Record(
            stamp=stamp,
            digest=digest,
            reading=reading,
            site=self._site,
            media={path: found for path in referred if (found := media.stamp(path))} if referred else NO_MEDIA,
            stood=stood,
            good=before.last if before else None,
        )


def _by_name(read: Iterable[tuple[Record | None, str]]) -> dict[bytes, str]:
    """The texts that were read."""
    known = ((record.reading.article, markdown) for record, markdown in read if record and markdown)
    return {article.text: markdown for article, markdown in known if article}
