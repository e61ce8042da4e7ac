"""Renderer of a tree: finds stale files and writes them. Can run in one process or several, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from feedsvc.export.file_table import FileState
from feedsvc.export.file_writer import FileWriter
from feedsvc.export.hosts import Host
from feedsvc.export.layout import file_name
from feedsvc.export.wanted import ExportContents
from feedsvc.publication import Document, FileResource, Fingerprints, Publication

WriteResult = tuple[str, FileState, bool]
_Batch = list[tuple[str, Document | FileResource]]
_PAGE_SUFFIX: Final = "/"  # the end of pages' paths
_NEW_FILE: Final = FileState()


class TreeRenderer(ExportContents):
    """Contents of an export, compared with and written to a tree. `file_states` are the manifest's states by name."""

    def __init__(
        self,
        publication: Publication,
        imprints: Fingerprints,
        host: Host,
        host_files: Mapping[str, bytes],
        *,
        writer: FileWriter,
        file_states: Mapping[str, FileState],
    ) -> None:
        super().__init__(publication, imprints, host, host_files)
        self._writer, self._file_states = writer, file_states

    def stale_paths(self, paths: Sequence[str]) -> list[str]:
        """Return the paths whose documents may have changed since they were written, or whose files were modified on disk."""
        return [path for path in paths if not self.is_current(path)]

    def is_current(self, path: str) -> bool:
        name = file_name(path)
        note = self._file_states.get(name)
        return (
            note is not None
            and bool(note.fingerprint)
            and note.fingerprint == self.fingerprint(path)
            and self._writer.is_unmodified(name, note)
        )

    def render_files(self, paths: Sequence[str]) -> list[WriteResult]:
        """Render and write the documents at these paths; return (file name, new state, whether the file was written) of each."""
        return [made for together in self._batches(paths) for made in self._write_batch(together)]

    def _batches(self, paths: Sequence[str]) -> Iterator[_Batch]:
        """Yield the documents and files at these paths in batches: first files, before the pages that show them, and feeds.

        Pages are small and share a batch. A feed may be as large as all pages of a chunk and has a batch of its own.
        """
        yield from (self._batch([path]) for path in paths if not path.endswith(_PAGE_SUFFIX))
        articles = self.publication.render_articles(path for path in paths if not self.is_prepared(path))
        yield [*articles.items()]
        yield self._batch([path for path in paths if path.endswith(_PAGE_SUFFIX) and path not in articles])

    def _batch(self, paths: Sequence[str]) -> _Batch:
        return [(path, found) for path in paths if (found := self.take(path))]

    def _write_batch(self, several: _Batch) -> Iterator[WriteResult]:
        """Write a batch. Each step runs for the whole batch: that uses the processor's caches better."""
        imprints = [self.fingerprint(path) for path, _ in several]
        names = [file_name(path) for path, _ in several]
        for _, found in several:
            self._writer.compress(found)
        put = [
            self._writer.put(name, found, self._file_states.get(name, _NEW_FILE))
            for name, (_, found) in zip(names, several, strict=True)
        ]
        for name, imprint, (written, note) in zip(names, imprints, put, strict=True):
            yield name, note._replace(fingerprint=imprint), written
