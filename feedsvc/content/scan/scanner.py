"""Directory scanner: the files below a folder with their signatures, updated incrementally."""

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

from feedsvc.content.file_signature import MISSING, FileSignature, signature_of
from feedsvc.content.safe_read import is_printable_ascii, is_valid_path, open_folder
from feedsvc.errors import Problem

ARTICLES_FOLDER: Final = "articles"  # has most files of a content folder
_NO_IDENTITY: Final = (0, 0)
_NO_SIGNATURES: Final[Mapping[str, FileSignature]] = {}


@dataclass(slots=True)
class _ScannedFolder:
    """One folder as it was at its scan: its own files with signatures, and its own subfolders with identities, by path.

    `identity` is device and inode. `is_linked` is true if the folder is a symbolic link or is also known by another path.
    `is_unreadable` is true if the folder exists but cannot be read, or if its file system is not mounted now.
    """

    identity: tuple[int, int] = _NO_IDENTITY
    files: dict[str, FileSignature] = field(default_factory=dict)
    folders: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_linked: bool = False
    is_unreadable: bool = False


class ScanResult(NamedTuple):
    """Result of a complete scan, which can be sent to another process. All folders are given by path.

    `device` is that of the content folder; `mount_points` are folders on other devices. Modification times are in nanoseconds.
    """

    folders: dict[str, _ScannedFolder]
    mount_points: set[str]
    device: int
    modification_times: dict[str, int]


def scan_folder(root: Path, top: str) -> ScanResult:
    """Scan the folder `top` of the content folder `root` completely. Pass the result as `prefetched` to its DirectoryScanner."""
    survey = DirectoryScanner(root, top)
    survey.refresh()
    return survey.result


