"""Images with nearly as many pixels as feedsvc accepts, and a meter of the memory of a process and its descendants."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Self

from PIL import Image

SIDE: Final = 9400  # pixels: 88 megapixels
AVIF_SIDE: Final = 5000  # the largest that libaom decodes within the memory limit


def draw_quadrants(side: int = SIDE, mode: str = "RGB") -> Image.Image:
    """Draw a square image: red at the upper left, green at the upper right, blue at the lower left, white at the lower right."""
    image = Image.new("RGB", (side, side), "white")
    for colour, corner in (("red", (0, 0)), ("lime", (side // 2, 0)), ("blue", (0, side // 2))):
        image.paste(colour, (*corner, corner[0] + side // 2, corner[1] + side // 2))
    return image.convert(mode)


def encode(image_format: str, image: Image.Image, **options: Any) -> bytes:
    """Return the bytes of an image file."""
    file = io.BytesIO()
    image.save(file, image_format, **options)
    return file.getvalue()


ENCODERS: Final[Mapping[str, Callable[[], bytes]]] = {
    "plain.png": lambda: encode("PNG", draw_quadrants(), compress_level=1),
    "alpha.png": lambda: encode("PNG", draw_quadrants(mode="RGBA"), compress_level=1),
    "deep.png": lambda: encode("PNG", Image.new("I;16", (SIDE, SIDE), 40_000), compress_level=1),
    "lossy.webp": lambda: encode("WEBP", draw_quadrants(), quality=60, method=0),
    "lossless.webp": lambda: encode("WEBP", draw_quadrants(), lossless=True, quality=0, method=0),
    "still.gif": lambda: encode("GIF", draw_quadrants(mode="P")),
    "inks.jpg": lambda: encode("JPEG", draw_quadrants(mode="CMYK")),
    "progressive.jpg": lambda: encode("JPEG", draw_quadrants(), progressive=True, subsampling=2),
    "av1.avif": lambda: encode("AVIF", draw_quadrants(AVIF_SIDE), quality=50, speed=10),
}


@cache
def large_image(name: str) -> bytes:
    """Return the bytes of an image of ENCODERS, which needs a second or two to be drawn and encoded the first time."""
    return ENCODERS[name]()


def process_tree(pid: int) -> list[int]:
    """Return the ids of a process and its descendants."""
    pids = [pid]
    for current in pids:
        for thread in _list_folder(f"/proc/{current}/task"):
            path = f"/proc/{current}/task/{thread}/children"
            pids += [int(child) for child in _read(path).split() if int(child) not in pids]
    return pids


def memory_of_tree(pid: int) -> int:
    """Return the memory of a process and its descendants in bytes; shared pages count once."""
    return sum(_proportional_set_size(process) for process in process_tree(pid))


def _proportional_set_size(pid: int) -> int:
    lines = [line for line in _read(f"/proc/{pid}/smaps_rollup").splitlines() if line.startswith("Pss:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def _read(path: str) -> str:
    """Return the text of a file below /proc, "" if the process has ended."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _list_folder(path: str) -> list[str]:
    try:
        return os.listdir(path)
    except OSError:
        return []


class PeakMemory:
    """Measure the most memory that processes and their descendants use together while the block runs, in bytes."""

    def __init__(self, *pids: int) -> None:
        self._pids, self.max_bytes = pids, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.is_set():
            self.max_bytes = max(self.max_bytes, sum(map(memory_of_tree, self._pids)))
            self._stop.wait(0.05)  # the kernel walks all pages of the processes; a large image is decoded for longer
