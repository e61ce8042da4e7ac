"""Renderer of a tree: finds stale files and writes them, chunk by chunk, in one process or several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from feedsvc.export.contents import ExportContents
from feedsvc.export.file_writer import FileWriter
from feedsvc.export.hosts import Host
from feedsvc.export.layout import file_name
from feedsvc.export.manifest import FileState
from feedsvc.publication import Document, FileResource, Publication

WriteResult = tuple[str, FileState, bool]
_Batch = list[tuple[str, Document | FileResource]]
_PAGE_SUFFIX: Final = "/"  # the end of pages' paths
_NEW_FILE: Final = FileState()


class TreeRenderer(ExportContents):
    """Contents of an export, compared with a tree and written to it.

    `file_states` are the states in the manifest, by file name.
    """

    def __init__(
        self,
        publication: Publication,
        host: Host,
        host_files: Mapping[str, bytes],
        *,
        writer: FileWriter,
        file_states: Mapping[str, FileState],
    ) -> None:
        super().__init__(publication, host, host_files)
        self._writer, self._file_states = writer, file_states

    def stale_paths(self, paths: Sequence[str]) -> list[str]:
        """Return the paths of all documents, and of the media files that are not `is_current`."""
        return [path for path in paths if not self.is_current(path)]

    def is_current(self, path: str) -> bool:
        """Return whether a media file has the recorded fingerprint, and its copy was not modified. False for a document."""
        name = file_name(path)
        state = self._file_states.get(name)
        return (
            state is not None
            and bool(state.fingerprint)
            and state.fingerprint == self.fingerprint(path)
            and self._writer.is_unmodified(name, state)
        )

    def render_files(self, paths: Sequence[str]) -> list[WriteResult]:
        """Render and write the documents at these paths. Return (file name, new state, whether the file was written) of each.

        Paths without a document are left out. The order is that of `_batches`. The manifest is not changed.
        """
        return [result for batch in self._batches(paths) for result in self._write_batch(batch)]

    def _batches(self, paths: Sequence[str]) -> Iterator[_Batch]:
        """Yield batches of (path, document or file): each file and feed alone, then all pages.

        Pages are small and share a batch. A feed may be as large as all pages of a chunk and has a batch of its own.
        """
        yield from (self._batch([path]) for path in paths if not path.endswith(_PAGE_SUFFIX))
        yield self._batch([path for path in paths if path.endswith(_PAGE_SUFFIX)])

    def _batch(self, paths: Sequence[str]) -> _Batch:
        return [(path, content) for path in paths if (content := self.take(path))]

    def _write_batch(self, batch: _Batch) -> Iterator[WriteResult]:
        """Write a batch and yield the result for each item. Each step runs for the whole batch, for the processor's caches."""
        fingerprints = [self.fingerprint(path) for path, _ in batch]
        names = [file_name(path) for path, _ in batch]
        for _, content in batch:
            self._writer.compress(content)
        results = [
            self._writer.put(name, content, self._file_states.get(name, _NEW_FILE))
            for name, (_, content) in zip(names, batch, strict=True)
        ]
        for name, fingerprint, (is_written, state) in zip(names, fingerprints, results, strict=True):
            yield name, state._replace(fingerprint=fingerprint), is_written
