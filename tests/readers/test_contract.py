"""Test that real feed readers read from every feed, in every format, what the content folder contains."""

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
from tests.readers import READERS, ParsedEntry, ParsedFeed

LISTINGS: Final = {
    ListingRef(): ("The Daily & Co", "News of a <small> country"),
    ListingRef("category", "asia"): ("Asia & Pacific – The Daily & Co", "From the East"),
    ListingRef("author", "ritesh"): ("Ritesh Nambiar – The Daily & Co", ""),
    ListingRef("tag", "한국"): ("한국 – The Daily & Co", ""),
}
EMPTY: Final = ListingRef("category", "empty")
IDS: Final = [f"tag:news.example,2026:{name}" for name in ("rich", "korean", "gone", "elsewhere", "older")]
NOTICE: Final = IDS[2]  # an entry in RSS and JSON Feed only


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    return newsrooms.load_publication(newsrooms.write_sample(tmp_path_factory.mktemp("rich")))


def body(publication: Publication, ref: ListingRef, suffix: str, period: str = "") -> bytes:
    document = publication.resolve(path_of(FeedAt(ref, suffix, period)))
    assert document is not None
    return document.body  # type: ignore[union-attr]


def reader_formats() -> list[tuple[str, str]]:
    return [(name, suffix) for name, reader in READERS.items() for suffix in sorted(reader.formats)]


@pytest.fixture(scope="module", params=reader_formats(), ids="-".join)
def parsed_feeds(
    request: pytest.FixtureRequest, publication: Publication
) -> tuple[frozenset[str], str, dict[ListingRef, ParsedFeed]]:
    """Return a reader's result for every kind of listing: the fields it reports, the format, and the feed of each listing."""
    name, suffix = request.param
    reader = READERS[name]
    readers.require(reader)
    feeds = reader.read_all([body(publication, ref, suffix) for ref in LISTINGS], suffix)
    return reader.reported_fields(suffix), suffix, dict(zip(LISTINGS, feeds, strict=True))


def assert_field(reported: frozenset[str], field: str, actual: object, expected: object) -> None:
    if field in reported:
        assert actual == expected, field


def test_readers_parse_feed_metadata_correctly(
    parsed_feeds: tuple[frozenset[str], str, dict[ListingRef, ParsedFeed]],
) -> None:
    reported_fields, suffix, feeds = parsed_feeds
    for ref, feed in feeds.items():
        title, subtitle = LISTINGS[ref]
        name = "site" if ref.kind == "site" else f"{ref.kind}/{'%ED%95%9C%EA%B5%AD' if ref.kind == 'tag' else ref.id}"
        page = f"{BASE}/" if ref.kind == "site" else f"{BASE}/{name}/"
        # JSON Feed has no id except its address.
        path_in_id = "site/" if name == "site" else name
        assert_field(
            reported_fields, "feed.id", feed.id, f"{page}feed.json" if suffix == "json" else f"tag:news.example,2020:{path_in_id}"
        )
        assert_field(reported_fields, "feed.title", feed.title, title)
        assert_field(reported_fields, "feed.subtitle", feed.subtitle, subtitle or title)
        assert_field(reported_fields, "feed.link", feed.link, page)
        assert_field(reported_fields, "feed.language", feed.language, "en")
        assert_field(reported_fields, "feed.rights", feed.rights, "© 2026 The Daily")
        assert_field(reported_fields, "feed.updated", feed.updated, datetime(2026, 2, 21, 15, tzinfo=UTC))
        assert [entry.id for entry in feed.entries] == [id_ for id_ in IDS if suffix != "atom" or id_ != NOTICE]
        if "feed.links" in reported_fields:
            assert feed.hrefs("self") == (f"{page}feed.{suffix}",)
            assert feed.hrefs("hub") == ("https://hub.example/",)
            older = feed.hrefs("next" if suffix == "json" else "prev-archive")
            assert older == (f"{page}archive/2026-01/feed.{suffix}",)


