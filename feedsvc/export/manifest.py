"""Manifest of a tree: an append-only list of feedsvc's own files.

Each line records one change, so a kill at any moment loses at most the last line. A line is one of

    = BUILD                            fingerprint of the facts that all documents share; a change voids earlier fingerprints
                                       but those of former image variants
    + NAME                             the file and its compressed variants are reserved: about to be written
    FINGERPRINT SIZE TIME SIZES NAME   a written file: its fingerprint ("-" if unknown), size in bytes, time in nanoseconds, and
                                       the sizes of its compressed variants, which have the same time, as BR/ZST/GZ or, for .gz
                                       alone, GZ: 0 for none, -1 if unknown
    . BASELINE                         the build before this line is complete; BASELINE, if known, names the content state that
                                       it was made from (BuildBaseline)

It is rewritten without obsolete lines once these are many, and whenever an entry is removed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Final, NamedTuple

from feedsvc.export.layout import COMPRESSED_SUFFIXES, MANIFEST_FILE, TEMPORARY_PREFIX

FORMER_PREFIX: Final = "former-"  # of the fingerprint of a former image variant, before the time since when it is former
# To open a file of the tree. Without O_NONBLOCK, opening a pipe would wait for a writer.
READ_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_SAFE_LENGTH: Final = 63  # characters; at most four bytes each
_NAME_MAX: Final = 255  # bytes (NAME_MAX)
_PATH_MAX: Final = 4096  # bytes including the terminating NUL (PATH_MAX)
# Lines that are no file lines: a marker, alone or followed by a space.
_MARKERS: Final = ("", "=", "+", ".")
_MARKER_ENDS: Final = ("", " ")
_NO_COMPRESSED_SIZES: Final = (0,) * len(COMPRESSED_SUFFIXES)
UNKNOWN_COMPRESSED_SIZES: Final = (-1,) * len(COMPRESSED_SUFFIXES)
_MAX_OBSOLETE_LINES: Final = 5000  # obsolete lines allowed in a short manifest
_MODE: Final = 0o644


class FileState(NamedTuple):
    """The recorded state of a file. The defaults are for a reserved file, which is recorded before it is written.

    `fingerprint` is that of its document, "" if unknown, or for a former image variant as in `retention_fingerprint`. `size` is
    in bytes, `time` in nanoseconds since 1970. `compressed_sizes` are in the order of COMPRESSED_SUFFIXES: 0 for no compressed
    variant, -1 for an unknown size.
    """

    fingerprint: str = ""
    size: int = -1
    time: int = 0
    compressed_sizes: tuple[int, ...] = UNKNOWN_COMPRESSED_SIZES


FileStates = dict[str, FileState]  # by file name


class ManifestData(NamedTuple):
    """The content of a manifest. `files` are the states of feedsvc's own files, by name.

    `build_fingerprint` is the fingerprint of the facts that all documents share, `baseline` the text of a BuildBaseline, "" if
    unknown. `is_complete` is True if the last build ended. `size` is the number of bytes in complete lines;
    `line_count` is one more than their number.
    """

    files: FileStates
    build_fingerprint: str
    baseline: str
    is_complete: bool
    line_count: int
    size: int


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


def is_former_image(fingerprint: str) -> bool:
    """Return whether a recorded fingerprint is that of a former image variant."""
    return fingerprint.startswith(FORMER_PREFIX)


def read_manifest(root: int) -> ManifestData:
    """Read the manifest in the folder with this descriptor. Ignore a last line without newline, which a kill cut short.

    Malformed lines, and those with names that leave the tree or are too long, are ignored, too. Raises OSError, but not if
    there is no manifest: then there are no files, and the last build counts as complete.
    """
    data, parser = _read_file(root, MANIFEST_FILE), _Parser()
    length = data.rfind(b"\n") + 1
    lines = data[:length].decode("utf-8", "surrogateescape").split("\n")
    parser.parse(lines)
    return ManifestData(parser.files, parser.build_fingerprint, parser.baseline, parser.is_complete, len(lines), length)


def clear_fingerprints(files: FileStates) -> None:
    """Clear all fingerprints except those of former image variants, which say since when a variant is former."""
    for name, state in files.items():
        if state.fingerprint and not is_former_image(state.fingerprint):
            files[name] = state._replace(fingerprint="")


def format_line(name: str, state: FileState) -> str:
    """Return the line of the manifest for a written file, without newline."""
    sizes = "/".join(map(str, state.compressed_sizes)) if any(state.compressed_sizes[:-1]) else state.compressed_sizes[-1]
    return f"{state.fingerprint or '-'} {state.size} {state.time} {sizes} {escape_name(name)}"


def escape_name(name: str) -> str:
    """Escape newlines, which end lines of the manifest, and backslashes."""
    return name.replace("\\", "\\\\").replace("\n", "\\n")


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


class _Parser:
    """Parser of a manifest: its attributes are the state after the lines parsed so far."""

    def __init__(self) -> None:
        self.files: FileStates = {}
        self.build_fingerprint = self.baseline = ""
        self.is_complete = True

    def parse(self, lines: Sequence[str]) -> None:
        """Update the attributes by these lines. Nearly all are file lines, so each run of file lines is parsed at once."""
        start = 0
        marker_indexes = [index for index, line in enumerate(lines) if line[1:2] in _MARKER_ENDS and line[:1] in _MARKERS]
        for index in marker_indexes:
            self._parse_file_lines(lines[start:index])
            self._parse_marker_line(lines[index])
            start = index + 1
        self._parse_file_lines(lines[start:])

    def _parse_marker_line(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        self.is_complete = kind == "." or (self.is_complete and not kind)
        if kind == ".":
            self.baseline = rest
        elif kind == "=":
            if rest != self.build_fingerprint:
                clear_fingerprints(self.files)
            self.build_fingerprint = rest
        elif kind == "+" and _is_inside_tree(name := _unescape_name(rest)):
            self.files[name] = FileState()

    def _parse_file_lines(self, lines: Sequence[str]) -> None:
        """Add the states of file lines. Ignore malformed lines. If there are any lines, set `is_complete` to False."""
        if not lines:
            return
        self.is_complete = False
        try:
            self.files.update(_parse_states(lines))
        except ValueError:
            for line in lines:
                with suppress(ValueError):
                    self.files.update(_parse_states([line]))


def _parse_states(lines: Sequence[str]) -> Iterator[tuple[str, FileState]]:
    """Parse file lines; return (file name, state) of each. Raises ValueError if one is malformed, before it returns any."""
    fingerprints, sizes, times, compressed_sizes, escaped_names = zip(*[line.split(" ", 4) for line in lines], strict=True)
    names = list(map(_unescape_name, escaped_names))
    if not all(map(_is_inside_tree, names)):
        raise ValueError(names)
    known_fingerprints = ["" if fingerprint == "-" else fingerprint for fingerprint in fingerprints]
    columns = known_fingerprints, list(map(int, sizes)), list(map(int, times)), list(map(_parse_sizes, compressed_sizes))
    return zip(names, map(FileState, *columns), strict=True)


def _read_file(root: int, name: str) -> bytes:
    """Return the bytes of a file, b"" if it is missing. Raises OSError, also if it is a link, a folder or a pipe."""
    try:
        descriptor = os.open(name, READ_FLAGS, dir_fd=root)
    except FileNotFoundError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file; move it away", name)
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


@lru_cache(maxsize=4096)
def _parse_sizes(text: str) -> tuple[int, ...]:
    """Parse SIZES of a file line. Raises ValueError unless it has one size, for .gz, or one for each of COMPRESSED_SUFFIXES."""
    sizes = tuple(map(int, text.split("/")))
    if len(sizes) not in (1, len(COMPRESSED_SUFFIXES)):
        raise ValueError(text)
    return (*_NO_COMPRESSED_SIZES[len(sizes) :], *sizes)


def _unescape_name(text: str) -> str:
    return "\\".join(part.replace("\\n", "\n") for part in text.split("\\\\")) if "\\" in text else text


def _is_inside_tree(name: str) -> bool:
    """Return whether a build may have written a file of this name: it stays inside the tree and is not too long.

    A manifest that was tampered with must not lead a build out of the tree.
    """
    if not name or name[0] == "/" or "\0" in name or (".." in name and ".." in name.split("/")):
        return False
    return len(name) <= _SAFE_LENGTH or _has_valid_length(name)


def _has_valid_length(name: str) -> bool:
    """Return whether a file system can have a file of this name, so that a build may have written it."""
    try:
        data = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return len(data) < _PATH_MAX and all(len(part) <= _NAME_MAX for part in data.split(b"/"))
