"""Write a small content folder with each kind of resource: articles, listings, redirects, withdrawn and scheduled articles."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

BASE_URL: Final = "https://news.example"
HUB: Final = "https://hub.example/?topic=a&b=2"
NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)  # the time of tests with a fake clock
NEXT_CHANGE: Final = datetime(2026, 3, 1, 13, tzinfo=UTC)  # the article `later` is published and `brief` expires
NOTICE: Final = "It named the wrong harbour."
LARGE_SIZE: Final = 9_000_000  # bytes of a media file that the buffers of two sockets cannot hold

_SITE: Final = f"""
title: Harbour & Hills
description: News from a coast <and> its hills
base_url: {BASE_URL}
id_domain: news.example
since: 2026-01-01
logo: media/logo.svg
copyright: © Harbour & Hills
hubs: ['{HUB}', https://second-hub.example/]
feed: {{entries: 3}}
"""
_CATEGORIES: Final = """
business: {title: Business, description: Boats and trade, aliases: [economy, money]}
culture: {title: Culture}
empty: {title: Nothing yet}
"""
_AUTHORS: Final = """
mina-park: {name: Mina Park, aliases: [m-park]}
tuan-le: {name: Lê Tuấn, url: https://tuan.example/}
"""
_ARTICLES: Final = {
    "bay": "title: A bridge over the bay\npublished: 2026-01-10\ncategory: business\nauthor: mina-park\ntags: [서울, bridges]",
    "clock": "title: The clock is right\npublished: 2026-01-20\ncategory: culture\nauthor: tuan-le\ntags: [서울]",
    "dance": "title: Dance in the square\npublished: 2026-02-10\ncategories: [culture, business]\nauthor: mina-park",
    "echo": "title: Echoes\npublished: 2026-02-11\ncategory: culture\nauthors: [tuan-le, mina-park]\naliases: [echoes, old-echo]",
    "fish": "title: Fish & <chips>\npublished: 2026-02-12\ncategory: business\nauthor: mina-park\n"
    "image: {src: media/photo.png, alt: A fish}\nenclosures: [{src: media/talk.mp3}, {src: media/notes.txt}]",
    "recalled": "title: The wrong harbour\npublished: 2026-02-13\ncategory: business\nauthor: mina-park\n"
    f"aliases: [recalled-once]\nstatus: withdrawn\nwithdrawn: {{date: 2026-02-14, notice: {NOTICE}}}\n"
    "enclosures: [{src: media/recalled.pdf}]",
    "unfinished": "title: Not yet\npublished: 2026-02-14\ncategory: culture\nauthor: tuan-le\nstatus: draft\n"
    "aliases: [unfinished-once]\nenclosures: [{src: media/draft.pdf}]",
    "someday": "title: Someday\npublished: 2099-01-01\ncategory: culture\nauthor: tuan-le\naliases: [someday-once]\n"
    "enclosures: [{src: media/someday.pdf}]",
}
# With the real clock, these two would be published and expired already.
_SCHEDULED_ARTICLES: Final = {
    "later": "title: Later today\npublished: 2026-03-01T13:00:00Z\ncategory: culture\nauthor: tuan-le\naliases: [later-once]\n"
    "tags: [evening]\nenclosures: [{src: media/later.pdf}]",
    "brief": "title: Open until one\npublished: 2026-02-20\nexpires: 2026-03-01T13:00:00Z\ncategory: culture\nauthor: tuan-le",
}
_PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
SVG: Final = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M1 1h7v7z"/></svg>\n'
TALK: Final = bytes(range(256)) * 12
NOTES: Final = "Wörter\n".encode()
MEDIA: Final[Mapping[str, bytes]] = MappingProxyType(
    {
        "logo.svg": SVG,
        "photo.png": _PNG,
        "talk.mp3": TALK,
        "notes.txt": NOTES,
        **{f"{name}.pdf": b"%PDF-1.7\n" for name in ("recalled", "draft", "someday", "later")},
        "orphan.png": _PNG,
    }
)


def write_article(root: Path, name: str, text: str, body: str = "") -> None:
    folder = root / "articles"
    folder.mkdir(parents=True, exist_ok=True)
    words = body or f"The story of {name}. " + "It goes on for a while. " * 12
    (folder / f"{name}.yaml").write_text(f"id: tag:news.example,2026:{name}\n{text}\nbody: |\n  {words}\n")


# Files of pages/ and root/.
_FREE_FILES = {
    "pages/about.md": "---\ntitle: About us\naliases: [who-we-are]\n---\nWe *write*.\n",
    "pages/imprint.md": "---\ntitle: 판권\nlanguage: ko\nupdated: 2026-01-05\n---\n",
    "root/ads.txt": "ads.example, 1, DIRECT\n" * 40,
    "root/favicon.ico": "an icon",
    "root/site.webmanifest": '{"name": "News"}',
    "root/verify-12.html": "<!doctype html><title>Proof</title>",
    "root/app/data.json": '{"app": 1}',
    "root/app/logo.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "root/.well-known/security.txt": "Contact: mailto:a@news.example\n" * 40,
    "root/.well-known/apple-app-site-association": "{}",
}


def write_newsroom(
    root: Path, *, base_url: str = BASE_URL, browser_view: bool = True, with_scheduled: bool = False, talk: bytes = TALK
) -> Path:
    """Write the content folder to the new folder `root`. `with_scheduled` adds the articles that change at NEXT_CHANGE."""
    (root / "media").mkdir(parents=True)
    site = _SITE.replace(BASE_URL, base_url).replace("entries: 3", f"entries: 3, browser_view: {str(browser_view).lower()}")
    (root / "site.yaml").write_text(site)
    (root / "categories.yaml").write_text(_CATEGORIES)
    (root / "authors.yaml").write_text(_AUTHORS)
    for name, data in MEDIA.items():
        (root / "media" / name).write_bytes(talk if name == "talk.mp3" else data)
    for name, text in (_ARTICLES | (_SCHEDULED_ARTICLES if with_scheduled else {})).items():
        write_article(root, name, text)
    for path, text in _FREE_FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root
