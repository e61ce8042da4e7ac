"""Feeds of a caller's own objects: defaults, order, errors, and documents that validators and readers accept."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import feedparser  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feedsvc.api import (
    Alternate,
    Enclosure,
    Entry,
    Feed,
    FieldError,
    Image,
    License,
    LicenseScope,
    Link,
    Payment,
    Person,
    Source,
    Term,
    Tombstone,
    new_entry,
    new_feed,
    render,
)
from tests.validators import objections

HOME = "https://harbour.example/"
MOMENT = datetime(2026, 1, 2, 9, 30, tzinfo=UTC)
FORMATS = pytest.mark.parametrize("suffix", ["rss", "atom", "json"])


def entry(**values: Any) -> Entry:
    return new_entry(**{"title": "Tide", "url": f"{HOME}tide", "published": MOMENT, **values})


def feed(*entries: Entry | Tombstone, **values: Any) -> Feed:
    return new_feed(**{"title": "Harbour Notes", "url": HOME, "language": "en", "entries": entries, **values})


FULL = {
    "title": "R&D at <10 °C",
    "id": "tag:harbour.example,2026:1",
    "updated": MOMENT + timedelta(days=1),
    "summary": "1 < 2 & more",
    "content": "<p>A <b>long</b> text &amp; more.</p>",
    "authors": ["Mina Park", Person(name="Ritesh Nambiar", url=f"{HOME}ritesh", email="ritesh@harbour.example")],
    "categories": ["Harbour", Term(term="Tides", scheme=f"{HOME}tag/tides")],
    "image": Image(url=f"{HOME}tide.jpg", type="image/jpeg", width=800, height=600, alt="A gauge", credit="Reuters"),
    "enclosures": [
        Enclosure(url=f"{HOME}talk.mp3", type="audio/mpeg", length=1000, title="Talk"),
        Enclosure(url=f"{HOME}paper.pdf", type="application/pdf", length=10),
    ],
    "sources": [Source(name="Yonhap", url="https://agency.example/"), Source(name="A clerk")],
    "language": "ko",
}


@FORMATS
@pytest.mark.parametrize("values", [{}, FULL], ids=["smallest", "full"])
def test_documents_have_no_fault_for_validators(suffix: str, values: dict[str, Any]) -> None:
    address = f"{HOME}feed.{suffix}"
    deleted = Tombstone(id="tag:harbour.example,2025:0", when=MOMENT, comment="Withdrawn.")
    full = {"rights": "© 2026", "logo": f"{HOME}logo.png", "icon": f"{HOME}icon.png", "hubs": ["https://hub.example/"]}
    document = render(feed(entry(**values), deleted, **(full if values else {})), suffix, url=address)
    assert objections(document, suffix, address) == []


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_a_reader_gets_out_of_a_feed_what_was_put_in(suffix: str) -> None:
    parsed = feedparser.parse(render(feed(entry(**FULL)), suffix, url=f"{HOME}feed.{suffix}"))
    assert not parsed.bozo
    assert (parsed.feed.title, parsed.feed.link) == ("Harbour Notes", HOME)
    (item,) = parsed.entries
    assert (item.title, item.id, item.link) == (FULL["title"] if suffix == "atom" else "R&D at <10 °C", FULL["id"], f"{HOME}tide")
    assert item.published_parsed[:5] == (2026, 1, 2, 9, 30)
    assert item.updated_parsed[:3] == (2026, 1, 3)
    assert item.content[0].value == FULL["content"]
    assert [tag.term for tag in item.tags] == ["Harbour", "Tides"]
    assert item.enclosures[0].href == f"{HOME}talk.mp3"
    assert "Mina Park" in item.author or "Mina Park" in str(item.authors)


def test_json_has_every_author_and_attachment() -> None:
    (item,) = json.loads(render(feed(entry(**FULL)), "json"))["items"]
    assert [author["name"] for author in item["authors"]] == ["Mina Park", "Ritesh Nambiar"]
    assert [file["mime_type"] for file in item["attachments"]] == ["audio/mpeg", "application/pdf"]


def test_a_number_of_a_database_is_the_guid_of_rss_and_json_and_not_the_id_of_atom() -> None:
    made = feed(entry(guid="42"))
    assert b'<guid isPermaLink="false">42</guid>' in render(made, "rss")
    assert json.loads(render(made, "json"))["items"][0]["id"] == "42"
    assert f"<id>{HOME}tide</id>".encode() in render(made, "atom")
    assert b'<guid isPermaLink="true">' in render(feed(entry(id="urn:x:1", guid=f"{HOME}tide")), "rss")


def test_an_image_whose_address_alone_is_known_has_no_size() -> None:
    sized = entry(image=Image(f"{HOME}tide.jpg", type="image/jpeg", width=8, height=6))
    made = feed(entry(url=f"{HOME}new", image=Image(f"{HOME}tide.jpg")), sized)
    for suffix in ("rss", "atom"):
        document = render(made, suffix)
        assert f'<media:content url="{HOME}tide.jpg" medium="image"/>'.encode() in document
        assert document.count(b"<media:thumbnail") == document.count(b'width="8" height="6"') / 2 == 1


def test_markdown_license_and_translations_of_an_entry_are_rendered() -> None:
    terms = License(url=f"{HOME}terms", permits=LicenseScope(usage=("search",)))
    values = {"markdown": "*Tide*", "license": terms, "language": "en"}
    made = feed(entry(**values, alternates=[Alternate(language="ko", url=f"{HOME}ko/tide")]))
    document = render(made, "rss")
    assert b"<source:markdown><![CDATA[*Tide*]]></source:markdown>" in document
    assert b"<rsl:content" in document
    links = [(link["hreflang"], link["href"]) for link in feedparser.parse(document).entries[0].links if "hreflang" in link]
    assert links == [("ko", f"{HOME}ko/tide"), ("en", f"{HOME}tide")]
    assert json.loads(render(made, "json"))["items"][0]["_feedsvc"] == {
        "translations": [{"language": "ko", "url": f"{HOME}ko/tide"}],
        "license": f"{HOME}terms",
    }


@pytest.mark.parametrize(
    "terms",
    [f"{HOME}terms", License(url=f"{HOME}terms"), License(payment=Payment(type="attribution", standard=f"{HOME}terms"))],
)
def test_a_license_is_one_link_in_atom_and_json_and_a_mere_address_is_one_in_rss(terms: str | License) -> None:
    made = feed(entry(license=terms))
    link = f'<link rel="license" href="{HOME}terms"/>'.encode()
    assert render(made, "atom").count(link) == 1
    assert json.loads(render(made, "json"))["items"][0]["_feedsvc"] == {"license": f"{HOME}terms"}
    document = render(made, "rss")
    is_address = not isinstance(terms, License) or not terms.payment
    assert (document.count(b"<atom:" + link[1:]), document.count(b"<rsl:content")) == ((1, 0) if is_address else (0, 1))
    for suffix in ("rss", "atom", "json"):
        address = f"{HOME}feed.{suffix}"
        assert objections(render(made, suffix, url=address), suffix, address) == []


def test_with_entries_keeps_the_feed_and_its_tombstones() -> None:
    deleted, new = (
        Tombstone(id="urn:x:1", when=MOMENT),
        entry(url=f"{HOME}new", published=MOMENT + timedelta(days=1), authors=None),
    )
    whole = feed(entry(), deleted)
    made = whole.with_entries([*whole.entries, new])
    assert [item.id for item in made.items] == ["urn:x:1", f"{HOME}new", f"{HOME}tide"]
    assert (made.title, made.updated, made.entries[0].byline) == (whole.title, new.updated, "Harbour Notes")
    assert whole.with_entries([]).updated == whole.updated


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, f"entries[1].id: '{HOME}tide' is also the id of entries[0]; give each entry an id of its own"),
        ({"guid": "42"}, f"entries[1].id: '{HOME}tide' is also the id of entries[0]; give each entry an id of its own"),
        (
            {"id": "urn:x:1"},
            "entries[1].id: 'urn:x:1' is also the id of a tombstone of the feed; give each entry an id of its own",
        ),
    ],
)
def test_with_entries_refuses_an_id_twice_and_names_the_entry(values: dict[str, Any], message: str) -> None:
    """Entries with one id but different guids, and one with the id of a tombstone, were accepted."""
    whole = feed(entry(), Tombstone(id="urn:x:1", when=MOMENT))
    with pytest.raises(FieldError) as caught:
        whole.with_entries([*whole.entries, entry(**values)])
    assert str(caught.value) == message


def test_a_link_relation_is_a_name_or_a_uri() -> None:
    relations = ["prev-archive", "dc.relation", "https://harbour.example/rel/x", "tag:harbour.example,2026:x"]
    made = feed(entry(), links=[Link(rel=rel, href=HOME) for rel in relations])
    assert [link.rel for link in made.links][1:] == relations


def test_defaults_are_decided_from_what_is_given() -> None:
    made = feed(entry(content="<p>The harbour</p><p>measures <i>again</i>.</p><script>1</script>"))
    (item,) = made.entries
    assert (item.id, item.is_permalink, item.updated) == (f"{HOME}tide", True, MOMENT)
    assert entry(license="").license is None
    assert item.summary == "The harbour measures again."
    assert (item.byline, made.author.name, made.id, made.subtitle) == ("Harbour Notes", "Harbour Notes", HOME, "Harbour Notes")
    assert made.updated == MOMENT


def test_a_long_summary_ends_after_a_word() -> None:
    summary = entry(content=f"<p>{'word ' * 200}</p>").summary
    assert summary.endswith("word…")
    assert len(summary) <= 301


@pytest.mark.parametrize("text", ["<!", "<div>", "<a ", "<p>&#7;", "<"])
def test_hostile_html_delays_no_entry(text: str) -> None:
    start = time.process_time()
    assert len(entry(content=text * 200_000).summary) <= 301
    assert time.process_time() - start < 2


def test_a_summary_has_no_half_tag_of_a_long_content() -> None:
    link = f'<a href="https://harbour.example/{"x" * 30_000}">link</a>'
    assert entry(content=f"<p>Before.</p><p>{link}</p>").summary == "Before."


def test_entries_are_sorted_newest_first_after_tombstones() -> None:
    old, new = entry(), entry(url=f"{HOME}new", published=MOMENT + timedelta(days=1))
    same = entry(url=f"{HOME}same")
    deleted = Tombstone(id="urn:x:1", when=MOMENT)
    assert [item.id for item in feed(old, same, deleted, new).items] == ["urn:x:1", f"{HOME}new", f"{HOME}tide", f"{HOME}same"]


def test_datetimes_of_any_zone_become_utc_in_whole_seconds() -> None:
    nepal = timezone(timedelta(hours=5, minutes=45))
    assert entry(published=datetime(2026, 1, 2, 15, 15, 0, 999, tzinfo=nepal)).published == MOMENT


@FORMATS
def test_equal_objects_give_equal_bytes(suffix: str) -> None:
    assert render(feed(entry(**FULL)), suffix) == render(feed(entry(**FULL)), suffix)


@FORMATS
@given(text=st.text())
@example(text="<![x <!-- \x00\ud800\ufffe </p")
def test_any_text_of_a_database_makes_a_readable_feed(suffix: str, text: str) -> None:
    """One control character or lone surrogate in feedgen makes the whole feed impossible."""
    made = feed(entry(title=f"x{text}", content=text, summary=text, categories=[f"x{text}"], authors=[f"x{text}"]))
    document = render(made, suffix)
    assert (json.loads(document)["items"] if suffix == "json" else feedparser.parse(document).entries)[0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"title": " "}, "title: is empty; give a text"),
        ({"title": None}, "title: expected str, not None"),
        ({"title": b"x"}, "title: expected str, not bytes"),
        ({"url": "/tide"}, "url: '/tide' is no absolute http or https address; give one such as 'https://example.org/feed.rss'"),
        ({"url": "mailto:a@b.example"}, "url: 'mailto:a@b.example' is no absolute"),
        ({"url": "https://[::1/"}, "url: 'https://[::1/' is no absolute"),
        ({"published": "2026-01-02"}, "published: expected datetime, not str"),
        ({"published": datetime(2026, 1, 2)}, "published: 2026-01-02T00:00:00 has no zone; give one"),  # noqa: DTZ001
        ({"published": datetime.min.replace(tzinfo=timezone(timedelta(hours=9)))}, "published: 0001-01-01T00:00:00+09:00 cannot"),
        ({"updated": datetime(2026, 1, 2)}, "updated: 2026"),  # noqa: DTZ001
        ({"id": "42"}, "id: '42' is no absolute URI"),
        ({"id": "tag:é"}, "id: 'tag:é' is no absolute URI"),
        ({"content": 3}, "content: expected str, not int"),
        ({"authors": "Mina"}, "authors: expected a list or another iterable, not str"),
        ({"authors": ["Mina", ""]}, "authors[1]: is empty"),
        ({"authors": [Person(name="M", email="M <m@x>")]}, "authors[0].email: expected an e-mail address"),
        ({"categories": [Term(term="", scheme="")]}, "categories[0].term: is empty"),
        ({"image": "x.jpg"}, "image: expected Image, not str"),
        ({"image": Image(url=HOME, type="jpeg", width=1, height=1)}, "image.type: expected a media type in lower case"),
        (
            {"image": Image(url=HOME, type="image/jpeg", width=0, height=1)},
            "image.width: expected a whole number of 1 or more, not 0",
        ),
        (
            {"enclosures": [Enclosure(url=HOME, type="audio/mpeg", length=-1)]},
            "enclosures[0].length: expected a whole number of 0",
        ),
        ({"enclosures": [Enclosure(url=HOME, type="audio/mpeg", length=True)]}, "enclosures[0].length: expected a whole number"),
        ({"sources": [Source(name="", url=HOME)]}, "sources[0].name: is empty"),
        ({"guid": " 42"}, "guid: expected a text on one line, without spaces at its ends, not ' 42'"),
        ({"guid": "4\n2"}, "guid: expected a text on one line"),
        ({"updated": MOMENT - timedelta(seconds=1)}, "updated: 2026-01-02T09:29:59+00:00 is before published, 2026"),
        ({"license": "MIT"}, "license: 'MIT' is no absolute http or https address"),
        ({"license": 3}, "license: expected License, not int"),
        ({"license": License()}, "license: says nothing; give an address as url, or what it permits or prohibits"),
        ({"license": License(permits=["search"])}, "license.permits: expected LicenseScope, not list"),  # type: ignore[arg-type]
        ({"license": License(prohibits=LicenseScope(usage="all"))}, "license.prohibits.usage: expected a list"),  # type: ignore[arg-type]
        (
            {"license": License(permits=LicenseScope(usage=("serch",)))},
            "license.permits.usage: 'serch' is no token of RSL 1.0; did you mean 'search'?",
        ),
        ({"license": License(permits=LicenseScope(geo=("Mars",)))}, "license.permits.geo: 'Mars' is no token of RSL 1.0; did"),
        ({"license": License(payment=Payment(type="crawl", amount=1))}, "license.payment.amount: expected str"),  # type: ignore[arg-type]
        ({"license": License(payment="free")}, "license.payment: expected Payment, not str"),  # type: ignore[arg-type]
        ({"license": License(url="/terms")}, "license.url: '/terms' is no absolute http or https address"),
        ({"license": License(server="terms.example")}, "license.server: 'terms.example' is no absolute"),
        ({"license": License(payment=Payment(type="free", custom="x"))}, "license.payment.custom: 'x' is no absolute"),
        ({"language": "en", "alternates": ["ko"]}, "alternates[0]: expected Alternate, not str"),
        ({"alternates": [Alternate(language="ko", url=HOME)]}, "language: is empty"),
        (
            {"language": "en", "alternates": [Alternate(language="ko", url=HOME), Alternate(language="KO", url=f"{HOME}ko")]},
            "alternates[1].language: 'KO' is also the language of alternates[0]; give each language once",
        ),
        (
            {"language": "en", "alternates": [Alternate(language="en", url=HOME)]},
            "alternates[0].language: 'en' is also the language of the entry itself; give each language once",
        ),
        ({"language": "english!"}, "language: expected a language tag"),
    ],
)
def test_an_error_of_an_entry_names_the_field(values: dict[str, Any], message: str) -> None:
    with pytest.raises(FieldError) as caught:
        entry(**values)
    assert str(caught.value).startswith(message)
    assert caught.value.field == message.partition(":")[0]
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"entries": []}, "updated: is needed for a feed without entries"),
        ({"entries": ["x"]}, "entries[0]: expected Entry, which new_entry returns, or Tombstone, not str"),
        ({"entries": None}, "entries: expected a list or another iterable, not NoneType"),
        ({"entries": [entry(), entry()]}, f"entries[1].id: '{HOME}tide' is also the id of entries[0]"),
        ({"entries": [entry(guid="42"), entry(id="urn:x:1", guid="42")]}, "entries[1].id: '42' is also the id of entries[0]"),
        ({"entries": [Tombstone(id="urn:x:1", when=datetime(2026, 1, 1))]}, "entries[0].when: 2026"),  # noqa: DTZ001
        ({"ttl": 0}, "ttl: expected a whole number of 1 or more"),
        ({"ttl": "60"}, "ttl: expected int, not str"),
        ({"hubs": ["hub.example"]}, "hubs[0]: 'hub.example' is no absolute"),
        ({"links": [Link(rel="self", href=HOME)]}, "links[0].rel: 'self' has an argument of its own"),
        ({"links": [Link(rel="", href=HOME)]}, "links[0].rel: expected a link relation: a name without a colon such as"),
        ({"links": [Link(rel="prev archive", href=HOME)]}, "links[0].rel: expected a link relation"),
        ({"links": [Link(rel="x:", href=HOME)]}, "links[0].rel: expected a link relation"),
        ({"logo": "logo.png"}, "logo: 'logo.png' is no absolute"),
        ({"generator": ""}, "generator: is empty"),
    ],
)
def test_an_error_of_a_feed_names_the_field(values: dict[str, Any], message: str) -> None:
    with pytest.raises(FieldError) as caught:
        feed(**{"entries": [entry()], **values})
    assert str(caught.value).startswith(message)


def test_a_feed_without_entries_has_the_date_that_is_given() -> None:
    document = render(feed(updated=MOMENT), "rss", url=f"{HOME}feed.rss")
    assert b"<lastBuildDate>Fri, 02 Jan 2026 09:30:00 GMT</lastBuildDate>" in document
