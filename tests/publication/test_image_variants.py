"""Narrower copies of a wide image in feeds and on pages, and their dimensions."""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import etree

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.media.image_facts import digest_of
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.export.static_tree import StaticTree
from feedsvc.feeds.digest import FeedDigests
from feedsvc.feeds.xml import NAMESPACES
from feedsvc.publication.document import FileResource
from feedsvc.publication.publication import Publication
from tests.helpers.http_client import SECONDS
from tests.helpers.newsrooms import BASE, NOW, SITE, body_of, picture, write

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
class Newsroom:
    """A publication with an image store, and the digests of its images by name."""

    publication: Publication
    digests: Mapping[str, str]

    def body(self, path: str) -> bytes:
        return body_of(self.publication, path)

    def variant_url(self, name: str, width: int) -> str:
        """Return the URL of a variant of an image."""
        return f"{BASE}/sized/{self.digests[name]}-{width}/{name}"


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    root = tmp_path_factory.mktemp("room")
    content = ContentFolder(write(root / "content", {**SITE, **ARTICLES})).read().content
    assert not content.errors
    digests = {path.removeprefix("media/"): digest_of(file) for path, file in content.media.items()}
    return Newsroom(Publication(build_catalog(content, NOW), variant_store=VariantStore(root / "pictures")), digests)


@pytest.mark.parametrize(("suffix", "items"), [("rss", "channel/item"), ("atom", "{http://www.w3.org/2005/Atom}entry")])
def test_media_rss_has_image_variants_with_their_dimensions(newsroom: Newsroom, suffix: str, items: str) -> None:
    root = etree.fromstring(newsroom.body(f"/feed.{suffix}"))
    wide, middle = (
        {name: item.find(f"media:{name}", NAMESPACES).attrib for name in ("content", "thumbnail")} for item in root.findall(items)
    )
    large, small = newsroom.variant_url("wide.jpg", 1280), newsroom.variant_url("wide.jpg", 640)
    assert dict(wide["content"]) == {"url": large, "type": "image/jpeg", "medium": "image", "width": "1280", "height": "853"}
    assert dict(wide["thumbnail"]) == {"url": small, "width": "640", "height": "427"}
    assert (middle["content"]["url"], middle["content"]["width"]) == (f"{BASE}/media/narrow.webp", "900")
    assert dict(middle["thumbnail"]) == {"url": newsroom.variant_url("narrow.webp", 640), "width": "640", "height": "427"}


def test_json_feed_and_content_link_to_variants_but_an_enclosure_links_to_the_original(newsroom: Newsroom) -> None:
    item = json.loads(newsroom.body("/feed.json"))["items"][0]
    wide, body = (
        newsroom.variant_url("wide.jpg", 1280),
        f"{BASE}/sized/{newsroom.digests['body & soul.png']}-1280/body%20&amp;%20soul.png",
    )
    assert item["image"] == wide
    assert f'<img src="{wide}" alt="A valley" width="1280" height="853">' in item["content_html"]
    assert f'src="{body}"' in item["content_html"]
    assert f'src="{BASE}/media/narrow.webp"' in item["content_html"]
    assert item["attachments"][0]["url"] == f"{BASE}/media/wide.jpg"


def test_the_open_graph_image_of_a_page_is_at_most_1280_pixels_wide(newsroom: Newsroom) -> None:
    page = newsroom.body("/articles/wide/").decode()
    assert f'<meta property="og:image" content="{newsroom.variant_url("wide.jpg", 1280)}">' in page
    assert '<meta property="og:image:width" content="1280">' in page
    assert f'"image":["{newsroom.variant_url("wide.jpg", 1280)}"]' in page


def test_the_open_graph_image_of_a_listing_is_at_most_1280_pixels_wide(tmp_path: Path) -> None:
    write(tmp_path / "content", {**SITE, "media/logo.png": picture(2600, 1300, "PNG")})
    content = ContentFolder(tmp_path / "content").read().content
    newsroom = Newsroom(Publication(build_catalog(content, NOW), variant_store=VariantStore(tmp_path / "pictures")), {})
    logo = f"/sized/{digest_of(content.media['media/logo.png'])}-1280/logo.png"
    assert f'<meta property="og:image" content="{BASE}{logo}">' in newsroom.body("/").decode()
    assert logo in set(newsroom.publication.file_paths())


