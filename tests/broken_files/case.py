"""What the tables of broken content are made of: a name, the files, the lines that an editor sees."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final, NamedTuple

from PIL import Image

HEAD: Final = "title: A\npublished: 2026-01-02\n"
SITE: Final = "title: A\nbase_url: https://a.example\nid_domain: a.example\n"
Files = Mapping[str, str | bytes]


class Case(NamedTuple):
    name: str
    files: Files
    lines: tuple[str, ...]


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (3, 2)).save(file, "PNG")
    return file.getvalue()


PNG: Final = _png()


def article(rest: str) -> Files:
    """A sound article's first two lines, then these."""
    return {"articles/a.yaml": HEAD + rest}


def titled(title: str) -> Files:
    return {"articles/a.yaml": f"title: {title}\npublished: 2026-01-02\n"}


def dated(published: str) -> Files:
    return {"articles/a.yaml": f"title: A\npublished: {published}\n"}


def far_image(facts: str) -> Files:
    return article(f"image: {{src: https://x.example/p.png, {facts}}}\n")


def site(rest: str) -> Files:
    """A sound site.yaml's first three lines, then these."""
    return {"site.yaml": SITE + rest}
