"""Table of the files of a tree, with fingerprint, size, time and sizes of the compressed variants of each file."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Final, NamedTuple

from feedsvc.export.former_images import is_former_image
from feedsvc.export.layout import COMPRESSED_SUFFIXES

NO_COMPRESSED_SIZES: Final = (0,) * len(COMPRESSED_SUFFIXES)
UNKNOWN_COMPRESSED_SIZES: Final = (-1,) * len(COMPRESSED_SUFFIXES)


class FileColumns(NamedTuple):
    """The states of many files, as columns of equal length. Times are in nanoseconds since 1970, sizes in bytes."""

    names: Sequence[str]
    fingerprints: Sequence[str]
    sizes: Sequence[int]
    times: Sequence[int]
    compressed_sizes: Sequence[tuple[int, ...]]


class FileState(NamedTuple):
    """The recorded state of a file. The defaults are for a reserved file, which is recorded before it is written.

    `compressed_sizes` are in the order of COMPRESSED_SUFFIXES: 0 for no compressed variant, -1 for an unknown size.
    """

    fingerprint: str = ""
    size: int = -1
    time: int = 0
    compressed_sizes: tuple[int, ...] = UNKNOWN_COMPRESSED_SIZES


class FileTable(MutableMapping[str, FileState]):
    """Mapping of file names to states. They are stored in columns, because most of the perhaps hundred thousand states are never
    needed as a FileState.

    The table is also pickled as columns: it passes to another process in a tenth of the time.
    """

    def __init__(self) -> None:
        self._indexes: dict[str, int] = {}  # name -> index in each of the columns
        self._fingerprints: list[str] = []
        self._sizes: list[int] = []
        self._times: list[int] = []
        self._compressed_sizes: list[tuple[int, ...]] = []
        self._free_indexes: list[int] = []  # of removed files

    def add_columns(self, columns: FileColumns) -> None:
        """Add many files. If a name is given twice, the last state counts."""
        start = len(self._fingerprints)
        self._fingerprints += columns.fingerprints
        self._sizes += columns.sizes
        self._times += columns.times
        self._compressed_sizes += columns.compressed_sizes
        self._indexes.update(zip(columns.names, range(start, start + len(columns.names)), strict=True))

    def clear_fingerprints(self) -> None:
        """Clear all fingerprints except those of former image variants, which say since when no document names the file."""
        self._fingerprints = [fingerprint if is_former_image(fingerprint) else "" for fingerprint in self._fingerprints]

    def file_stats(self) -> Iterator[tuple[str, int, int, tuple[int, ...]]]:
        """Return name, size, time and compressed sizes of each file, for the comparison with the files on disk."""
        sizes, times, compressed_sizes = self._sizes, self._times, self._compressed_sizes
        return ((name, sizes[index], times[index], compressed_sizes[index]) for name, index in self._indexes.items())

    def names_without_fingerprint(self) -> Iterator[str]:
        """Return the names of files without a fingerprint."""
        fingerprints = self._fingerprints
        return (name for name, index in self._indexes.items() if not fingerprints[index])

    def __getitem__(self, name: str) -> FileState:
        index = self._indexes[name]
        return FileState(self._fingerprints[index], self._sizes[index], self._times[index], self._compressed_sizes[index])

    def __setitem__(self, name: str, state: FileState) -> None:
        index = self._indexes.get(name)
        if index is None:
            if not self._free_indexes:
                self.add_columns(FileColumns([name], [state.fingerprint], [state.size], [state.time], [state.compressed_sizes]))
                return
            index = self._indexes[name] = self._free_indexes.pop()
        self._fingerprints[index], self._sizes[index], self._times[index], self._compressed_sizes[index] = state

    def __delitem__(self, name: str) -> None:
        self._free_indexes.append(self._indexes.pop(name))

    def __contains__(self, name: object) -> bool:
        return name in self._indexes

    def __iter__(self) -> Iterator[str]:
        return iter(self._indexes)

    def __len__(self) -> int:
        return len(self._indexes)

    def __reduce__(self) -> tuple[Callable[..., FileTable], tuple[str, str, Sequence[int], Sequence[int], Sequence[int]]]:
        indexes = self._indexes.values()
        fingerprints = " ".join([self._fingerprints[index] for index in indexes])
        sizes, times = (_compact_integers([column[index] for index in indexes]) for column in (self._sizes, self._times))
        compressed_sizes = _compact_integers([size for index in indexes for size in self._compressed_sizes[index]])
        return _unpickle_table, ("\0".join(self._indexes), fingerprints, sizes, times, compressed_sizes)


def _unpickle_table(
    names: str, fingerprints: str, sizes: Sequence[int], times: Sequence[int], compressed_sizes: Sequence[int]
) -> FileTable:
    """Rebuild a table from joined texts, which pickle faster than single ones. No name contains NUL, no fingerprint a space."""
    table, size_tuples = FileTable(), list(zip(*[iter(compressed_sizes)] * len(COMPRESSED_SUFFIXES), strict=True))
    if size_tuples:
        table.add_columns(FileColumns(names.split("\0"), fingerprints.split(" "), sizes, times, size_tuples))
    return table


def _compact_integers(numbers: list[int]) -> Sequence[int]:
    try:
        return array("q", numbers)
    except OverflowError:  # a damaged manifest may contain any number
        return numbers
