"""Pictures of nearly as many pixels as are accepted, and the memory of a process with its children."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

from PIL import Image

SIDE: Final = 9400  # pixels: 88 megapixels
AVIF_SIDE: Final = 5000  # the most that libaom decodes within the memory


def draw_quadrants(side: int = SIDE, mode: str = "RGB") -> Image.Image:
    """Red above left, green above right, blue below left, white below right."""
    picture = Image.new("RGB", (side, side), "white")
    for colour, corner in (("red", (0, 0)), ("lime", (side // 2, 0)), ("blue", (0, side // 2))):
        picture.paste(colour, (*corner, corner[0] + side // 2, corner[1] + side // 2))
    return picture.convert(mode)


def encode(form: str, picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


ENCODERS: Final[Mapping[str, Callable[[], bytes]]] = {
    "plain.png": lambda: encode("PNG", draw_quadrants()),
    "alpha.png": lambda: encode("PNG", draw_quadrants(mode="RGBA")),
    "deep.png": lambda: encode("PNG", Image.new("I;16", (SIDE, SIDE), 40_000)),
    "lossy.webp": lambda: encode("WEBP", draw_quadrants(), quality=60, method=0),
    "lossless.webp": lambda: encode("WEBP", draw_quadrants(), lossless=True, quality=0, method=0),
    "still.gif": lambda: encode("GIF", draw_quadrants(mode="P")),
    "inks.jpg": lambda: encode("JPEG", draw_quadrants(mode="CMYK")),
    "progressive.jpg": lambda: encode("JPEG", draw_quadrants(), progressive=True, subsampling=2),
    "av1.avif": lambda: encode("AVIF", draw_quadrants(AVIF_SIDE), quality=50, speed=10),
}


def process_tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in found:
        for thread in _listed(f"/proc/{task}/task"):
            path = f"/proc/{task}/task/{thread}/children"
            found += [int(child) for child in _read(path).split() if int(child) not in found]
    return found


def memory_of_tree(pid: int) -> int:
    """Bytes that a process and all below it hold; what they share counts once."""
    return sum(_proportional(one) for one in process_tree(pid))


def _proportional(pid: int) -> int:
    lines = [line for line in _read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Pss:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def _read(path: str) -> str:
    """A file of a process that may end meanwhile."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _listed(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


class PeakMemory:
    """The most memory that processes and their children hold together while a block runs, in bytes."""

    def __init__(self, *pids: int) -> None:
        self._pids, self.max_bytes = pids, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            self.max_bytes = max(self.max_bytes, sum(map(memory_of_tree, self._pids)))
            self._over.wait(0.02)
