"""What can befall the files of a state folder, by chance; each function says which files it touched."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

PAGE: Final = 4096


def files(state: Path) -> list[Path]:
    return sorted(path for path in state.rglob("*") if path.is_file() and ".damaged" not in path.name)


def databases(state: Path) -> list[Path]:
    return [path for path in files(state) if ".sqlite" in path.name]


def _some(state: Path, random: Random) -> Path:
    """Most often a database: there is most to damage."""
    return random.choice(databases(state) if random.random() < 0.8 else files(state))


def flip(state: Path, random: Random, _: tuple[Path, ...]) -> set[Path]:
    file = _some(state, random)
    with open(file, "r+b") as opened:
        size = os.fstat(opened.fileno()).st_size
        for _number in range(random.choice((1, 1, 1, 3, 30))):
            place = random.randrange(min(size, random.choice((100, PAGE, size)))) if size else 0
            opened.seek(place)
            byte = opened.read(1) or b"\0"
            opened.seek(place)
            opened.write(bytes([byte[0] ^ 1 << random.randrange(8)]))
    return {file}


def truncate(state: Path, random: Random, _: tuple[Path, ...]) -> set[Path]:
    file = _some(state, random)
    size = file.stat().st_size
    os.truncate(file, random.choice((0, random.randrange(size + 1), size // PAGE // 2 * PAGE, size * 2)))
    return {file}


def overwrite(state: Path, random: Random, _: tuple[Path, ...]) -> set[Path]:
    """Whole pages, with zeros, garbage, or other pages of the same file."""
    file = _some(state, random)
    data = bytearray(file.read_bytes())
    pages = max(len(data) // PAGE, 1)
    for _number in range(random.choice((1, 1, 2, 5))):
        start, source = random.randrange(pages) * PAGE, random.randrange(pages) * PAGE
        new = random.choice((bytes(PAGE), random.randbytes(PAGE), bytes(data[source : source + PAGE])))
        data[start : start + PAGE] = new
    file.write_bytes(data)
    return {file}


def swap(state: Path, random: Random, _: tuple[Path, ...]) -> set[Path]:
    """Two files of the folder with each other."""
    one, other = random.sample(databases(state) if random.random() < 0.7 else files(state), 2)
    between = state / "between"
    one.rename(between)
    other.rename(one)
    between.rename(other)
    return {one, other}


def exchange(state: Path, random: Random, others: tuple[Path, ...]) -> set[Path]:
    """One file by that of another newsroom, or of another day."""
    found = files(random.choice(others))
    file = random.choice(found)
    name = next(name for name in (file.parent.name, *(one.name for one in file.parents)) if name)
    root = next(one for one in others if one in file.parents)
    target = state / file.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)
    assert name
    return {target}


def replace(state: Path, random: Random, _: tuple[Path, ...]) -> set[Path]:
    """By a folder, garbage, text, a pipe or a link to nothing."""
    file = _some(state, random)
    file.unlink()
    kind = random.randrange(5)
    if kind == 0:
        (file / "inside").mkdir(parents=True)
    elif kind == 1:
        file.write_bytes(random.randbytes(random.choice((1, 100, 50_000))))
    elif kind == 2:
        file.write_text("Somebody's notes.\n" * 1000)
    elif kind == 3:
        os.mkfifo(file)
    else:
        file.symlink_to("nowhere")
    return {file}


def fold(state: Path, random: Random, _: tuple[Path, ...]) -> set[Path]:
    """A folder becomes a file, or a stray file appears."""
    folder = state / random.choice(("pictures", "unwritten"))
    kind = random.randrange(3)
    if kind == 0:
        shutil.rmtree(folder)
        folder.write_bytes(b"in the way")
        return {folder}
    stray = random.choice((state / "views.sqlite-journal", state / "stray.sqlite", folder / "stray.json", state / "state-id.new"))
    stray.write_bytes(random.randbytes(2000))
    return {stray}


def remove(state: Path, random: Random, _: tuple[Path, ...]) -> set[Path]:
    file = _some(state, random)
    file.unlink()
    return {file}


DAMAGES: Final[tuple[Callable[[Path, Random, tuple[Path, ...]], set[Path]], ...]] = (
    *(flip, flip, flip, flip, truncate, truncate, overwrite, overwrite, overwrite),
    *(swap, swap, exchange, exchange, replace, fold, remove),
)
