"""The neutral feed of a listing: defaults of entries, and the effect of the options of the site."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from feedsvc.feed_model import Entry, Feed, Person, Tombstone
from feedsvc.feeds import FORMATS, rss
from feedsvc.feeds.builder import EntryCache, build_feed
from feedsvc.routes import ListingRef
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article
from tests.readers import READERS
from tests.validators import objections

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SITE = "title: T\nbase_url: https://t.example\nid_domain: t.example\n"


def feed_of_site(root: Path, *articles: dict[str, str | bytes], site: str = SITE) -> Feed:
    """Return the Atom feed of a site with these article files."""
    files: dict[str, str | bytes] = {"site.yaml": site}
    for article_files in articles:
        files |= article_files
    catalog = newsrooms.load_catalog(newsrooms.write(root, files))
    return build_feed(catalog.listings[ListingRef()], EntryCache(catalog), "atom", FORMATS["atom"].media_type)


def only_entry(root: Path, article_files: dict[str, str | bytes], site: str = SITE) -> Entry:
    """Return the only entry of a site with this article file."""
    [entry] = feed_of_site(root, article_files, site=site).entries
    return entry


def test_the_feed_of_an_empty_site_is_dated_by_since(tmp_path: Path) -> None:
    empty = feed_of_site(tmp_path, site=SITE + "since: 2015-06-01\n")
    assert (empty.items, empty.updated) == ((), datetime(2015, 6, 1, tzinfo=UTC))
    assert (empty.title, empty.subtitle, empty.author) == ("T", "T", Person(name="T", url="https://t.example/"))
    assert empty.id == "tag:t.example,2015:site/"


def test_an_article_without_summary_has_the_beginning_of_its_text_as_summary(tmp_path: Path) -> None:
    entry = only_entry(tmp_path, article("a", body="|\n  # Head\n\n  First *words* &amp; more.\n\n      code\n"))
    assert entry.summary == "Head First words & more."


def test_an_article_without_summary_and_text_has_its_title_as_summary(tmp_path: Path) -> None:
    assert only_entry(tmp_path, article("a", title="Only a title", body="''")).summary == "Only a title"


def test_a_summary_from_a_long_text_ends_after_a_word(tmp_path: Path) -> None:
    summary = only_entry(tmp_path, article("a", body="word " * 200)).summary
    assert len(summary) <= 281
    assert summary.endswith("word…")


def test_with_content_summary_an_entry_has_no_content(tmp_path: Path) -> None:
    entry = only_entry(tmp_path, article("a", summary="Short."), SITE + "feed: {content: summary}\n")
    assert (entry.content, entry.summary) == ("", "Short.")


def test_an_article_without_text_has_its_summary_as_content(tmp_path: Path) -> None:
    assert only_entry(tmp_path, article("a", summary="1 < 2", body="''")).content == "<p>1 &lt; 2</p>"


def test_an_id_that_is_the_url_of_the_article_is_a_permalink(tmp_path: Path) -> None:
    entry = only_entry(tmp_path, article("a", id="https://t.example/articles/a/"))
    assert entry.is_permalink
    assert not only_entry(tmp_path, article("a", id="https://t.example/articles/b/")).is_permalink


def test_caption_and_credit_are_escaped_in_the_content(tmp_path: Path) -> None:
    image = "{src: media/a.jpg, alt: '<\">', caption: '<b>', credit: A & B, credit_url: 'https://c.example/?a=1&b=2'}"
    entry = only_entry(tmp_path, article("a", image=image) | {"media/a.jpg": newsrooms.picture(8, 4)})
    assert entry.content.splitlines()[0] == (
        '<figure><img src="https://t.example/media/a.jpg" alt="&lt;&quot;&gt;" width="8" height="4"><figcaption>&lt;b&gt; '
        '<small><a href="https://c.example/?a=1&amp;b=2">A &amp; B</a></small></figcaption></figure>'
    )


def test_tombstones_precede_older_entries(tmp_path: Path) -> None:
    withdrawn = article("gone", "2026-01-02", status="withdrawn", withdrawn="{date: 2026-01-05, notice: Wrong.}")
    silent = f"{SITE}feed: {{withdrawals: silent}}\n"
    items = feed_of_site(tmp_path, article("new", "2026-01-03"), withdrawn, article("old"), site=silent).items
    assert items[0] == Tombstone(id="tag:news.example,2026:gone", when=datetime(2026, 1, 5, tzinfo=UTC), comment="Wrong.")
    assert [type(item) for item in items] == [Tombstone, Entry, Entry]


def json_items(root: Path) -> list[dict[str, Any]]:
    catalog = newsrooms.load_catalog(root)
    for suffix in ("rss", "json"):
        feed = build_feed(catalog.listings[ListingRef()], EntryCache(catalog), suffix, FORMATS[suffix].media_type)
        document = FORMATS[suffix].render(feed)
        assert objections(document, suffix, address=feed.href("self"), now=NOW) == []
    items: list[dict[str, Any]] = json.loads(document)["items"]
    return items


def test_a_withdrawn_article_is_overwritten_in_its_place_in_rss_and_json_feed(tmp_path: Path) -> None:
    files = {
        "site.yaml": f"{SITE}language: de\n",
        **article("new", "2026-01-03"),
        **article("old"),
        **article("gone", "2026-01-02"),
    }
    before = json_items(newsrooms.write(tmp_path, files))
    for notice, text in (("notice: Er < war falsch.", "Er < war falsch."), ("", "Er ist nicht mehr verfügbar.")):
        withdrawn = article("gone", "2026-01-02", status="withdrawn", withdrawn=f"{{date: 2026-01-05, {notice}}}")
        after = json_items(newsrooms.write(tmp_path, withdrawn))
        assert [item["id"] for item in after] == [item["id"] for item in before]
        assert after[1] == {
            **{key: before[1][key] for key in ("id", "url", "authors", "date_published")},
            "title": "Dieser Artikel wurde zurückgezogen",
            "content_html": f"<p>{escape(text)}</p>",
            "summary": text,
            "date_modified": "2026-01-05T00:00:00Z",
        }
    newsrooms.write(tmp_path, {"site.yaml": f"{SITE}feed: {{withdrawals: silent}}\n"})
    assert [item["id"] for item in json_items(tmp_path)] == [before[0]["id"], before[2]["id"]]


@pytest.mark.parametrize("id_", ["https://t.example/articles/a/", "tag:t.example,2026:a"])
def test_the_guid_of_a_withdrawn_article_stays_a_permalink(tmp_path: Path, id_: str) -> None:
    guids = []
    for status in ("published", "withdrawn"):
        feed = feed_of_site(tmp_path, article("a", id=id_, status=status))
        guids.append(etree.fromstring(rss.render(feed)).find(".//item/guid"))
    assert [(guid.text, guid.attrib) for guid in guids] == [(guids[0].text, guids[0].attrib)] * 2
    assert guids[0].text == id_


@pytest.mark.parametrize("summary", ["R&D", "He went to R&…", "A &; B", "A & B", "&&", "x &\u00a0y", "&lt", "1 < 2 &"])
def test_a_summary_with_an_ampersand_is_valid_html_in_rss(tmp_path: Path, summary: str) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write(tmp_path, {"site.yaml": SITE, **article("a", summary=f'"{summary}"')}))
    document = rss.render(build_feed(catalog.listings[ListingRef()], EntryCache(catalog), "rss", "application/rss+xml"))
    faults = objections(document, "rss", address="https://t.example/feed.rss", now=NOW)
    assert [fault for fault in faults if "HTML" in fault] == []


def test_archives_link_to_their_neighbours_and_to_no_hub(tmp_path: Path) -> None:
    months = [article(f"m{month}", f"2025-{month:02}-01") for month in range(8, 12)]
    files: dict[str, str | bytes] = {"site.yaml": SITE + "feed: {entries: 1}\nhubs: https://hub.example/\n"}
    for article_files in months:
        files |= article_files
    catalog = newsrooms.load_catalog(newsrooms.write(tmp_path, files))
    listing = catalog.listings[ListingRef()]
    archive = build_feed(listing, EntryCache(catalog), "rss", "application/rss+xml", "2025-09")
    assert archive.is_archive
    assert {link.rel: link.href.removeprefix("https://t.example") for link in archive.links} == {
        "self": "/archive/2025-09/feed.rss",
        "alternate": "/",
        "current": "/feed.rss",
        "prev-archive": "/archive/2025-08/feed.rss",
        "next-archive": "/archive/2025-10/feed.rss",
    }
    assert build_feed(listing, EntryCache(catalog), "rss", "application/rss+xml").href("hub") == "https://hub.example/"


@pytest.mark.parametrize(("suffix", "has_stylesheet"), [("rss", True), ("atom", True), ("json", False)])
def test_only_xml_feeds_with_browser_view_have_a_stylesheet(tmp_path: Path, suffix: str, has_stylesheet: bool) -> None:
    for option, expected in (("true", has_stylesheet), ("false", False)):
        site = SITE.replace("t.example\nid", "t.example/x\nid") + f"feed: {{browser_view: {option}}}\n"
        catalog = newsrooms.load_catalog(newsrooms.write(tmp_path, {"site.yaml": site}))
        stylesheet = build_feed(catalog.listings[ListingRef()], EntryCache(catalog), suffix, "").stylesheet
        assert stylesheet == ("/x/static/feed.css" if expected else "")


def test_a_feed_has_at_most_as_many_tombstones_as_entries(tmp_path: Path) -> None:
    withdrawn = [article(f"gone{i}", "2026-01-02", status="withdrawn") for i in range(9)]
    feed = feed_of_site(tmp_path, article("here"), *withdrawn, site=SITE + "feed: {entries: 3}\n")
    assert [type(item) for item in feed.items] == [Tombstone, Tombstone, Tombstone, Entry]


def test_an_article_with_slug_site_has_another_id_than_the_feed(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"articles/site.yaml": "title: A\npublished: 2026-01-01\n"}
    catalog = newsrooms.load_catalog(newsrooms.write(tmp_path, {"site.yaml": SITE + "since: 2026-01-01\n", **files}))
    assert build_feed(catalog.listings[ListingRef()], EntryCache(catalog), "atom", "").id != catalog.visible["site"].article.id


def test_labels_in_the_content_are_in_the_language_of_the_article(tmp_path: Path) -> None:
    keys = {"language": "ko", "sources": "[{name: 연합뉴스}]", "corrections": "[{date: 2026-01-03, text: 고쳤습니다.}]"}
    content = only_entry(tmp_path, article("a", **keys)).content
    assert "<strong>출처:</strong> 연합뉴스" in content
    assert "2026년 1월 3일" in content


@pytest.mark.parametrize(("language", "label"), [("fr", "Sources\u00a0:"), ("ja", "出典："), ("de", "Quellen:")])
def test_the_colon_after_a_label_is_that_of_the_language(tmp_path: Path, language: str, label: str) -> None:
    content = only_entry(tmp_path, article("a", language=language, sources="[{name: AFP}]")).content
    assert f"<strong>{label}</strong> AFP" in content


@pytest.mark.parametrize("suffix", list(FORMATS))
def test_an_article_without_authors_has_the_site_as_author_in_every_format(tmp_path: Path, suffix: str) -> None:
    """rss2email showed <author> as the sender, and each format had another author."""
    document = FORMATS[suffix].render(feed_of_site(tmp_path, article("a")))
    result = READERS["fastfeedparser"].read(document, suffix)
    assert [entry.authors for entry in result.entries] == [("T",)]


def test_json_feed_has_no_authors_of_the_feed(tmp_path: Path) -> None:
    """miniflux shows the authors of a JSON feed before the authors of each item."""
    authors: dict[str, str | bytes] = {"authors.yaml": "mina: {name: Mina Park}\n"}
    document = json.loads(FORMATS["json"].render(feed_of_site(tmp_path, authors, article("a", author="mina"))))
    assert "authors" not in document
    assert [[author["name"] for author in item["authors"]] for item in document["items"]] == [["Mina Park"]]


TWO_ENCLOSURES = """
  - {src: media/talk.mp3, title: 'Talk & "more"'}
  - {src: media/notes.pdf}
