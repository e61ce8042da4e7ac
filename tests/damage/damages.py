"""Random damages of the files of a state folder. Each function returns the paths that it changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

PAGE_SIZE: Final = 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A state folder, and other state folders whose files can replace its own.

    If `is_running`, the files that SQLite maps into memory (-shm) are not damaged: truncating one would end the process
    with SIGBUS.
    """

    state: Path
    random: Random
    other_folders: tuple[Path, ...]
    is_running: bool

    def files(self) -> list[Path]:
        return [path for path in _files(self.state) if not (self.is_running and path.name.endswith("-shm"))]

    def databases(self) -> list[Path]:
        return [path for path in self.files() if ".sqlite" in path.name]

    def random_file(self) -> Path:
        """Return a file, in 80 % of the calls a database, because databases hold most of the data."""
        return self.random.choice(self.databases() if self.random.random() < 0.8 else self.files())


def _files(state: Path) -> list[Path]:
    return sorted(path for path in state.rglob("*") if path.is_file() and ".damaged" not in path.name)


def flip_bits(target: Target) -> set[Path]:
    file = target.random_file()
    with open(file, "r+b") as stream:
        size = os.fstat(stream.fileno()).st_size
        for _number in range(target.random.choice((1, 1, 1, 3, 30))):
            offset = target.random.randrange(min(size, target.random.choice((100, PAGE_SIZE, size)))) if size else 0
            stream.seek(offset)
            byte = stream.read(1) or b"\0"
            stream.seek(offset)
            stream.write(bytes([byte[0] ^ 1 << target.random.randrange(8)]))
    return {file}


def truncate_file(target: Target) -> set[Path]:
    file = target.random_file()
    size = file.stat().st_size
    os.truncate(file, target.random.choice((0, target.random.randrange(size + 1), size // PAGE_SIZE // 2 * PAGE_SIZE, size * 2)))
    return {file}


def overwrite_pages(target: Target) -> set[Path]:
    """Overwrite whole pages with zeros, random bytes, or other pages of the same file."""
    file = target.random_file()
    data = bytearray(file.read_bytes())
    pages = max(len(data) // PAGE_SIZE, 1)
    for _number in range(target.random.choice((1, 1, 2, 5))):
        start, source = target.random.randrange(pages) * PAGE_SIZE, target.random.randrange(pages) * PAGE_SIZE
        new = target.random.choice(
            (bytes(PAGE_SIZE), target.random.randbytes(PAGE_SIZE), bytes(data[source : source + PAGE_SIZE]))
        )
        data[start : start + PAGE_SIZE] = new
    file.write_bytes(data)
    return {file}


def swap_files(target: Target) -> set[Path]:
    """Exchange the contents of two files of the folder."""
    first, second = target.random.sample(target.databases() if target.random.random() < 0.7 else target.files(), 2)
    temporary = target.state / "between"
    first.rename(temporary)
    second.rename(first)
    temporary.rename(second)
    return {first, second}


def replace_with_foreign_file(target: Target) -> set[Path]:
    """Replace a file with one of an older state folder."""
    root = target.random.choice(target.other_folders)
    file = target.random.choice([path for path in _files(root) if not (target.is_running and path.name.endswith("-shm"))])
    replacement = target.state / file.relative_to(root)
    with suppress(OSError):  # an earlier damage replaced its folder
        replacement.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, replacement)
    return {replacement}


def replace_with_other_kind(target: Target) -> set[Path]:
    """Replace a file with a folder, random bytes, text, a named pipe or a dangling link."""
    file = target.random_file()
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


def replace_folder_or_add_file(target: Target) -> set[Path]:
    """Replace a folder with a file, or add an unknown file."""
    folder = target.state / "pictures"
    kind = target.random.randrange(3)
    if kind == 0:
        shutil.rmtree(folder, ignore_errors=True)
        folder.write_bytes(b"in the way")
        return {folder}
    names = ("views.sqlite-journal", "stray.sqlite", f"{folder.name}/stray.json")
    unknown_file = target.state / target.random.choice(names)
    unknown_file.write_bytes(target.random.randbytes(2000))
    return {unknown_file}


def remove_file(target: Target) -> set[Path]:
    file = target.random_file()
    file.unlink()
    return {file}


DAMAGES: Final[tuple[Callable[[Target], set[Path]], ...]] = (
    *(
        flip_bits,
        flip_bits,
        flip_bits,
        flip_bits,
        truncate_file,
        truncate_file,
        overwrite_pages,
        overwrite_pages,
        overwrite_pages,
    ),
    *(
        swap_files,
        swap_files,
        replace_with_foreign_file,
        replace_with_foreign_file,
        replace_with_other_kind,
        replace_folder_or_add_file,
        remove_file,
    ),
)
