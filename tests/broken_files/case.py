"""Cases of broken content: a name, the files, and the messages that an editor sees."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final, NamedTuple

from PIL import Image

HEAD: Final = "title: A\npublished: 2026-01-02\n"
SITE: Final = "title: A\nbase_url: https://a.example\nid_domain: a.example\n"
Files = Mapping[str, str | bytes]


class Case(NamedTuple):
    """`files` maps paths to contents; `lines` are the messages in the order in which `check` prints them."""

    name: str
    files: Files
    lines: tuple[str, ...]


def _png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (3, 2)).save(file, "PNG")
    return file.getvalue()


PNG: Final = _png()


def article(lines: str) -> Files:
    """Return an article that consists of a valid title and date and these lines."""
    return {"articles/a.yaml": HEAD + lines}


def article_with_title(title: str) -> Files:
    return {"articles/a.yaml": f"title: {title}\npublished: 2026-01-02\n"}


def article_with_date(published: str) -> Files:
    return {"articles/a.yaml": f"title: A\npublished: {published}\n"}


def article_with_remote_image(keys: str) -> Files:
    """Return an article with an image at another site that has these keys."""
    return article(f"image: {{src: https://x.example/p.png, {keys}}}\n")


def site(lines: str) -> Files:
    """Return a site.yaml that consists of three valid lines and these lines."""
    return {"site.yaml": SITE + lines}
