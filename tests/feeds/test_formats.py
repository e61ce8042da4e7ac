"""RSS, Atom and JSON Feed of one feed, as feed parsers read them."""

from __future__ import annotations

import json
import locale
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import fastfeedparser  # type: ignore[import-untyped]
import feedparser  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.feeds import FORMATS
from feedsvc.model import Enclosure, Feed, Image, Link, Person, Source, Term, Tombstone
from feedsvc.support.date_formats import rfc822, rfc3339
from tests import ROOT
from tests.helpers.feeds import BASE, MARKUP_TEXT, QUIET_DAY, SUMMIT, TOMBSTONE, at, empty_feed, feed_of, links, rich_feed

ATOM = "{http://www.w3.org/2005/Atom}"
EVERY_FORMAT = pytest.mark.parametrize("suffix", sorted(FORMATS))
XML_FORMATS = pytest.mark.parametrize("suffix", ["rss", "atom"])


def render(feed: Feed, suffix: str) -> bytes:
    return FORMATS[suffix].render(feed)


def parse(feed: Feed, suffix: str) -> feedparser.FeedParserDict:
    result = feedparser.parse(render(feed, suffix))
    assert not result.bozo
    return result


def as_json(feed: Feed) -> dict[str, Any]:
    document = json.loads(render(feed, "json"))
    assert isinstance(document, dict)
    return document


def child_texts(document: bytes, path: str) -> list[str | None]:
    return [element.text for element in etree.fromstring(document).iterfind(path)]


# --- Every format ---------------------------------------------------------------------------------------------


def test_table_of_formats() -> None:
    assert {suffix: fmt.media_type for suffix, fmt in FORMATS.items()} == {
        "rss": "application/rss+xml",
        "atom": "application/atom+xml",
        "json": "application/feed+json",
    }
    assert all(suffix == fmt.suffix for suffix, fmt in FORMATS.items())


@EVERY_FORMAT
@pytest.mark.parametrize("make_feed", [rich_feed, empty_feed])
def test_every_format_has_the_same_feed_and_entries(suffix: str, make_feed: Callable[[str], Feed]) -> None:
    feed = make_feed(suffix)
    result = fastfeedparser.parse(render(feed, suffix))
    assert result.feed.title == feed.title
    assert result.feed.link == BASE
    assert [entry.title for entry in result.entries] == [entry.title for entry in feed.entries]
    assert [entry.id for entry in result.entries] == [entry.id for entry in feed.entries]
    assert [entry.link for entry in result.entries] == [entry.url for entry in feed.entries]
    assert [entry.published for entry in result.entries] == [entry.published.isoformat() for entry in feed.entries]


@EVERY_FORMAT
def test_a_title_with_markup_is_parsed_back_unchanged(suffix: str) -> None:
    feed = feed_of(replace(SUMMIT, title=MARKUP_TEXT), suffix)
    assert fastfeedparser.parse(render(feed, suffix)).entries[0].title == MARKUP_TEXT


def test_a_feed_has_the_same_bytes_in_other_processes() -> None:
    program = (
        "import sys; from tests.helpers.feeds import FORMATS, rich_feed; "
        "sys.stdout.buffer.write(b''.join(fmt.render(rich_feed(fmt.suffix)) for fmt in FORMATS.values()))"
    )
    settings = (
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/New_York", "LC_ALL": "de_DE.UTF-8"},
    )
    expected = b"".join(fmt.render(rich_feed(fmt.suffix)) for fmt in FORMATS.values())
    for setting in settings:
        command = [sys.executable, "-c", program]
        run = subprocess.run(command, cwd=ROOT, env=os.environ | setting, capture_output=True, check=True)
        assert run.stdout == expected


