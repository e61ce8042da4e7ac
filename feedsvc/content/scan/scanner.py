"""Directory scanner: finds the files below a folder and their signatures. A later scan may be limited to changed paths."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc.content.file_signature import MISSING, FileSignature, change_time, signature_of
from feedsvc.content.safe_open import OpenFolder
from feedsvc.content.safe_read import is_printable_ascii, is_valid_path, open_folder
from feedsvc.content.scan.folder_files import NO_FILES, NO_IDENTITY, FilesByPath, FolderFiles, ScannedFolder, changed_files
from feedsvc.errors import Problem

ARTICLES_FOLDER: Final = "articles"  # has most files of a content folder
_NO_FOLDERS: Final[Mapping[str, FolderFiles]] = {}
_SKIPPED_NAME: Final = re.compile(r"[.#]|~\$|.*~\Z", re.DOTALL)  # hidden, backup and lock files


class DirectoryScanner:
    """Scanner of one folder of a content folder. `files` has the signatures of all files below it, by path in the content folder.

    Names that begin with ".", "#" or "~$" or end with "~" are skipped. A missing top folder counts as empty. Other folders that
    cannot be read, and names that are not valid, are among the problems. The signature of a link to nothing is `MISSING`.
    """

    def __init__(
        self,
        root: Path,
        top: str,
        known_files: Mapping[str, FolderFiles] = _NO_FOLDERS,
        *,
        within: str = "",
    ) -> None:
        """Prepare to scan the folder `top` of the content folder `root`; `refresh` scans.

        Symbolic links are followed if they lead into `within`, a folder of the content folder; "" stands for all of it.
        `known_files` are the files of an earlier run by folder: the first scan returns what changed since.
        """
        self.top: Final = top
        self._root, self._within = root, within
        # Files, before the current or next scan, of the folders that it scans; before the first scan, those of the earlier run.
        self._former_files = dict(known_files)
        self._folders: dict[str, ScannedFolder] = {}
        self._mount_points: set[str] = set()  # folders on another file system than the root
        self._device = 0
        self._modification_times: dict[str, int] = {}
        self.files: Mapping[str, FileSignature] = FilesByPath(self._folders)

    def changed_at(self, path: str) -> int:
        """Return when a file last changed, in nanoseconds since 1970, as of the last scan.

        For a missing file, that is when names changed in the innermost folder above it that this scan covered; 0 without one.
        """
        if (signature := self.files.get(path, MISSING)) != MISSING:
            return change_time(signature)
        folders = (str(folder) for folder in PurePosixPath(path).parents)
        return next((self._modification_times[folder] for folder in folders if folder in self._modification_times), 0)

    @property
    def problems(self) -> list[Problem]:
        return [problem for folder in self._folders.values() for problem in folder.problems]

    @property
    def folders(self) -> frozenset[str]:
        """Folders that could be read, the top folder included."""
        return frozenset(path for path, folder in self._folders.items() if folder.identity != NO_IDENTITY)

    @property
    def unreadable_folders(self) -> frozenset[str]:
        """Folders that exist but cannot be read, or whose file system is not mounted now.

        Their files are missing from `files`; do not treat them as deleted.
        """
        return frozenset(path for path, folder in self._folders.items() if folder.is_unreadable)

    def has_links(self) -> bool:
        """Return whether a folder is a symbolic link or can be reached by two paths."""
        return any(folder.is_linked for folder in self._folders.values())

    @property
    def _has_top(self) -> bool:
        return os.path.lexists(self._root / self.top)

    def refresh(self, changed_paths: Iterable[str] | None = None) -> frozenset[str]:
        """Scan the innermost known folder at or above each of `changed_paths`, or everything for None.

        Return the changed files. All are paths in the content folder. A file is changed if it is new, deleted, or has another
        signature. If there are symbolic links, all is scanned.
        """
        folders = None if changed_paths is None else {self._innermost_known_folder(path) for path in changed_paths}
        self._scan(folders)
        former, self._former_files = self._former_files, {}
        return changed_files(former, {path: self._folders[path].files for path in former if path in self._folders})

    def _scan(self, folders: set[str] | None) -> None:
        """Scan these known folders; everything for None, if "" is among them, or if there are symbolic links."""
        self._device, self._modification_times = _device(self._root), {}
        if folders is None or "" in folders or self.has_links():
            self._scan_all()
            return
        for path in sorted(folders):
            if path in self._folders:
                self._rescan_folder(path)
        # A folder that is known elsewhere, too, was probably moved, and its former place may not have been scanned yet.
        if self.has_links():
            self._scan_all()

    def _innermost_known_folder(self, path: str) -> str:
        """Return the innermost existing folder, at or above `path`, that was scanned before; "" if everything must be scanned."""
        while path not in self._folders or not (self._root / path).is_dir():
            if path in ("", ".", self.top):
                return ""
            path = str(PurePosixPath(path).parent)
        return path

    def _scan_all(self) -> None:
        for path, folder in self._folders.items():
            self._former_files.setdefault(path, folder.files)
        self._folders.clear()
        self._walk([self.top] if self._has_top else [])

    def _rescan_folder(self, path: str) -> None:
        """Scan one folder again, and all below its new or replaced subfolders."""
        old = self._folders[path]
        new = self._folders[path] = self._scan_folder(path)
        for subfolder, identity in old.folders.items():
            # The name now stands for another folder, so nothing below it is known.
            if new.folders.get(subfolder) != identity or new.identity != old.identity:
                self._forget(subfolder)
        self._walk([subfolder for subfolder in new.folders if subfolder not in self._folders])

    def _forget(self, path: str) -> None:
        """Forget a folder and all below it."""
        folder = self._folders.pop(path, ScannedFolder())
        self._former_files.setdefault(path, folder.files)
        for subfolder in folder.folders:
            self._forget(subfolder)

    def _walk(self, paths: list[str]) -> None:
        """Scan these folders and all below them. A folder that is known by another path, too, counts as empty."""
        identities = {folder.identity for folder in self._folders.values()}
        while paths:
            path = paths.pop()
            folder = self._scan_folder(path)
            if folder.identity in identities and folder.identity != NO_IDENTITY:
                folder = ScannedFolder(is_linked=True)
            identities.add(folder.identity)
            self._former_files.setdefault(path, NO_FILES)
            self._folders[path] = folder
            paths += folder.folders

    def _scan_folder(self, path: str) -> ScannedFolder:
        """Scan one folder, but not its subfolders. If that fails, the result has a problem."""
        if path in self._folders:
            self._former_files.setdefault(path, self._folders[path].files)
        folder, status = self._read_folder(path)
        if status:
            if status.st_dev != self._device:
                self._mount_points.add(path)
            else:
                self._mount_points.discard(path)
            self._modification_times[path] = status.st_mtime_ns
            self._share_paths(path, folder)
        return folder

    def _read_folder(self, path: str) -> tuple[ScannedFolder, os.stat_result | None]:
        """Return what a scan of one folder finds, and the status of the folder; None, with a problem, if it cannot be read."""
        folder = ScannedFolder(is_linked=os.path.islink(self._root / path))
        try:
            opened = open_folder(self._root, path, self._within)
            if isinstance(opened, Problem):
                folder.problems.append(opened)
                return folder, None
            with opened:
                names = sorted(opened.names())
                status = opened.status()  # after listing, so that it shows changes during it
                _classify(folder, path, names, opened)
        except OSError as error:
            folder.problems.append(Problem(path=path, message=f"the folder cannot be read ({error.strerror})"))
            folder.is_unreadable = error.errno not in (errno.ENOENT, errno.ENOTDIR)
            return folder, None
        # A file system was mounted here at an earlier scan, and only its empty mount point is left now.
        if path in self._mount_points and status.st_dev == self._device and not names:
            hint = "mount it again; the content that was read last is served"
            folder.problems.append(Problem(path=path, message="the folder that was mounted here is missing", hint=hint))
            folder.is_unreadable = True
            return folder, None
        folder.identity = (status.st_dev, status.st_ino)
        return folder, status

    def _share_paths(self, path: str, folder: ScannedFolder) -> None:
        """Use the paths of the folder's former files, which records have, too, if they are the same."""
        folder.files = folder.files.share_paths(self._former_files.setdefault(path, NO_FILES))


