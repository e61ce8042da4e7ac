"""Generate articles with a lead picture each: a few JPEGs of 12 megapixels, made different for every article by a comment."""

from __future__ import annotations

import io
import os
from functools import cache, partial
from pathlib import Path
from typing import Final

from bench import corpus, hugo

SIZE: Final = (4000, 3000)  # pixels
WIDTHS: Final = (320, 640, 960, 1280, 1920)
_DISTINCT_PICTURES: Final = 8
_COMMENT_OFFSET: Final = 2  # bytes of the start marker, after which a comment segment may follow
_FOLDER: Final = "pictures"
_SINGLE: Final = (
    "<!doctype html><title>{{ .Title }}</title>{{ $picture := resources.Get .Params.picture }}"
    f"{{{{ range slice {' '.join(map(str, WIDTHS))} }}}}"
    '{{ with $picture.Resize (printf "%dx q80" .) }}<img src="{{ .RelPermalink }}">{{ end }}{{ end }}{{ .Content }}\n'
)


def write_newsroom(folder: Path, count: int) -> None:
    """Write a content folder for feedsvc with pictures."""
    corpus.write_newsroom(folder, count)
    _write_pictures(folder / "media" / _FOLDER, count)
    for number in range(count):
        article = corpus.make_article(number)
        with open(folder / "articles" / f"{article.path}.yaml", "a", encoding="utf-8") as file:
            file.write(f"image: {{src: media/{_FOLDER}/{number}.jpg, alt: A coast}}\n")


def write_hugo_site(folder: Path, count: int) -> None:
    """Write a Hugo site whose template resizes the same pictures to the same widths."""
    hugo.write_site(folder, count, pages=True)
    (folder / "layouts" / "_default" / "single.html").write_text(_SINGLE)
    _write_pictures(folder / "assets" / _FOLDER, count)
    for number in range(count):
        article = corpus.make_article(number)
        file = folder / "content" / "posts" / f"{article.path}.md"
        picture = f"---\npicture: {_FOLDER}/{number}.jpg\n"
        file.write_text(file.read_text("utf-8").replace("---\n", picture, 1), "utf-8")


def _write_pictures(folder: Path, count: int) -> None:
    os.makedirs(folder)
    draw = cache(_draw)
    for number in range(count):
        data, comment = draw(number % _DISTINCT_PICTURES), str(number).encode()
        segment = b"\xff\xfe" + (2 + len(comment)).to_bytes(2) + comment
        (folder / f"{number}.jpg").write_bytes(data[:_COMMENT_OFFSET] + segment + data[_COMMENT_OFFSET:])


def _draw(number: int) -> bytes:
    """Return a JPEG of about 2 MB: gradients with noise of several sizes."""
    from PIL import Image  # noqa: PLC0415 - only this group needs it

    width, height = SIZE
    grain = partial(Image.effect_noise, sigma=40)
    layers = [grain((width // part, height // part)).resize(SIZE, Image.Resampling.BICUBIC) for part in (4, 16, 40 + number)]
    slope = Image.linear_gradient("L").rotate(90 * (number % 4)).resize(SIZE)
    picture = Image.merge("RGB", [Image.blend(slope, layer, 0.4) for layer in layers])
    picture.save(file := io.BytesIO(), "JPEG", quality=85)
    return file.getvalue()
