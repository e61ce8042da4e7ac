"""Which files lie below a folder, each with its stamp."""

from __future__ import annotations

import errno
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from feedsvc.content.file_signature import NOTHING, Stamp, stamp_of
from feedsvc.content.safe_read import is_legible, is_plain, open_folder
from feedsvc.errors import Problem

ARTICLES: Final = "articles"  # the folder that holds most files of a newsroom
_NOWHERE: Final = (0, 0)
_NONE_KNOWN: Final[Mapping[str, Stamp]] = {}


@dataclass(slots=True)
class _Listed:
    """One folder as it was found."""

    identity: tuple[int, int] = _NOWHERE
    files: dict[str, Stamp] = field(default_factory=dict)
    folders: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    linked: bool = False
    closed: bool = False


class Seen(NamedTuple):
    """What a look everywhere finds; it passes from process to process."""

    folders: dict[str, _Listed]
    mounted: set[str]
    device: int
    looked: dict[str, int]


def look(root: Path, top: str) -> Seen:
    """For a Survey of the same folder, whose first look it is."""
    survey = Survey(root, top)
    survey.refresh()
    return survey.seen


class Survey:
    """The files below one folder of a content folder, by their paths in it; hidden files and editors' copies (x~) left out.

    A folder that is not there holds nothing; everything else that cannot be read is among the problems.
    """

    def __init__(
        self,
        root: Path,
        top: str,
        known: Mapping[str, Stamp] = _NONE_KNOWN,
        ahead: Seen | None = None,
        *,
        within: str = "",
    ) -> None:
        """Symbolic links to folders are followed as far as they stay `within` a folder of the content folder, "" for all of it.

        `known` are paths and stamps that somebody keeps already: what equals them is the same object.

        `ahead` is a look from just now, which takes the place of the first one.
        """
        self._root, self._top, self._ahead, self._within = root, top, ahead, within
        self._alike = _by_folder(known)
        self._folders: dict[str, _Listed] = {}
        self._mounted: set[str] = set()  # folders of another file system than the root's
        self._device = 0
        self._looked: dict[str, int] = {}
        self.files: dict[str, Stamp] = {}

    def young(self, moment: datetime) -> frozenset[str]:
        """The folders, of those looked into last, in which a file came, went or changed its name since the moment."""
        return frozenset(path for path, changed in self._looked.items() if changed > moment.timestamp() * 1e9)

    @property
    def seen(self) -> Seen:
        return Seen(self._folders, self._mounted, self._device, self._looked)

    @property
    def problems(self) -> list[Problem]:
        return [problem for listed in self._folders.values() for problem in listed.problems]

    @property
    def closed(self) -> frozenset[str]:
        """The folders that are there but cannot be read: what they held is not gone."""
        return frozenset(path for path, listed in self._folders.items() if listed.closed)

    def refresh(self, touched: Iterable[str] | None = None) -> frozenset[str]:
        """Look again, everywhere or in the folders of the touched paths; the files that came, went or changed."""
        ahead, self._ahead = self._ahead, None
        if ahead and touched is None:
            return self._taken_over(ahead)
        before, self._looked = self.files, {}
        self._device = _device(self._root)
        places = None if touched is None else {self._known_folder(path) for path in touched}
        if places is None or "" in places or self._is_linked():
            return self._look_everywhere(before)
        found = frozenset().union(*[self._look_again(place) for place in sorted(places) if place in self._folders])
        # A folder that was seen elsewhere has been moved, most often: where from may not have been looked into yet.
        return found | self._look_everywhere(self.files) if self._is_linked() else found

    def _taken_over(self, ahead: Seen) -> frozenset[str]:
        self._folders, self._mounted, self._device, self._looked = ahead
        for folder, listed in self._folders.items():
            self._spare(folder, listed)
            self.files |= listed.files
        self._alike = {}
        return frozenset(self.files)

    def _is_linked(self) -> bool:
        return any(listed.linked for listed in self._folders.values())

    def _known_folder(self, path: str) -> str:
        """The folder to list anew for a touched path, the innermost that is known and there; "" where that is all of it."""
        while path not in self._folders or not (self._root / path).is_dir():
            if path in ("", ".", self._top):
                return ""
            path = str(PurePosixPath(path).parent)
        return path

    def _look_everywhere(self, before: dict[str, Stamp]) -> frozenset[str]:
        self._alike |= {path: listed.files for path, listed in self._folders.items()}
        self._folders, self.files = {}, {}
        self._walk([self._top] if os.path.lexists(self._root / self._top) else [])
        self._alike = {}
        if not before:
            return frozenset(self.files)
        changed = {path for path, stamp in self.files.items() if before.get(path) != stamp}
        return frozenset(changed | (before.keys() - self.files.keys()))

    def _look_again(self, folder: str) -> frozenset[str]:
        """One folder, and whatever folders came into it."""
        old = self._folders[folder]
        before = {path: self.files.pop(path, None) for path in old.files}
        listed = self._folders[folder] = self._listed(folder)
        self.files |= listed.files
        for path, identity in old.folders.items():
            # Another folder of that name, or what a folder of another name held: nothing below it is known.
            if listed.folders.get(path) != identity or listed.identity != old.identity:
                before |= self._forget(path)
        new = self._walk([path for path in listed.folders if path not in self._folders])
        paths = before.keys() | listed.files.keys() | new
        return frozenset(path for path in paths if before.get(path) != self.files.get(path))

    def _forget(self, folder: str) -> dict[str, Stamp | None]:
        listed = self._folders.pop(folder, _Listed())
        lost = {path: self.files.pop(path, None) for path in listed.files}
        for below in listed.folders:
            lost |= self._forget(below)
        return lost

    def _walk(self, folders: list[str]) -> set[str]:
        """Everything below these folders; each folder once, whatever symbolic links lead to it."""
        seen = {listed.identity for listed in self._folders.values()}
        found: set[str] = set()
        while folders:
            path = folders.pop()
            listed = self._listed(path)
            if listed.identity in seen and listed.identity != _NOWHERE:
                listed = _Listed(linked=True)
            seen.add(listed.identity)
            self._folders[path] = listed
            self.files |= listed.files
            found.update(listed.files)  # with |= all that was found would be copied for each folder
            folders += listed.folders
        return found

    def _listed(self, folder: str) -> _Listed:
        listed = _Listed(linked=os.path.islink(self._root / folder))
        try:
            found = open_folder(self._root, folder, self._within)
            if isinstance(found, Problem):
                listed.problems.append(found)
                return listed
            with _closing(found) as descriptor:
                names = sorted(os.listdir(descriptor))
                status = os.fstat(descriptor)  # afterwards, to tell what changed meanwhile
                _sort(listed, folder, names, descriptor)
        except OSError as error:
            listed.problems.append(Problem(path=folder, message=f"the folder cannot be read ({error.strerror})"))
            listed.closed = error.errno not in (errno.ENOENT, errno.ENOTDIR)
            return listed
        if self._is_unmounted(folder, status.st_dev, is_empty=not names):
            hint = "mount it again; what was read last is served meanwhile"
            listed.problems.append(Problem(path=folder, message="what was mounted here is away", hint=hint))
            listed.closed = True
            return listed
        listed.identity = (status.st_dev, status.st_ino)
        self._looked[folder] = status.st_mtime_ns
        self._spare(folder, listed)
        return listed

    def _spare(self, folder: str, listed: _Listed) -> None:
        """What is known already is there but once."""
        if (alike := self._alike.get(folder)) == listed.files:
            listed.files = alike

    def _is_unmounted(self, folder: str, device: int, *, is_empty: bool) -> bool:
        """Whether a file system of its own lay there, and what is seen now is the place where it was mounted."""
        if device != self._device:
            self._mounted.add(folder)
        elif not is_empty:
            self._mounted.discard(folder)
        return device == self._device and folder in self._mounted


@contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    """Close the descriptor of a folder after the block; look-ups by it need not begin at the root each time."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _device(root: Path) -> int:
    try:
        return os.stat(root).st_dev
    except OSError:
        return 0


def _sort(listed: _Listed, folder: str, names: Iterable[str], descriptor: int) -> None:
    files, look, is_folder = listed.files, os.stat, stat.S_ISDIR  # for a hundred thousand names
    for name in names:
        path = f"{folder}/{name}"
        if name[0] in ".#" or name[-1] == "~" or not (is_plain(name) or is_legible(path, listed.problems)):
            continue
        try:
            status = look(name, dir_fd=descriptor)
        except OSError:
            files[path] = NOTHING  # reading it tells which
            continue
        if is_folder(status.st_mode):
            listed.folders[path] = (status.st_dev, status.st_ino)
        else:
            files[path] = stamp_of(status)


def _by_folder(known: Mapping[str, Stamp]) -> dict[str, dict[str, Stamp]]:
    found: dict[str, dict[str, Stamp]] = defaultdict(dict)
    for path, stamp in known.items():
        found[path.rpartition("/")[0]][path] = stamp
    return dict(found)
