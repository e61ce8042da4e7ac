"""An entry filled into its shape has the bytes that feedgen, lxml and json give it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedsvc.feeds import atom, json_feed, rss
from feedsvc.feeds.entry_cache import RenderedEntry
from feedsvc.feeds.entry_templates import EntryTemplates
from feedsvc.model import Enclosure, Entry, Image, Person, Source, Term
from tests.helpers.feeds import MARKUP_TEXT, QUIET_DAY, SUMMIT, at

SPELLED: dict[str, Callable[[Entry], RenderedEntry]] = {
    "rss": rss._render_with_feedgen,
    "atom": atom._render_with_feedgen,
    "json": json_feed._render_item,
}
SHAPES = {"rss": rss._ENTRY_TEMPLATES, "atom": atom._ENTRY_TEMPLATES, "json": json_feed._ENTRY_TEMPLATES}
EVERY_FORMAT = pytest.mark.parametrize("suffix", SPELLED)

# What a format spells in a way of its own, what reads like a sign, and whatever else XML can carry.
pieces = st.sampled_from(
    (
        *("&", "<", ">", '"', "'", "\t", "\n", "\r", "]]>", "<![CDATA[", "&amp;", "&#x26;", "a", " ", "\\"),
        *("\u2028", "\x85", "\x7f", "𝒳🎉", "שלום", "{}", "%s", "\\1", "</channel>", "\n    <item>"),
        *("\ue0001&x\ue001", "\ue000", "100000000000000000", "1003-01-01T00:00:00Z"),
    )
)
letters = st.characters(exclude_categories=("Cs",), exclude_characters="".join(map(chr, {*range(32)})) + "\ufffe\uffff")
said = st.lists(pieces | letters, min_size=1, max_size=6).map("".join)
maybe = st.just("") | said
dates = st.datetimes(datetime(1000, 1, 1), datetime(9990, 1, 1), timezones=st.timezones() | st.just(UTC))  # noqa: DTZ001 - hypothesis adds them
numbers = st.integers(0, 10**18)


def few(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(one, max_size=3).map(tuple)


images = st.builds(
    Image, url=said, type=said, width=numbers, height=numbers, alt=maybe, caption=maybe, credit=maybe, credit_url=maybe
)
entries = st.builds(
    Entry,
    id=said,
    url=said,
    title=said,
    published=dates,
    updated=dates,
    summary=said,
    content=maybe,
    authors=few(st.builds(Person, name=maybe, url=maybe, email=maybe)),
    categories=few(st.builds(Term, term=said, scheme=maybe)),
    image=st.none() | images,
    enclosures=few(st.builds(Enclosure, url=said, type=said, length=numbers, title=maybe)),
    sources=few(st.builds(Source, name=maybe, url=maybe)),
    language=maybe,
    is_permalink=st.booleans(),
)


@EVERY_FORMAT
@settings(deadline=None)
@example(SUMMIT, False)
@example(QUIET_DAY, True)
@example(replace(SUMMIT, title=MARKUP_TEXT, summary=MARKUP_TEXT, content=MARKUP_TEXT), False)
@given(entries, st.booleans())
def test_an_entry_filled_in_is_the_entry_spelled(suffix: str, entry: Entry, same: bool) -> None:
    entry = replace(entry, updated=entry.published) if same else entry
    assert SHAPES[suffix].render(entry) == SPELLED[suffix](entry)


@EVERY_FORMAT
def test_entries_that_differ_in_their_values_only_are_spelled_once(suffix: str) -> None:
    asked: list[Entry] = []

    def spelled(entry: Entry) -> RenderedEntry:
        asked.append(entry)
        return SPELLED[suffix](entry)

    made = EntryTemplates(spelled, SHAPES[suffix]._escapers[str], SHAPES[suffix]._needs_fallback)
    for number in range(3):
        one = replace(SUMMIT, title=f"<{number}>", published=at(number + 3), language="en")
        assert made.render(one) == SPELLED[suffix](one)
    assert len(asked) == 1


@EVERY_FORMAT
def test_a_format_that_spells_a_text_in_a_new_way_is_taken_at_its_word(suffix: str) -> None:
    unknown = EntryTemplates(SPELLED[suffix], (), SHAPES[suffix]._needs_fallback)
    assert unknown.render(SUMMIT) == SPELLED[suffix](SUMMIT)


@pytest.mark.parametrize("suffix", ["rss", "atom"])
@pytest.mark.parametrize("character", ["\0", "\x1b", "\ufffe", "\uffff"])
def test_no_entry_carries_what_xml_forbids(suffix: str, character: str) -> None:
    with pytest.raises(ValueError, match="XML compatible"):
        SHAPES[suffix].render(replace(SUMMIT, content=f"a{character}b"))


def test_shapes_take_no_more_memory_than_they_may() -> None:
    made = EntryTemplates(json_feed._render_item, (json_feed._escape_text,), max_templates=2)
    for one in (SUMMIT, QUIET_DAY, replace(SUMMIT, language="en"), SUMMIT):
        assert made.render(one) == json_feed._render_item(one)
        assert len(made._templates) <= 2
