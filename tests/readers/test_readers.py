"""Each reader tells of the impeccable documents exactly what its row in the table says it tells."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from tests import ROOT
from tests.readers import (
    ENTRY_FIELDS,
    FEED_FIELDS,
    JSON_FEED_SCHEMA,
    LISTPARSER,
    READERS,
    ReadEnclosure,
    ReadEntry,
    ReadFeed,
    ReadOutline,
    Tool,
    UnreadableError,
    json_feed_schema,
    read_opml,
    require,
)
from tests.readers.tool import ALL_FIELDS, UNSAID

CLEAN: Final = ROOT / "tests/validators/clean"
MP3: Final = ReadEnclosure(url="https://news.example/media/briefing.mp3", type="audio/mpeg", length=123456)
JPEG: Final = ReadEnclosure(url="https://news.example/media/summit.jpg", type="image/jpeg", length=204800)
SUMMIT: Final = ReadEntry(
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
QUIET: Final = ReadEntry(
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
SITE: Final = ReadFeed(
    title="Asia & Pacific In News",
    subtitle="What happened in Asia today",
    link="https://news.example/",
    language="en",
    updated=datetime(2026, 1, 2, 6, 30, tzinfo=UTC),
    rights="© 2026 Asia In News",
)


def links(fmt: str, older: str) -> tuple[tuple[str, str], ...]:
    own, archive = (f"https://news.example/{path}feed.{fmt}" for path in ("", "archive/2025-12/"))
    return tuple(sorted([("self", own), ("hub", "https://hub.example/"), (older, archive)]))


SAID: Final = {
    "rss": replace(SITE, links=links("rss", "prev-archive"), entries=(SUMMIT, replace(QUIET, updated=None))),
    "atom": replace(
        SITE,
        id="tag:news.example,2000:site",
        links=links("atom", "prev-archive"),
        entries=(replace(SUMMIT, enclosures=(MP3, JPEG)), QUIET),
    ),
    "json": replace(
        SITE,
        id="https://news.example/feed.json",
        links=links("json", "next"),
        entries=(SUMMIT, replace(QUIET, summary="", content="Nothing much happened.")),
    ),
}
EACH: Final = [
    pytest.param(reader.name, fmt, id=f"{reader.name}-{fmt}") for reader in READERS.values() for fmt in sorted(reader.formats)
]


def unlike(told: ReadFeed, said: ReadFeed) -> set[str]:
    """The fields in which the two differ; links count in any order and without the alternate, which is feed.link."""
    told = replace(told, links=tuple(sorted(pair for pair in told.links if pair[0] != "alternate")))
    differing = {name for name in FEED_FIELDS if getattr(told, name[5:]) != getattr(said, name[5:])}
    for one, other in zip(told.entries, said.entries, strict=True):
        differing |= {name for name in ENTRY_FIELDS if getattr(one, name[6:]) != getattr(other, name[6:])}
    return differing


@pytest.mark.parametrize(("name", "fmt"), EACH)
def test_a_reader_tells_what_its_row_says(name: str, fmt: str) -> None:
    reader = READERS[name]
    require(reader)
    told = reader.read((CLEAN / f"feed.{fmt}").read_bytes(), fmt)
    assert ALL_FIELDS - UNSAID[fmt] - unlike(told, SAID[fmt]) == reader.tells(fmt)


@pytest.mark.parametrize(("name", "fmt"), EACH)
def test_many_documents_are_read_as_one_is(name: str, fmt: str) -> None:
    reader = READERS[name]
    require(reader)
    document = (CLEAN / f"feed.{fmt}").read_bytes()
    assert reader.read_all([document] * 3, fmt) == [reader.read(document, fmt)] * 3
    assert reader.read_all([], fmt) == []


@pytest.mark.parametrize(("name", "fmt"), EACH)
def test_a_broken_document_is_refused(name: str, fmt: str) -> None:
    reader = READERS[name]
    require(reader)
    with pytest.raises(UnreadableError, match=name):
        reader.read(b"<rss", fmt)


def test_the_json_feed_schema_objects() -> None:
    require(JSON_FEED_SCHEMA)
    clean = (CLEAN / "feed.json").read_bytes()
    good, bad = json_feed_schema([clean, clean.replace(b'"2026-01-01T18:30:00Z"', b'"yesterday"', 1)])
    assert good == []
    assert "date_published" in bad[0]


def test_opml() -> None:
    require(LISTPARSER)
    told = read_opml(
        b'<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>All &amp; more</title></head><body>'
        b'<outline text="Asia"><outline text="China" type="rss" xmlUrl="https://news.example/feed.rss"/></outline>'
        b"</body></opml>"
    )
    assert told.title == "All & more"
    assert told.feeds == (ReadOutline(title="China", url="https://news.example/feed.rss", folders=(("Asia",),)),)


@pytest.mark.parametrize(("all_of_them", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_a_missing_tool_is_skipped_or_failed(
    monkeypatch: pytest.MonkeyPatch, all_of_them: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("FEEDSVC_TEST_REQUIRE_ALL", all_of_them)
    with pytest.raises(outcome, match="nothing is missing: apt-get install nothing"):
        require(Tool(name="nothing", installed=lambda: False, install="apt-get install nothing"))