@EVERY_FORMAT
def test_threads_render_the_same_bytes_without_changing_the_locale(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> str:
        raise AssertionError("the locale belongs to the whole process")

    monkeypatch.setattr(locale, "setlocale", forbidden)
    feed = replace(rich_feed(suffix), items=(SUMMIT, TOMBSTONE, QUIET_DAY) * 10)
    with ThreadPoolExecutor(8) as pool:
        documents = set(pool.map(lambda _: render(feed, suffix), range(40)))
    assert documents == {render(feed, suffix)}


def test_the_locale_does_not_change_the_bytes() -> None:
    before = locale.setlocale(locale.LC_ALL)
    expected = [fmt.render(rich_feed(fmt.suffix)) for fmt in FORMATS.values()]
    try:
        locale.setlocale(locale.LC_ALL, _comma_locale())
        assert [fmt.render(rich_feed(fmt.suffix)) for fmt in FORMATS.values()] == expected
    finally:
        locale.setlocale(locale.LC_ALL, before)


def _comma_locale() -> str:
    """Return a locale with decimal commas and other names of months, "C" if the machine has none."""
    before = locale.setlocale(locale.LC_ALL)
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8"):
        try:
            return locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        finally:
            locale.setlocale(locale.LC_ALL, before)
    return "C"


def test_dates_are_utc_and_have_four_digits_for_the_year() -> None:
    assert (rfc822(at(2)), rfc3339(at(2))) == ("Fri, 02 Jan 2026 04:00:00 GMT", "2026-01-02T04:00:00Z")
    early = at(2).replace(year=999, microsecond=5)
    assert (rfc822(early)[8:16], rfc3339(early)) == ("Jan 0999", "0999-01-02T04:00:00Z")


# --- RSS ------------------------------------------------------------------------------------------------------


def test_feedparser_reads_all_fields_of_rss() -> None:
    result = parse(rich_feed("rss"), "rss")
    channel, (summit, quiet) = result.feed, result.entries
    assert (result.version, channel.title, channel.link) == ("rss20", "Asia & Pacific In News", BASE)
    assert (channel.subtitle, channel.rights) == ("What happened in Asia today & yesterday", "© 2026 Asia In News")
    assert (channel.language, channel.ttl, channel.generator) == ("en", "45", "feedsvc")
    assert channel.updated == "Fri, 02 Jan 2026 05:30:00 GMT"
    assert (channel.image.href, channel.image.title, channel.image.link) == (
        f"{BASE}media/logo.png",
        channel.title,
        channel.link,
    )
    assert (summit.title, summit.link, summit.id) == (SUMMIT.title, SUMMIT.url, SUMMIT.id)
    assert (summit.guidislink, quiet.guidislink) == (False, False)
    assert [author.name for author in summit.authors] == ["Ritesh Nambiar, Jia Liu & friends"]
    assert [(tag.term, tag.scheme) for tag in summit.tags] == [(c.term, c.scheme) for c in SUMMIT.categories]
    assert (summit.published, summit.updated) == ("Fri, 02 Jan 2026 04:00:00 GMT", "2026-01-02T05:30:00Z")
    assert "updated" not in list(quiet)
    assert summit.summary == "Lee goes to Beijing & stays below &lt;10 °C; R&amp;D is on the agenda."
    assert summit.content[0].value == SUMMIT.content.replace("<br>", "<br />")
    assert sorted(file.href for file in summit.enclosures) == sorted(file.url for file in SUMMIT.enclosures)
    assert (quiet.summary, quiet.language) == (QUIET_DAY.summary, "ne")
    assert "content" not in quiet


def test_rss_layout() -> None:
    """Check the order of elements and the line breaks."""
    lines = render(rich_feed("rss"), "rss").decode().splitlines()
    assert lines[1] == '<?xml-stylesheet type="text/css" href="/static/feed.css?v=1&amp;w=2"?>'
    item = [line.strip() for line in lines[lines.index("    <item>") : lines.index("    </item>")]]
    assert item[1] == "<title>Xi &#x26; Lee: a summit at &#x3C;10 °C</title>"
    assert item[4] == f"<content:encoded><![CDATA[{SUMMIT.content}]]></content:encoded>"
    assert item[-2] == "</media:content>"
    assert item[-5:-2] == [
        f'<media:content url="{BASE}media/summit.jpg" type="image/jpeg" medium="image" width="1200" height="800">',
        '<media:title type="plain">Two men shake hands &#x26; smile</media:title>',
        '<media:credit role="photographer" scheme="urn:ebu">Reuters</media:credit>',
    ]
    assert item[-1] == f'<media:thumbnail url="{BASE}sized/1/640/summit.jpg" width="640" height="427"/>'


def test_empty_rss() -> None:
    assert render(empty_feed("rss"), "rss").decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<rss xmlns:atom="http://www.w3.org/2005/Atom" version="2.0">\n'
        "  <channel>\n"
        "    <title>Asia In News</title>\n"
        f"    <link>{BASE}</link>\n"
        "    <description>Asia In News</description>\n"
        "    <docs>http://www.rssboard.org/rss-specification</docs>\n"
        "    <generator>feedsvc</generator>\n"
        "    <language>en</language>\n"
        "    <lastBuildDate>Sat, 01 Jan 2000 00:00:00 GMT</lastBuildDate>\n"
        "    <ttl>60</ttl>\n"
        f'    <atom:link rel="self" href="{BASE}feed.rss" type="application/rss+xml"/>\n'
        "  </channel>\n"
        "</rss>\n"
    )


