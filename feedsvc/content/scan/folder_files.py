"""Folder files: the files of folders with their signatures, as few objects: there may be a million files."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from itertools import chain
from typing import Any, Final

from feedsvc.content.file_signature import SIGNATURE_SIZE, FileSignature

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
        index = bisect_left(self.paths, path)
        if index == len(self) or self.paths[index] != path:
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

    def values(self) -> ValuesView[FileSignature]:
        return dict(self.items()).values()


NO_FILES: Final = FolderFiles()


class FilesByPath(Mapping[str, FileSignature]):
    """Signatures of all files by path, of files by folder. The folders' paths are relative to the content folder."""

    def __init__(self, folders: Mapping[str, FolderFiles]) -> None:
        self._folders = folders

    def __getitem__(self, path: str) -> FileSignature:
        return self._folders[path.rpartition("/")[0]][path]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._folders.values())

    def __len__(self) -> int:
        return sum(map(len, self._folders.values()))

    def items(self) -> ItemsView[str, FileSignature]:
        return dict(chain.from_iterable(files.items() for files in self._folders.values())).items()


def changed_files(before: Mapping[str, FolderFiles], after: Mapping[str, FolderFiles]) -> frozenset[str]:
    """Return the files that are new, missing or have another signature in `after`. Both are files by folder."""
    changed: set[str] = set()
    for folder in before.keys() | after.keys():
        former, present = before.get(folder, NO_FILES), after.get(folder, NO_FILES)
        if former is not present:
            changed.update(path for path, _ in former.items() ^ present.items())
    return frozenset(changed)
