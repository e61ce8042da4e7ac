"""Templates of entries: a filled template has the same bytes as the output of feedgen, lxml and json."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feedsvc.feed_model import Alternate, Entry, Person, Term
from feedsvc.feeds import atom, json_feed, rss
from feedsvc.feeds.entry_cache import RenderedEntry
from feedsvc.feeds.entry_templates import EntryTemplates
from feedsvc.license_model import License, LicenseScope, Payment
from feedsvc.model import Enclosure, Image, Source
from feedsvc.support.date_formats import rfc822, rfc3339
from tests.helpers.feeds import MARKUP_TEXT, QUIET_DAY, SUMMIT, at

RENDER_FUNCTIONS: dict[str, Callable[[Entry], RenderedEntry]] = {
    "rss": rss._render_with_feedgen,
    "atom": atom._render_with_feedgen,
    "json": json_feed._render_item,
}
TEMPLATES = {"rss": rss._ENTRY_TEMPLATES, "atom": atom._ENTRY_TEMPLATES, "json": json_feed._ENTRY_TEMPLATES}
EVERY_FORMAT = pytest.mark.parametrize("suffix", RENDER_FUNCTIONS)

# Texts that a format escapes, texts like placeholders, and any other characters of XML.
pieces = st.sampled_from(
    (
        *("&", "<", ">", '"', "'", "\t", "\n", "\r", "]]>", "<![CDATA[", "&amp;", "&#x26;", "a", " ", "\\"),
        *("\u2028", "\x85", "\x7f", "𝒳🎉", "שלום", "{}", "%s", "\\1", "</channel>", "\n    <item>"),
        *("\ue0001&x\ue001", "\ue000", "100000000000000000", "1003-01-01T00:00:00Z"),
    )
)
letters = st.characters(exclude_categories=("Cs",), exclude_characters="".join(map(chr, {*range(32)})) + "\ufffe\uffff")
texts = st.lists(pieces | letters, min_size=1, max_size=6).map("".join)
optional_texts = st.just("") | texts
dates = st.datetimes(datetime(1000, 1, 1), datetime(9990, 1, 1), timezones=st.timezones() | st.just(UTC))  # noqa: DTZ001 - hypothesis adds time zones
numbers = st.integers(0, 10**18)


def tuples_of(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=3).map(tuple)


images = st.builds(
    Image,
    url=texts,
    type=texts,
    width=numbers,
    height=numbers,
    alt=optional_texts,
    caption=optional_texts,
    credit=optional_texts,
    credit_url=optional_texts,
)
# Texts of licenses are markup of templates; the names of RSL are not escaped.
licenses = st.sampled_from(
    (
        License(prohibits=LicenseScope(usage=("ai-train",))),
        License(
            url="https://a.example/?a=1&b=2",
            permits=LicenseScope(usage=("search", "ai-index"), geo=("DE",)),
            payment=Payment(type="crawl", amount="0.5", currency="EUR", custom="https://a.example/?c=1&d=2"),
        ),
    )
)
entries = st.builds(
    Entry,
    id=texts,
    url=texts,
    title=texts,
    published=dates,
    updated=dates,
    summary=texts,
    content=optional_texts,
    authors=tuples_of(st.builds(Person, name=optional_texts, url=optional_texts, email=optional_texts)),
    categories=tuples_of(st.builds(Term, term=texts, scheme=optional_texts)),
    image=st.none() | images,
    enclosures=tuples_of(st.builds(Enclosure, url=texts, type=texts, length=numbers, title=optional_texts)),
    sources=tuples_of(st.builds(Source, name=optional_texts, url=optional_texts)),
    language=optional_texts,
    alternates=tuples_of(st.builds(Alternate, language=texts, url=texts)),
    is_permalink=st.booleans(),
    markdown=optional_texts,
    license=st.none() | licenses,
    is_unlicensed=st.booleans(),
    guid=optional_texts,
)


@pytest.mark.slow
@EVERY_FORMAT
@settings(deadline=None)
@example(SUMMIT, False)
@example(QUIET_DAY, True)
@example(replace(SUMMIT, title=MARKUP_TEXT, summary=MARKUP_TEXT, content=MARKUP_TEXT), False)
@given(entries, st.booleans())
def test_a_filled_template_has_the_bytes_of_the_rendered_entry(suffix: str, entry: Entry, is_never_updated: bool) -> None:
    entry = replace(entry, updated=entry.published) if is_never_updated else entry
    assert TEMPLATES[suffix].render(entry) == RENDER_FUNCTIONS[suffix](entry)


def render_with_new_templates(suffix: str, entry: Entry) -> bytes:
    templates = EntryTemplates(RENDER_FUNCTIONS[suffix], TEMPLATES[suffix]._escapers[str], TEMPLATES[suffix]._needs_fallback)
    return templates.render(entry).data


@EVERY_FORMAT
def test_changed_spelling_of_dates_is_in_every_entry(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    formatter = rfc822 if suffix == "rss" else rfc3339.__wrapped__
    assert b"D:2" not in render_with_new_templates(suffix, SUMMIT)
    monkeypatch.setattr(formatter, "__code__", (lambda moment: f"D:{moment.year}").__code__)
    rfc3339.cache_clear()
    entry = replace(SUMMIT, published=at(3).replace(year=2018), updated=at(4).replace(year=2019))
    assert render_with_new_templates(suffix, entry) == RENDER_FUNCTIONS[suffix](entry).data
    assert b"D:2018" in render_with_new_templates(suffix, entry)
    monkeypatch.undo()
    rfc3339.cache_clear()


def test_date_in_a_spelling_of_no_formatter_is_rendered_without_a_template() -> None:
    def render(entry: Entry) -> RenderedEntry:
        return RenderedEntry(f"{entry.published:%d.%m.%Y}".encode(), frozenset())

    assert EntryTemplates(render, ()).render(SUMMIT) == render(SUMMIT)


@pytest.mark.parametrize("suffix", ["rss", "atom"])
@pytest.mark.parametrize("character", ["\0", "\x1b", "\ufffe", "\uffff", "\ud800"])
def test_characters_that_xml_forbids_are_rejected(suffix: str, character: str) -> None:
    with pytest.raises(ValueError, match=r"XML compatible|surrogates"):
        TEMPLATES[suffix].render(replace(SUMMIT, content=f"a{character}b"))
