"""Defects of feedgen that the feeds of feedsvc must not have, one test per defect.

Most tests first show that feedgen still has the defect. If such an assertion fails, feedgen has been fixed, and the workaround
in feedsvc/feeds can be removed.
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

from feedsvc.feed_model import Feed, Person
from feedsvc.feeds import FORMATS
from tests.helpers.feeds import BASE, QUIET_DAY, SUMMIT, at, empty_feed, feed_of, rich_feed

NS = {
    "a": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}
XML_FORMATS = pytest.mark.parametrize("suffix", ["rss", "atom"])


def find(document: bytes, path: str) -> list[Any]:
    """Return the elements, attributes or texts that an XPath selects."""
    result = etree.fromstring(document).xpath(path, namespaces=NS)
    assert isinstance(result, list)
    return result


def find_in_our_feed(feed: Feed, suffix: str, path: str) -> list[Any]:
    return find(FORMATS[suffix].render(feed), path)


def plain_feedgen(*links: dict[str, str]) -> FeedGenerator:
    """Return a generator filled as in the manual of feedgen, with these links of the feed."""
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


def test_links_of_atom_entries_keep_their_attributes() -> None:
    generator = plain_feedgen()
    plain_entry(generator).link(href=f"{BASE}a.mp3", rel="enclosure", type="audio/mpeg", length="5")
    assert find(generator.atom_str(), "//a:entry/a:link/@rel") == []

    links = find_in_our_feed(feed_of(SUMMIT), "atom", "//a:entry/a:link")
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


def test_the_rss_channel_link_is_the_page_of_the_site() -> None:
    generator = plain_feedgen({"href": "https://hub.example/", "rel": "hub"})
    assert find(generator.rss_str(), "channel/link/text()") == ["https://hub.example/"]

    backwards = replace(rich_feed("rss"), links=rich_feed("rss").links[::-1])
    for feed in (rich_feed("rss"), backwards):
        assert find_in_our_feed(feed, "rss", "channel/link/text()") == [BASE]


def test_rss_has_all_links_of_the_feed() -> None:
    generator = plain_feedgen({"href": "https://plain.example/f", "rel": "self"}, {"href": "https://hub.example/", "rel": "hub"})
    assert find(generator.rss_str(), "channel/a:link/@rel") == ["self"]

    assert find_in_our_feed(rich_feed("rss"), "rss", "channel/a:link/@rel") == ["self", "prev-archive", "hub"]
    archive = find_in_our_feed(rich_feed("rss", is_archive=True), "rss", "channel/a:link/@rel")
    assert archive == ["self", "current", "prev-archive", "next-archive"]


def test_each_format_has_its_own_self_link() -> None:
    generator = plain_feedgen({"href": "https://plain.example/feed.atom", "rel": "self"})
    assert find(generator.rss_str(), "channel/a:link/@href") == ["https://plain.example/feed.atom"]

    assert find_in_our_feed(rich_feed("rss"), "rss", "channel/a:link[@rel='self']/@href") == [f"{BASE}feed.rss"]
    assert find_in_our_feed(rich_feed("atom"), "atom", "a:link[@rel='self']/@href") == [f"{BASE}feed.atom"]


def test_the_update_date_is_never_the_current_time() -> None:
    for generator in (FeedGenerator(), FeedEntry()):
        assert abs(generator.updated() - datetime.now(UTC)) < timedelta(minutes=1)

    assert find_in_our_feed(empty_feed("rss"), "rss", "channel/lastBuildDate/text()") == ["Sat, 01 Jan 2000 00:00:00 GMT"]
    assert find_in_our_feed(rich_feed(), "atom", "//a:updated/text()") == [
        "2026-01-02T05:30:00Z",
        "2026-01-02T05:30:00Z",
        "2026-01-01T04:00:00Z",
    ]


def test_entries_have_the_order_of_the_feed() -> None:
    generator = plain_feedgen()
    for name in ("first", "second"):
        plain_entry(generator, name)
    assert find(generator.rss_str(), "//item/title/text()") == ["second", "first"]

    assert find_in_our_feed(rich_feed("rss"), "rss", "//item/title/text()") == [SUMMIT.title, QUIET_DAY.title]
    assert find_in_our_feed(rich_feed(), "atom", "//a:entry/a:title/text()") == [SUMMIT.title, QUIET_DAY.title]


def test_dates_do_not_change_the_locale_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def setlocale(category: int, name: str | None = None) -> str:
        calls.append((category, name))
        return "C"

    monkeypatch.setattr(locale, "setlocale", setlocale)
    formatRFC2822(at(1))
    assert (locale.LC_ALL, "C") in calls

    calls.clear()
    for fmt in FORMATS.values():
        fmt.render(rich_feed(fmt.suffix))
    assert calls == []


def test_rss_has_authors_with_and_without_email_as_one_dc_creator() -> None:
    generator = plain_feedgen()
    plain_entry(generator, "nameless").author([{"name": "A"}, {"name": "B"}])
    plain_entry(generator, "twice").author([{"name": "A", "email": "a@a.example"}, {"name": "B", "email": "b@b.example"}])
    document = generator.rss_str()
    assert find(document, "//item[title='nameless']/author") == []
    assert len(find(document, "//item[title='twice']/author")) == 2

    assert find_in_our_feed(rich_feed("rss"), "rss", "//author") == []
    assert find_in_our_feed(rich_feed("rss"), "rss", "//dc:creator/text()") == ["Ritesh Nambiar, Jia Liu & friends"]


def test_an_atom_author_without_url_has_only_a_name() -> None:
    with pytest.raises(ValueError, match="required keys"):
        FeedGenerator().author({"email": "a@a.example"})

    feed = feed_of(replace(SUMMIT, authors=(Person(name="Jia Liu"),)))
    assert [child.tag for child in find_in_our_feed(feed, "atom", "//a:entry/a:author/*")] == [f"{{{NS['a']}}}name"]


def test_atom_content_has_type_html() -> None:
    generator = plain_feedgen()
    plain_entry(generator).content("<p>x</p>", type="CDATA")
    assert find(generator.atom_str(), "//a:content/@type") == ["CDATA"]

    awkward = replace(SUMMIT, content="<p>]]> &amp; ]]&gt;</p>")
    assert find_in_our_feed(feed_of(awkward), "atom", "//a:content/@type") == ["html"]
    for suffix, path in (("rss", "//content:encoded"), ("atom", "//a:content")):
        (element,) = find_in_our_feed(feed_of(awkward, suffix), suffix, path)
        assert element.text == awkward.content


def test_rss_content_and_description_are_separate_elements() -> None:
    generator = plain_feedgen()
    plain_entry(generator).content("<p>x</p>", type="html")
    assert find(generator.rss_str(), "//content:encoded") == []
    assert find(generator.rss_str(), "//item/description/text()") == ["<p>x</p>"]

    names = [child.tag for child in find_in_our_feed(feed_of(SUMMIT, "rss"), "rss", "//item/*")]
    assert names.index("description") < names.index(f"{{{NS['content']}}}encoded")
    summary_only = find_in_our_feed(feed_of(QUIET_DAY, "rss"), "rss", "//item/*[self::description or self::content:encoded]")
    assert [element.text for element in summary_only] == [QUIET_DAY.summary]


def test_markup_in_titles_is_written_as_numeric_references() -> None:
    generator = plain_feedgen()
    plain_entry(generator, "<10 & more")
    assert b"<title>&lt;10 &amp; more</title>" in generator.rss_str()

    for fmt in (FORMATS["rss"], FORMATS["atom"]):
        document = fmt.render(feed_of(replace(SUMMIT, title="<10 & &amp; >1"), fmt.suffix))
        assert b"<title>&#x3C;10 &#x26; &#x26;amp; &gt;1</title>" in document
        assert b"?from=feed&amp;page=1" in document


def test_dates_are_written_in_utc_without_fractions() -> None:
    with pytest.raises(ValueError, match="timezone"):
        FeedEntry().published(datetime(2026, 1, 1))  # noqa: DTZ001 - a date without time zone is the defect

    local = datetime(2026, 1, 2, 9, 45, 0, 999, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    generator = plain_feedgen()
    plain_entry(generator).published(local)
    assert find(generator.atom_str(), "//a:published/text()") == ["2026-01-02T09:45:00.000999+05:45"]

    entry = replace(SUMMIT, published=local, updated=local)
    assert find_in_our_feed(feed_of(entry), "atom", "//a:published/text()") == ["2026-01-02T04:00:00Z"]
    assert find_in_our_feed(feed_of(entry, "rss"), "rss", "//item/pubDate/text()") == ["Fri, 02 Jan 2026 04:00:00 GMT"]


def test_media_content_has_no_group() -> None:
    generator = plain_feedgen()
    generator.load_extension("media")
    plain_entry(generator).media.content({"url": f"{BASE}a.jpg"})
    assert len(find(generator.rss_str(), "//media:group")) == 1

    for suffix, parent in (("rss", "//item"), ("atom", "//a:entry")):
        feed = feed_of(SUMMIT, suffix)
        assert find_in_our_feed(feed, suffix, "//media:group") == []
        (credit,) = find_in_our_feed(feed, suffix, f"{parent}/media:content/media:credit")
        assert (credit.text, dict(credit.attrib)) == ("Reuters", {"role": "photographer", "scheme": "urn:ebu"})


def test_numbers_are_written_as_text() -> None:
    generator = plain_feedgen()
    generator.load_extension("media")
    plain_entry(generator).media.content({"url": f"{BASE}a.jpg", "width": 1200})
    with pytest.raises(TypeError):
        generator.rss_str()

    assert find_in_our_feed(feed_of(SUMMIT, "rss"), "rss", "//media:content/@width") == ["1200"]


def test_rss_has_the_first_enclosure_and_links_to_the_others() -> None:
    without_type = plain_feedgen()
    plain_entry(without_type).enclosure(f"{BASE}a.mp3", 5)
    with pytest.raises(TypeError):
        without_type.rss_str()
    with_two = plain_feedgen()
    entry = plain_entry(with_two)
    entry.enclosure(f"{BASE}a.mp3", 5, "audio/mpeg")
    entry.enclosure(f"{BASE}b.mp3", None, "audio/mpeg")
    assert find(with_two.rss_str(), "//enclosure/@url") == [f"{BASE}b.mp3"]
    assert find(with_two.rss_str(), "//enclosure/@length") == ["None"]

    (first,) = find_in_our_feed(feed_of(SUMMIT, "rss"), "rss", "//item/enclosure")
    assert dict(first.attrib) == {"url": f"{BASE}media/briefing.mp3", "length": "123456", "type": "audio/mpeg"}
    assert find_in_our_feed(feed_of(SUMMIT, "rss"), "rss", "//item/a:link[@rel='enclosure']/@href") == [
        f"{BASE}media/minutes.pdf"
    ]


def test_guids_are_marked_as_permalinks_if_they_are_urls_of_pages() -> None:
    generator = plain_feedgen()
    plain_entry(generator).id("https://plain.example/a")
    assert find(generator.rss_str(), "//guid/@isPermaLink") == ["false"]

    assert find_in_our_feed(rich_feed("rss"), "rss", "//guid/@isPermaLink") == ["false", "true"]


def test_entries_have_their_language() -> None:
    assert not {"language", "lang", "deleted", "archive"} & set(dir(FeedEntry()))

    assert find_in_our_feed(rich_feed(), "atom", "//@xml:lang") == ["en", "ne"]
    assert find_in_our_feed(rich_feed("rss"), "rss", "//item/dc:language/text()") == ["ne"]


def test_a_feed_without_logo_has_no_image() -> None:
    generator = plain_feedgen()
    generator.logo("")
    assert len(find(generator.rss_str(), "channel/image")) == 1

    assert find_in_our_feed(empty_feed("rss"), "rss", "channel/image") == []
    (url, title, link) = find_in_our_feed(rich_feed("rss"), "rss", "channel/image/*")
    assert [url.text, title.text, link.text] == [f"{BASE}media/logo.png", "Asia & Pacific In News", BASE]


@XML_FORMATS
def test_rendering_does_not_change_its_input(suffix: str) -> None:
    link = {"href": "https://plain.example/"}
    FeedEntry().link(link)
    assert link == {"href": "https://plain.example/", "rel": "alternate"}

    feed = rich_feed(suffix)
    assert FORMATS[suffix].render(feed) == FORMATS[suffix].render(feed)
    assert feed == rich_feed(suffix)


@XML_FORMATS
@pytest.mark.parametrize("text", ["\x00", "\x1b", "\ufffe", "\uffff", "\ud800"])
def test_characters_that_xml_forbids_raise_value_error(suffix: str, text: str) -> None:
    render = FORMATS[suffix].render
    with pytest.raises(ValueError, match=r"XML compatible|surrogates"):
        render(feed_of(replace(SUMMIT, title=text), suffix))