@pytest.mark.parametrize(
    ("summary", "description"),
    [
        ("Johnson & Johnson", "Johnson & Johnson"),
        ("R&D, &amp; and &#38;", "R&amp;D, &amp;amp; and &amp;#38;"),
        ("<10 <b>bold</b>", "&lt;10 &lt;b>bold&lt;/b>"),
    ],
)
def test_an_rss_description_is_escaped_only_if_it_could_be_read_as_html(summary: str, description: str) -> None:
    document = render(feed_of(replace(SUMMIT, summary=summary), "rss"), "rss")
    assert child_texts(document, "channel/item/description") == [description]


def test_rss_and_json_feed_have_no_tombstones() -> None:
    for suffix in ("rss", "json"):
        assert TOMBSTONE.id.encode() not in render(rich_feed(suffix), suffix)


# --- Atom -----------------------------------------------------------------------------------------------------


def test_feedparser_reads_all_fields_of_atom() -> None:
    result = parse(rich_feed(), "atom")
    feed, (summit, quiet) = result.feed, result.entries
    assert (result.version, feed.id, feed.title) == (
        "atom10",
        "tag:asiainnews.example,2000:site",
        "Asia & Pacific In News",
    )
    assert (feed.title_detail.type, feed.title_detail.language) == ("text/plain", "en")
    assert (feed.subtitle, feed.rights) == ("What happened in Asia today & yesterday", "© 2026 Asia In News")
    assert (feed.updated, feed.logo, feed.icon) == (
        "2026-01-02T05:30:00Z",
        f"{BASE}media/logo.png",
        f"{BASE}media/icon.png",
    )
    assert feed.generator_detail == {"name": "feedsvc", "href": "https://feedsvc.example/"}
    assert feed.author_detail == {"name": "Asia In News", "href": BASE, "email": "desk@asiainnews.example"}
    assert [(link.rel, link.href) for link in feed.links] == [(link.rel, link.href) for link in links("atom")]
    assert (summit.title, summit.link, summit.id) == (SUMMIT.title, SUMMIT.url, SUMMIT.id)
    assert (summit.published, summit.updated) == ("2026-01-02T04:00:00Z", "2026-01-02T05:30:00Z")
    assert (summit.summary, summit.summary_detail.type) == (SUMMIT.summary, "text/plain")
    assert (summit.content[0].value, summit.content[0].type) == (SUMMIT.content.replace("<br>", "<br />"), "text/html")
    assert [(tag.term, tag.scheme) for tag in summit.tags] == [(c.term, c.scheme) for c in SUMMIT.categories]
    assert [file.href for file in summit.enclosures] == [file.url for file in SUMMIT.enclosures]
    assert (quiet.title_detail.language, "content" in quiet) == ("ne", False)


