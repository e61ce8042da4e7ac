"""Articles with a lead picture each: a few JPEGs of 12 megapixels, of which every article has one with bytes of its own."""

from __future__ import annotations

import io
import os
from functools import cache, partial
from pathlib import Path
from typing import Final

from bench import corpus, hugo

SIZE: Final = (4000, 3000)  # pixels
WIDTHS: Final = (320, 640, 960, 1280, 1920)
_DIFFERENT: Final = 8
_START: Final = 2  # bytes, behind which a comment may stand
_PICTURES: Final = "pictures"
_SINGLE: Final = (
    "<!doctype html><title>{{ .Title }}</title>{{ $picture := resources.Get .Params.picture }}"
    f"{{{{ range slice {' '.join(map(str, WIDTHS))} }}}}"
    '{{ with $picture.Resize (printf "%dx q80" .) }}<img src="{{ .RelPermalink }}">{{ end }}{{ end }}{{ .Content }}\n'
)


def newsroom(folder: Path, count: int) -> None:
    """A content folder for feedsvc."""
    corpus.newsroom(folder, count)
    _write(folder / "media" / _PICTURES, count)
    for number in range(count):
        one = corpus.article(number)
        with open(folder / "articles" / f"{one.path}.yaml", "a", encoding="utf-8") as file:
            file.write(f"image: {{src: media/{_PICTURES}/{number}.jpg, alt: A coast}}\n")


def hugo_site(folder: Path, count: int) -> None:
    """A folder for Hugo, which makes the same widths of the same pictures."""
    hugo.site(folder, count, pages=True)
    (folder / "layouts" / "_default" / "single.html").write_text(_SINGLE)
    _write(folder / "assets" / _PICTURES, count)
    for number in range(count):
        one = corpus.article(number)
        file = folder / "content" / "posts" / f"{one.path}.md"
        picture = f"---\npicture: {_PICTURES}/{number}.jpg\n"
        file.write_text(file.read_text("utf-8").replace("---\n", picture, 1), "utf-8")


def _write(folder: Path, count: int) -> None:
    os.makedirs(folder)
    drawn = cache(_drawn)
    for number in range(count):
        data, comment = drawn(number % _DIFFERENT), str(number).encode()
        segment = b"\xff\xfe" + (2 + len(comment)).to_bytes(2) + comment
        (folder / f"{number}.jpg").write_bytes(data[:_START] + segment + data[_START:])


def _drawn(number: int) -> bytes:
    """Gradients under grain of several sizes: about 2 MB."""
    from PIL import Image  # noqa: PLC0415 - no other row needs it

    width, height = SIZE
    grain = partial(Image.effect_noise, sigma=40)
    layers = [grain((width // part, height // part)).resize(SIZE, Image.Resampling.BICUBIC) for part in (4, 16, 40 + number)]
    slope = Image.linear_gradient("L").rotate(90 * (number % 4)).resize(SIZE)
    picture = Image.merge("RGB", [Image.blend(slope, layer, 0.4) for layer in layers])
    picture.save(file := io.BytesIO(), "JPEG", quality=85)
    return file.getvalue()
