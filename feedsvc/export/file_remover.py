"""Removal of the files of a tree at whose paths the publication has no document or file any more."""

from __future__ import annotations

from collections.abc import Sequence

from feedsvc.export.file_writer import FileWriter
from feedsvc.export.former_images import retention_fingerprint
from feedsvc.export.layout import COMPRESSED_SUFFIXES
from feedsvc.export.manifest import Manifest
from feedsvc.export.manifest_format import FileState
from feedsvc.export.ownership import OwnershipCheck
from feedsvc.publication import Publication


class FileRemover:
    """Remover of files of a tree that feedsvc wrote, each with its compressed variants."""

    def __init__(self, writer: FileWriter, manifest: Manifest, ownership: OwnershipCheck) -> None:
        self._writer, self._manifest, self._ownership = writer, manifest, ownership

    def remove(self, publication: Publication, names: Sequence[str]) -> int:
        """Remove the files `names`, whose documents the publication does not have any more, and their entries in the manifest.

        Compressed variants are removed with their files. Return how many files were removed, without compressed variants and
        without files that were missing already. Image variants stay while `retention_fingerprint` retains them: 90 days at
        most, and only while their image is public. Raises OSError, and FeedsvcError if a folder of these names is a link that
        leaves the tree.
        """
        self._ownership.reject_outside_links(names)
        states = {name: state for name in names if (state := self._manifest.files.get(name)) and state.size >= 0}
        fingerprints = {name: retention_fingerprint(publication, name, state.fingerprint) for name, state in states.items()}
        retained = {name: fingerprint for name, fingerprint in fingerprints.items() if fingerprint}
        self._manifest.record((name, states[name]._replace(fingerprint=fingerprint)) for name, fingerprint in retained.items())
        obsolete = [name for name in names if name not in retained]
        removed = sum(self._remove_file(name) for name in obsolete)
        self._manifest.remove(obsolete)
        self._manifest.finish()
        return removed

    def _remove_file(self, name: str) -> bool:
        state = self._manifest.files.get(name, FileState())
        for suffix, size in zip(COMPRESSED_SUFFIXES.values(), state.compressed_sizes, strict=True):
            if size:
                self._writer.remove(name + suffix)
        return self._writer.remove(name)
