"""Sample sites for theme trials: one fills all parts of pages, one fills all parts of the front page, one leaves all empty."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final

from feedsvc.catalog import Catalog, build_catalog
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.markdown import TextStore, text_key
from feedsvc.model import (
    Article,
    ArticleStatus,
    Author,
    Category,
    Correction,
    CustomFeed,
    Enclosure,
    FeedOptions,
    Image,
    IssueSchedule,
    Site,
    Source,
    Tag,
)
from feedsvc.page_model import Footer, MenuEntry, MenuPage, PageFrame, StaticPage

_NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
_SINCE: Final = date(2020, 1, 1)
_BASE_URL: Final = "https://sample.example"
_IMAGE: Final = Image(
    url=f"{_BASE_URL}/media/a.jpg",
    type="image/jpeg",
    width=1600,
    height=900,
    alt="A bridge",
    caption="The bridge",
    credit="A photographer",
    credit_url="https://photographer.example/",
    disclaimer="Taken last year",
)

_PAGES: Final = (
    StaticPage(path="pages/about.md", slug="about", title="About", description="Who", updated=_NOW, markdown="We *write*."),
    StaticPage(path="pages/imprint.md", slug="imprint", title="Imprint", language="ar", menu="none"),
)


def _article(number: int, **fields: object) -> Article:
    published = _NOW - timedelta(days=20 * number)
    defaults = {"path": f"articles/{number}.yaml", "id": f"tag:sample.example,2026:{number}", "slug": f"sample-{number}"}
    return Article(**{**defaults, "title": f"Sample {number}", "published": published, "updated": published, **fields})  # type: ignore[arg-type]


@cache
def sample_catalogs() -> tuple[Catalog, ...]:
    """Return the catalogs of the sample sites: the full one, the one with many articles, the bare one.

    They are built at the first call.
    """
    return tuple(build_catalog(content, _NOW) for content in (_full(), _many(), _bare()))


_MANY_ARTICLES: Final = 8
_LONG, _SHORT = "At length", "Alone"


def _bare() -> ContentSnapshot:
    site = Site(title="Sample", description="", base_url=_BASE_URL, id_domain="sample.example", since=_SINCE)
    return ContentSnapshot(site=site, categories={}, authors={}, articles=(), media={})


def _many() -> ContentSnapshot:
    """Return a site whose front page has each of its parts: a lead, stories beside it, a section, articles without section."""
    site = Site(title="Sample", description="News", base_url=_BASE_URL, id_domain="sample.example", since=_SINCE)
    numbers = range(1, _MANY_ARTICLES + 1)
    return ContentSnapshot(
        site=site,
        categories={"a": Category(id="a", title="Section")},
        authors={},
        articles=tuple(_article(number, categories=("a",) if number < _MANY_ARTICLES else ()) for number in numbers),
        media={},
    )


def _full() -> ContentSnapshot:
    site = Site(
        title="Sample & Co",
        description="A newsroom that is none",
        base_url=f"{_BASE_URL}/news",
        id_domain="sample.example",
        since=_SINCE,
        logo=f"{_BASE_URL}/logo.png",
        icon=f"{_BASE_URL}/icon.png",
        copyright="© Sample",
        navigation=(MenuEntry(target="a"), MenuEntry(target="/subscribe/"), MenuEntry(target=_BASE_URL, title="Elsewhere")),
        footer=Footer(text="Since 2020"),
        feed=FeedOptions(entries=1),
    )
    return ContentSnapshot(
        site=site,
        categories={"a": Category(id="a", title="Section", description="Of this"), "b": Category(id="b", title="Empty")},
        authors={
            "a": Author(id="a", name="An Author", bio="Writes", avatar=f"{_BASE_URL}/a.png"),
            "b": Author(id="b", name="Another"),
        },
        custom_feeds={"d": CustomFeed(id="d", title="Digest", digest=IssueSchedule(minute_of_day=6 * 60))},
        pages={page.slug: page for page in _PAGES},
        frame=PageFrame(
            menu_pages=tuple(
                MenuPage(slug=page.slug, title=page.title, language=page.language, menu=page.menu, order=0, aliases=())
                for page in _PAGES
            ),
            head_files=("apple-touch-icon.png", "favicon.ico", "manifest.webmanifest"),
        ),
        articles=_articles(),
        media={},
        texts=_texts(),
    )


def _texts() -> TextStore:
    texts = TextStore()
    texts.add({text_key(text, _NOW): text for text in (_LONG, _SHORT)})
    return texts


def _articles() -> tuple[Article, ...]:
    tags, listings = (Tag(id="t", title="Topic"),), {"categories": ("a",), "authors": ("a", "b")}
    return (
        _article(1, **listings, tags=tags),
        _article(
            2,
            **listings,
            tags=tags,
            updated=_NOW - timedelta(days=1),
            language="ar",
            translation_of="tag:sample.example,2026:1",
            summary="In short",
            text=text_key(_LONG, _NOW),
            image=_IMAGE,
            enclosures=(Enclosure(url=f"{_BASE_URL}/a.mp3", type="audio/mpeg", length=1_000_000, title="Listen"),),
            sources=(Source(name="An agency", url="https://agency.example/"), Source(name="A caller")),
            corrections=(Correction(date=date(2026, 2, 1), text="It was three"),),
        ),
        _article(3, **listings, tags=tags, link="https://elsewhere.example/story"),
        _article(4, text=text_key(_SHORT, _NOW)),
        _article(5, status=ArticleStatus.WITHDRAWN, withdrawn_at=_NOW, notice="We were wrong", language="ar"),
    )
