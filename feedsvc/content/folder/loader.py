"""Article loader: reads article files into records, many of them in several processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.file_signature import MISSING, FileSignature
from feedsvc.content.folder.invalidation import settings_fingerprint
from feedsvc.content.markdown.text_store import TextStore
from feedsvc.content.reading.article import ParseResult, parse_articles
from feedsvc.content.reading.context import References
from feedsvc.content.store import NO_MEDIA, ContentStore, Record, RecordDecoder, encode_record
from feedsvc.errors import FeedsvcError, Problem
from feedsvc.support.digest import blake2b
from feedsvc.support.process_pool import available_processors, map_chunks

PARALLEL_THRESHOLD: Final = 500  # files; reading fewer takes less time than starting processes
# Files in a chunk: enough for one transaction with their texts, few enough to be in a process's memory at once.
_MIN_CHUNK_SIZE: Final = 64
_MAX_CHUNK_SIZE: Final = 2000
_CHUNK_COUNT: Final = 32
# Files that are read, then parsed together: few enough that their data stays in the processor's caches.
_BATCH_SIZE: Final = 128
_BATCH_BYTES: Final = 512 * 1024

_FileData = bytes | Problem | None  # as `safe_read.read_file` returns it
OnRead = Callable[[int, int], object]  # (number of files read so far, number of files to read)


def ignore_progress(_read: int, _total: int) -> None:
    """Do nothing: the `on_read` of callers that show no progress."""


@dataclass(frozen=True, slots=True)
class _LoadedFiles:
    """Result of reading a chunk of files, for another process: the encoded record of each path, None for a missing file.

    `texts` has the Markdown by text key; it is empty if the store has the records of new files and all texts.
    """

    records: Mapping[str, bytes | None]
    texts: Mapping[bytes, str]


class ArticleLoader:
    """Reader of article files into records, for one reading, in which settings and file signatures stay the same.

    `records` are those of the previous reading. The record of a `stale` file is not reused, even if its bytes are the same.
    """

    def __init__(
        self,
        *,
        root: Path,
        references: References,
        signatures: Mapping[str, FileSignature],
        records: Mapping[str, Record],
        stale: frozenset[str],
        texts: TextStore,
        store: ContentStore | None,
    ) -> None:
        self._root, self._references, self._signatures, self._records = root, references, signatures, records
        self._stale, self._texts, self._store = stale, texts, store
        self._settings_fingerprint = settings_fingerprint(references.site)
        self._preloaded: dict[str, Record | None] = {}

    def preload(
        self,
        paths: Sequence[str],
        on_read: OnRead = ignore_progress,
    ) -> None:
        """Read the files in several processes for `read_record`. Do nothing if they are fewer than PARALLEL_THRESHOLD (500).

        The processes also store the records of new files. After each chunk, this process calls `on_read`.
        If a process is killed, no error is raised: `read_record` reads the rest.
        """
        if len(paths) < PARALLEL_THRESHOLD:
            return
        max_chunk_size = min(max(_MIN_CHUNK_SIZE, len(paths) // _CHUNK_COUNT), _MAX_CHUNK_SIZE)
        results = map_chunks(
            self._load_files,
            sorted(paths),
            available_processors(),
            max_chunk=max_chunk_size,
            min_chunk=_MIN_CHUNK_SIZE,
        )
        # If a process is killed, for example for lack of memory, `read_record` reads the remaining files.
        decoder = RecordDecoder()
        with suppress(FeedsvcError):
            for result in results:
                self._texts.add(result.texts)
                records = result.records.items()
                self._preloaded |= {path: decoder.decode(path, data) if data else None for path, data in records}
                on_read(len(self._preloaded), len(paths))

    def read_record(self, path: str) -> Record | None:
        """Return the record of a file, None if the file is missing; that of a file that cannot be used has a problem.

        A file that `preload` has read is not read again. The article's text is added to the text store.
        """
        if path in self._preloaded:
            return self._preloaded.pop(path)
        ((_, record, markdown),) = self._read_records([(path, safe_read.read_file(self._root, path))])
        self._texts.add(_texts_by_key([(record, markdown)]))
        return record

    def _load_files(self, paths: Sequence[str]) -> _LoadedFiles:
        """Read files into records.

        Store the records of new files as active: hardly any of them will lose a conflict. If there is no store or storing fails,
        these records state that their articles are not active.
        """
        files = [file for batch in self._read_files(paths) for file in self._read_records(batch, is_preloading=True)]
        texts = _texts_by_key((record, markdown) for _, record, markdown in files)
        new = {path for path, record, _ in files if record and record.is_active and path not in self._records}
        records = {path: encode_record(record) if record else None for path, record, _ in files}
        if self._store and self._store.store({path: records[path] for path in new}, texts=texts):
            return _LoadedFiles(records, {})
        records |= {path: encode_record(record.as_never_active()) for path, record, _ in files if record and path in new}
        return _LoadedFiles(records, texts)

    def _read_files(self, paths: Iterable[str]) -> Iterator[list[tuple[str, _FileData]]]:
        """Yield batches of paths, each path with the bytes of its file, the problem of reading it, or None if it is missing."""
        batch, size = list[tuple[str, _FileData]](), 0
        for path in paths:
            data = safe_read.read_file(self._root, path)
            batch.append((path, data))
            size += len(data) if isinstance(data, bytes) else 0
            if len(batch) == _BATCH_SIZE or size > _BATCH_BYTES:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _read_records(
        self, files: Sequence[tuple[str, _FileData]], *, is_preloading: bool = False
    ) -> Iterator[tuple[str, Record | None, str]]:
        """Yield path, record and Markdown of each file, given as path and data; None and "" if it is missing (None).

        The Markdown is also "" if a record is reused or there is no article. If `is_preloading`, new articles without problems
        count as active if the scan found their files.
        """
        digests = [blake2b(data) if isinstance(data, bytes) else b"" for _, data in files]
        new_files = [
            (path, data)
            for (path, data), digest in zip(files, digests, strict=True)
            if isinstance(data, bytes) and not self._has_current_record(path, digest)
        ]
        results = dict(zip((path for path, _ in new_files), parse_articles(new_files, self._references), strict=True))
        for (path, data), digest in zip(files, digests, strict=True):
            previous, signature = self._records.get(path), self._signatures.get(path, MISSING)
            result = ParseResult(None, (data,)) if isinstance(data, Problem) else results.get(path)
            if result:
                is_found = is_preloading and signature != MISSING
                is_active = bool(is_found and result.article and not (previous or result.problems))
                record = self._build_record(signature, digest, result._replace(markdown=""), previous, is_active=is_active)
                yield path, record, result.markdown
            else:
                yield path, previous._replace(signature=signature) if previous and data is not None else None, ""

    def _has_current_record(self, path: str, digest: bytes) -> bool:
        """Return whether the record of the previous reading is valid for a file whose bytes have this digest."""
        previous = self._records.get(path)
        return bool(previous and previous.signature and previous.digest == digest and path not in self._stale)

    def _build_record(
        self,
        signature: FileSignature,
        digest: bytes,
        result: ParseResult,
        previous: Record | None,
        *,
        is_active: bool = False,
    ) -> Record:
        """Build the record of a file from its parse result and the last valid version in `previous`. `is_active` is its own.

        `result` must be without its `markdown`, which the text store has. `digest` is b"" if the file cannot be read.
        """
        media_paths, media = result.article.media if result.article else (), self._references.media
        media_signatures = {path: value for path in media_paths if (value := media.signature(path))}
        return Record(
            signature=signature,
            digest=digest,
            reading=result,
            site=self._settings_fingerprint,
            media=media_signatures or NO_MEDIA,
            is_active=is_active,
            last_active=previous.last_valid if previous else None,
        )


def _texts_by_key(files: Iterable[tuple[Record | None, str]]) -> dict[bytes, str]:
    """Return text key -> Markdown for these files, given as pairs of record and Markdown.

    A file without a record, without an article or without Markdown is left out.
    """
    texts = ((record.reading.article, markdown) for record, markdown in files if record and markdown)
    return {article.text: markdown for article, markdown in texts if article}
