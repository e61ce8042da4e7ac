"""What is known of the files of a tree."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Final, NamedTuple

from feedsvc.export.layout import TWINS

FORMER: Final = "former-"  # how the imprint of a former copy begins; see `retained`
ALONE: Final = (0,) * len(TWINS)
UNKNOWN: Final = (-1,) * len(TWINS)


class Columns(NamedTuple):
    """Notes of many files, of as many values each."""

    names: Sequence[str]
    imprints: Sequence[str]
    sizes: Sequence[int]
    times: Sequence[int]
    packed: Sequence[tuple[int, ...]]


class Note(NamedTuple):
    """What is known of a file of ours; as it stands here, of one that was only claimed. `packed` is in the order of TWINS."""

    imprint: str = ""
    size: int = -1
    time: int = 0
    packed: tuple[int, ...] = UNKNOWN


class Notes(MutableMapping[str, Note]):
    """By the files' names. They lie in columns: of a hundred thousand, nearly all are looked through and never asked for.

    In that form they pass from process to process, too, in a tenth of the time.
    """

    def __init__(self) -> None:
        self._places: dict[str, int] = {}  # in each of the columns
        self._imprints: list[str] = []
        self._sizes: list[int] = []
        self._times: list[int] = []
        self._packed: list[tuple[int, ...]] = []
        self._free: list[int] = []  # places of those that went

    def add(self, many: Columns) -> None:
        """Of a name that stands there twice, the last is true."""
        start = len(self._imprints)
        self._imprints += many.imprints
        self._sizes += many.sizes
        self._times += many.times
        self._packed += many.packed
        self._places.update(zip(many.names, range(start, start + len(many.names)), strict=True))

    def void(self) -> None:
        """The files stay ours; what they were made from says nothing any more. Since when nothing names them still does."""
        self._imprints = [imprint if imprint.startswith(FORMER) else "" for imprint in self._imprints]

    def stated(self) -> Iterator[tuple[str, int, int, tuple[int, ...]]]:
        """What is to be seen of each from outside: its name, size, time, and the sizes of its twins."""
        sizes, times, packed = self._sizes, self._times, self._packed
        return ((name, sizes[place], times[place], packed[place]) for name, place in self._places.items())

    def unmade(self) -> Iterator[str]:
        """The names of those of which nobody can tell what they were made from."""
        imprints = self._imprints
        return (name for name, place in self._places.items() if not imprints[place])

    def __getitem__(self, name: str) -> Note:
        place = self._places[name]
        return Note(self._imprints[place], self._sizes[place], self._times[place], self._packed[place])

    def __setitem__(self, name: str, note: Note) -> None:
        place = self._places.get(name)
        if place is None:
            if not self._free:
                self.add(Columns([name], [note.imprint], [note.size], [note.time], [note.packed]))
                return
            place = self._places[name] = self._free.pop()
        self._imprints[place], self._sizes[place], self._times[place], self._packed[place] = note

    def __delitem__(self, name: str) -> None:
        self._free.append(self._places.pop(name))

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __reduce__(self) -> tuple[Callable[..., Notes], tuple[str, str, Sequence[int], Sequence[int], Sequence[int]]]:
        places = self._places.values()
        imprints = " ".join([self._imprints[place] for place in places])
        sizes, times = (_compact([column[place] for place in places]) for column in (self._sizes, self._times))
        packed = _compact([size for place in places for size in self._packed[place]])
        return _together, ("\0".join(self._places), imprints, sizes, times, packed)


def _together(names: str, imprints: str, sizes: Sequence[int], times: Sequence[int], packed: Sequence[int]) -> Notes:
    """No name has a NUL in it, no imprint a space: long texts are sooner passed on than many."""
    notes, twins = Notes(), list(zip(*[iter(packed)] * len(TWINS), strict=True))
    if twins:
        notes.add(Columns(names.split("\0"), imprints.split(" "), sizes, times, twins))
    return notes


def _compact(numbers: list[int]) -> Sequence[int]:
    try:
        return array("q", numbers)
    except OverflowError:  # figures that are none of ours
        return numbers
