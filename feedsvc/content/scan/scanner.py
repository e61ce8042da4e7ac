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
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

from feedsvc.content.file_signature import MISSING, FileSignature, nanoseconds_since_epoch, signature_of
from feedsvc.content.safe_read import is_printable_ascii, is_valid_path, open_folder
from feedsvc.errors import Problem
from feedsvc.support.process_pool import BackgroundTask

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


BackgroundScan = BackgroundTask[ScanResult]


def start_scan(root: Path) -> BackgroundScan:
    """Start a scan of articles/ in a forked process, while this process does other work.

    Get the result within the task's `with` block and soon, because it describes the present state.
    """
    return BackgroundTask(partial(scan_folder, root, ARTICLES_FOLDER))


def scan_folder(root: Path, top: str) -> ScanResult:
    """Scan the folder `top` of the content folder `root` completely. Pass the result as `prefetched` to its DirectoryScanner."""
    scanner = DirectoryScanner(root, top)
    scanner.refresh()
    return scanner.result


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
        self._root, self._top, self._prefetched, self._within = root, top, prefetched, within
        self._known_signatures = _by_folder(known_signatures)
        self._folders: dict[str, _ScannedFolder] = {}
        self._mount_points: set[str] = set()  # folders on another file system than the root
        self._device = 0
        self._modification_times: dict[str, int] = {}
        self.files: dict[str, FileSignature] = {}

    def folders_changed_since(self, moment: datetime) -> frozenset[str]:
        """Return the folders of the last scan in which a file was created, deleted or renamed since the moment."""
        start = nanoseconds_since_epoch(moment)
        return frozenset(path for path, modification_time in self._modification_times.items() if modification_time > start)

    @property
    def result(self) -> ScanResult:
        return ScanResult(self._folders, self._mount_points, self._device, self._modification_times)

    @property
    def problems(self) -> list[Problem]:
        return [problem for folder in self._folders.values() for problem in folder.problems]

    @property
    def unreadable_folders(self) -> frozenset[str]:
        """Folders that exist but cannot be read. Their files do not count as deleted."""
        return frozenset(path for path, folder in self._folders.items() if folder.is_unreadable)

    def refresh(self, changed_paths: Iterable[str] | None = None) -> frozenset[str]:
        """Scan the folders of `changed_paths`, or everything for None. Return the files that were created, deleted or changed."""
        prefetched, self._prefetched = self._prefetched, None
        if prefetched and changed_paths is None:
            return self._adopt(prefetched)
        files_before, self._modification_times = self.files, {}
        self._device = _device(self._root)
        folders = None if changed_paths is None else {self._innermost_known_folder(path) for path in changed_paths}
        if folders is None or "" in folders or self._has_links():
            return self._scan_all(files_before)
        changes = frozenset().union(*[self._rescan_folder(path) for path in sorted(folders) if path in self._folders])
        # A folder that is known elsewhere, too, was probably moved, and its former place may not have been scanned yet.
        return changes | self._scan_all(self.files) if self._has_links() else changes

    def _adopt(self, prefetched: ScanResult) -> frozenset[str]:
        """Use the result of a scan by another process. Return all its files."""
        self._folders, self._mount_points, self._device, self._modification_times = prefetched
        for path, folder in self._folders.items():
            self._reuse_signatures(path, folder)
            self.files |= folder.files
        self._known_signatures = {}
        return frozenset(self.files)

    def _has_links(self) -> bool:
        return any(folder.is_linked for folder in self._folders.values())

    def _innermost_known_folder(self, path: str) -> str:
        """Return the innermost existing folder of a changed path that was scanned before; "" if everything must be scanned."""
        while path not in self._folders or not (self._root / path).is_dir():
            if path in ("", ".", self._top):
                return ""
            path = str(PurePosixPath(path).parent)
        return path

    def _scan_all(self, files_before: dict[str, FileSignature]) -> frozenset[str]:
        """Scan everything. Return the files created, deleted or changed since `files_before`."""
        self._known_signatures |= {path: folder.files for path, folder in self._folders.items()}
        self._folders, self.files = {}, {}
        self._walk([self._top] if os.path.lexists(self._root / self._top) else [])
        self._known_signatures = {}
        if not files_before:
            return frozenset(self.files)
        changed = {path for path, signature in self.files.items() if files_before.get(path) != signature}
        return frozenset(changed | (files_before.keys() - self.files.keys()))

    def _rescan_folder(self, path: str) -> frozenset[str]:
        """Scan one folder again, and all below its new subfolders. Return the files created, deleted or changed."""
        old = self._folders[path]
        files_before = {file: self.files.pop(file, None) for file in old.files}
        new = self._folders[path] = self._scan_folder(path)
        self.files |= new.files
        for subfolder, identity in old.folders.items():
            # The name now stands for another folder, so nothing below it is known.
            if new.folders.get(subfolder) != identity or new.identity != old.identity:
                files_before |= self._forget(subfolder)
        files_below = self._walk([subfolder for subfolder in new.folders if subfolder not in self._folders])
        files = files_before.keys() | new.files.keys() | files_below
        return frozenset(file for file in files if files_before.get(file) != self.files.get(file))

    def _forget(self, path: str) -> dict[str, FileSignature | None]:
        """Forget a folder and all below it. Return their files."""
        folder = self._folders.pop(path, _ScannedFolder())
        files = {file: self.files.pop(file, None) for file in folder.files}
        for subfolder in folder.folders:
            files |= self._forget(subfolder)
        return files

    def _walk(self, paths: list[str]) -> set[str]:
        """Scan these folders and all below them, each once even if symbolic links lead to it. Return the paths of their files."""
        identities = {folder.identity for folder in self._folders.values()}
        files: set[str] = set()
        while paths:
            path = paths.pop()
            folder = self._scan_folder(path)
            if folder.identity in identities and folder.identity != _NO_IDENTITY:
                folder = _ScannedFolder(is_linked=True)
            identities.add(folder.identity)
            self._folders[path] = folder
            self.files |= folder.files
            files.update(folder.files)  # |= with dict keys would copy the whole set for each folder
            paths += folder.folders
        return files

    def _scan_folder(self, path: str) -> _ScannedFolder:
        """Scan one folder without what is below its subfolders."""
        folder = _ScannedFolder(is_linked=os.path.islink(self._root / path))
        try:
            opened = open_folder(self._root, path, self._within)
            if isinstance(opened, Problem):
                folder.problems.append(opened)
                return folder
            with _close_after(opened) as descriptor:
                names = sorted(os.listdir(descriptor))
                status = os.fstat(descriptor)  # after listing, so that it shows changes during it
                _classify(folder, path, names, descriptor)
        except OSError as error:
            folder.problems.append(Problem(path=path, message=f"the folder cannot be read ({error.strerror})"))
            folder.is_unreadable = error.errno not in (errno.ENOENT, errno.ENOTDIR)
            return folder
        if self._is_unmounted(path, status.st_dev, is_empty=not names):
            hint = "mount it again; what was read last is served meanwhile"
            folder.problems.append(Problem(path=path, message="what was mounted here is away", hint=hint))
            folder.is_unreadable = True
            return folder
        folder.identity = (status.st_dev, status.st_ino)
        self._modification_times[path] = status.st_mtime_ns
        self._reuse_signatures(path, folder)
        return folder

    def _reuse_signatures(self, path: str, folder: _ScannedFolder) -> None:
        """Reuse the known signatures of the folder if all are equal to the scanned ones, to save memory."""
        if (known := self._known_signatures.get(path)) == folder.files:
            folder.files = known

    def _is_unmounted(self, path: str, device: int, *, is_empty: bool) -> bool:
        """Return whether a file system was mounted at this folder at an earlier scan and only its empty mount point is left."""
        if device != self._device:
            self._mount_points.add(path)
        elif not is_empty:
            self._mount_points.discard(path)
        return device == self._device and path in self._mount_points


