"""Sample feeds: one with a value in every field, one with the required fields only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from feedsvc.feed_model import Entry, Feed, Link, Person, Term, Tombstone
from feedsvc.feeds import FORMATS
from feedsvc.model import Enclosure, Image, Source, Thumbnail

BASE = "https://asiainnews.example/"
MARKUP_TEXT = "R&D at <10 °C: \"]]>\" & 'x' &amp; <b>bold</b>"


def at(day: int, hour: int = 4, minute: int = 0) -> datetime:
    """Return a moment in January 2026."""
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


def links(suffix: str, *, is_archive: bool = False) -> tuple[Link, ...]:
    """Return the links of a site's feed in one format: of the current feed, or of its archive for December 2025."""
    media_type = FORMATS[suffix].media_type

    def page(rel: str, path: str) -> Link:
        return Link(rel=rel, href=f"{BASE}{path}feed.{suffix}", type=media_type)

    newest = (
        page("self", ""),
        page("prev-archive", "archive/2025-12/"),
        Link(rel="hub", href="https://hub.example/?a=1&b=2"),
    )
    archive = (
        page("self", "archive/2025-12/"),
        page("current", ""),
        page("prev-archive", "archive/2025-11/"),
        page("next-archive", "archive/2026-01/"),
    )
    return (Link(rel="alternate", href=BASE, type="text/html"), *(archive if is_archive else newest))


SUMMIT = Entry(
    id="tag:asiainnews.example,2026:second-summit",
    url=f"{BASE}articles/second-summit/?from=feed&page=1",
    title="Xi & Lee: a summit at <10 °C",
    published=at(2),
    updated=at(2, 5, 30),
    summary="Lee goes to Beijing & stays below <10 °C; R&D is on the agenda.",
    content='<p>Two leaders <a href="https://elsewhere.example/story">meet</a> &amp; talk: "]]&gt;".<br>Twice.</p>',
    authors=(
        Person(name="Ritesh Nambiar", email="ritesh@asiainnews.example"),
        Person(name="Jia Liu & friends", url=f"{BASE}author/jia-liu/"),
    ),
    byline="Ritesh Nambiar, Jia Liu & friends",
    categories=(
        Term(term="Asia & Pacific", scheme=f"{BASE}category/asia/"),
        Term(term="china", scheme=f"{BASE}tag/china/"),
    ),
    image=Image(
        url=f"{BASE}media/summit.jpg",
        type="image/jpeg",
        width=1200,
        height=800,
        alt="Two men shake hands & smile",
        caption="In the Great Hall",
        credit="Reuters",
        credit_url="https://agency.example/",
    ),
    thumbnail=Thumbnail(url=f"{BASE}sized/1/640/summit.jpg", width=640, height=427),
    enclosures=(
        Enclosure(url=f"{BASE}media/briefing.mp3", type="audio/mpeg", length=123456, title="The briefing"),
        Enclosure(url=f"{BASE}media/minutes.pdf", type="application/pdf", length=2048),
    ),
    sources=(
        Source(name="Yonhap News Agency", url="https://agency.example/story?id=1&lang=en"),
        Source(name="Two diplomats"),
        Source(name="A clerk"),
    ),
)

QUIET_DAY = Entry(
    id=f"{BASE}articles/quiet-day/",
    url=f"{BASE}articles/quiet-day/",
    title="शान्त दिन",
    published=at(1),
    updated=at(1),
    summary="केही भएन।",
    image=replace(SUMMIT.image, credit="", credit_url="") if SUMMIT.image else None,
    language="ne",
    is_permalink=True,
)

TOMBSTONE = Tombstone(id="tag:asiainnews.example,2026:wrong-story", when=at(1, 12), comment="Withdrawn by the editor.")


def empty_feed(suffix: str = "atom") -> Feed:
    """Return a feed without entries, subtitle, logo and all other optional fields."""
    return Feed(
        id="tag:asiainnews.example,2000:site",
        title="Asia In News",
        subtitle="",
        language="en",
        updated=datetime(2000, 1, 1, tzinfo=UTC),
        links=tuple(link for link in links(suffix) if link.rel in {"self", "alternate"}),
        items=(),
        author=Person(name="Asia In News"),
        generator="feedsvc",
        generator_url="https://feedsvc.example/",
    )


def rich_feed(suffix: str = "atom", *, is_archive: bool = False) -> Feed:
    """Return a feed with a value in every field; with `is_archive`, an archive document."""
    return replace(
        empty_feed(suffix),
        title="Asia & Pacific In News",
        subtitle="What happened in Asia today & yesterday",
        updated=at(2, 5, 30),
        links=links(suffix, is_archive=is_archive),
        items=(SUMMIT, TOMBSTONE, QUIET_DAY),
        author=Person(name="Asia In News", url=BASE, email="desk@asiainnews.example"),
        rights="© 2026 Asia In News",
        logo=f"{BASE}media/logo.png",
        icon=f"{BASE}media/icon.png",
        ttl=45,
        is_archive=is_archive,
        stylesheet="/static/feed.css?v=1&w=2",
    )


def feed_of(entry: Entry, suffix: str = "atom") -> Feed:
    """Return the rich feed with this entry only."""
    return replace(rich_feed(suffix), items=(entry,))
