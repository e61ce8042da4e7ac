"""The cache of rendered entries: an entry is rendered once for all feeds, which have the same bytes as without the cache."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedsvc.feed_model import Entry, Feed
from feedsvc.feeds import FORMATS
from feedsvc.model import Image
from tests.helpers.feeds import BASE, at, empty_feed

IMAGE = Image(url=f"{BASE}media/a.jpg", type="image/jpeg", width=3, height=2)


def entry(number: int, **keys: object) -> Entry:
    base = Entry(
        id=f"tag:x,2026:{number}", url=f"{BASE}{number}/", title=f"T{number}", published=at(1), updated=at(1), summary="S"
    )
    return replace(base, **keys)  # type: ignore[arg-type]


def feed_with(suffix: str, items: tuple[Entry, ...]) -> Feed:
    return replace(empty_feed(suffix), items=items)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_bytes_of_a_feed_do_not_depend_on_feeds_rendered_before(suffix: str) -> None:
    render = FORMATS[suffix].render
    without_image, with_image = entry(1), entry(2, image=IMAGE, content="<p>]]> </channel></feed>\n    <item>\n ]</p>")
    for items in ((without_image, with_image), (with_image,), (without_image,), (), (with_image, without_image)):
        uncached = tuple(replace(item) for item in items)
        assert render(feed_with(suffix, items)) == render(feed_with(suffix, uncached))


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_a_feed_declares_the_namespaces_of_its_own_entries_only(suffix: str) -> None:
    render, with_image = FORMATS[suffix].render, entry(2, image=IMAGE)
    assert b"xmlns:media" in render(feed_with(suffix, (with_image,)))
    assert b"xmlns:media" not in render(feed_with(suffix, (entry(1),)))
    assert b"xmlns:at=" not in render(feed_with(suffix, (entry(1), with_image)))
