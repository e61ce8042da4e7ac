"""Test that each reader reports the fields that its row in the table promises."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from tests import ROOT
from tests.readers import (
    ENTRY_FIELDS,
    FEED_FIELDS,
    JSON_FEED_SCHEMA,
    READERS,
    ParsedEnclosure,
    ParsedEntry,
    ParsedFeed,
    UnreadableError,
    json_feed_schema,
    require,
)
from tests.readers.tool import ALL_FIELDS, FIELDS_MISSING_IN_FORMAT

CLEAN: Final = ROOT / "tests/validators/clean"
MP3: Final = ParsedEnclosure(url="https://news.example/media/briefing.mp3", type="audio/mpeg", length=123456)
JPEG: Final = ParsedEnclosure(url="https://news.example/media/summit.jpg", type="image/jpeg", length=204800)
SUMMIT: Final = ParsedEntry(
    id="tag:news.example,2026:second-summit",
    link="https://news.example/articles/second-summit/",
    title="Is 3 < 4? Xi & Lee meet",
    published=datetime(2026, 1, 2, 4, tzinfo=UTC),
    updated=datetime(2026, 1, 2, 5, 30, tzinfo=UTC),
    authors=("Ritesh Nambiar", "Jia Liu"),
    categories=("Asia In News", "china"),
    summary="The two leaders meet in Beijing.",
    content=(
        '<figure><img src="https://news.example/media/summit.jpg" alt="Two men shake hands" width="1200" height="800"/>'
        "<figcaption>In Beijing. Photo: Reuters</figcaption></figure><p>The two leaders meet &amp; "
        '<a href="https://elsewhere.example/story">talk</a>.<br/>Twice.</p>'
    ),
    enclosures=(MP3,),
    language="en",
    image="https://news.example/media/summit.jpg",
    credit="Reuters",
)
QUIET_DAY: Final = ParsedEntry(
    id="https://news.example/articles/quiet-day/",
    link="https://news.example/articles/quiet-day/",
    title="A quiet day",
    published=datetime(2026, 1, 1, 18, 30, tzinfo=UTC),
    updated=datetime(2026, 1, 1, 18, 30, tzinfo=UTC),
    authors=("Jia Liu",),
    categories=("Asia In News",),
    summary="<p>Nothing <b>much</b> happened.</p>",
    language="ne",
)
SITE: Final = ParsedFeed(
    title="Asia & Pacific In News",
    subtitle="What happened in Asia today",
    link="https://news.example/",
    language="en",
    updated=datetime(2026, 1, 2, 6, 30, tzinfo=UTC),
    rights="© 2026 Asia In News",
)


def links(fmt: str, archive_rel: str) -> tuple[tuple[str, str], ...]:
    self_href, archive = (f"https://news.example/{path}feed.{fmt}" for path in ("", "archive/2025-12/"))
    return tuple(sorted([("self", self_href), ("hub", "https://hub.example/"), (archive_rel, archive)]))


EXPECTED: Final = {
    "rss": replace(SITE, links=links("rss", "prev-archive"), entries=(SUMMIT, replace(QUIET_DAY, updated=None))),
    "atom": replace(
        SITE,
        id="tag:news.example,2000:site",
        links=links("atom", "prev-archive"),
        entries=(replace(SUMMIT, enclosures=(MP3, JPEG)), QUIET_DAY),
    ),
    "json": replace(
        SITE,
        id="https://news.example/feed.json",
        links=links("json", "next"),
        entries=(SUMMIT, replace(QUIET_DAY, summary="", content="Nothing much happened.")),
    ),
}
EACH_READER_AND_FORMAT: Final = [
    pytest.param(reader.name, fmt, id=f"{reader.name}-{fmt}") for reader in READERS.values() for fmt in sorted(reader.formats)
]


def differing_fields(parsed: ParsedFeed, expected: ParsedFeed) -> set[str]:
    """Return the fields that differ. Links are compared in any order, without the alternate, which is feed.link."""
    parsed = replace(parsed, links=tuple(sorted(pair for pair in parsed.links if pair[0] != "alternate")))
    differing = {name for name in FEED_FIELDS if getattr(parsed, name[5:]) != getattr(expected, name[5:])}
    for parsed_entry, expected_entry in zip(parsed.entries, expected.entries, strict=True):
        differing |= {name for name in ENTRY_FIELDS if getattr(parsed_entry, name[6:]) != getattr(expected_entry, name[6:])}
    return differing


@pytest.mark.parametrize(("name", "fmt"), EACH_READER_AND_FORMAT)
def test_reader_reports_the_fields_of_its_row(name: str, fmt: str) -> None:
    reader = READERS[name]
    require(reader)
    parsed = reader.read((CLEAN / f"feed.{fmt}").read_bytes(), fmt)
    assert ALL_FIELDS - FIELDS_MISSING_IN_FORMAT[fmt] - differing_fields(parsed, EXPECTED[fmt]) == reader.reported_fields(fmt)


@pytest.mark.parametrize(("name", "fmt"), EACH_READER_AND_FORMAT)
def test_reader_raises_for_a_malformed_document(name: str, fmt: str) -> None:
    reader = READERS[name]
    require(reader)
    with pytest.raises(UnreadableError, match=name):
        reader.read(b"<rss", fmt)


def test_json_feed_schema_reports_an_invalid_date() -> None:
    require(JSON_FEED_SCHEMA)
    document = (CLEAN / "feed.json").read_bytes()
    errors_of_valid, errors_of_invalid = json_feed_schema(
        [document, document.replace(b'"2026-01-01T18:30:00Z"', b'"yesterday"', 1)]
    )
    assert errors_of_valid == []
    assert "date_published" in errors_of_invalid[0]