def _device(root: Path) -> int:
    """Return the device number of the content folder; 0 if the folder cannot be accessed."""
    try:
        return os.stat(root).st_dev
    except OSError:
        return 0


def _classify(folder: ScannedFolder, folder_path: str, names: Iterable[str], opened: OpenFolder) -> None:
    """Add sorted names in an open folder to `folder`, except hidden, backup and lock files. An invalid name adds a problem."""
    paths, signatures = list[str](), list[FileSignature]()
    get_status, is_folder = os.stat, stat.S_ISDIR  # local names are faster for 100,000 files
    descriptor, prefix = opened
    for name in _valid_names(names, folder_path, folder.problems):
        try:
            status = get_status(prefix + name, dir_fd=descriptor)
        except OSError:
            status = None  # reading the file reports the error
        if status and is_folder(status.st_mode):
            folder.folders[f"{folder_path}/{name}"] = (status.st_dev, status.st_ino)
        else:
            paths.append(f"{folder_path}/{name}")
            signatures.append(signature_of(status) if status else MISSING)
    folder.files = FolderFiles(paths, b"".join(signatures))


def _valid_names(names: Iterable[str], folder_path: str, problems: list[Problem]) -> Iterable[str]:
    """Return the names except hidden, backup and lock files, and invalid names, each of which adds a problem."""
    text = "/".join(["", *names])
    # One test of all names takes a tenth of the time, and nearly always none needs another.
    if is_printable_ascii(text) and not ("/." in text or "/#" in text or "~" in text):
        return names
    listed = (name for name in names if not _SKIPPED_NAME.match(name))
    return [name for name in listed if is_printable_ascii(name) or is_valid_path(f"{folder_path}/{name}", problems)]
