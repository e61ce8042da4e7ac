"""Scanned folders, and their files with signatures in few objects, because there may be a million files."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import ItemsView, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

from feedsvc.content.file_signature import SIGNATURE_SIZE, FileSignature
from feedsvc.errors import Problem

NO_IDENTITY: Final = (0, 0)
_SEPARATOR: Final = "\0"  # no path contains it


class FolderFiles(Mapping[str, FileSignature]):
    """Signatures of the files directly in one folder by path in the content folder, sorted by path. Immutable."""

    __slots__ = ("_paths", "_signatures", "_text")

    def __init__(self, paths: Iterable[str] = (), signatures: bytes = b"", text: str = "") -> None:
        """Initialize with sorted paths, and their signatures one after another in the same order.

        `text` has the paths joined by "\\0", instead of `paths`.
        """
        self._paths, self._signatures, self._text = tuple[str, ...](paths), signatures, text

    def __reduce__(self) -> tuple[Any, ...]:
        return FolderFiles, ((), self._signatures, self._joined_paths())

    @property
    def paths(self) -> tuple[str, ...]:
        # The text of another process is split only if needed: nearly always the paths of records are used instead.
        if self._text:
            self._paths, self._text = tuple(self._text.split(_SEPARATOR)), ""
        return self._paths

    def __getitem__(self, path: str) -> FileSignature:
        paths = self.paths
        index = bisect_left(paths, path)
        if index == len(paths) or paths[index] != path:
            raise KeyError(path)
        return self._signatures[index * SIGNATURE_SIZE : (index + 1) * SIGNATURE_SIZE]

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self._signatures) // SIGNATURE_SIZE

    def share_paths(self, other: FolderFiles) -> FolderFiles:
        """Return these files with the path objects of `other`, if both have the same paths; `other` itself if they are equal."""
        if len(self) != len(other) or self._joined_paths() != other._joined_paths():
            return self
        return other if self._signatures == other._signatures else FolderFiles(other.paths, self._signatures)

    def _joined_paths(self) -> str:
        return self._text or _SEPARATOR.join(self._paths)

    def items(self) -> ItemsView[str, FileSignature]:
        starts = range(0, len(self._signatures), SIGNATURE_SIZE)
        signatures = [self._signatures[start : start + SIGNATURE_SIZE] for start in starts]
        return dict(zip(self.paths, signatures, strict=True)).items()


NO_FILES: Final = FolderFiles()


@dataclass(slots=True)
class ScannedFolder:
    """One folder as it was at its scan: the files directly in it, and identities of its direct subfolders by path.

    Paths are relative to the content folder. `identity` is device and inode, (0, 0) if the folder was not read. `is_linked` is
    true if it is a symbolic link, or if its content is listed under another path. `is_unreadable` is true if the folder exists
    but cannot be read, or if its file system is not mounted now.
    """

    identity: tuple[int, int] = NO_IDENTITY
    files: FolderFiles = field(default_factory=FolderFiles)
    folders: dict[str, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    is_linked: bool = False
    is_unreadable: bool = False


class FilesByPath(Mapping[str, FileSignature]):
    """Signatures of all files in folders by path. It shows later changes of `folders`, the folders by path."""

    def __init__(self, folders: Mapping[str, ScannedFolder]) -> None:
        self._folders = folders

    def __getitem__(self, path: str) -> FileSignature:
        return self._folders[path.rpartition("/")[0]].files[path]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(folder.files for folder in self._folders.values())

    def __len__(self) -> int:
        return sum(len(folder.files) for folder in self._folders.values())

    def items(self) -> ItemsView[str, FileSignature]:
        return dict(chain.from_iterable(folder.files.items() for folder in self._folders.values())).items()


def changed_files(before: Mapping[str, FolderFiles], after: Mapping[str, FolderFiles]) -> frozenset[str]:
    """Return the files that are new, missing or have another signature in `after`. Both are files by folder."""
    changed: set[str] = set()
    for folder in before.keys() | after.keys():
        former, present = before.get(folder, NO_FILES), after.get(folder, NO_FILES)
        if former is not present:
            changed.update(path for path, _ in former.items() ^ present.items())
    return frozenset(changed)


def files_by_folder(files: Iterable[tuple[str, FileSignature]]) -> dict[str, FolderFiles]:
    """Return files by folder. `files` are paths, sorted, with their signatures."""
    folders: dict[str, list[tuple[str, FileSignature]]] = defaultdict(list)
    for file in files:
        folders[file[0].rpartition("/")[0]].append(file)
    return {
        folder: FolderFiles([path for path, _ in found], b"".join([signature for _, signature in found]))
        for folder, found in folders.items()
    }
