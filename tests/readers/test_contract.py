"""The contract: whatever goes into a folder comes out of every feed, in every format, as real readers read it."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from feedsvc.feeds import FORMATS
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, ListingRef, path_of
from feedsvc.uris import absolute
from tests import readers, validators
from tests.helpers import newsrooms
from tests.helpers.newsrooms import BASE, NOW
from tests.readers import READERS, ReadEntry, ReadFeed

LISTINGS: Final = {
    ListingRef(): ("The Daily & Co", "News of a <small> country"),
    ListingRef("category", "asia"): ("Asia & Pacific – The Daily & Co", "From the East"),
    ListingRef("author", "ritesh"): ("Ritesh Nambiar – The Daily & Co", ""),
    ListingRef("tag", "한국"): ("한국 – The Daily & Co", ""),
}
EMPTY: Final = ListingRef("category", "empty")
IDS: Final = [f"tag:news.example,2026:{name}" for name in ("rich", "korean", "elsewhere", "older")]


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    return newsrooms.load_publication(newsrooms.write_sample(tmp_path_factory.mktemp("rich")))


def body(publication: Publication, ref: ListingRef, suffix: str, period: str = "") -> bytes:
    found = publication.resolve(path_of(FeedAt(ref, suffix, period)))
    assert found is not None
    return found.body  # type: ignore[union-attr]


def pairs() -> list[tuple[str, str]]:
    return [(name, suffix) for name, reader in READERS.items() for suffix in sorted(reader.formats)]


@pytest.fixture(params=pairs(), ids="-".join)
def told(request: pytest.FixtureRequest, publication: Publication) -> tuple[frozenset[str], str, dict[ListingRef, ReadFeed]]:
    """What a reader says of every kind of listing: (the fields it tells, the format, its reading of each)."""
    name, suffix = request.param
    reader = READERS[name]
    readers.require(reader)
    read = reader.read_all([body(publication, ref, suffix) for ref in LISTINGS], suffix)
    return reader.tells(suffix), suffix, dict(zip(LISTINGS, read, strict=True))


def agree(told: frozenset[str], field: str, read: object, expected: object) -> None:
    if field in told:
        assert read == expected, field


def test_every_reader_sees_the_feed_as_the_newsroom_means_it(
    told: tuple[frozenset[str], str, dict[ListingRef, ReadFeed]],
) -> None:
    tells, suffix, feeds = told
    for ref, feed in feeds.items():
        title, subtitle = LISTINGS[ref]
        name = "site" if ref.kind == "site" else f"{ref.kind}/{'%ED%95%9C%EA%B5%AD' if ref.kind == 'tag' else ref.id}"
        page = f"{BASE}/" if ref.kind == "site" else f"{BASE}/{name}/"
        # JSON Feed has no id but the address itself.
        own = "site/" if name == "site" else name
        agree(tells, "feed.id", feed.id, f"{page}feed.json" if suffix == "json" else f"tag:news.example,2020:{own}")
        agree(tells, "feed.title", feed.title, title)
        agree(tells, "feed.subtitle", feed.subtitle, subtitle or title)
        agree(tells, "feed.link", feed.link, page)
        agree(tells, "feed.language", feed.language, "en")
        agree(tells, "feed.rights", feed.rights, "© 2026 The Daily")
        agree(tells, "feed.updated", feed.updated, datetime(2026, 2, 21, 15, tzinfo=UTC))
        assert [entry.id for entry in feed.entries] == IDS
        if "feed.links" in tells:
            assert feed.linked("self") == (f"{page}feed.{suffix}",)
            assert feed.linked("hub") == ("https://hub.example/",)
            older = feed.linked("next" if suffix == "json" else "prev-archive")
            assert older == (f"{page}archive/2026-01/feed.{suffix}",)


def test_every_reader_sees_the_entry_as_the_editor_wrote_it(
    told: tuple[frozenset[str], str, dict[ListingRef, ReadFeed]],
) -> None:
    tells, suffix, feeds = told
    for feed in feeds.values():
        entry = feed.entries[0]
        agree(tells, "entry.title", entry.title, newsrooms.TITLE)
        agree(tells, "entry.link", entry.link, f"{BASE}/articles/rich/")
        agree(tells, "entry.published", entry.published, datetime(2026, 2, 20, 0, 30, tzinfo=UTC))
        agree(tells, "entry.updated", entry.updated, datetime(2026, 2, 21, 1, tzinfo=UTC))
        authors = ("Ritesh Nambiar, 刘佳",) if suffix == "rss" else ("Ritesh Nambiar", "刘佳")
        agree(tells, "entry.authors", entry.authors, authors)
        agree(tells, "entry.categories", entry.categories, ("Asia & Pacific", "Money", "한국", "R&D"))
        agree(tells, "entry.image", entry.image, f"{BASE}/media/lead.jpg")
        agree(tells, "entry.credit", entry.credit, "Reuters")
        if "entry.summary" in tells:
            assert html.unescape(entry.summary) == newsrooms.SUMMARY
        if "entry.content" in tells:
            _assert_content(entry)
        if "entry.enclosures" in tells:
            found = [(one.url, one.type, one.length) for one in entry.enclosures]
            assert found[0] == (f"{BASE}/media/talk.mp3", "audio/mpeg", 1000)
            if suffix != "rss":
                assert found[1:] == [(f"{BASE}/media/paper.pdf", "application/pdf", 15)]


def _assert_content(entry: ReadEntry) -> None:
    for part in (
        f'<figure><img src="{BASE}/media/lead.jpg" alt="A lab &amp; a cat" width="640" height="360">',
        "<figcaption>The lab <small>Reuters</small></figcaption>",
        f'<p>First <em>paragraph</em> with <a href="{BASE}/articles/older/">a link</a> and 1 &lt; 2.</p>',
        f'<img src="{BASE}/media/inside.png" alt="inside">',
        '<strong>Sources:</strong> <a href="https://en.yna.co.kr/">Yonhap</a>, A caller',
        "<strong>Correction, Sat, 21 Feb 2026:</strong> The lab has 3 cats.",
    ):
        assert part in entry.content


def test_every_reader_sees_the_other_entries(told: tuple[frozenset[str], str, dict[ListingRef, ReadFeed]]) -> None:
    tells, _, feeds = told
    for feed in feeds.values():
        _, korean, elsewhere, older = feed.entries
        agree(tells, "entry.language", korean.language, "ko")
        agree(tells, "entry.title", korean.title, "한국어 기사")
        agree(tells, "entry.published", korean.published, datetime(2026, 2, 18, 15, tzinfo=UTC))
        agree(tells, "entry.title", elsewhere.title, "Told elsewhere 🎉")
        agree(tells, "entry.link", elsewhere.link, "https://elsewhere.example/story")
        agree(tells, "entry.summary", elsewhere.summary, "Only a hint of it.")
        agree(tells, "entry.language", older.language, "en")


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_feed_knows_what_is_not_public(publication: Publication, suffix: str) -> None:
    for path in publication.paths():
        found = publication.resolve(path)
        if path.endswith(f"feed.{suffix}"):
            assert b"Secretword" not in found.body  # type: ignore[union-attr]
            assert b"secret" not in found.body  # type: ignore[union-attr]


@pytest.mark.parametrize("suffix", FORMATS)
def test_strict_validators_have_no_objection(publication: Publication, suffix: str) -> None:
    checked = 0
    for path in publication.paths():
        if path.endswith(f"/feed.{suffix}"):
            found = publication.resolve(path)
            # This newsroom's own words hold "&amp;" and "<small>", which the rule must take for markup.
            address = absolute(BASE, path)
            objections = validators.objections(found.body, suffix, address, allow=("plain-text",), now=NOW)  # type: ignore[union-attr]
            assert objections == [], path
            checked += 1
    assert checked >= 15


def test_a_listing_without_articles_is_a_feed_too(publication: Publication) -> None:
    for name, reader in READERS.items():
        readers.require(reader)
        for suffix in sorted(reader.formats):
            [feed] = reader.read_all([body(publication, EMPTY, suffix)], suffix)
            assert (feed.title, feed.entries) == ("Nothing yet – The Daily & Co", ()), name


def test_json_feed_keeps_its_published_schema(publication: Publication) -> None:
    readers.require(readers.JSON_FEED_SCHEMA)
    paths = [path for path in publication.paths() if path.endswith("feed.json")]
    documents = [publication.resolve(path).body for path in paths]  # type: ignore[union-attr]
    assert [problem for found in readers.json_feed_schema(documents) for problem in found] == []


def test_an_opml_reader_finds_every_feed(publication: Publication) -> None:
    readers.require(readers.LISTPARSER)
    opml = readers.read_opml(publication.resolve("/feeds.opml").body)  # type: ignore[union-attr]
    listed = {feed.url for feed in opml.feeds}
    assert opml.title == "The Daily & Co"
    assert listed == {absolute(BASE, path_of(FeedAt(ref, "rss"))) for ref in publication.catalog.listings}


@pytest.mark.parametrize("suffix", FORMATS)
def test_walking_back_through_the_archives_finds_every_article(publication: Publication, suffix: str) -> None:
    reader = READERS["feedsmith" if suffix == "json" else "feedparser"]
    readers.require(reader)
    path, seen = f"/feed.{suffix}", set()
    while path:
        feed = reader.read(publication.resolve(path).body, suffix)  # type: ignore[union-attr]
        seen |= {entry.id for entry in feed.entries}
        older = feed.linked("next" if suffix == "json" else "prev-archive")
        path = older[0].removeprefix(BASE) if older else ""
    assert seen == {row.article.id for row in publication.catalog.visible.values()}


def test_a_build_has_at_hand_the_articles_of_each_older_page_that_it_makes(tmp_path: Path) -> None:
    """In a newsroom without summaries each list that an article is in cost its text's HTML once more."""
    often = [newsrooms.article(f"o{n}", f"2025-{n % 2 + 3:02}-{n // 4 + 1:02}", tags="[wind]") for n in range(101)]
    seldom = [newsrooms.article(f"s{n}", f"2024-0{n + 1}-05", tags="[wind, rain]") for n in range(6)]
    files: dict[str, str | bytes] = {
        "site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\nfeed: {entries: 3}\n"
    }
    for one in (*often, *seldom):
        files |= one
    publication = newsrooms.load_publication(newsrooms.write(tmp_path, files))
    days = {f"/articles/{row.article.slug}/": row.day for row in publication.catalog.listings[ListingRef()].visible}
    before: list[str] = []
    older = 0
    for path in publication.paths():
        if path in days:
            before.append(days[path])
        elif found := re.fullmatch(r".*/archive/([0-9-]+)/", path):
            older += 1
            assert before[-1].startswith(found[1]), path
            assert len(before) == sum(day >= found[1] for day in days.values()), path
    assert older == 7  # of the site and one tag: April, March and 2024; 2024 of the other
