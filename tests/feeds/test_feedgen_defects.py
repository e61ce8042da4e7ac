"""One test per defect of feedgen that our documents must not have.

Most begin by showing that plain feedgen still has the defect: when such a line fails, upstream has mended it and
the work around it in feedsvc/feeds can go.
"""

from __future__ import annotations

import locale
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from feedgen.entry import FeedEntry  # type: ignore[import-untyped]
from feedgen.feed import FeedGenerator  # type: ignore[import-untyped]
from feedgen.util import formatRFC2822  # type: ignore[import-untyped]
from lxml import etree

from feedsvc.feeds import FORMATS
from feedsvc.model import Feed, Person
from tests.helpers.feeds import BASE, QUIET_DAY, SUMMIT, at, empty_feed, feed_of, rich_feed

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}
XML_FORMATS = pytest.mark.parametrize("suffix", ["rss", "atom"])


def found(document: bytes, path: str) -> list[Any]:
    """What an XPath finds in a document: elements, attributes or texts."""
    result = etree.fromstring(document).xpath(path, namespaces=NS)
    assert isinstance(result, list)
    return result


def ours(feed: Feed, suffix: str, path: str) -> list[Any]:
    return found(FORMATS[suffix].render(feed), path)


def plain(*links: dict[str, str]) -> FeedGenerator:
    """A generator as feedgen's manual has it filled, with these links of the feed."""
    generator = FeedGenerator()
    generator.id("tag:plain.example,2000:site")
    generator.title("Plain")
    generator.description("Plain feedgen")
    generator.link([{"href": "https://plain.example/", "rel": "alternate"}, *links])
    return generator


def plain_entry(generator: FeedGenerator, name: str = "a") -> FeedEntry:
    entry = generator.add_entry()
    entry.id(f"tag:plain.example,2000:{name}")
    entry.title(name)
    entry.link(href=f"https://plain.example/{name}", rel="alternate")
    return entry


def test_atom_entry_links_lose_their_attributes() -> None:
    generator = plain()
    plain_entry(generator).link(href=f"{BASE}a.mp3", rel="enclosure", type="audio/mpeg", length="5")
    assert found(generator.atom_str(), "//a:entry/a:link/@rel") == []

    links = ours(feed_of(SUMMIT), "atom", "//a:entry/a:link")
    assert [dict(link.attrib) for link in links] == [
        {"rel": "alternate", "type": "text/html", "href": SUMMIT.url},
        {
            "rel": "enclosure",
            "type": "audio/mpeg",
            "length": "123456",
            "title": "The briefing",
            "href": f"{BASE}media/briefing.mp3",
        },
        {"rel": "enclosure", "type": "application/pdf", "length": "2048", "href": f"{BASE}media/minutes.pdf"},
        {"rel": "via", "title": "Yonhap News Agency", "href": "https://agency.example/story?id=1&lang=en"},
    ]


def test_rss_channel_link_is_the_last_link_set() -> None:
    generator = plain({"href": "https://hub.example/", "rel": "hub"})
    assert found(generator.rss_str(), "channel/link/text()") == ["https://hub.example/"]

    backwards = replace(rich_feed("rss"), links=rich_feed("rss").links[::-1])
    for feed in (rich_feed("rss"), backwards):
        assert ours(feed, "rss", "channel/link/text()") == [BASE]


def test_rss_keeps_only_the_first_self_link() -> None:
    generator = plain({"href": "https://plain.example/f", "rel": "self"}, {"href": "https://hub.example/", "rel": "hub"})
    assert found(generator.rss_str(), "channel/a:link/@rel") == ["self"]

    assert ours(rich_feed("rss"), "rss", "channel/a:link/@rel") == ["self", "prev-archive", "hub"]
    archive = ours(rich_feed("rss", is_archive=True), "rss", "channel/a:link/@rel")
    assert archive == ["self", "current", "prev-archive", "next-archive"]


def test_one_link_list_serves_both_formats() -> None:
    generator = plain({"href": "https://plain.example/feed.atom", "rel": "self"})
    assert found(generator.rss_str(), "channel/a:link/@href") == ["https://plain.example/feed.atom"]

    assert ours(rich_feed("rss"), "rss", "channel/a:link[@rel='self']/@href") == [f"{BASE}feed.rss"]
    assert ours(rich_feed("atom"), "atom", "a:link[@rel='self']/@href") == [f"{BASE}feed.atom"]