def test_readers_parse_a_full_entry_correctly(
    parsed_feeds: tuple[frozenset[str], str, dict[ListingRef, ParsedFeed]],
) -> None:
    reported_fields, suffix, feeds = parsed_feeds
    for feed in feeds.values():
        entry = feed.entries[0]
        assert_field(reported_fields, "entry.title", entry.title, newsrooms.TITLE)
        assert_field(reported_fields, "entry.link", entry.link, f"{BASE}/articles/rich/")
        assert_field(reported_fields, "entry.published", entry.published, datetime(2026, 2, 20, 0, 30, tzinfo=UTC))
        assert_field(reported_fields, "entry.updated", entry.updated, datetime(2026, 2, 21, 1, tzinfo=UTC))
        authors = ("Ritesh Nambiar, 刘佳",) if suffix == "rss" else ("Ritesh Nambiar", "刘佳")
        assert_field(reported_fields, "entry.authors", entry.authors, authors)
        assert_field(reported_fields, "entry.categories", entry.categories, ("Asia & Pacific", "Money", "한국", "R&D"))
        assert_field(reported_fields, "entry.image", entry.image, f"{BASE}/media/lead.jpg")
        assert_field(reported_fields, "entry.credit", entry.credit, "Reuters")
        if "entry.summary" in reported_fields:
            assert html.unescape(entry.summary) == newsrooms.SUMMARY
        if "entry.content" in reported_fields:
            _assert_content(entry)
        if "entry.enclosures" in reported_fields:
            enclosures = [(enclosure.url, enclosure.type, enclosure.length) for enclosure in entry.enclosures]
            assert enclosures[0] == (f"{BASE}/media/talk.mp3", "audio/mpeg", 1000)
            if suffix != "rss":
                assert enclosures[1:] == [(f"{BASE}/media/paper.pdf", "application/pdf", 15)]


def _assert_content(entry: ParsedEntry) -> None:
    for part in (
        f'<figure><img src="{BASE}/media/lead.jpg" alt="A lab &amp; a cat" width="640" height="360">',
        "<figcaption>The lab <small>Reuters</small></figcaption>",
        f'<p>First <em>paragraph</em> with <a href="{BASE}/articles/older/">a link</a> and 1 &lt; 2.</p>',
        f'<img src="{BASE}/media/inside.png" alt="inside">',
        '<strong>Sources:</strong> <a href="https://en.yna.co.kr/">Yonhap</a>, A caller',
        "<strong>Correction, Sat, 21 Feb 2026:</strong> The lab has 3 cats.",
    ):
        assert part in entry.content


def test_readers_parse_the_other_entries_correctly(
    parsed_feeds: tuple[frozenset[str], str, dict[ListingRef, ParsedFeed]],
) -> None:
    reported_fields, _, feeds = parsed_feeds
    for feed in feeds.values():
        _, korean, elsewhere, older = (entry for entry in feed.entries if entry.id != NOTICE)
        for notice in (entry for entry in feed.entries if entry.id == NOTICE):
            assert_field(reported_fields, "entry.title", notice.title, "This article was withdrawn")
            assert_field(reported_fields, "entry.summary", notice.summary, "We were wrong.")
            assert_field(reported_fields, "entry.updated", notice.updated, datetime(2026, 2, 21, 15, tzinfo=UTC))
        assert_field(reported_fields, "entry.language", korean.language, "ko")
        assert_field(reported_fields, "entry.title", korean.title, "한국어 기사")
        assert_field(reported_fields, "entry.published", korean.published, datetime(2026, 2, 18, 15, tzinfo=UTC))
        assert_field(reported_fields, "entry.title", elsewhere.title, "Told elsewhere 🎉")
        assert_field(reported_fields, "entry.link", elsewhere.link, "https://elsewhere.example/story")
        assert_field(reported_fields, "entry.summary", elsewhere.summary, "Only a hint of it.")
        assert_field(reported_fields, "entry.language", older.language, "en")


@pytest.mark.parametrize("suffix", FORMATS)
def test_feeds_contain_nothing_of_unpublished_articles(publication: Publication, suffix: str) -> None:
    for path in publication.paths():
        document = publication.resolve(path)
        if path.endswith(f"feed.{suffix}"):
            assert b"Secretword" not in document.body  # type: ignore[union-attr]
            assert b"secret" not in document.body  # type: ignore[union-attr]


