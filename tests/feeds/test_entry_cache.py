"""An entry is spelled once for all feeds that it stands in: none of them shows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedsvc.feeds import FORMATS
from feedsvc.feeds.entry_cache import RenderedEntry, RenderedEntryCache
from feedsvc.model import Entry, Feed, Image
from tests.helpers.feeds import BASE, at, empty_feed

PICTURE = Image(url=f"{BASE}media/a.jpg", type="image/jpeg", width=3, height=2)


def entry(number: int, **keys: object) -> Entry:
    one = Entry(
        id=f"tag:x,2026:{number}", url=f"{BASE}{number}/", title=f"T{number}", published=at(1), updated=at(1), summary="S"
    )
    return replace(one, **keys)  # type: ignore[arg-type]


def made(suffix: str, items: tuple[Entry, ...]) -> Feed:
    return replace(empty_feed(suffix), items=items)


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_feed_is_the_same_bytes_whichever_feeds_its_entries_stood_in_before(suffix: str) -> None:
    render = FORMATS[suffix].render
    plain, pictured = entry(1), entry(2, image=PICTURE, content="<p>]]> </channel></feed>\n    <item>\n ]</p>")
    for items in ((plain, pictured), (pictured,), (plain,), (), (pictured, plain)):
        anew = tuple(replace(one) for one in items)
        assert render(made(suffix, items)) == render(made(suffix, anew))


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_a_feed_declares_the_namespaces_of_its_own_entries_only(suffix: str) -> None:
    render, pictured = FORMATS[suffix].render, entry(2, image=PICTURE)
    assert b"xmlns:media" in render(made(suffix, (pictured,)))
    assert b"xmlns:media" not in render(made(suffix, (entry(1),)))
    assert b"xmlns:at=" not in render(made(suffix, (entry(1), pictured)))


def small_parts() -> tuple[RenderedEntryCache[Entry], list[str]]:
    """With room for two of ten bytes; and the ids of the entries that were spelled."""
    spelt: list[str] = []

    def spelled(one: Entry) -> RenderedEntry:
        spelt.append(one.id)
        return RenderedEntry(b"x" * 10)

    return RenderedEntryCache(spelled, max_bytes=25), spelt


def test_parts_take_no_more_memory_than_they_may() -> None:
    (parts, spelt), entries = small_parts(), [entry(number) for number in range(3)]
    for one in (*entries[:2], entries[0], entries[2], entries[0], entries[1]):
        assert parts.get(one).data == b"x" * 10
    assert spelt == [entries[number].id for number in (0, 1, 2, 1)]


def test_who_makes_every_feed_has_room_for_all_parts() -> None:
    (parts, spelt), entries = small_parts(), [entry(number) for number in range(3)]
    parts.enlarge()
    for one in (*entries, *entries):
        assert parts.get(one).data == b"x" * 10
    assert spelt == [one.id for one in entries]