def test_updated_defaults_to_now() -> None:
    for fresh in (FeedGenerator(), FeedEntry()):
        assert abs(fresh.updated() - datetime.now(UTC)) < timedelta(minutes=1)

    assert ours(empty_feed("rss"), "rss", "channel/lastBuildDate/text()") == ["Sat, 01 Jan 2000 00:00:00 GMT"]
    assert ours(rich_feed(), "atom", "//a:updated/text()") == [
        "2026-01-02T05:30:00Z",
        "2026-01-02T05:30:00Z",
        "2026-01-01T04:00:00Z",
    ]


def test_add_entry_prepends() -> None:
    generator = plain()
    for name in ("first", "second"):
        plain_entry(generator, name)
    assert found(generator.rss_str(), "//item/title/text()") == ["second", "first"]

    assert ours(rich_feed("rss"), "rss", "//item/title/text()") == [SUMMIT.title, QUIET_DAY.title]
    assert ours(rich_feed(), "atom", "//a:entry/a:title/text()") == [SUMMIT.title, QUIET_DAY.title]


def test_dates_switch_the_locale_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    switched: list[object] = []

    def setlocale(category: int, name: str | None = None) -> str:
        switched.append((category, name))
        return "C"

    monkeypatch.setattr(locale, "setlocale", setlocale)
    formatRFC2822(at(1))
    assert (locale.LC_ALL, "C") in switched

    switched.clear()
    for fmt in FORMATS.values():
        fmt.render(rich_feed(fmt.suffix))
    assert switched == []


def test_authors_without_email_vanish_from_rss_and_two_with_it_are_invalid() -> None:
    generator = plain()
    plain_entry(generator, "nameless").author([{"name": "A"}, {"name": "B"}])
    plain_entry(generator, "twice").author([{"name": "A", "email": "a@a.example"}, {"name": "B", "email": "b@b.example"}])
    document = generator.rss_str()
    assert found(document, "//item[title='nameless']/author") == []
    assert len(found(document, "//item[title='twice']/author")) == 2

    assert ours(rich_feed("rss"), "rss", "//author") == []
    assert ours(rich_feed("rss"), "rss", "//dc:creator/text()") == ["Ritesh Nambiar, Jia Liu & friends"]


def test_an_author_without_name_raises_and_one_without_url_gets_no_empty_uri() -> None:
    with pytest.raises(ValueError, match="required keys"):
        FeedGenerator().author({"email": "a@a.example"})

    feed = feed_of(replace(SUMMIT, authors=(Person(name="Jia Liu"),)))
    assert [child.tag for child in ours(feed, "atom", "//a:entry/a:author/*")] == [f"{{{NS['a']}}}name"]


def test_cdata_content_is_an_invalid_type_in_atom() -> None:
    generator = plain()
    plain_entry(generator).content("<p>x</p>", type="CDATA")
    assert found(generator.atom_str(), "//a:content/@type") == ["CDATA"]

    awkward = replace(SUMMIT, content="<p>]]> &amp; ]]&gt;</p>")
    assert ours(feed_of(awkward), "atom", "//a:content/@type") == ["html"]
    for suffix, path in (("rss", "//content:encoded"), ("atom", "//a:content")):
        (element,) = ours(feed_of(awkward, suffix), suffix, path)
        assert element.text == awkward.content


def test_content_without_summary_becomes_the_description() -> None:
    generator = plain()
    plain_entry(generator).content("<p>x</p>", type="html")
    assert found(generator.rss_str(), "//content:encoded") == []
    assert found(generator.rss_str(), "//item/description/text()") == ["<p>x</p>"]

    names = [child.tag for child in ours(feed_of(SUMMIT, "rss"), "rss", "//item/*")]
    assert names.index("description") < names.index(f"{{{NS['content']}}}encoded")
    summary_only = ours(feed_of(QUIET_DAY, "rss"), "rss", "//item/*[self::description or self::content:encoded]")
    assert [element.text for element in summary_only] == [QUIET_DAY.summary]


def test_markup_in_plain_text_is_spelled_as_named_entities() -> None:
    generator = plain()
    plain_entry(generator, "<10 & more")
    assert b"<title>&lt;10 &amp; more</title>" in generator.rss_str()

    for fmt in (FORMATS["rss"], FORMATS["atom"]):
        document = fmt.render(feed_of(replace(SUMMIT, title="<10 & &amp; >1"), fmt.suffix))
        assert b"<title>&#x3C;10 &#x26; &#x26;amp; &gt;1</title>" in document
        assert b"?from=feed&amp;page=1" in document