@pytest.mark.parametrize("suffix", FORMATS)
def test_validators_report_no_objection(publication: Publication, suffix: str) -> None:
    checked = 0
    for path in publication.paths():
        if path.endswith(f"/feed.{suffix}"):
            document = publication.resolve(path)
            # Texts of this newsroom contain "&amp;" and "<small>", which this rule reports as markup.
            address = absolute(BASE, path)
            objections = validators.objections(document.body, suffix, address, allow=("plain-text",), now=NOW)  # type: ignore[union-attr]
            assert objections == [], path
            checked += 1
    assert checked >= 15


def test_feed_without_entries_is_valid_for_readers(publication: Publication) -> None:
    for name, reader in READERS.items():
        readers.require(reader)
        for suffix in sorted(reader.formats):
            [feed] = reader.read_all([body(publication, EMPTY, suffix)], suffix)
            assert (feed.title, feed.entries) == ("Nothing yet – The Daily & Co", ()), name


def test_json_feeds_conform_to_the_published_schema(publication: Publication) -> None:
    readers.require(readers.JSON_FEED_SCHEMA)
    paths = [path for path in publication.paths() if path.endswith("feed.json")]
    documents = [publication.resolve(path).body for path in paths]  # type: ignore[union-attr]
    assert [problem for messages in readers.json_feed_schema(documents) for problem in messages] == []


def test_opml_document_lists_every_feed(publication: Publication) -> None:
    readers.require(readers.LISTPARSER)
    opml = readers.read_opml(publication.resolve("/feeds.opml").body)  # type: ignore[union-attr]
    urls = {feed.url for feed in opml.feeds}
    assert opml.title == "The Daily & Co"
    assert urls == {absolute(BASE, path_of(FeedAt(ref, "rss"))) for ref in publication.catalog.listings}


@pytest.mark.parametrize("suffix", FORMATS)
def test_archive_links_lead_to_every_article(publication: Publication, suffix: str) -> None:
    reader = READERS["feedsmith" if suffix == "json" else "feedparser"]
    readers.require(reader)
    path, ids = f"/feed.{suffix}", set()
    while path:
        feed = reader.read(publication.resolve(path).body, suffix)  # type: ignore[union-attr]
        ids |= {entry.id for entry in feed.entries}
        hrefs_of_archive = feed.hrefs("next" if suffix == "json" else "prev-archive")
        path = hrefs_of_archive[0].removeprefix(BASE) if hrefs_of_archive else ""
    assert ids - {NOTICE} == {row.article.id for row in publication.catalog.visible.values()}


def test_publication_lists_archive_pages_after_the_articles_they_contain(tmp_path: Path) -> None:
    """A static build writes documents in this order. Otherwise it would render an article's text again for each archive page."""
    articles_of_2025 = [newsrooms.article(f"o{n}", f"2025-{n % 2 + 3:02}-{n // 4 + 1:02}", tags="[wind]") for n in range(101)]
    articles_of_2024 = [newsrooms.article(f"s{n}", f"2024-0{n + 1}-05", tags="[wind, rain]") for n in range(6)]
    files: dict[str, str | bytes] = {
        "site.yaml": "title: T\nbase_url: https://t.example\nid_domain: t.example\nfeed: {entries: 3}\n"
    }
    for files_of_article in (*articles_of_2025, *articles_of_2024):
        files |= files_of_article
    publication = newsrooms.load_publication(newsrooms.write(tmp_path, files))
    days = {f"/articles/{row.article.slug}/": row.day for row in publication.catalog.listings[ListingRef()].visible}
    days_before: list[str] = []
    older = 0
    for path in publication.paths():
        if path in days:
            days_before.append(days[path])
        elif match := re.fullmatch(r".*/archive/([0-9-]+)/", path):
            older += 1
            assert days_before[-1].startswith(match[1]), path
            assert len(days_before) == sum(day >= match[1] for day in days.values()), path
    assert older == 7  # site and one tag: April, March and 2024; the other tag: 2024
