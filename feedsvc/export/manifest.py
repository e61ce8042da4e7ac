"""Manifest of a tree: an append-only list of feedsvc's own files, rewritten once many of its lines are obsolete."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from contextlib import suppress
from typing import Final

from feedsvc.export.file_table import UNKNOWN_COMPRESSED_SIZES, FileState
from feedsvc.export.layout import COMPRESSED_SUFFIXES, LEGACY_MANIFEST_FILE, MANIFEST_FILE, TEMPORARY_PREFIX
from feedsvc.export.manifest_format import ManifestData, escape_name, format_line, read_manifest
from feedsvc.support import gc_control

_MAX_OBSOLETE_LINES: Final = 5000  # obsolete lines allowed in a short manifest
_MODE: Final = 0o644


class Manifest:
    """The manifest of a tree. `files` has the states of feedsvc's own files by name. Methods raise OSError."""

    def __init__(self, root: int, found: ManifestData | None = None) -> None:
        """Open the manifest in the folder with the descriptor `root`. `found` is the manifest's data, None to read it."""
        found = found or read_manifest(root)
        self._root = root
        self.files, self.build_fingerprint, self.baseline, self.is_complete = (
            found.files,
            found.build_fingerprint,
            found.baseline,
            found.is_complete,
        )
        self._line_count, self._size = found.line_count, found.size
        self._file = os.open(
            MANIFEST_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE, dir_fd=root
        )
        if os.fstat(self._file).st_size != self._size:
            os.ftruncate(self._file, self._size)

    def set_build_fingerprint(self, common: str) -> None:
        """Set the fingerprint of the facts that all documents share. If it changed, clear the fingerprints of all files."""
        if common != self.build_fingerprint:
            self._append([f"= {common}"])
            self.files.clear_fingerprints()
            self.build_fingerprint = common

    def reserve(self, names: Iterable[str], codings: Container[str], foreign_names: Container[str]) -> None:
        """Record names before their files are written, so that a killed build leaves no file without an entry.

        Compressed variants in these `codings` are reserved with each file, except those whose names are in `foreign_names`: files
        of other origin stay there.
        """
        usual = FileState(compressed_sizes=tuple(-1 if coding in codings else 0 for coding in COMPRESSED_SUFFIXES))
        with gc_control.paused():
            claims = (
                {name: _without_foreign(usual, name, foreign_names) for name in names}
                if foreign_names
                else dict.fromkeys(names, usual)
            )
            new = {name: wider for name, claim in claims.items() if (wider := self._merge_reservation(name, claim))}
            lines = [
                f"+ {escape_name(name)}" if claim.compressed_sizes == UNKNOWN_COMPRESSED_SIZES else format_line(name, claim)
                for name, claim in new.items()
            ]
            if claims and self.is_complete and not lines:
                # No new name. But a line shows that a build began: if it is killed, the next build removes half-written files.
                lines = [f"= {self.build_fingerprint}"]
            self._append(lines)
            self.files.update(new)

    def _merge_reservation(self, name: str, claim: FileState) -> FileState | None:
        """Return the reservation `claim` with the compressed variants that are recorded already; None if it adds nothing."""
        note = self.files.get(name)
        if note is None:
            return claim
        packed = tuple(was or now for was, now in zip(note.compressed_sizes, claim.compressed_sizes, strict=True))
        return claim._replace(compressed_sizes=packed) if packed != note.compressed_sizes else None

    def record(self, notes: Iterable[tuple[str, FileState]]) -> None:
        """Append those states (file name, state) that differ from the recorded ones."""
        fresh = {name: note for name, note in notes if self.files.get(name) != note}
        self._append(format_line(name, note) for name, note in fresh.items())
        self.files.update(fresh)

    def remove(self, names: Iterable[str]) -> None:
        """Remove files' entries and rewrite the manifest, because an article may have been deleted to make its name disappear."""
        gone = {name: note for name in names if (note := self.files.pop(name, None))}
        try:
            if gone:
                self._rewrite()
        except OSError:
            self.files.update(gone)
            raise

    def finish(self) -> None:
        """Append the line that ends a build; rewrite the manifest first if many lines are obsolete."""
        if self._line_count > len(self.files) + max(len(self.files) // 2, _MAX_OBSOLETE_LINES):
            with suppress(OSError):  # a disk without room for a second manifest keeps the long one
                self._rewrite()
        if not self.is_complete:
            self._append(["."])
            self.is_complete = True

    def mark_complete(self, edition: str) -> None:
        """Append the line that names the content state (`edition`) of the last build, if that build is complete."""
        if self.is_complete:
            self._append([f". {edition}"])
            self.is_complete, self.baseline = True, edition

    def close(self) -> None:
        os.close(self._file)

    def _append(self, lines: Iterable[str]) -> None:
        text = "".join(f"{line}\n" for line in lines)
        if not text:
            return
        self.is_complete, self.baseline = False, ""
        try:
            self._size += _write_text(self._file, text)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._line_count += text.count("\n")

    def _rewrite(self) -> None:
        """Replace the manifest atomically by a manifest without obsolete lines."""
        with gc_control.paused():
            lines = [
                f"= {self.build_fingerprint}",
                *(format_line(name, self.files[name]) for name in sorted(self.files)),
                ".",
                "",
            ]
        new = f"{TEMPORARY_PREFIX}list"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(new, flags, _MODE, dir_fd=self._root)
        try:
            length = _write_text(file, "\n".join(lines))
            os.replace(new, MANIFEST_FILE, src_dir_fd=self._root, dst_dir_fd=self._root)
        except OSError:
            os.close(file)
            os.unlink(new, dir_fd=self._root)
            raise
        os.close(self._file)
        self._file, self._line_count, self._size, self.is_complete, self.baseline = file, len(lines), length, True, ""

    def remove_legacy_manifest(self) -> None:
        """Remove the manifest of an earlier version of feedsvc. This manifest has its names already."""
        try:
            os.unlink(LEGACY_MANIFEST_FILE, dir_fd=self._root)
        except FileNotFoundError:
            return


def _without_foreign(claim: FileState, name: str, alone: Container[str]) -> FileState:
    packed = zip(COMPRESSED_SUFFIXES.values(), claim.compressed_sizes, strict=True)
    return claim._replace(compressed_sizes=tuple([0 if name + end in alone else size for end, size in packed]))


def _write_text(file: int, text: str) -> int:
    data = memoryview(text.encode("utf-8", "surrogateescape"))
    rest = data
    while rest:
        rest = rest[os.write(file, rest) :]
    return len(data)
