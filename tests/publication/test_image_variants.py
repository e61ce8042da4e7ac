"""What feeds and pages name of a wide photograph: copies of it, with the sizes of the copies."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import etree

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.media.image_facts import digest_of
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.export.static_tree import StaticTree
from feedsvc.feeds.digest import FeedDigests
from feedsvc.feeds.xml import NAMESPACES
from feedsvc.publication.document import Document, FileResource
from feedsvc.publication.publication import Publication
from tests.helpers.http_client import SECONDS
from tests.helpers.newsrooms import BASE, NOW, SITE, picture, write

ARTICLES: Mapping[str, str | bytes] = {
    "articles/wide.yaml": """
        title: Wide
        published: 2026-02-20
        summary: A wide one.
        image: {src: media/wide.jpg, alt: A valley, credit: Reuters}
        enclosures: [{src: media/wide.jpg}]
        body: |
          ![body](<media/body & soul.png>)

          ![narrow](media/narrow.webp)
        """,
    "articles/middle.yaml": """
        title: Middle
        published: 2026-02-19
        summary: Between.
        image: {src: media/narrow.webp, alt: A hill}
        """,
    "media/wide.jpg": picture(3000, 2000),
    "media/body & soul.png": picture(1400, 700, "PNG"),
    "media/narrow.webp": picture(900, 600, "WEBP"),
}


@dataclass(frozen=True)
class Room:
    publication: Publication
    digests: Mapping[str, str]

    def body(self, path: str) -> bytes:
        found = self.publication.resolve(path)
        assert isinstance(found, Document)
        return found.body

    def sized(self, name: str, width: int) -> str:
        return f"{BASE}/sized/{self.digests[name]}-{width}/{name}"


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    root = tmp_path_factory.mktemp("room")
    content = ContentFolder(write(root / "content", {**SITE, **ARTICLES})).read().content
    assert not content.errors
    digests = {path.removeprefix("media/"): digest_of(file) for path, file in content.media.items()}
    return Room(Publication(build_catalog(content, NOW), variant_store=VariantStore(root / "pictures")), digests)


@pytest.mark.parametrize(("suffix", "items"), [("rss", "channel/item"), ("atom", "{http://www.w3.org/2005/Atom}entry")])
def test_media_rss_names_copies_with_their_own_sizes(room: Room, suffix: str, items: str) -> None:
    root = etree.fromstring(room.body(f"/feed.{suffix}"))
    wide, middle = (
        {name: item.find(f"media:{name}", NAMESPACES).attrib for name in ("content", "thumbnail")} for item in root.findall(items)
    )
    large, small = room.sized("wide.jpg", 1280), room.sized("wide.jpg", 640)
    assert dict(wide["content"]) == {"url": large, "type": "image/jpeg", "medium": "image", "width": "1280", "height": "853"}
    assert dict(wide["thumbnail"]) == {"url": small, "width": "640", "height": "427"}
    assert (middle["content"]["url"], middle["content"]["width"]) == (f"{BASE}/media/narrow.webp", "900")
    assert dict(middle["thumbnail"]) == {"url": room.sized("narrow.webp", 640), "width": "640", "height": "427"}


def test_json_feed_and_the_content_name_the_copy_and_an_enclosure_stays(room: Room) -> None:
    item = json.loads(room.body("/feed.json"))["items"][0]
    wide, body = room.sized("wide.jpg", 1280), f"{BASE}/sized/{room.digests['body & soul.png']}-1280/body%20&amp;%20soul.png"
    assert item["image"] == wide
    assert f'<img src="{wide}" alt="A valley" width="1280" height="853">' in item["content_html"]
    assert f'src="{body}"' in item["content_html"]
    assert f'src="{BASE}/media/narrow.webp"' in item["content_html"]
    assert item["attachments"][0]["url"] == f"{BASE}/media/wide.jpg"


def test_what_other_sites_show_of_a_page_is_at_most_1280_wide(room: Room) -> None:
    page = room.body("/articles/wide/").decode()
    assert f'<meta property="og:image" content="{room.sized("wide.jpg", 1280)}">' in page
    assert '<meta property="og:image:width" content="1280">' in page
    assert f'"image":["{room.sized("wide.jpg", 1280)}"]' in page


def test_what_other_sites_show_of_a_listing_is_at_most_1280_wide(tmp_path: Path) -> None:
    write(tmp_path / "content", {**SITE, "media/logo.png": picture(2600, 1300, "PNG")})
    content = ContentFolder(tmp_path / "content").read().content
    room = Room(Publication(build_catalog(content, NOW), variant_store=VariantStore(tmp_path / "pictures")), {})
    logo = f"/sized/{digest_of(content.media['media/logo.png'])}-1280/logo.png"
    assert f'<meta property="og:image" content="{BASE}{logo}">' in room.body("/").decode()
    assert logo in set(room.publication.file_paths())


def test_pictures_of_a_text_have_copies_to_choose_from_on_pages(room: Room) -> None:
    page = room.body("/articles/wide/").decode()
    found = re.search(r'<img [^>]*alt="body"[^>]*>', page)
    assert found
    tag, name = room.digests["body & soul.png"], "body%20&amp;%20soul.png"
    offered = ", ".join(f"/daily/sized/{tag}-{width}/{name} {width}w" for width in (320, 640, 960, 1280))
    assert f'srcset="{offered}, /daily/media/{name} 1400w" sizes="(min-width: 44rem) 42rem, 100vw"' in found[0]
    assert 'width="1400" height="700"' in found[0]


def test_every_copy_that_a_feed_or_page_names_is_there(room: Room) -> None:
    documents = [room.body(path).decode() for path in ("/feed.rss", "/feed.atom", "/feed.json", "/articles/wide/")]
    named = {found for document in documents for found in re.findall(r"/sized/[0-9a-f]{16}-[0-9]+/[a-z.%0-9&;]+", document)}
    assert len(named) > 6
    paths = set(room.publication.file_paths())
    for path in (unquote(html.unescape(html.unescape(found))) for found in named):  # HTML within XML
        assert path in paths
        assert isinstance(room.publication.render(path), FileResource)


def test_the_copies_that_a_feed_names_are_made_before_anybody_asks_for_them(room: Room, tmp_path: Path) -> None:
    catalog_, renditions = room.publication.catalog, VariantStore(tmp_path / "pictures")
    publication = Publication(catalog_, variant_store=renditions)
    assert publication.resolve("/feed.rss")
    file = catalog_.media["media/wide.jpg"]
    until = time.monotonic() + SECONDS
    while renditions.find(file, digest_of(file), 1280) is None:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_tree_of_feeds_alone_holds_the_copies_that_they_name(room: Room, tmp_path: Path) -> None:
    with StaticTree(tmp_path, selection="feeds") as tree:
        tree.build(room.publication)
    named = re.findall(rf"{BASE}/(sized/[0-9a-f]{{16}}-[0-9]+/[a-z]+[.]jpg)", (tmp_path / "feed.json").read_text())
    assert len(set(named)) >= 1
    assert all((tmp_path / name).is_file() for name in named)


def test_hubs_hear_of_a_picture_that_was_drawn_anew(tmp_path: Path) -> None:
    folder = ContentFolder(write(tmp_path, {**SITE, **ARTICLES}))
    digests = FeedDigests()
    before = dict(digests.compute(build_catalog(folder.read().content, NOW)))
    write(tmp_path, {"media/wide.jpg": picture(3000, 2000)[:-2] + b"\0\xff\xd9"})
    after = digests.compute(build_catalog(folder.read().content, NOW))
    assert before["/feed.rss"] != after["/feed.rss"]
