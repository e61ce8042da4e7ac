"""Entries with translations: readers open the entry itself, and validators accept the links to the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from lxml import etree

from feedsvc.feed_model import Alternate
from feedsvc.publication.document import Document
from tests import readers, validators
from tests.feeds.rendering import ATOM, EVERY_FORMAT, as_json, render
from tests.helpers import newsrooms
from tests.helpers.feeds import BASE, SUMMIT, feed_of
from tests.readers import READERS

KOREAN: Final = Alternate(language="ko", url="https://ko.example/story?a=1&b=2")
CHINESE: Final = Alternate(language="zh-Hant", url=f"{BASE}articles/zh/")
ENTRY: Final = replace(SUMMIT, alternates=(KOREAN, CHINESE, Alternate(language="en", url=SUMMIT.url)))
OWN_LINK: Final = (SUMMIT.url, None)
EACH_READER_AND_FORMAT: Final = [
    pytest.param(reader.name, fmt, id=f"{reader.name}-{fmt}") for reader in READERS.values() for fmt in sorted(reader.formats)
]


@pytest.mark.parametrize(("suffix", "path"), [("rss", "channel/item"), ("atom", f"{ATOM}entry")])
def test_the_first_and_the_last_alternate_link_lead_to_the_entry(suffix: str, path: str) -> None:
    links = etree.fromstring(render(feed_of(ENTRY, suffix), suffix)).findall(f"{path}/{ATOM}link")
    alternates = [(link.get("href"), link.get("hreflang")) for link in links if link.get("rel") == "alternate"]
    assert alternates == [OWN_LINK, *((one.url, one.language) for one in ENTRY.alternates)]
    assert {link.get("type") for link in links if link.get("rel") == "alternate"} == {"text/html"}


def test_a_custom_object_of_json_names_the_other_languages() -> None:
    (item,) = as_json(feed_of(ENTRY, "json"))["items"]
    assert item["_feedsvc"] == {"translations": [{"language": one.language, "url": one.url} for one in (KOREAN, CHINESE)]}
    (item,) = as_json(feed_of(SUMMIT, "json"))["items"]
    assert "_feedsvc" not in item


@EVERY_FORMAT
def test_validators_accept_entries_with_translations(tmp_path: Path, suffix: str) -> None:
    site = str(newsrooms.SITE["site.yaml"]).replace("<small> ", "")
    original = newsrooms.article("en", "2026-02-01", summary="One.")
    translation = newsrooms.article("ko", "2026-02-02", summary="하나.", language="ko", translation_of="tag:news.example,2026:en")
    root = newsrooms.write(tmp_path, {**newsrooms.SITE, "site.yaml": site, **original, **translation})
    document = newsrooms.load_publication(root).resolve(f"/feed.{suffix}")
    assert isinstance(document, Document)
    assert document.body.decode().count("articles/ko/") > 1
    assert validators.objections(document.body, suffix, f"{newsrooms.BASE}/feed.{suffix}", now=newsrooms.NOW) == []


@pytest.mark.parametrize(("name", "fmt"), EACH_READER_AND_FORMAT)
def test_readers_open_the_entry_itself(name: str, fmt: str) -> None:
    reader = READERS[name]
    readers.require(reader)
    if "entry.link" not in reader.reported_fields(fmt):
        pytest.skip(f"{name} does not report links of {fmt}")
    (entry,) = reader.read(render(feed_of(ENTRY, fmt), fmt), fmt).entries
    (plain,) = reader.read(render(feed_of(SUMMIT, fmt), fmt), fmt).entries
    assert entry == plain
    assert entry.link == SUMMIT.url
