"""Publication -> a static tree: the same documents as files.

Each file is written whole or not at all, and only if its bytes changed. A list of what was written, kept in the tree,
tells a later build which files are its own to remove.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from feedsvc.document import Attachment, Document
from feedsvc.errors import FeedsvcError
from feedsvc.publication import Publication

MANIFEST: Final = ".feedsvc-build.json"
_LOCK: Final = ".feedsvc-build.lock"
_TEMPORARY: Final = ".feedsvc-new-"
_BLOCK: Final = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """How many files a build wrote, left as they were, and removed."""

    written: int
    unchanged: int
    removed: int


def build(publication: Publication, out: Path, progress: Callable[[Iterable[str]], Iterable[str]] = iter) -> Built:
    """Make the tree hold exactly the publication's documents, beside files of other origin.

    `progress` passes the paths on one by one as they are worked on. Raises FeedsvcError where the folder cannot be written,
    another build is at work in it, or a file of other origin stands where a document belongs.
    """
    names = {path: file_name(path) for path in publication.paths()}
    try:
        with _only_build(out):
            _sweep(out)
            return _build(publication, out, names, progress)
    except OSError as error:
        place = error.filename2 or error.filename or out
        raise FeedsvcError(f"{place} cannot be written ({error.strerror})") from None


def file_name(path: str) -> str:
    """Where a document lies in the tree: a page in its folder's index.html."""
    return f"{path[1:]}index.html" if path.endswith("/") else path[1:]


def _build(
    publication: Publication, out: Path, names: dict[str, str], progress: Callable[[Iterable[str]], Iterable[str]]
) -> Built:
    before = _manifest(out)
    _refuse_foreign(publication, out, names, before)
    # Claimed before they are written: a build that dies half-way leaves no file that nobody owns.
    _record(out, before | set(names.values()))
    written = sum(_write(publication, path, out / names[path]) for path in progress(list(names)))
    gone = before - set(names.values())
    removed = sum(_remove(out, name) for name in sorted(gone))
    _record(out, set(names.values()))
    return Built(written=written, unchanged=len(names) - written, removed=removed)


@contextmanager
def _only_build(out: Path) -> Iterator[None]:
    out.mkdir(parents=True, exist_ok=True)
    with open(out / _LOCK, "ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FeedsvcError(f"another build is writing {out}; wait for it to end") from None
        yield


def _sweep(out: Path) -> None:
    """Half-written files of a build that was killed; no other build is at work now."""
    for name in _manifest(out) | {""}:
        for left in (out / name).parent.glob(f"{_TEMPORARY}*"):
            left.unlink(missing_ok=True)


def _manifest(out: Path) -> set[str]:
    try:
        names = json.loads((out / MANIFEST).read_text("utf-8"))["files"]
        return {name for name in names if isinstance(name, str) and _is_below(name)}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return set()


def _is_below(name: str) -> bool:
    """No list, however it was changed, may lead a build out of its folder."""
    return bool(name) and not name.startswith("/") and ".." not in name.split("/")


def _record(out: Path, names: set[str]) -> None:
    text = json.dumps({"files": sorted(names)}, ensure_ascii=False, indent=0)
    _replace(out / MANIFEST, lambda file: _put(file, text.encode()))


def _put(file: BinaryIO, data: bytes) -> None:
    file.write(data)


def _refuse_foreign(publication: Publication, out: Path, names: dict[str, str], before: set[str]) -> None:
    """Before anything is written: a file that is not ours is nobody's to overwrite, unless it is the same anyway."""
    for folder in {(out / name).parent for name in (*names.values(), *before)}:
        if not folder.resolve().is_relative_to(out.resolve()):
            raise FeedsvcError(f"{folder} is a link that leaves {out}; move it away or build into another folder")
    for path, name in names.items():
        file = out / name
        if file.is_dir() and not file.is_symlink():
            raise FeedsvcError(f"{file} is a folder where a file belongs; move it away or build into another folder")
        if name not in before and os.path.lexists(file) and not _same(publication, path, file):
            raise FeedsvcError(
                f"{file} was not written by feedsvc and would be overwritten; move it away or build into another folder"
            )


def _same(publication: Publication, path: str, file: Path) -> bool:
    found = publication.at(path)
    if not file.is_file() or file.is_symlink():
        return False
    if isinstance(found, Document):
        return file.stat().st_size == len(found.body) and file.read_bytes() == found.body
    return isinstance(found, Attachment) and _same_files(Path(found.location), file)


def _same_files(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with open(one, "rb") as left, open(other, "rb") as right:
        while block := left.read(_BLOCK):
            if block != right.read(_BLOCK):
                return False
    return True


def _write(publication: Publication, path: str, file: Path) -> bool:
    """True if the file's bytes changed."""
    if _same(publication, path, file):
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    found = publication.at(path)
    if isinstance(found, Attachment):
        location = found.location
        _replace(file, lambda new: _copy(location, new))
    elif isinstance(found, Document):
        body = found.body
        _replace(file, lambda new: _put(new, body))
    return True


def _copy(location: str, new: BinaryIO) -> None:
    with open(location, "rb") as media:
        shutil.copyfileobj(media, new, _BLOCK)


def _replace(file: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Whole or not at all: whoever reads the file sees the old bytes or the new ones."""
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=_TEMPORARY)
    try:
        with open(descriptor, "wb") as new:
            fill(new)
            os.fchmod(new.fileno(), 0o644)
        os.replace(name, file)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


def _remove(out: Path, name: str) -> bool:
    """A file of an earlier build, and the folders that it leaves empty."""
    file = out / name
    try:
        file.unlink()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False
    for folder in file.relative_to(out).parents:
        try:
            (out / folder).rmdir()
        except OSError:
            break
    return True
