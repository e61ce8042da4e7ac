"""Table of the files of a tree, with fingerprint, size, time and sizes of the compressed variants of each file."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Final, NamedTuple

from feedsvc.export.layout import COMPRESSED_SUFFIXES

FORMER_PREFIX: Final = "former-"  # the start of the fingerprint of a former image variant; see former_images.py
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
    """Files' states by name, stored in columns, because nearly all of perhaps a hundred thousand states are only iterated over.

    Pickled as columns, the table passes to another process in a tenth of the time.
    """

    def __init__(self) -> None:
        self._indexes: dict[str, int] = {}  # name -> index in each of the columns
        self._fingerprints: list[str] = []
        self._sizes: list[int] = []
        self._times: list[int] = []
        self._compressed_sizes: list[tuple[int, ...]] = []
        self._free_indexes: list[int] = []  # of removed files

    def add_columns(self, many: FileColumns) -> None:
        """Add many files. If a name is given twice, the last state counts."""
        start = len(self._fingerprints)
        self._fingerprints += many.fingerprints
        self._sizes += many.sizes
        self._times += many.times
        self._compressed_sizes += many.compressed_sizes
        self._indexes.update(zip(many.names, range(start, start + len(many.names)), strict=True))

    def clear_fingerprints(self) -> None:
        """Clear all fingerprints except those of former image variants, which say since when no document names the file."""
        self._fingerprints = [imprint if imprint.startswith(FORMER_PREFIX) else "" for imprint in self._fingerprints]

    def file_stats(self) -> Iterator[tuple[str, int, int, tuple[int, ...]]]:
        """Return name, size, time and compressed sizes of each file, for the comparison with the files on disk."""
        sizes, times, packed = self._sizes, self._times, self._compressed_sizes
        return ((name, sizes[place], times[place], packed[place]) for name, place in self._indexes.items())

    def names_without_fingerprint(self) -> Iterator[str]:
        """Return the names of files without a fingerprint."""
        imprints = self._fingerprints
        return (name for name, place in self._indexes.items() if not imprints[place])

    def __getitem__(self, name: str) -> FileState:
        place = self._indexes[name]
        return FileState(self._fingerprints[place], self._sizes[place], self._times[place], self._compressed_sizes[place])

    def __setitem__(self, name: str, note: FileState) -> None:
        place = self._indexes.get(name)
        if place is None:
            if not self._free_indexes:
                self.add_columns(FileColumns([name], [note.fingerprint], [note.size], [note.time], [note.compressed_sizes]))
                return
            place = self._indexes[name] = self._free_indexes.pop()
        self._fingerprints[place], self._sizes[place], self._times[place], self._compressed_sizes[place] = note

    def __delitem__(self, name: str) -> None:
        self._free_indexes.append(self._indexes.pop(name))

    def __contains__(self, name: object) -> bool:
        return name in self._indexes

    def __iter__(self) -> Iterator[str]:
        return iter(self._indexes)

    def __len__(self) -> int:
        return len(self._indexes)

    def __reduce__(self) -> tuple[Callable[..., FileTable], tuple[str, str, Sequence[int], Sequence[int], Sequence[int]]]:
        places = self._indexes.values()
        imprints = " ".join([self._fingerprints[place] for place in places])
        sizes, times = (_compact_integers([column[place] for place in places]) for column in (self._sizes, self._times))
        packed = _compact_integers([size for place in places for size in self._compressed_sizes[place]])
        return _unpickle_table, ("\0".join(self._indexes), imprints, sizes, times, packed)


def _unpickle_table(names: str, imprints: str, sizes: Sequence[int], times: Sequence[int], packed: Sequence[int]) -> FileTable:
    """Rebuild a table from joined texts, which pickle faster than single ones. No name contains NUL, no fingerprint a space."""
    notes, twins = FileTable(), list(zip(*[iter(packed)] * len(COMPRESSED_SUFFIXES), strict=True))
    if twins:
        notes.add_columns(FileColumns(names.split("\0"), imprints.split(" "), sizes, times, twins))
    return notes


def _compact_integers(numbers: list[int]) -> Sequence[int]:
    try:
        return array("q", numbers)
    except OverflowError:  # a damaged manifest may contain any number
        return numbers
