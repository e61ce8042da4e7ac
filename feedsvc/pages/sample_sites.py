"""Two made-up newsrooms that between them fill every place of a page and leave every place empty, to try templates with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final

from feedsvc.catalog.catalog import Catalog, catalog
from feedsvc.content.folder.folder import Content
from feedsvc.content.markdown.text_store import Texts, text_name
from feedsvc.model import (
    Article,
    Author,
    Category,
    Correction,
    Enclosure,
    FeedOptions,
    Image,
    Site,
    Source,
    Status,
    Tag,
)

_NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
_SINCE: Final = date(2020, 1, 1)
_PLACE: Final = "https://sample.example"
_IMAGE: Final = Image(
    url=f"{_PLACE}/media/a.jpg",
    type="image/jpeg",
    width=1600,
    height=900,
    alt="A bridge",
    caption="The bridge",
    credit="A photographer",
    credit_url="https://photographer.example/",
    disclaimer="Taken last year",
)


def _article(number: int, **facts: object) -> Article:
    published = _NOW - timedelta(days=20 * number)
    told = {"path": f"articles/{number}.yaml", "id": f"tag:sample.example,2026:{number}", "slug": f"sample-{number}"}
    return Article(**{**told, "title": f"Sample {number}", "published": published, "updated": published, **facts})  # type: ignore[arg-type]


@cache
def newsrooms() -> tuple[Catalog, ...]:
    """The full one and the bare one."""
    return catalog(_full(), _NOW), catalog(_bare(), _NOW)


_LONG, _SHORT = "At length", "Alone"


def _bare() -> Content:
    site = Site(title="Sample", description="", base_url=_PLACE, id_domain="sample.example", since=_SINCE)
    return Content(site=site, categories={}, authors={}, articles=(), media={})


def _full() -> Content:
    site = Site(
        title="Sample & Co",
        description="A newsroom that is none",
        base_url=f"{_PLACE}/news",
        id_domain="sample.example",
        since=_SINCE,
        logo=f"{_PLACE}/logo.png",
        icon=f"{_PLACE}/icon.png",
        copyright="© Sample",
        feed=FeedOptions(entries=1),
    )
    return Content(
        site=site,
        categories={"a": Category(id="a", title="Section", description="Of this"), "b": Category(id="b", title="Empty")},
        authors={
            "a": Author(id="a", name="An Author", bio="Writes", avatar=f"{_PLACE}/a.png"),
            "b": Author(id="b", name="Another"),
        },
        articles=_articles(),
        media={},
        texts=_texts(),
    )


def _texts() -> Texts:
    texts = Texts()
    texts.add({text_name(written, _NOW): written for written in (_LONG, _SHORT)})
    return texts


def _articles() -> tuple[Article, ...]:
    tags, place = (Tag(id="t", title="Topic"),), {"categories": ("a",), "authors": ("a", "b")}
    return (
        _article(1, **place, tags=tags),
        _article(
            2,
            **place,
            tags=tags,
            updated=_NOW - timedelta(days=1),
            language="ar",
            summary="In short",
            text=text_name(_LONG, _NOW),
            image=_IMAGE,
            enclosures=(Enclosure(url=f"{_PLACE}/a.mp3", type="audio/mpeg", length=1_000_000, title="Listen"),),
            sources=(Source(name="An agency", url="https://agency.example/"), Source(name="A caller")),
            corrections=(Correction(date=date(2026, 2, 1), text="It was three"),),
        ),
        _article(3, **place, tags=tags, link="https://elsewhere.example/story"),
        _article(4, text=text_name(_SHORT, _NOW)),
        _article(5, status=Status.WITHDRAWN, withdrawn_at=_NOW, notice="We were wrong", language="ar"),
    )