"""
ENCLOSURE_FILES: dict[str, str | bytes] = {"media/talk.mp3": b"ID3" + bytes(1_499_997), "media/notes.pdf": b"%PDF-1.4\n"}
ATTACHMENT_LIST = [
    "<p><strong>Attachments:</strong></p>",
    "<ul>",
    '<li><a href="https://t.example/media/talk.mp3">Talk &amp; &quot;more&quot;</a> (audio/mpeg, 2 MB)</li>',
    '<li><a href="https://t.example/media/notes.pdf">notes.pdf</a> (application/pdf, 9 B)</li>',
    "</ul>",
]


def test_every_attachment_is_listed_at_the_end_of_the_content(tmp_path: Path) -> None:
    entry = only_entry(tmp_path, article("a", body="Text.", enclosures=TWO_ENCLOSURES) | ENCLOSURE_FILES)
    assert entry.content.splitlines() == ["<p>Text.</p>", *ATTACHMENT_LIST]


def test_with_content_summary_every_attachment_is_listed(tmp_path: Path) -> None:
    site = SITE + "feed: {content: summary}\n"
    entry = only_entry(tmp_path, article("a", summary="1 < 2", enclosures=TWO_ENCLOSURES) | ENCLOSURE_FILES, site=site)
    assert (entry.summary, entry.content.splitlines()) == ("1 < 2", ["<p>1 &lt; 2</p>", *ATTACHMENT_LIST])


def test_attachments_are_listed_in_the_language_of_the_article(tmp_path: Path) -> None:
    entry = only_entry(tmp_path, article("a", body="Text.", enclosures=TWO_ENCLOSURES, language="ko") | ENCLOSURE_FILES)
    assert entry.content.splitlines()[1] == "<p><strong>첨부 파일:</strong></p>"