def test_atom_authors_have_name_email_and_uri() -> None:
    authors = etree.fromstring(render(feed_of(SUMMIT), "atom")).findall(f"{ATOM}entry/{ATOM}author")
    assert [[(child.tag, child.text) for child in author] for author in authors] == [
        [(f"{ATOM}name", "Ritesh Nambiar"), (f"{ATOM}email", "ritesh@asiainnews.example")],
        [(f"{ATOM}name", "Jia Liu & friends"), (f"{ATOM}uri", f"{BASE}author/jia-liu/")],
    ]


def test_atom_has_tombstones_among_the_entries() -> None:
    tombstones = "{http://purl.org/atompub/tombstones/1.0}"
    without_comment = Tombstone(id="tag:asiainnews.example,2026:other", when=at(1))
    root = etree.fromstring(render(replace(rich_feed(), items=(SUMMIT, TOMBSTONE, without_comment, QUIET_DAY)), "atom"))
    entry, first, second, last = list(root)[-4:]
    assert (entry.tag, last.tag) == (f"{ATOM}entry", f"{ATOM}entry")
    assert (first.tag, dict(first.items())) == (
        f"{tombstones}deleted-entry",
        {"ref": TOMBSTONE.id, "when": "2026-01-01T12:00:00Z"},
    )
    assert [(child.tag, child.text) for child in first] == [(f"{tombstones}comment", "Withdrawn by the editor.")]
    assert (second.get("ref"), len(second)) == (without_comment.id, 0)


def test_empty_atom() -> None:
    assert render(empty_feed(), "atom").decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        "  <id>tag:asiainnews.example,2000:site</id>\n"
        "  <title>Asia In News</title>\n"
        "  <updated>2000-01-01T00:00:00Z</updated>\n"
        "  <author>\n"
        "    <name>Asia In News</name>\n"
        "  </author>\n"
        f'  <link href="{BASE}" rel="alternate" type="text/html"/>\n'
        f'  <link href="{BASE}feed.atom" rel="self" type="application/atom+xml"/>\n'
        '  <generator uri="https://feedsvc.example/">feedsvc</generator>\n'
        "</feed>\n"
    )


# --- Both XML formats -----------------------------------------------------------------------------------------


@XML_FORMATS
def test_only_namespaces_in_use_are_declared(suffix: str) -> None:
    minimal_namespaces: dict[str, set[str | None]] = {"rss": {"atom"}, "atom": {None}}
    maximal_namespaces: dict[str, set[str | None]] = {"rss": {"atom", "content"}, "atom": {None, "at"}}
    minimal = feed_of(replace(QUIET_DAY, language="", image=None), suffix)
    assert set(etree.fromstring(render(minimal, suffix)).nsmap) == minimal_namespaces[suffix]

    maximal = rich_feed(suffix, is_archive=True)
    assert set(etree.fromstring(render(maximal, suffix)).nsmap) == {"dc", "fh", "media"} | maximal_namespaces[suffix]


@XML_FORMATS
def test_an_archive_document_has_the_archive_element(suffix: str) -> None:
    archive = "{http://purl.org/syndication/history/1.0}archive"
    assert archive.encode() not in render(rich_feed(suffix), suffix)
    root = etree.fromstring(render(rich_feed(suffix, is_archive=True), suffix))
    assert len(list(root.iter(archive))) == 1
    rels = [link.get("rel") for link in root.iter(f"{ATOM}link")]
    assert {"self", "current", "prev-archive", "next-archive"} <= set(rels)


