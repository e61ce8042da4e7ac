"""Sample images, and helpers to make and examine their variants."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PIL import Image

from feedsvc.content.media.image_facts import digest_of
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.model import MediaFile

WriteImage = Callable[..., MediaFile]
FORMATS = {"jpg": "JPEG", "jpeg": "MPO", "png": "PNG", "gif": "GIF", "webp": "WEBP", "avif": "AVIF"}


def draw_quadrants(size: tuple[int, int] = (1200, 900), mode: str = "RGB") -> Image.Image:
    """Draw red at the upper left, green at the upper right, blue at the lower left, white at the lower right."""
    image = Image.new("RGB", size, "white")
    half = (size[0] // 2, size[1] // 2)
    for colour, corner in (("red", (0, 0)), ("lime", (half[0], 0)), ("blue", (0, half[1]))):
        image.paste(colour, (*corner, corner[0] + half[0], corner[1] + half[1]))
    return image.convert(mode)


def variant_path(store_folder: Path, media: MediaFile, width: int = 320) -> Path:
    """Return the path of a variant, which is made if it is missing."""
    store = VariantStore(store_folder)
    store.make(media)
    path = store.find(digest_of(media), width)
    assert path, store.problems({media.path: media})
    return path


def make_variant(store_folder: Path, media: MediaFile, width: int = 320) -> Image.Image:
    """Make a variant and return it as an image."""
    with Image.open(variant_path(store_folder, media, width)) as variant:
        variant.load()
        return variant


def files_in_store(store_folder: Path) -> list[str]:
    """Return the variants in the folder and all other files beside them, lock file and failures excluded."""
    names = (
        path.relative_to(store_folder).as_posix() for path in store_folder.rglob("*") if path.is_file() and path.name != ".lock"
    )
    return sorted(name for name in names if not name.startswith("failures/"))


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Return the colours of the corners, clockwise from the upper left, each channel rounded to 0, 1 or 2."""
    rgba, (width, height) = image.convert("RGBA"), image.size
    positions = ((9, 9), (width - 9, 9), (width - 9, height - 9), (9, height - 9))
    pixels = [rgba.getpixel(spot) for spot in positions]
    return [tuple(round(part / 127.5) for part in pixel) for pixel in pixels if isinstance(pixel, tuple)]


def draw_half_transparent(mode: str) -> Image.Image:
    image = draw_quadrants(mode=mode)
    image.putalpha(Image.new("L", (1200, 900), 255))
    image.paste((0,) * len(image.getbands()), (0, 0, 600, 900))
    return image


RED, GREEN, WHITE, BLUE = (2, 0, 0, 2), (0, 2, 0, 2), (2, 2, 2, 2), (0, 0, 2, 2)
WIDTHS = (320, 640, 960)  # widths of the variants of `draw_quadrants()`
QUADRANTS = [RED, GREEN, WHITE, BLUE]
