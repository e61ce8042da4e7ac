"""Atom feeds, as feed parsers read them."""

from __future__ import annotations

from dataclasses import replace

from lxml import etree

from feedsvc.feed_model import Tombstone
from tests.feeds.rendering import ATOM, parse, render
from tests.helpers.feeds import BASE, QUIET_DAY, SUMMIT, TOMBSTONE, at, empty_feed, feed_of, links, rich_feed


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


def test_a_reader_that_takes_the_first_link_of_a_feed_leads_to_its_page() -> None:
    for is_archive in (False, True):
        feed = rich_feed(is_archive=is_archive)
        self_first = replace(feed, links=(*feed.links[1:], feed.links[0]))
        elements = etree.fromstring(render(self_first, "atom")).findall(f"{ATOM}link")
        assert [(link.get("rel"), link.get("href")) for link in elements] == [
            (link.rel, link.href) for link in links("atom", is_archive=is_archive)
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
