"""Manifest of a tree: an append-only list of feedsvc's own files.

It is rewritten without obsolete lines once these are many, and whenever an entry is removed.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterable
from contextlib import suppress
from typing import Final

from feedsvc.export.layout import COMPRESSED_SUFFIXES, MANIFEST_FILE, TEMPORARY_PREFIX
from feedsvc.export.manifest_format import (
    UNKNOWN_COMPRESSED_SIZES,
    FileState,
    clear_fingerprints,
    escape_name,
    format_line,
    read_manifest,
)

_MAX_OBSOLETE_LINES: Final = 5000  # obsolete lines allowed in a short manifest
_MODE: Final = 0o644


class Manifest:
    """Manifest of a tree. `files` has the states of feedsvc's own files by name. Methods raise OSError.

    `build_fingerprint` is that of the facts that all documents share, `baseline` the text of the last build's BuildBaseline, ""
    if unknown. `is_complete` is True if the last build ended. Each line appended during a build sets `is_complete` to False and
    `baseline` to "".
    """

    def __init__(self, root: int) -> None:
        """Read the manifest in the folder with the descriptor `root`, or create it.

        A last line without newline, which a kill cut short, is removed from the file.
        """
        data = read_manifest(root)
        self._root = root
        self.files, self.build_fingerprint = data.files, data.build_fingerprint
        self.baseline, self.is_complete = data.baseline, data.is_complete
        self._line_count, self._size = data.line_count, data.size
        self._file = os.open(
            MANIFEST_FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE, dir_fd=root
        )
        if os.fstat(self._file).st_size != self._size:
            os.ftruncate(self._file, self._size)

    def set_build_fingerprint(self, fingerprint: str) -> None:
        """Set the fingerprint of the facts that all documents share.

        If it changed, append it, and clear the files' fingerprints. Those of former image variants stay.
        """
        if fingerprint != self.build_fingerprint:
            self._append([f"= {fingerprint}"])
            clear_fingerprints(self.files)
            self.build_fingerprint = fingerprint

    def reserve(self, names: Iterable[str], codings: Container[str], foreign_names: Container[str]) -> None:
        """Record names before their files are written, so that a killed build leaves no file without an entry.

        Compressed variants in these `codings` are reserved with each file, except those whose names are in `foreign_names`:
        files of other origin stay there. If all names are recorded already and the last build is complete, a line is appended
        all the same: it shows that a build began.
        """
        default = FileState(compressed_sizes=tuple(-1 if coding in codings else 0 for coding in COMPRESSED_SUFFIXES))
        reservations = (
            {name: _without_foreign(default, name, foreign_names) for name in names}
            if foreign_names
            else dict.fromkeys(names, default)
        )
        additions = {
            name: addition
            for name, reservation in reservations.items()
            if (addition := self._merge_reservation(name, reservation))
        }
        lines = [
            f"+ {escape_name(name)}"
            if reservation.compressed_sizes == UNKNOWN_COMPRESSED_SIZES
            else format_line(name, reservation)
            for name, reservation in additions.items()
        ]
        if reservations and self.is_complete and not lines:
            # There is no new name. But a line must show that a build began: if that is killed, the next build removes its
            # temporary files.
            lines = [f"= {self.build_fingerprint}"]
        self._append(lines)
        self.files.update(additions)

    def _merge_reservation(self, name: str, reservation: FileState) -> FileState | None:
        """Return a file's reservation with the sizes of the compressed variants that are recorded already.

        None if the file is recorded, and so are all variants of the reservation.
        """
        state = self.files.get(name)
        if state is None:
            return reservation
        pairs = zip(state.compressed_sizes, reservation.compressed_sizes, strict=True)
        sizes = tuple(recorded or reserved for recorded, reserved in pairs)
        return reservation._replace(compressed_sizes=sizes) if sizes != state.compressed_sizes else None

    def record(self, states: Iterable[tuple[str, FileState]]) -> None:
        """Set the states (file name, state), and append those that differ from the recorded ones."""
        changed = {name: state for name, state in states if self.files.get(name) != state}
        self._append(format_line(name, state) for name, state in changed.items())
        self.files.update(changed)

    def remove(self, names: Iterable[str]) -> None:
        """Remove the entries of these files.

        If there were any, rewrite the manifest, so that it contains no removed name any more. An article may have been deleted
        to make its name disappear. After a rewriting, the manifest says that the build is complete.
        """
        removed = {name: state for name in names if (state := self.files.pop(name, None))}
        try:
            if removed:
                self._rewrite()
        except OSError:
            self.files.update(removed)
            raise

    def finish(self) -> None:
        """Append the line that ends a build, if it is missing. Before that, rewrite the manifest if it has many obsolete lines.

        Many are more than _MAX_OBSOLETE_LINES and more than half the number of files.
        """
        if self._line_count > len(self.files) + max(len(self.files) // 2, _MAX_OBSOLETE_LINES):
            with suppress(OSError):  # a disk without room for a second manifest keeps the long one
                self._rewrite()
        if not self.is_complete:
            self._append(["."])
            self.is_complete = True

    def mark_complete(self, baseline: str) -> None:
        """Append the line that names the content state of the last build: `baseline`, the text of a BuildBaseline.

        Do nothing if the last build is not complete.
        """
        if self.is_complete:
            self._append([f". {baseline}"])
            self.is_complete, self.baseline = True, baseline

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
        """Replace the manifest atomically by one without obsolete lines.

        It says that the build is complete, and has no baseline.
        """
        lines = [
            f"= {self.build_fingerprint}",
            *(format_line(name, self.files[name]) for name in sorted(self.files)),
            ".",
            "",
        ]
        temporary = f"{TEMPORARY_PREFIX}list"
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(temporary, flags, _MODE, dir_fd=self._root)
        try:
            length = _write_text(file, "\n".join(lines))
            os.replace(temporary, MANIFEST_FILE, src_dir_fd=self._root, dst_dir_fd=self._root)
        except OSError:
            os.close(file)
            os.unlink(temporary, dir_fd=self._root)
            raise
        os.close(self._file)
        self._file, self._line_count, self._size, self.is_complete, self.baseline = file, len(lines), length, True, ""


def _without_foreign(reservation: FileState, name: str, foreign_names: Container[str]) -> FileState:
    """Return the reservation of the file `name` without those compressed variants whose names are in `foreign_names`."""
    variants = zip(COMPRESSED_SUFFIXES.values(), reservation.compressed_sizes, strict=True)
    sizes = tuple([0 if name + suffix in foreign_names else size for suffix, size in variants])
    return reservation._replace(compressed_sizes=sizes)


def _write_text(file: int, text: str) -> int:
    data = memoryview(text.encode("utf-8", "surrogateescape"))
    rest = data
    while rest:
        rest = rest[os.write(file, rest) :]
    return len(data)
