"""What can befall the files of a state folder, by chance; each function says which files it touched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

PAGE: Final = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A state folder, and those that files of it may be exchanged with.

    Of one that `is_running` the files that SQLite maps into memory (-shm) are left alone: to cut one ends the process (SIGBUS).
    """

    state: Path
    random: Random
    others: tuple[Path, ...]
    is_running: bool

    def files(self) -> list[Path]:
        return [path for path in _files(self.state) if not (self.is_running and path.name.endswith("-shm"))]

    def databases(self) -> list[Path]:
        return [path for path in self.files() if ".sqlite" in path.name]

    def some(self) -> Path:
        """Most often a database: there is most to damage."""
        return self.random.choice(self.databases() if self.random.random() < 0.8 else self.files())


def _files(state: Path) -> list[Path]:
    return sorted(path for path in state.rglob("*") if path.is_file() and ".damaged" not in path.name)


def flip(target: Target) -> set[Path]:
    file = target.some()
    with open(file, "r+b") as opened:
        size = os.fstat(opened.fileno()).st_size
        for _number in range(target.random.choice((1, 1, 1, 3, 30))):
            place = target.random.randrange(min(size, target.random.choice((100, PAGE, size)))) if size else 0
            opened.seek(place)
            byte = opened.read(1) or b"\0"
            opened.seek(place)
            opened.write(bytes([byte[0] ^ 1 << target.random.randrange(8)]))
    return {file}


def truncate(target: Target) -> set[Path]:
    file = target.some()
    size = file.stat().st_size
    os.truncate(file, target.random.choice((0, target.random.randrange(size + 1), size // PAGE // 2 * PAGE, size * 2)))
    return {file}


def overwrite(target: Target) -> set[Path]:
    """Whole pages, with zeros, garbage, or other pages of the same file."""
    file = target.some()
    data = bytearray(file.read_bytes())
    pages = max(len(data) // PAGE, 1)
    for _number in range(target.random.choice((1, 1, 2, 5))):
        start, source = target.random.randrange(pages) * PAGE, target.random.randrange(pages) * PAGE
        new = target.random.choice((bytes(PAGE), target.random.randbytes(PAGE), bytes(data[source : source + PAGE])))
        data[start : start + PAGE] = new
    file.write_bytes(data)
    return {file}


def swap(target: Target) -> set[Path]:
    """Two files of the folder with each other."""
    one, other = target.random.sample(target.databases() if target.random.random() < 0.7 else target.files(), 2)
    between = target.state / "between"
    one.rename(between)
    other.rename(one)
    between.rename(other)
    return {one, other}


def exchange(target: Target) -> set[Path]:
    """One file by that of another newsroom, or of another day."""
    root = target.random.choice(target.others)
    file = target.random.choice([path for path in _files(root) if not (target.is_running and path.name.endswith("-shm"))])
    place = target.state / file.relative_to(root)
    with suppress(OSError):  # something else took the place of its folder before
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return {place}


def replace(target: Target) -> set[Path]:
    """By a folder, garbage, text, a pipe or a link to nothing."""
    file = target.some()
    file.unlink()
    kind = target.random.randrange(5)
    if kind == 0:
        (file / "inside").mkdir(parents=True)
    elif kind == 1:
        file.write_bytes(target.random.randbytes(target.random.choice((1, 100, 50_000))))
    elif kind == 2:
        file.write_text("Somebody's notes.\n" * 1000)
    elif kind == 3:
        os.mkfifo(file)
    else:
        file.symlink_to("nowhere")
    return {file}


def fold(target: Target) -> set[Path]:
    """A folder becomes a file, or a stray file appears."""
    folder = target.state / target.random.choice(("pictures", "unwritten"))
    kind = target.random.randrange(3)
    if kind == 0:
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_bytes(b"in the way")
        return {folder}
    names = ("views.sqlite-journal", "stray.sqlite", f"{folder.name}/stray.json", "state-id.new")
    stray = target.state / target.random.choice(names)
    stray.write_bytes(target.random.randbytes(2000))
    return {stray}


def remove(target: Target) -> set[Path]:
    file = target.some()
    file.unlink()
    return {file}


DAMAGES: Final[tuple[Callable[[Target], set[Path]], ...]] = (
    *(flip, flip, flip, flip, truncate, truncate, overwrite, overwrite, overwrite),
    *(swap, swap, exchange, exchange, replace, fold, remove),
)
