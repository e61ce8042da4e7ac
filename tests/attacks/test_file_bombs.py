"""Files that are much larger in memory than on disk are rejected or not decompressed."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from feedsvc.content.folder.folder import load_content
from tests.helpers.newsrooms import picture, write


def _png_with_many_pixels() -> bytes:
    """Return a PNG of a few hundred bytes that has 40,000 x 40,000 pixels."""

    def chunk(chunk_type: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + chunk_type + data + struct.pack(">I", zlib.crc32(chunk_type + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 40_000, 40_000, 1, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(bytes(5001 * 100)))
        + chunk(b"IEND", b"")
    )


def _png_with_a_huge_comment() -> bytes:
    """Return a PNG whose comment decompresses to 200 MB."""
    image = picture(400, 300, "PNG")
    data = b"Comment\0\0" + zlib.compress(bytes(200_000_000), 9)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    return image[:33] + chunk + image[33:]


BOMB_IMAGES: Final[Mapping[str, Callable[[], bytes]]] = {
    "pixels.png": _png_with_many_pixels,
    "text.png": _png_with_a_huge_comment,
}
HOSTILE_YAML: Final[Mapping[str, str]] = {
    "a billion laughs": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)),
    "an alias inside itself": "tags: &a [*a]\n",
    "deeply nested sequences": "tags: " + "[" * 50_000 + "\n",
    "deeply nested mappings": "tags: " + "{a: " * 20_000 + "\n",
    "merges": "a: &a {k: v}\n" + "".join(f"m{n}: {{<<: [*a, *a, *a]}}\n" for n in range(2000)),
    "a call of a Python function": 'tags: !!python/object/apply:os.system ["touch pwned"]\n',
    "the name of a Python function": "tags: !!python/name:os.system\n",
    "an unknown YAML tag": "tags: !evil {a: b}\n",
    "binary": "tags: !!binary aGVsbG8=\n",
    "a long number": f"image: {{width: {'9' * 100_000}}}\n",
    "many anchors": "".join(f"k{n}: &k{n} v\n" for n in range(20_000)),
    "50,000 tags": f"tags: [{', '.join(f't{n}' for n in range(50_000))}]\n",
    "50,000 tags, each on a line": "tags:\n" + "".join(f"- t{n}\n" for n in range(50_000)),
    "a tag of 300,000 characters": f"tags: [{'x' * 300_000}]\n",
    "50,000 aliases": f"aliases: [{', '.join(f'a{n}' for n in range(50_000))}]\n",
    "many keys": "".join(f"k{n}: v\n" for n in range(40_000)),
}


@pytest.mark.parametrize("kind", HOSTILE_YAML)
def test_file_with_hostile_yaml_is_an_error_and_others_are_published(tmp_path: Path, kind: str) -> None:
    body = f"title: A\npublished: 2026-01-02\n{HOSTILE_YAML[kind]}"
    content = write(
        tmp_path / "content",
        {
            "site.yaml": "title: A\nbase_url: https://a.example\n",
            "articles/a.yaml": body,
            "articles/b.yaml": "title: B\npublished: 2026-01-02\n",
        },
    )
    snapshot = load_content(content)
    assert [article.slug for article in snapshot.articles] == ["b"]
    assert {problem.path for problem in snapshot.errors} == {"articles/a.yaml"}
    assert not Path("pwned").exists()


# Runs in a process with an address space of 900 MB.
_READ_PROGRAM: Final = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (900_000_000, 900_000_000))
from pathlib import Path
from feedsvc.content.folder.folder import load_content
content = load_content(Path(sys.argv[1]))
print(sorted(article.slug for article in content.articles), [problem.message for problem in content.errors])
"""


@pytest.mark.parametrize("name", BOMB_IMAGES)
def test_decompression_bomb_is_not_decompressed(tmp_path: Path, name: str) -> None:
    content = write(
        tmp_path / "content",
        {
            "site.yaml": "title: A\nbase_url: https://a.example\n",
            f"media/{name}": BOMB_IMAGES[name](),
            "articles/a.yaml": f"title: A\npublished: 2026-01-02\nimage: {{src: media/{name}, alt: a}}\n",
            "articles/b.yaml": "title: B\npublished: 2026-01-02\n",
        },
    )
    result = subprocess.run(
        [sys.executable, "-c", _READ_PROGRAM, content], capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "'b'" in result.stdout


def test_bomb_images_are_small_and_exceed_the_limit_of_pillow() -> None:
    pixels = _png_with_many_pixels()
    assert len(pixels) < 10_000
    assert len(_png_with_a_huge_comment()) < 300_000
    with pytest.raises(Exception, match="exceeds limit"):
        Image.open(io.BytesIO(pixels)).load()