@XML_FORMATS
def test_a_feed_without_stylesheet_has_no_stylesheet_instruction(suffix: str) -> None:
    assert b"xml-stylesheet" in render(rich_feed(suffix), suffix)
    assert b"xml-stylesheet" not in render(replace(rich_feed(suffix), stylesheet=""), suffix)


@XML_FORMATS
@pytest.mark.parametrize("content", ["", SUMMIT.content])
def test_a_caption_is_only_in_the_content(suffix: str, content: str) -> None:
    """The caption is part of the content. newsboat shows a media:description above it; feedparser takes one for the content."""
    feed = feed_of(replace(SUMMIT, content=content), suffix)
    assert ("content" in parse(feed, suffix).entries[0]) == bool(content)
    assert b"<media:title" in render(feed, suffix)
    assert b"media:description" not in render(feed, suffix)


@XML_FORMATS
def test_sources_with_a_url_are_via_links_and_the_others_are_in_dc_source(suffix: str) -> None:
    entry = parse(feed_of(SUMMIT, suffix), suffix).entries[0]
    assert [(link.href, link.title) for link in entry.links if link.rel == "via"] == [
        ("https://agency.example/story?id=1&lang=en", "Yonhap News Agency")
    ]
    assert entry.dc_source == "Two diplomats; A clerk"


@XML_FORMATS
def test_an_image_without_texts_has_no_child_elements(suffix: str) -> None:
    image = Image(url=f"{BASE}a.png", type="image/png", width=1, height=2)
    document = render(feed_of(replace(SUMMIT, image=image), suffix), suffix)
    (content,) = etree.fromstring(document).iter("{http://search.yahoo.com/mrss/}content")
    assert (content.get("width"), len(content)) == ("1", 0)


@XML_FORMATS
def test_elements_are_on_separate_lines_and_texts_have_no_added_space(suffix: str) -> None:
    entry = replace(SUMMIT, title="&<& a\n b<", summary="<", categories=(Term(term="<&", scheme=""),))
    document = render(feed_of(entry, suffix), suffix)
    namespace = {"rss": "", "atom": ATOM}[suffix]
    root = etree.fromstring(document)
    titles = [element.text for element in root.iter(f"{namespace}title")]
    assert titles[-1] == "&<& a\n b<"
    assert max(line.count(b"<") for line in document.splitlines() if b"CDATA" not in line) <= 2


# --- JSON Feed ------------------------------------------------------------------------------------------------


def test_json_feed_with_all_fields() -> None:
    document = as_json(rich_feed("json"))
    items = document.pop("items")
    assert document == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Asia & Pacific In News",
        "home_page_url": BASE,
        "feed_url": f"{BASE}feed.json",
        "description": "What happened in Asia today & yesterday",
        "next_url": f"{BASE}archive/2025-12/feed.json",
        "icon": f"{BASE}media/logo.png",
        "favicon": f"{BASE}media/icon.png",
        "language": "en",
        "hubs": [{"type": "WebSub", "url": "https://hub.example/?a=1&b=2"}],
    }
    assert items == [
        {
            "id": SUMMIT.id,
            "url": SUMMIT.url,
            "title": SUMMIT.title,
            "content_html": SUMMIT.content,
            "summary": SUMMIT.summary,
            "image": f"{BASE}media/summit.jpg",
            "date_published": "2026-01-02T04:00:00Z",
            "date_modified": "2026-01-02T05:30:00Z",
            "authors": [
                {"name": "Ritesh Nambiar"},
                {"name": "Jia Liu & friends", "url": f"{BASE}author/jia-liu/"},
            ],
            "tags": ["Asia & Pacific", "china"],
            "attachments": [
                {
                    "url": f"{BASE}media/briefing.mp3",
                    "mime_type": "audio/mpeg",
                    "size_in_bytes": 123456,
                    "title": "The briefing",
                },
                {"url": f"{BASE}media/minutes.pdf", "mime_type": "application/pdf", "size_in_bytes": 2048},
            ],
        },
        {
            "id": QUIET_DAY.id,
            "url": QUIET_DAY.url,
            "title": QUIET_DAY.title,
            "content_text": QUIET_DAY.summary,
            "summary": QUIET_DAY.summary,
            "image": f"{BASE}media/summit.jpg",
            "date_published": "2026-01-01T04:00:00Z",
            "date_modified": "2026-01-01T04:00:00Z",
            "language": "ne",
        },
    ]
    assert QUIET_DAY.title.encode() in render(rich_feed("json"), "json")