class DirectoryScanner:
    """Signatures of the files below one folder of a content folder, by path. Hidden files and backup copies (x~) are skipped.

    A missing folder counts as empty. All other folders that cannot be read are among the problems.
    """

    def __init__(
        self,
        root: Path,
        top: str,
        known_signatures: Mapping[str, FileSignature] = _NO_SIGNATURES,
        prefetched: ScanResult | None = None,
        *,
        within: str = "",
    ) -> None:
        """Prepare the scanner; `refresh` scans. `top` is the scanned folder of the content folder `root`.

        Symbolic links are followed if they lead below the folder `within` of the content folder, "" for any place in it.

        `known_signatures` are those of cached records; equal ones are reused to save memory. `prefetched` is the result of a scan
        from just now, which replaces the first scan.
        """
        self._root, self._folder, self._prefetched, self._within = root, top, prefetched, within
        self._known_signatures = _by_folder(known_signatures)
        self._folders: dict[str, _ScannedFolder] = {}
        self._mount_points: set[str] = set()  # folders on another file system than the root
        self._device = 0
        self._modification_times: dict[str, int] = {}
        self.files: dict[str, FileSignature] = {}

    def folders_changed_since(self, moment: datetime) -> frozenset[str]:
        """Return the folders of the last scan in which a file was created, deleted or renamed since the moment."""
        return frozenset(path for path, changed in self._modification_times.items() if changed > moment.timestamp() * 1e9)

    @property
    def result(self) -> ScanResult:
        return ScanResult(self._folders, self._mount_points, self._device, self._modification_times)

    @property
    def problems(self) -> list[Problem]:
        return [problem for listed in self._folders.values() for problem in listed.problems]

    @property
    def unreadable_folders(self) -> frozenset[str]:
        """Folders that exist but cannot be read. Their files do not count as deleted."""
        return frozenset(path for path, listed in self._folders.items() if listed.is_unreadable)

    def refresh(self, touched: Iterable[str] | None = None) -> frozenset[str]:
        """Scan everything, or only the folders of the `touched` paths. Return the files that were created, deleted or changed."""
        ahead, self._prefetched = self._prefetched, None
        if ahead and touched is None:
            return self._adopt(ahead)
        before, self._modification_times = self.files, {}
        self._device = _device(self._root)
        places = None if touched is None else {self._innermost_known_folder(path) for path in touched}
        if places is None or "" in places or self._has_links():
            return self._scan_all(before)
        found = frozenset().union(*[self._rescan_folder(place) for place in sorted(places) if place in self._folders])
        # A folder that is known elsewhere, too, was probably moved, and its former place may not have been scanned yet.
        return found | self._scan_all(self.files) if self._has_links() else found

    def _adopt(self, ahead: ScanResult) -> frozenset[str]:
        self._folders, self._mount_points, self._device, self._modification_times = ahead
        for folder, listed in self._folders.items():
            self._reuse_signatures(folder, listed)
            self.files |= listed.files
        self._known_signatures = {}
        return frozenset(self.files)

    def _has_links(self) -> bool:
        return any(listed.is_linked for listed in self._folders.values())

    def _innermost_known_folder(self, path: str) -> str:
        """Return the innermost existing folder of a touched path that was scanned before; "" if everything must be scanned."""
        while path not in self._folders or not (self._root / path).is_dir():
            if path in ("", ".", self._folder):
                return ""
            path = str(PurePosixPath(path).parent)
        return path

    def _scan_all(self, before: dict[str, FileSignature]) -> frozenset[str]:
        self._known_signatures |= {path: listed.files for path, listed in self._folders.items()}
        self._folders, self.files = {}, {}
        self._walk([self._folder] if os.path.lexists(self._root / self._folder) else [])
        self._known_signatures = {}
        if not before:
            return frozenset(self.files)
        changed = {path for path, stamp in self.files.items() if before.get(path) != stamp}
        return frozenset(changed | (before.keys() - self.files.keys()))

    def _rescan_folder(self, folder: str) -> frozenset[str]:
        """Scan one folder again, and all below its new subfolders. Return the files created, deleted or changed."""
        old = self._folders[folder]
        before = {path: self.files.pop(path, None) for path in old.files}
        listed = self._folders[folder] = self._scan_folder(folder)
        self.files |= listed.files
        for path, identity in old.folders.items():
            # The name now stands for another folder, so nothing below it is known.
            if listed.folders.get(path) != identity or listed.identity != old.identity:
                before |= self._forget(path)
        new = self._walk([path for path in listed.folders if path not in self._folders])
        paths = before.keys() | listed.files.keys() | new
        return frozenset(path for path in paths if before.get(path) != self.files.get(path))

    def _forget(self, folder: str) -> dict[str, FileSignature | None]:
        listed = self._folders.pop(folder, _ScannedFolder())
        lost = {path: self.files.pop(path, None) for path in listed.files}
        for below in listed.folders:
            lost |= self._forget(below)
        return lost

    def _walk(self, folders: list[str]) -> set[str]:
        """Scan these folders and all below them, each once even if symbolic links lead to it. Return the paths of their files."""
        seen = {listed.identity for listed in self._folders.values()}
        found: set[str] = set()
        while folders:
            path = folders.pop()
            listed = self._scan_folder(path)
            if listed.identity in seen and listed.identity != _NO_IDENTITY:
                listed = _ScannedFolder(is_linked=True)
            seen.add(listed.identity)
            self._folders[path] = listed
            self.files |= listed.files
            found.update(listed.files)  # |= with dict keys would copy the whole set for each folder
            folders += listed.folders
        return found

    def _scan_folder(self, folder: str) -> _ScannedFolder:
        listed = _ScannedFolder(is_linked=os.path.islink(self._root / folder))
        try:
            found = open_folder(self._root, folder, self._within)
            if isinstance(found, Problem):
                listed.problems.append(found)
                return listed
            with _close_after(found) as descriptor:
                names = sorted(os.listdir(descriptor))
                status = os.fstat(descriptor)  # after listing, so that it shows changes during it
                _classify(listed, folder, names, descriptor)
        except OSError as error:
            listed.problems.append(Problem(path=folder, message=f"the folder cannot be read ({error.strerror})"))
            listed.is_unreadable = error.errno not in (errno.ENOENT, errno.ENOTDIR)
            return listed
        if self._is_unmounted(folder, status.st_dev, is_empty=not names):
            hint = "mount it again; what was read last is served meanwhile"
            listed.problems.append(Problem(path=folder, message="what was mounted here is away", hint=hint))
            listed.is_unreadable = True
            return listed
        listed.identity = (status.st_dev, status.st_ino)
        self._modification_times[folder] = status.st_mtime_ns
        self._reuse_signatures(folder, listed)
        return listed

    def _reuse_signatures(self, folder: str, listed: _ScannedFolder) -> None:
        """Reuse the known signatures of the folder if all are equal to the scanned ones, to save memory."""
        if (alike := self._known_signatures.get(folder)) == listed.files:
            listed.files = alike

    def _is_unmounted(self, folder: str, device: int, *, is_empty: bool) -> bool:
        """Return whether a file system was mounted at `folder` at an earlier scan and only its empty mount point is left."""
        if device != self._device:
            self._mount_points.add(folder)
        elif not is_empty:
            self._mount_points.discard(folder)
        return device == self._device and folder in self._mount_points


@contextmanager
def _close_after(descriptor: int) -> Iterator[int]:
    """Yield a folder's descriptor and close it after the block. Lookups relative to it need not resolve the whole path."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _device(root: Path) -> int:
    try:
        return os.stat(root).st_dev
    except OSError:
        return 0


def _classify(listed: _ScannedFolder, folder: str, names: Iterable[str], descriptor: int) -> None:
    files, look, is_folder = listed.files, os.stat, stat.S_ISDIR  # local names are faster for 100,000 files
    for name in names:
        path = f"{folder}/{name}"
        if name[0] in ".#" or name[-1] == "~" or not (is_printable_ascii(name) or is_valid_path(path, listed.problems)):
            continue
        try:
            status = look(name, dir_fd=descriptor)
        except OSError:
            files[path] = MISSING  # reading the file reports the error
            continue
        if is_folder(status.st_mode):
            listed.folders[path] = (status.st_dev, status.st_ino)
        else:
            files[path] = signature_of(status)


def _by_folder(known: Mapping[str, FileSignature]) -> dict[str, dict[str, FileSignature]]:
    found: dict[str, dict[str, FileSignature]] = defaultdict(dict)
    for path, stamp in known.items():
        found[path.rpartition("/")[0]][path] = stamp
    return dict(found)
