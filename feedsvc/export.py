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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO, Final, Self

from feedsvc.document import Attachment, Document
from feedsvc.errors import FeedsvcError
from feedsvc.publication import Publication
from feedsvc.urls import ArticleAt, FeedAt, FileAt, PageAt, Place, SizedAt, place_of

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
    with Tree(out) as tree:
        return tree.whole(publication, progress)


class Tree:
    """A static tree that is this process's to write, from entering to leaving. Each method raises as `build` does."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._names: set[str] = set()
        self._held = ExitStack()

    def __enter__(self) -> Self:
        with _plainly(self._out):
            self._held.enter_context(_only_build(self._out))
            _sweep(self._out)
            self._names = _manifest(self._out)
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def whole(self, publication: Publication, progress: Callable[[Iterable[str]], Iterable[str]] = iter) -> Built:
        """Every document of a publication, and no other."""
        names = {path: file_name(path) for path in publication.paths()}
        return self._make(publication, names, self._names - set(names.values()), progress)

    def update(self, publication: Publication, paths: Iterable[str]) -> Built:
        """The documents at these paths as the publication has them: what readers follow before the feeds that name it."""
        belongs = {path: file_name(path) for path in sorted(paths, key=_last_named) if _belongs(publication, path)}
        gone = {file_name(path) for path in paths if path not in belongs} & self._names
        return self._make(publication, belongs, gone, iter)

    def _make(
        self, publication: Publication, names: dict[str, str], gone: set[str], progress: Callable[[Iterable[str]], Iterable[str]]
    ) -> Built:
        with _plainly(self._out):
            _refuse_foreign(publication, self._out, names, self._names)
            # Claimed before they are written: a build that dies half-way leaves no file that nobody owns.
            self._record(self._names | set(names.values()))
            written = sum(_write(publication, path, self._out / names[path]) for path in progress(list(names)))
            removed = sum(_remove(self._out, name) for name in sorted(gone))
            self._record(self._names - gone)
        return Built(written=written, unchanged=len(names) - written, removed=removed)

    def _record(self, names: set[str]) -> None:
        if names != self._names or not (self._out / MANIFEST).exists():
            _record(self._out, names)
        self._names = names


def file_name(path: str) -> str:
    """Where a document lies in the tree: a page in its folder's index.html."""
    return f"{path[1:]}index.html" if path.endswith("/") else path[1:]


def _belongs(publication: Publication, path: str) -> bool:
    """A tree has no redirects and no 410."""
    found = publication.at(path)
    return isinstance(found, Attachment) or (isinstance(found, Document) and found.status == HTTPStatus.OK)


_RANKS: Final[tuple[type[Place], ...]] = (FileAt, SizedAt, ArticleAt, PageAt, FeedAt)


def _last_named(path: str) -> tuple[int, str]:
    place = type(place_of(path))
    return next((rank for rank, kind in enumerate(_RANKS) if place is kind), len(_RANKS)), path


@contextmanager
def _plainly(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or out
        raise FeedsvcError(f"{place} cannot be written ({error.strerror})") from None


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