@contextmanager
def _close_after(descriptor: int) -> Iterator[int]:
    """Yield a folder's descriptor and close it after the block. Lookups relative to it need not resolve the whole path."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _device(root: Path) -> int:
    """Return the device of the content folder, 0 if it cannot be accessed."""
    try:
        return os.stat(root).st_dev
    except OSError:
        return 0


def _classify(folder: _ScannedFolder, folder_path: str, names: Iterable[str], descriptor: int) -> None:
    """Add each of the names in an open folder to the files or the subfolders. A path that is not valid adds a problem."""
    files, get_status, is_folder = folder.files, os.stat, stat.S_ISDIR  # local names are faster for 100,000 files
    for name in names:
        path = f"{folder_path}/{name}"
        if name[0] in ".#" or name[-1] == "~" or not (is_printable_ascii(name) or is_valid_path(path, folder.problems)):
            continue
        try:
            status = get_status(name, dir_fd=descriptor)
        except OSError:
            files[path] = MISSING  # reading the file reports the error
            continue
        if is_folder(status.st_mode):
            folder.folders[path] = (status.st_dev, status.st_ino)
        else:
            files[path] = signature_of(status)


def _by_folder(signatures: Mapping[str, FileSignature]) -> dict[str, dict[str, FileSignature]]:
    """Return the signatures of the files in each folder, by path of the folder and of the file."""
    folders: dict[str, dict[str, FileSignature]] = defaultdict(dict)
    for path, signature in signatures.items():
        folders[path.rpartition("/")[0]][path] = signature
    return dict(folders)
