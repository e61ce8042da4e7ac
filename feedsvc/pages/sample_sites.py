"""Two sample sites for theme trials: one fills every part of the pages, the other leaves every part empty."""

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


def _article(number: int, **fields: object) -> Article:
    published = _NOW - timedelta(days=20 * number)
    defaults = {"path": f"articles/{number}.yaml", "id": f"tag:sample.example,2026:{number}", "slug": f"sample-{number}"}
    return Article(**{**defaults, "title": f"Sample {number}", "published": published, "updated": published, **fields})  # type: ignore[arg-type]


@cache
def sample_catalogs() -> tuple[Catalog, ...]:
    """Return the catalogs of the full and of the bare sample site. They are built once."""
    return build_catalog(_full(), _NOW), build_catalog(_bare(), _NOW)


_LONG, _SHORT = "At length", "Alone"


def _bare() -> ContentSnapshot:
    site = Site(title="Sample", description="", base_url=_BASE_URL, id_domain="sample.example", since=_SINCE)
    return ContentSnapshot(site=site, categories={}, authors={}, articles=(), media={})


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