def test_empty_json_feed() -> None:
    assert as_json(empty_feed("json")) == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Asia In News",
        "home_page_url": BASE,
        "feed_url": f"{BASE}feed.json",
        "language": "en",
        "items": [],
    }


def test_an_attachment_of_zero_bytes_has_its_size() -> None:
    entry = replace(SUMMIT, enclosures=(Enclosure(url=f"{BASE}media/a.txt", type="text/plain", length=0),))
    assert as_json(feed_of(entry, "json"))["items"][0]["attachments"][0]["size_in_bytes"] == 0


# --- Any text -------------------------------------------------------------------------------------------------

# XML 1.0 section 2.2, Char.
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda char: char >= " " or char in "\t\n\r"
    ),
    min_size=1,
)


@given(title=XML_TEXT, summary=XML_TEXT, name=XML_TEXT)
def test_any_text_is_parsed_back_from_atom_and_json(title: str, summary: str, name: str) -> None:
    entry = replace(
        SUMMIT,
        title=title,
        summary=summary,
        content=summary,
        authors=(Person(name=name),),
        categories=(Term(term=name, scheme=""),),
        sources=(Source(name=title, url=BASE),),
    )
    feed = replace(feed_of(entry), title=title, subtitle=summary, author=Person(name=name))
    atom = etree.fromstring(render(feed, "atom"))
    (item,) = atom.iterfind(f"{ATOM}entry")
    for parent in (atom, item):
        assert parent.findtext(f"{ATOM}title") == title
        assert parent.findtext(f"{ATOM}author/{ATOM}name") == name
    assert (atom.findtext(f"{ATOM}subtitle"), item.findtext(f"{ATOM}summary")) == (summary, summary)
    assert item.findtext(f"{ATOM}content") == summary
    assert [category.get("term") for category in item.iterfind(f"{ATOM}category")] == [name]
    assert [link.get("title") for link in item.iterfind(f"{ATOM}link[@rel='via']")] == [title]

    document = as_json(feed)
    assert (document["title"], document["description"]) == (title, summary)
    (json_item,) = document["items"]
    assert (json_item["title"], json_item["summary"], json_item["content_html"]) == (title, summary, summary)
    assert (json_item["authors"], json_item["tags"]) == ([{"name": name}], [name])


@given(title=XML_TEXT, name=XML_TEXT)
def test_any_title_and_name_is_parsed_back_from_rss(title: str, name: str) -> None:
    entry = replace(SUMMIT, title=title, byline=name, categories=(Term(term=name, scheme=""),))
    (item,) = etree.fromstring(render(feed_of(entry, "rss"), "rss")).iterfind("channel/item")
    assert item.findtext("title") == title
    assert (item.findtext("category"), item.findtext("{http://purl.org/dc/elements/1.1/}creator")) == (name, name)


def test_a_link_without_type_has_no_type_attribute() -> None:
    links_without_type = tuple(Link(rel=link.rel, href=link.href) for link in links("rss"))
    document = render(replace(rich_feed("rss"), links=links_without_type), "rss")
    (self_link, *_) = etree.fromstring(document).iterfind(f"channel/{ATOM}link")
    assert dict(self_link.items()) == {"rel": "self", "href": f"{BASE}feed.rss"}
