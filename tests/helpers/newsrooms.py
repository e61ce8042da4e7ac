"""Small newsrooms as folders with real files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Final

from lxml import html
from PIL import Image

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication

# Files of the sample's tree that go with the article `older`: its page, and the archives of the English articles, all of which
# the feed holds without it.
OLDER_FILE_COUNT: Final = 12
NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
BASE: Final = "https://news.example/daily"


def picture(width: int = 640, height: int = 360, image_format: str = "JPEG") -> bytes:
    """Return the bytes of a plain image."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(file, image_format)
    return file.getvalue()


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below `root` and return it; texts are dedented."""
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else dedent(content).lstrip("\n").encode())
    return root


SITE: Final[Mapping[str, str | bytes]] = {
    "site.yaml": f"""
        title: The Daily & Co
        description: News of a <small> country
        base_url: {BASE}
        id_domain: news.example
        since: 2020-05-01
        language: en
        timezone: Asia/Seoul
        logo: media/logo.png
        icon: media/logo.png
        copyright: © 2026 The Daily
        feed: {{entries: 4, ttl: 30}}
        hubs: [https://hub.example/]
        """,
    "categories.yaml": """
        asia: {title: Asia & Pacific, description: From the East, aliases: [east]}
        money: {title: Money}
        empty: {title: Nothing yet}
        """,
    "authors.yaml": """
        ritesh:
          name: Ritesh Nambiar
          email: ritesh@news.example
          show_email: true
          url: "https://ritesh.example/"
          aliases: [rn]
        jia: {name: 刘佳, bio: Writes from Beijing}
        """,
    "media/logo.png": picture(64, 64, "PNG"),
}

TITLE: Final = "R&D at <10 °C: why \"]]>\" isn’t 'an end'"
SUMMARY: Final = "Engineers ask whether 1 < 2 & why."

ARTICLES: Final[Mapping[str, str | bytes]] = {
    "articles/rich.yaml": f"""
        id: tag:news.example,2026:rich
        title: '{TITLE.replace("'", "''")}'
        published: 2026-02-20T09:30:00+09:00
        updated: 2026-02-21T10:00:00+09:00
        categories: [asia, money]
        authors: [ritesh, jia]
        tags: [한국, R&D]
        summary: {SUMMARY}
        image: {{src: media/lead.jpg, alt: A lab & a cat, caption: The lab, credit: Reuters}}
        enclosures: [{{src: media/talk.mp3, title: The talk}}, {{src: media/paper.pdf}}]
        sources: [{{name: Yonhap, url: "https://en.yna.co.kr/"}}, {{name: A caller}}]
        corrections: [{{date: 2026-02-21, text: The lab has 3 cats.}}]
        aliases: [old-rich]
        body: |
          First *paragraph* with [a link](/articles/older/) and 1 < 2.

          ![inside](media/inside.png)
        """,
    "articles/korean.yaml": """
        id: tag:news.example,2026:korean
        title: 한국어 기사
        published: 2026-02-19
        category: asia
        author: ritesh
        tags: [한국]
        language: ko
        body: 본문입니다.
        """,
    "articles/gone.yaml": """
        id: tag:news.example,2026:gone
        title: Secretword withdrawn
        published: 2026-02-18
        category: asia
        author: ritesh
        tags: [한국]
        status: withdrawn
        withdrawn: {date: 2026-02-22, notice: We were wrong.}
        body: Secretword text.
        """,
    "articles/elsewhere.md": """
        ---
        id: tag:news.example,2026:elsewhere
        title: Told elsewhere 🎉
        published: 2026-02-17T00:00:00Z
        category: asia
        author: ritesh
        tags: [한국]
        link: https://elsewhere.example/story
        ---
        Only a hint of it.
        """,
    "articles/older.yaml": """
        id: tag:news.example,2026:older
        title: Older
        published: 2026-02-01
        category: asia
        author: ritesh
        tags: [한국]
        body: Older text.
        """,
    "articles/january.yaml": """
        id: tag:news.example,2026:january
        title: January
        published: 2026-01-15
        category: asia
        author: ritesh
        tags: [한국]
        body: January text.
        """,
    "articles/december.yaml": """
        id: tag:news.example,2025:december
        title: December
        published: 2025-12-31T23:30:00+09:00
        category: asia
        author: ritesh
        tags: [한국]
        body: December text.
        """,
    "articles/expired.yaml": """
        id: tag:news.example,2026:expired
        title: Secretword expired
        published: 2026-02-10
        expires: 2026-02-12
        category: asia
        author: ritesh
        tags: [한국]
        body: Secretword expired text.
        """,
    "articles/future.yaml": """
        id: tag:news.example,2026:future
        title: Secretword future
        published: 2026-03-02T00:00:00Z
        category: asia
        author: ritesh
        tags: [secrettag]
        image: {src: media/secret.jpg}
        body: Secretword future text.
        """,
    "articles/draft.yaml": """
        id: tag:news.example,2026:draft
        title: Secretword draft
        published: 2026-02-01
        status: draft
        category: asia
        author: ritesh
        tags: [secrettag]
        aliases: [secretalias]
        body: Secretword draft text.
        """,
    "media/lead.jpg": picture(),
    "media/inside.png": picture(10, 10, "PNG"),
    "media/secret.jpg": picture(20, 10),
    "media/talk.mp3": b"\xff\xfb" + bytes(998),
    "media/paper.pdf": b"%PDF-1.4\n%%EOF\n",
}


def write_sample(root: Path) -> Path:
    """Write a newsroom that uses every key of the file format; six of its articles are visible at NOW."""
    return write(root, {**SITE, **ARTICLES})


def disable_combinations(root: Path) -> None:
    """Set `combinations: false` in site.yaml, which must have `feed: {...}` or no key `feed`."""
    file = root / "site.yaml"
    text = file.read_text("utf-8")
    if "\nfeed:" not in text:
        text += "\nfeed: {}\n"
    assert "feed: {" in text
    file.write_text(text.replace("feed: {", "feed: {combinations: false, "), "utf-8")


def load_publication(root: Path, now: datetime = NOW) -> Publication:
    """Return the publication of a content folder without errors."""
    return Publication(load_catalog(root, now))


def load_catalog(root: Path, now: datetime = NOW) -> Catalog:
    """Return the catalog of a content folder without errors."""
    content = load_content(root)
    assert not content.errors, [str(problem) for problem in content.errors]
    return build_catalog(content, now)


def yaml_string(text: str) -> str:
    """Return a text of any lines as a YAML scalar."""
    return json.dumps(text, ensure_ascii=False)


def article(stem: str, published_at: str = "2026-01-01", **keys: str) -> dict[str, str | bytes]:
    """Return one small article file, path -> text; the values of further keys are YAML."""
    lines = {"id": f"tag:news.example,2026:{stem}", "title": stem, "published": published_at, "body": f"Text of {stem}."} | keys
    return {f"articles/{stem}.yaml": "".join(f"{key}: {value}\n" for key, value in lines.items())}


def body_of(publication: Publication, path: str) -> bytes:
    """Return the bytes of the document at a path."""
    document = publication.resolve(path)
    assert isinstance(document, Document), path
    return document.body


def text_of(publication: Publication, path: str) -> str:
    return body_of(publication, path).decode()


def html_tree_of(publication: Publication, path: str) -> html.HtmlElement:
    return html.document_fromstring(text_of(publication, path))
