"""RSS feeds, as feed parsers read them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from lxml import etree

from feedsvc.feed_model import Link, Term
from tests.feeds.rendering import ATOM, XML_TEXT, child_texts, parse, render
from tests.helpers.feeds import BASE, QUIET_DAY, SUMMIT, TOMBSTONE, empty_feed, feed_of, links, rich_feed


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
