"""Ownership of the files in a tree: which a build may overwrite, and which it removes.

No build touches files of other origin or writes through links that lead out of the tree. Former image variants are retained for a
while, because readers may still show feed entries that link to them. A variant is former once the publication has no file at its
path; instead of its fingerprint, the manifest then records FORMER_PREFIX and the time since when it is former.
"""

from __future__ import annotations

import stat
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.export.file_writer import FileWriter
from feedsvc.export.layout import COMPRESSED_SUFFIXES, file_name, path_of_file
from feedsvc.export.manifest import FORMER_PREFIX, FileState, Manifest, is_former_image
from feedsvc.export.renderer import TreeRenderer
from feedsvc.publication import Document, Publication
from feedsvc.routes import VariantAt, place_of

_FOREIGN: Final = "was not written by feedsvc and would be overwritten"
_OPT_OUT_HINTS: Final = {"gzip": "with --no-gzip"}  # options for a build without the compressed variants of a coding
_RETENTION_SECONDS: Final = 90 * 24 * 60 * 60
_NEW_FILE: Final = FileState(compressed_sizes=(0,) * len(COMPRESSED_SUFFIXES))  # the state of a file that is not recorded yet


class OwnershipCheck:
    """Checks before files are written to the tree in `out`.

    Files in the manifest are feedsvc's own, all others of other origin. Methods raise FeedsvcError or OSError.
    """

    def __init__(self, out: Path, writer: FileWriter, manifest: Manifest, codings: Collection[str]) -> None:
        """Take the writer and the manifest of the tree in `out`; the manifest names the files that feedsvc wrote.

        `codings` are those of the compressed variants in this build; names of variants in other codings are not
        checked.
        """
        self._out, self._writer, self._manifest, self._codings = out, writer, manifest, codings

    def reject_outside_links(self, names: Iterable[str]) -> None:
        """Raise FeedsvcError if a folder of these file names is a symbolic link that leaves the tree.

        Call it before `reject_overwrites` and `FileWriter.put`: it calls `linked_folders` for the names.
        """
        for folder in self._writer.linked_folders(names):
            if not (self._out / folder).resolve().is_relative_to(self._out.resolve()):
                raise FeedsvcError(
                    f"{self._out / folder} is a link that leaves {self._out}; move it away or build into another folder"
                )

    def reject_overwrites(self, renderer: TreeRenderer, names: dict[str, str]) -> set[str]:
        """Raise FeedsvcError if a folder has one of the names, or a file of other origin has one, but not the document's bytes.

        `names` maps paths to file names; the names of compressed variants are checked, too. Return the names of variants at
        which a file of other origin may stay, because no variant is written (`_is_compressed_name_free`).
        """
        foreign_names: set[str] = set()
        for path, name in names.items():
            self._reject_overwrite(renderer, path, name)
            recorded = zip(COMPRESSED_SUFFIXES, self._manifest.files.get(name, _NEW_FILE).compressed_sizes, strict=True)
            unknown_codings = [coding for coding, size in recorded if coding in self._codings and not size]
            foreign_names |= {
                name + COMPRESSED_SUFFIXES[coding]
                for coding in unknown_codings
                if not self._is_compressed_name_free(renderer, path, coding)
            }
        return foreign_names

    def _reject_overwrite(self, renderer: TreeRenderer, path: str, name: str) -> None:
        status = self._writer.cached_status(name)
        if status and stat.S_ISDIR(status.st_mode):
            raise FeedsvcError(f"{self._out / name} is a folder where a file belongs; move it away or build into another folder")
        if status and name not in self._manifest.files and not self.is_same(renderer, path, name):
            raise FeedsvcError(f"{self._out / name} {_FOREIGN}; move it away or build into another folder")

    def is_occupied(self, renderer: TreeRenderer, path: str, name: str) -> bool:
        """Return whether something of other origin is in the way of the file `name`, which is not in the manifest.

        True if anything but a regular file with the bytes of the document at `path` has this name (links are not followed), or
        if one of its folders is a regular file that is not in the manifest, either.
        """
        status = self._writer.status(name)
        if status is None:
            return self._is_below_file(name)
        return not stat.S_ISREG(status.st_mode) or not self.is_same(renderer, path, name)

    def _is_below_file(self, name: str) -> bool:
        while name := name.rpartition("/")[0]:
            if status := self._writer.status(name):
                return stat.S_ISREG(status.st_mode) and name not in self._manifest.files
        return False

    def is_same(self, renderer: TreeRenderer, path: str, name: str) -> bool:
        """Return whether the file `name` has the bytes of the document at `path`."""
        content = renderer.find(path)
        return content is not None and self._writer.is_same(name, content)

    def _is_compressed_name_free(self, renderer: TreeRenderer, path: str, coding: str) -> bool:
        """Return whether the name of the compressed variant in a coding of the document at `path` is free.

        True if nothing has the name, even if no variant is to be written, or if a file with the variant's bytes has it.
        False if a file has the name, but no variant is to be written: the coding does not make the document smaller, or
        a file to copy is at `path`. Raises FeedsvcError if the variant would overwrite a file with other bytes.
        """
        name = file_name(path) + COMPRESSED_SUFFIXES[coding]
        if self._writer.cached_status(name) is None:
            return True
        content = renderer.find(path)
        variant = content.encode(coding) if isinstance(content, Document) else b""
        if variant and not self._writer.is_same(name, variant):
            hint = _OPT_OUT_HINTS.get(coding, f"without --coding {coding}")
            raise FeedsvcError(f"{self._out / name} {_FOREIGN}; move it away or build {hint}")
        return bool(variant)


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


def retention_fingerprint(publication: Publication, name: str, fingerprint: str) -> str:
    """Return the fingerprint to record for a file that the publication does not have any more; "" if it is to be removed now.

    Only image variants are retained, for less than 90 days, while their image is public, even with other bytes. `name` is the
    file's name, `fingerprint` the recorded one. The current time is that of the catalog.
    """
    place = place_of(path_of_file(name))
    if not isinstance(place, VariantAt) or place.path not in publication.catalog.media:
        return ""
    now = int(publication.catalog.now.timestamp())
    since = _former_since(fingerprint, now)
    return f"{FORMER_PREFIX}{since}" if now - since < _RETENTION_SECONDS else ""


def _former_since(fingerprint: str, now: int) -> int:
    """Return the time that a fingerprint has after the prefix, in seconds since 1970; `now` if it has none."""
    seconds = fingerprint.removeprefix(FORMER_PREFIX)
    return int(seconds) if is_former_image(fingerprint) and seconds.isdecimal() else now
