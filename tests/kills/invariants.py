"""What holds after every kill. Each function returns what is against it, nothing if all is well."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from feedsvc.support.atomic_write import TEMPORARY_PREFIX
from tests.kills.newsroom import Bytes, Edition
from tests.kills.readers import Seen

TWIN: Final = ".gz"
Said = Callable[[bytes | None], bool]


def editors_files(root: Path, files: Bytes, changes: Mapping[str, Collection[bytes]]) -> Iterator[str]:
    """Every file that editors saved is there with the bytes they saved, or one of the changes that they asked for."""
    for path, data in files.items():
        found = _read(root / path)
        if found != data and found not in changes.get(path, ()):
            yield f"{path} of the editors is damaged: {found!r:.200}"
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name).relative_to(root).as_posix()
            if path not in files and not (changes and name.startswith(TEMPORARY_PREFIX)):
                yield f"{path} lies in the editors' folder, and is none of theirs"


def seen(found: Seen, editions: Sequence[Edition], *, tree: bool) -> Iterator[str]:
    """Whatever anybody read was whole, and what one of the editions says there."""
    known = [edition.files() if tree else edition for edition in editions]
    for name, bodies in found.items():
        valid = {edition.get(name.removesuffix(TWIN) if tree else name) for edition in known}
        for body in bodies:
            if (_unpacked(body) if tree and name.endswith(TWIN) else body) not in valid:
                yield f"{name} was read and is of no edition, or not whole ({len(body or b'')} bytes): {body!r:.300}"


def _unpacked(body: bytes | None) -> bytes | None:
    try:
        return gzip.decompress(body or b"")
    except (OSError, EOFError, zlib.error):
        return b"no gzip, or not whole"


def tree(out: Path, edition: Edition) -> Iterator[str]:
    """A tree that was finished holds the edition and no other file, each twin of its file's bytes and time."""
    expected = edition.files()
    found = dict(files(out))
    for name, data in expected.items():
        if found.get(name) != data:
            yield f"{name} of the tree is not as it should be: {found.get(name)!r:.200}"
    for name, data in found.items():
        plain = name.removesuffix(TWIN)
        if plain not in expected:
            yield f"{name} is left in the tree"
        elif plain != name:
            yield from _twin(out, name, data, expected[plain])


def _twin(out: Path, name: str, data: bytes, expected: bytes) -> Iterator[str]:
    if _unpacked(data) != expected:
        yield f"{name} does not say what its file says"
    if (out / name).stat().st_mtime_ns != (out / name.removesuffix(TWIN)).stat().st_mtime_ns:
        yield f"{name} is of another time than its file"


def files(out: Path) -> Iterator[tuple[str, bytes]]:
    """All but what a build keeps for itself; what one that was killed left half written is none of that."""
    for file in out.rglob("*"):
        if file.is_file() and file.name not in (".feedsvc-build.journal", ".feedsvc-build.lock"):
            yield file.relative_to(out).as_posix(), file.read_bytes()


def served(answers: Mapping[str, tuple[int, bytes]], edition: Bytes) -> Iterator[str]:
    """A server answers what the edition says, and nothing else."""
    for address, (status, body) in answers.items():
        if (body if status == 200 else None) != edition.get(address):
            yield f"{address} is answered with {status}, and not as it should be: {body!r:.200}"


def databases(state: Path, copies: Path) -> Iterator[str]:
    """Every file of SQLite is sound. Looked at in a copy: who looks at the file itself would mend it."""
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    for file in state.glob("*.sqlite*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, copies)
    for file in copies.glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as rows:
            found = rows.execute("PRAGMA integrity_check").fetchone()[0]
        if found != "ok":
            yield f"{file.name}: {found}"


def steady(before: Mapping[str, object], now: Mapping[str, object], editions: Sequence[Bytes]) -> Iterator[str]:
    """What did not change its bytes did not change its date: Last-Modified of an answer, or a file's time."""
    for name, date in before.items():
        bodies = {edition.get(name) for edition in editions}
        if len(bodies) == 1 and None not in bodies and date and now.get(name, date) != date:
            yield f"{name} did not change, but its date did: {date} became {now.get(name)}"


def _read(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None