def test_images_in_a_text_have_a_srcset_with_all_variants_on_pages(newsroom: Newsroom) -> None:
    page = newsroom.body("/articles/wide/").decode()
    match = re.search(r'<img [^>]*alt="body"[^>]*>', page)
    assert match
    digest, name = newsroom.digests["body & soul.png"], "body%20&amp;%20soul.png"
    candidates = ", ".join(f"/daily/sized/{digest}-{width}/{name} {width}w" for width in (320, 640, 960, 1280))
    assert f'srcset="{candidates}, /daily/media/{name} 1400w" sizes="(min-width: 44rem) 42rem, 100vw"' in match[0]
    assert 'width="1400" height="700"' in match[0]


def test_every_variant_that_a_feed_or_a_page_links_to_can_be_rendered(newsroom: Newsroom) -> None:
    documents = [newsroom.body(path).decode() for path in ("/feed.rss", "/feed.atom", "/feed.json", "/articles/wide/")]
    urls = {url for document in documents for url in re.findall(r"/sized/[0-9a-f]{16}-[0-9]+/[a-z.%0-9&;]+", document)}
    assert len(urls) > 6
    paths = set(newsroom.publication.file_paths())
    for path in (unquote(html.unescape(html.unescape(url))) for url in urls):  # HTML within XML
        assert path in paths
        assert isinstance(newsroom.publication.render(path), FileResource)


def test_the_variants_of_a_feed_are_created_before_the_first_request(newsroom: Newsroom, tmp_path: Path) -> None:
    catalog, variants = newsroom.publication.catalog, VariantStore(tmp_path / "pictures")
    publication = Publication(catalog, variant_store=variants)
    assert publication.resolve("/feed.rss")
    file = catalog.media["media/wide.jpg"]
    deadline = time.monotonic() + SECONDS
    while variants.find(digest_of(file), 1280) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_static_tree_of_feeds_has_the_variants_that_the_feeds_link_to(newsroom: Newsroom, tmp_path: Path) -> None:
    with StaticTree(tmp_path, selection="feeds") as tree:
        tree.build(newsroom.publication)
    paths = re.findall(rf"{BASE}/(sized/[0-9a-f]{{16}}-[0-9]+/[a-z]+[.]jpg)", (tmp_path / "feed.json").read_text())
    assert len(set(paths)) >= 1
    assert all((tmp_path / name).is_file() for name in paths)


def test_a_static_tree_has_the_narrower_copies_of_an_image_that_only_a_static_page_shows(tmp_path: Path) -> None:
    page = {"pages/about.md": "---\ntitle: About us\n---\n![hall](media/hall.jpg)\n", "media/hall.jpg": picture(1000, 500)}
    folder = ContentFolder(write(tmp_path / "content", {**SITE, **page}))
    publication = Publication(build_catalog(folder.read().content, NOW), variant_store=VariantStore(tmp_path / "pictures"))
    with StaticTree(tmp_path / "tree") as tree:
        tree.build(publication)
    paths = re.findall(r"/daily/(sized/[0-9a-f]{16}-[0-9]+/hall[.]jpg)", (tmp_path / "tree/about/index.html").read_text())
    assert paths
    assert all((tmp_path / "tree" / name).is_file() for name in paths)


def test_new_bytes_of_an_image_change_the_digest_of_the_feed(tmp_path: Path) -> None:
    folder = ContentFolder(write(tmp_path, {**SITE, **ARTICLES}))
    digests = FeedDigests()
    before = dict(digests.compute(build_catalog(folder.read().content, NOW)))
    write(tmp_path, {"media/wide.jpg": picture(3000, 2000)[:-2] + b"\0\xff\xd9"})
    after = digests.compute(build_catalog(folder.read().content, NOW))
    assert before["/feed.rss"] != after["/feed.rss"]


def test_an_image_that_is_removed_during_a_build_does_not_end_it(tmp_path: Path) -> None:
    content = ContentFolder(write(tmp_path / "content", {**SITE, **ARTICLES})).read().content
    publication = Publication(build_catalog(content, NOW), variant_store=VariantStore(tmp_path / "pictures"))
    (tmp_path / "content/media/wide.jpg").unlink()
    finished: list[int] = []

    def count(steps: Iterator[int], _: int) -> Iterator[int]:
        for step in steps:
            finished.append(step)
            yield step

    publication.make_variants(count, 1)
    assert len(finished) == 2
