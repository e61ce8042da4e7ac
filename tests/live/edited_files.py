"""The files of the newsroom that simulated editors change, and its two git branches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.helpers.newsrooms import picture

BASE_URL: Final = "https://news.example"
_SITE: Final = f"title: Harbour & Hills\nbase_url: {BASE_URL}\nid_domain: news.example\nsince: 2020-01-01\nfeed: {{entries: 6}}\n"
_CATEGORIES: Final = "asia: {title: Asia, aliases: [east]}\nsport: {title: Sport}\n"
_AUTHORS: Final = "mina: {name: Mina Park}\ntuan: {name: Lê Tuấn}\n"
SETTINGS: Final[Mapping[str, str]] = {"site.yaml": _SITE, "categories.yaml": _CATEGORIES, "authors.yaml": _AUTHORS}
PICTURE_ARTICLE: Final = "articles/pictured.yaml"
PICTURE_FILE: Final = "media/pictured.png"
# Paths that exist whatever the editors do, and one that never exists.
STABLE_PATHS: Final = (
    "/",
    "/feed.rss",
    "/feed.atom",
    "/feed.json",
    "/category/asia/",
    "/category/sport/feed.atom",
    "/category/east/feed.rss",
    "/author/mina/feed.json",
    "/author/tuan/",
    "/tag/sea/feed.rss",
    "/tag/hills/feed.atom",
    "/sitemap.xml",
    "/feeds.opml",
    "/tags/",
    "/articles/pictured/",
    "/articles/nothing-of-that-name/",
    "/media/pictured.png",
    "/about/",
    "/imprint",
    "/ads.txt",
)


def article_bytes(stem: str, word: str, **keys: str) -> bytes:
    """Return an article file whose title, dates, category, author and tags follow from `stem` and `word`."""
    values = {
        "id": f"tag:news.example,2026:{stem}",
        "title": f"{stem} {word}",
        "published": f"2026-0{1 + len(word) % 2}-{1 + sum(stem.encode()) % 28:02}",
        "category": ("asia", "sport")[sum(word.encode()) % 2],
        "author": ("mina", "tuan")[sum(stem.encode()) % 2],
        "tags": ("[port, sea]", "[hills]")[len(stem) % 2],
    } | keys
    return (
        "".join(f"{key}: {value}\n" for key, value in values.items()).encode()
        + f"body: |\n  What {word} tells of {stem}.\n".encode()
    )


def branches() -> dict[str, dict[str, bytes]]:
    """Return the files of two branches, "one" and "other", that differ in 30 files: 12 changed, 6 deleted, 12 added."""
    shared_files = {name: data.encode() for name, data in SETTINGS.items()}
    shared_files |= {
        PICTURE_FILE: picture(40, 30, "PNG"),
        PICTURE_ARTICLE: article_bytes("pictured", "seen", image="{src: media/pictured.png, alt: A}"),
    }
    one = {f"articles/base-{n:02}.yaml": article_bytes(f"base-{n:02}", "first") for n in range(20)}
    other = {path: article_bytes(Path(path).stem, "other") if n < 12 else data for n, (path, data) in enumerate(one.items())}
    other = dict([*other.items()][:12] + [*other.items()][18:])
    other |= {f"articles/only-{n:02}.yaml": article_bytes(f"only-{n:02}", "other") for n in range(12)}
    return {"one": shared_files | one, "other": shared_files | other}
