"""Invariants that hold after every kill. Each function yields the violations that it finds."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from feedsvc.export import layout
from feedsvc.export.file_writer import FileWriter
from feedsvc.export.manifest import ManifestData, read_manifest
from feedsvc.support.atomic_write import CONTENT_PREFIX
from tests.kills.newsroom import BytesByPath, PublishedDocuments
from tests.kills.readers import ReadBytes

GZIP_SUFFIX: Final = ".gz"
_FILES_OF_BUILDS: Final = (layout.MANIFEST_FILE, layout.LOCK_FILE)


def find_changed_editor_files(root: Path, files: BytesByPath, changes: Mapping[str, Collection[bytes]]) -> Iterator[str]:
    """Check that only files of the editors exist, each with the bytes that they saved or one of the allowed `changes`."""
    for path, data in files.items():
        content = _read_if_exists(root / path)
        if content != data and content not in changes.get(path, ()):
            yield f"{path} of the editors is damaged: {content!r:.200}"
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name).relative_to(root).as_posix()
            if path not in files and not (changes and name.startswith(CONTENT_PREFIX)):
                yield f"{path} is in the editors' folder, but they did not save it"


def find_invalid_reads(reads: ReadBytes, editions: Sequence[PublishedDocuments], *, tree: bool) -> Iterator[str]:
    """Check that every body that a reader received is complete and belongs to one of the editions."""
    allowed = [edition.tree_files() if tree else edition for edition in editions]
    for name, bodies in reads.items():
        valid = {edition.get(name.removesuffix(GZIP_SUFFIX) if tree else name) for edition in allowed}
        for body in bodies:
            if (_decompress(body) if tree and name.endswith(GZIP_SUFFIX) else body) not in valid:
                yield f"{name} was read and is incomplete or belongs to no edition ({len(body or b'')} bytes): {body!r:.300}"


def _decompress(body: bytes | None) -> bytes | None:
    """Return the decompressed bytes, or an error text that equals no document."""
    try:
        return gzip.decompress(body or b"")
    except (OSError, EOFError, zlib.error):
        return b"no valid gzip data"


def find_tree_differences(out: Path, edition: PublishedDocuments) -> Iterator[str]:
    """Check that a complete tree holds exactly the files of the edition, each .gz file with the content and mtime of its file."""
    expected = edition.tree_files()
    content = dict(tree_files(out))
    for name, data in expected.items():
        if content.get(name) != data:
            yield f"{name} of the tree has other bytes than expected: {content.get(name)!r:.200}"
    for name, data in content.items():
        plain_name = name.removesuffix(GZIP_SUFFIX)
        if plain_name not in expected:
            yield f"{name} is not expected in the tree"
        elif plain_name != name:
            yield from _find_gzip_differences(out, name, data, expected[plain_name])


def _find_gzip_differences(out: Path, name: str, data: bytes, expected: bytes) -> Iterator[str]:
    if _decompress(data) != expected:
        yield f"{name} has other content than its file"
    try:
        times = {(out / file).stat().st_mtime_ns for file in (name, name.removesuffix(GZIP_SUFFIX))}
    except FileNotFoundError:
        yield f"{name} or its file was deleted meanwhile"
    else:
        if len(times) > 1:
            yield f"{name} has another mtime than its file"


def find_unrecorded_files(out: Path) -> Iterator[str]:
    """Check that the manifest of a tree, whose build may have been killed, names each file except temporary ones."""
    if not out.exists():
        return
    manifest, _ = _read_manifest(out)
    for name, _ in tree_files(out):
        plain_name = name.removesuffix(GZIP_SUFFIX)
        is_recorded = name in manifest.files or (plain_name in manifest.files and manifest.files[plain_name].compressed_sizes[-1])
        if not is_recorded and not Path(name).name.startswith(layout.TEMPORARY_PREFIX):
            yield f"{name} is in the tree, but not in its manifest"


def find_manifest_differences(out: Path) -> Iterator[str]:
    """Check that the manifest of a complete tree names exactly its files, each with its size and time."""
    manifest, modified_files = _read_manifest(out)
    if not manifest.is_complete:
        yield "the manifest does not say that the build is complete"
    names = {name for name, _ in tree_files(out)}
    yield from (f"{name} is in the manifest, but not in the tree" for name in sorted(manifest.files.keys() - names))
    yield from (f"{name} has another size or time than recorded in the manifest" for name in sorted(modified_files))
    yield from find_unrecorded_files(out)


def _read_manifest(out: Path) -> tuple[ManifestData, frozenset[str]]:
    """Return the manifest of a tree, and the names of its files that differ from it."""
    root = os.open(out, os.O_RDONLY)
    try:
        manifest = read_manifest(root)
        return manifest, FileWriter(root, codings=()).modified_files(manifest.files)
    finally:
        os.close(root)


def tree_files(out: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every file in a tree except the manifest and the lock file of builds.

    A build may delete files and folders meanwhile. `os.walk` ignores that; `Path.rglob` raises FileNotFoundError.
    """
    for folder, _, names in os.walk(out):
        for file in (Path(folder, name) for name in names if name not in _FILES_OF_BUILDS):
            with suppress(FileNotFoundError):
                yield file.relative_to(out).as_posix(), file.read_bytes()


def find_response_differences(responses: Mapping[str, tuple[int, bytes]], edition: BytesByPath) -> Iterator[str]:
    """Check that a server responds with the edition's bytes, and never with status 200 where the edition has no document."""
    for address, (status, body) in responses.items():
        if (body if status == 200 else None) != edition.get(address):
            yield f"{address} has status {status} and an unexpected body: {body!r:.200}"


def find_damaged_databases(state: Path, copies: Path) -> Iterator[str]:
    """Check the integrity of every SQLite file in a copy, because opening the original would repair it."""
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    for file in state.glob("*.sqlite*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, copies)
    for file in copies.glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as connection:
            result = connection.execute("PRAGMA integrity_check").fetchone()[0]
        if result != "ok":
            yield f"{file.name}: {result}"


def find_changed_dates(
    before: Mapping[str, object], after: Mapping[str, object], editions: Sequence[BytesByPath]
) -> Iterator[str]:
    """Check that Last-Modified or the mtime of a file is unchanged if all editions since then have equal bytes."""
    for name, date in before.items():
        bodies = {edition.get(name) for edition in editions}
        if len(bodies) == 1 and None not in bodies and date and after.get(name, date) != date:
            yield f"{name} did not change, but its date did: {date} became {after.get(name)}"


def _read_if_exists(file: Path) -> bytes | None:
    """Return the bytes of a file, or None if it does not exist."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