def test_dates_need_a_zone_and_keep_a_strange_one() -> None:
    with pytest.raises(ValueError, match="timezone"):
        FeedEntry().published(datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test

    local = datetime(2026, 1, 2, 9, 45, 0, 999, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    generator = plain()
    plain_entry(generator).published(local)
    assert found(generator.atom_str(), "//a:published/text()") == ["2026-01-02T09:45:00.000999+05:45"]

    entry = replace(SUMMIT, published=local, updated=local)
    assert ours(feed_of(entry), "atom", "//a:published/text()") == ["2026-01-02T04:00:00Z"]
    assert ours(feed_of(entry, "rss"), "rss", "//item/pubDate/text()") == ["Fri, 02 Jan 2026 04:00:00 GMT"]


def test_bundled_media_extension_forces_a_group() -> None:
    generator = plain()
    generator.load_extension("media")
    plain_entry(generator).media.content({"url": f"{BASE}a.jpg"})
    assert len(found(generator.rss_str(), "//media:group")) == 1

    for suffix, parent in (("rss", "//item"), ("atom", "//a:entry")):
        feed = feed_of(SUMMIT, suffix)
        assert ours(feed, suffix, "//media:group") == []
        (credit,) = ours(feed, suffix, f"{parent}/media:content/media:credit")
        assert (credit.text, dict(credit.attrib)) == ("Reuters", {"role": "photographer", "scheme": "urn:ebu"})


def test_numbers_must_be_strings() -> None:
    generator = plain()
    generator.load_extension("media")
    plain_entry(generator).media.content({"url": f"{BASE}a.jpg", "width": 1200})
    with pytest.raises(TypeError):
        generator.rss_str()

    assert ours(feed_of(SUMMIT, "rss"), "rss", "//media:content/@width") == ["1200"]


def test_enclosure_without_type_raises_without_length_says_none_and_rss_keeps_the_last() -> None:
    typeless = plain()
    plain_entry(typeless).enclosure(f"{BASE}a.mp3", 5)
    with pytest.raises(TypeError):
        typeless.rss_str()
    two = plain()
    entry = plain_entry(two)
    entry.enclosure(f"{BASE}a.mp3", 5, "audio/mpeg")
    entry.enclosure(f"{BASE}b.mp3", None, "audio/mpeg")
    assert found(two.rss_str(), "//enclosure/@url") == [f"{BASE}b.mp3"]
    assert found(two.rss_str(), "//enclosure/@length") == ["None"]

    (first,) = ours(feed_of(SUMMIT, "rss"), "rss", "//item/enclosure")
    assert dict(first.attrib) == {"url": f"{BASE}media/briefing.mp3", "length": "123456", "type": "audio/mpeg"}
    assert ours(feed_of(SUMMIT, "rss"), "rss", "//item/a:link[@rel='enclosure']/@href") == [f"{BASE}media/minutes.pdf"]


def test_id_denies_being_a_permalink() -> None:
    generator = plain()
    plain_entry(generator).id("https://plain.example/a")
    assert found(generator.rss_str(), "//guid/@isPermaLink") == ["false"]

    assert ours(rich_feed("rss"), "rss", "//guid/@isPermaLink") == ["false", "true"]


def test_entry_has_no_word_for_its_language() -> None:
    assert not {"language", "lang", "deleted", "archive"} & set(dir(FeedEntry()))

    assert ours(rich_feed(), "atom", "//@xml:lang") == ["en", "ne"]
    assert ours(rich_feed("rss"), "rss", "//item/dc:language/text()") == ["ne"]


def test_an_empty_logo_becomes_an_image_without_address() -> None:
    generator = plain()
    generator.logo("")
    assert len(found(generator.rss_str(), "channel/image")) == 1

    assert ours(empty_feed("rss"), "rss", "channel/image") == []
    (url, title, link) = ours(rich_feed("rss"), "rss", "channel/image/*")
    assert [url.text, title.text, link.text] == [f"{BASE}media/logo.png", "Asia & Pacific In News", BASE]


@XML_FORMATS
def test_input_is_mutated(suffix: str) -> None:
    link = {"href": "https://plain.example/"}
    FeedEntry().link(link)
    assert link == {"href": "https://plain.example/", "rel": "alternate"}

    feed = rich_feed(suffix)
    assert FORMATS[suffix].render(feed) == FORMATS[suffix].render(feed)
    assert feed == rich_feed(suffix)


@XML_FORMATS
@pytest.mark.parametrize("text", ["\x00", "\x1b", "\ufffe", "\uffff", "\ud800"])
def test_impossible_characters_raise_so_the_reader_of_articles_must_refuse_them(suffix: str, text: str) -> None:
    render = FORMATS[suffix].render
    with pytest.raises(ValueError, match=r"XML compatible|surrogates"):
        render(feed_of(replace(SUMMIT, title=text), suffix))
