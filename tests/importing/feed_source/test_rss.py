"""Test the reader of RSS: what each element becomes."""

from __future__ import annotations

import pytest

from feedsvc.importing.feed_document import FeedDocument, FeedItem, FeedKind, FeedTerm
from feedsvc.importing.feed_reader import parse_feed
from feedsvc.importing.source import SourceAuthor, SourceMedium
from tests.importing.feed_source import samples


def parse(text: str, address: str = "") -> FeedDocument:
    return parse_feed(text.encode(), "old.xml", address=address)


def item(markup: str, address: str = "https://a.example/feed") -> FeedItem:
    namespaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"'
    return parse(f"<rss {namespaces}><channel><item>{markup}</item></channel></rss>", address).items[0]


def test_feed_of_wordpress() -> None:
    first, second = parse(samples.WORDPRESS).items
    assert first.place == "old.xml, item 1, line 11"
    assert first.terms == (FeedTerm(name="Food & drink"), FeedTerm(name="harbour", scheme="https://old.example/tag/harbour/"))
    assert first.summary == "<p>In short, &#8230; [&hellip;]</p>"
    assert '<a href="https://old.example/about/">about us</a>' in first.content
    assert '<img src="https://old.example/2026/01/fish/photo.jpg" alt="">' in first.content
    assert first.enclosures == (SourceMedium("https://old.example/talk.mp3", media_type="audio/mpeg", length=1234),)
    assert (second.id, second.content, second.summary) == ("", "Only a description <b>here</b>", "")


def test_rss_1_0_has_its_items_beside_the_channel_and_ids_in_attributes() -> None:
    document = parse(samples.RDF)
    [paper] = document.items
    assert (document.title, document.language) == ("Journal", "de")
    assert (paper.id, paper.title) == ("urn:paper:1", "Café &hello;")
    assert [author.name for author in paper.authors] == ["Ana & Eva"]
    assert str(paper.published) == "2026-01-02 03:04:05+01:00"
    assert paper.terms == (FeedTerm(name="Physics"),)


def test_first_versions_of_rss_with_entities_of_netscape() -> None:
    document = parse(samples.RSS_091)
    [only] = document.items
    assert (only.title, only.address, only.content) == ("Item\u00a0one", "http://ancient.example/one.html", "R&D and AT&T")


@pytest.mark.parametrize("host", ["my", "channel"])
def test_rss_0_90_of_netscape(host: str) -> None:
    namespaces = f'xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://{host}.netscape.com/rdf/simple/0.9/"'
    channel = "<channel><title>Old news</title><link>http://ancient.example/</link><description>d</description></channel>"
    item = "<item><title>Harbour</title><link>http://ancient.example/harbour</link></item>"
    document = parse(f"<r:RDF {namespaces}>{channel}{item}</r:RDF>")
    assert (document.kind, document.title) == (FeedKind.RDF, "Old news")
    assert [(item.title, item.address) for item in document.items] == [("Harbour", "http://ancient.example/harbour")]


@pytest.mark.parametrize("again", ["talk", "film"])
def test_a_recording_stays_the_first_enclosure_though_another_element_repeats_it(again: str) -> None:
    addresses = [f"https://old.example/{name}" for name in ("talk", "film", again)]
    first, *others = addresses
    media = "".join(f'<media:content url="{address}" type="video/mp4"/>' for address in others)
    item = f'<item><title>A</title><enclosure url="{first}" type="audio/mpeg" length="9"/>{media}</item>'
    text = f'<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel>{item}</channel></rss>'
    [only] = parse(text).items
    assert [medium.address for medium in only.enclosures] == addresses[:2]
    assert only.enclosures[0].media_type == "audio/mpeg"


def test_pictures_of_media_rss_and_podcasts() -> None:
    group, thumb, cover = parse(samples.MEDIA).items
    assert group.lead_image == SourceMedium(
        "https://m.example/large.jpg", alt="Alt", caption="Caption & more", credit="Ana", length=99
    )
    assert thumb.lead_image == SourceMedium("https://m.example/t.jpg")
    assert thumb.enclosures == (SourceMedium("https://m.example/film.mp4", media_type="video/mp4"),)
    assert cover.lead_image == SourceMedium("https://m.example/cover.jpg")
    assert cover.content == "<p>About the episode</p>"
    assert [author.name for author in cover.authors] == ["Host"]
    assert cover.enclosures[0].length == 0


@pytest.mark.parametrize(
    ("markup", "address"),
    [
        ("<link>https://a.example/1</link>", "https://a.example/1"),
        ("<link> /1\n</link>", "https://a.example/1"),
        ("<guid>https://a.example/g</guid>", "https://a.example/g"),
        ('<guid isPermaLink="false">https://a.example/g</guid>', ""),
        ("<guid>tag:1</guid>", ""),
        ('<atom:link rel="alternate" href="/2"/>', "https://a.example/2"),
        (
            (
                '<link>https://feedproxy.example/~r/1</link><f:origLink xmlns:f="http://rssnamespace.org/feedburner/ext/1.0">'
                "https://a.example/real</f:origLink>"
            ),
            "https://a.example/real",
        ),
    ],
)
def test_address_of_an_item(markup: str, address: str) -> None:
    assert item(markup).address == address


def test_id_keeps_every_character() -> None:
    assert item("<guid>  A b%20c/ü&amp;\n</guid>").id == "  A b%20c/ü&\n"


@pytest.mark.parametrize(
    ("markup", "author"),
    [
        ("<author>mina@a.example (Mina Park)</author>", SourceAuthor("Mina Park", "Mina Park", email="mina@a.example")),
        ("<author>Mina Park &lt;mina@a.example&gt;</author>", SourceAuthor("Mina Park", "Mina Park", email="mina@a.example")),
        ("<author>mina@a.example</author>", SourceAuthor("mina", "mina", email="mina@a.example")),
        ("<author>Mina Park</author>", SourceAuthor("Mina Park", "Mina Park")),
        ("<author>x</author><dc:creator>Mina Park</dc:creator>", SourceAuthor("Mina Park", "Mina Park")),
        ("<atom:author><atom:name>Mina</atom:name></atom:author>", SourceAuthor("Mina", "Mina")),
    ],
)
def test_people(markup: str, author: SourceAuthor) -> None:
    assert item(markup).authors == (author,)


def test_markup_that_a_feed_did_not_escape_is_kept() -> None:
    assert item("<description>See <p>one <b>two</b></p> three</description>").content == "See <p>one <b>two</b></p> three"


@pytest.mark.parametrize("prefix", ["dc:date", "pubDate", "atom:published"])
def test_dates_of_several_modules(prefix: str) -> None:
    assert str(item(f"<{prefix}>2026-01-02T03:04:05Z</{prefix}>").published) == "2026-01-02 03:04:05+00:00"
