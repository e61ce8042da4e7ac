"""An article's page."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

from markupsafe import Markup, escape

from feedsvc.catalog.catalog import Row
from feedsvc.language import Language
from feedsvc.model import Correction, Enclosure, enclosure_name
from feedsvc.pages import body_html, metadata
from feedsvc.pages.images import local, picture
from feedsvc.pages.layout import Card, Frame, Shown, summary
from feedsvc.pages.metadata import Head
from feedsvc.pages.related import related
from feedsvc.routes import ArticleAt, ListingRef, path_of
from feedsvc.uris import absolute, rooted

_MOST_VIEWS: Final = 999_999  # the number that a page keeps room for

# Where people pass an article on, without a script of anybody's: HTML before and after the title. Behind it stands the
# article's address; both are percent-encoded.
_BY_MAIL: Final = ("mailto:?subject=", "&amp;body=")
_SHARES: Final = (
    ("Mastodon", "https://share.joinmastodon.org/#text=", "%20"),
    ("Bluesky", "https://bsky.app/intent/compose?text=", "%20"),
    ("X", "https://x.com/intent/post?text=", "&amp;url="),
    ("WhatsApp", "https://wa.me/?text=", "%20"),
)
_LINKEDIN: Final = "https://www.linkedin.com/sharing/share-offsite/?url="


class Share(NamedTuple):
    """A place where people pass an article on; a tuple, since each page has half a dozen of its own."""

    title: str
    href: Markup


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    title: str
    href: str
    type: str
    size: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Corrected:
    title: str
    text: str


class _Said(NamedTuple):
    """What takes longest to find out for an article's page; the fields are in the order of _SAID."""

    data: Markup
    graph: tuple[tuple[str, str], ...]
    shares: list[Share]
    body: Markup
    related: list[Card]


_Facts = tuple[Head, dict[str, Any]]


def article(frame: Frame, row: Row) -> bytes:
    """A visible article's page."""
    return articles(frame, [row])[0]


def articles(frame: Frame, rows: Sequence[Row]) -> list[bytes]:
    """The pages of visible articles: each step for all of them, since a processor is quicker at what it has just done."""
    columns = [[say(frame, row) for row in rows] for say in _SAID]
    facts = [_facts(frame, row, _Said(*said)) for row, *said in zip(rows, *columns, strict=True)]
    return [frame.page("article.html", shown, **others) for shown, others in facts]


def _facts(frame: Frame, row: Row, said: _Said) -> _Facts:
    catalog, site, one, lang = frame.catalog, frame.site, row.article, frame.lang
    sections = [catalog.listings[ListingRef("category", name)] for name in one.categories]
    told = summary(catalog, one)
    newer, older = (sections[0] if sections else catalog.listings[ListingRef()]).around(row)
    return Head(
        title=f"{one.title} – {site.title}",
        canonical=_address(frame, row),
        description=told,
        feeds=frame.feeds(*sections[:1], catalog.listings[ListingRef()]),
        graph=said.graph,
        data=said.data,
    ), {
        "here": sections[0].ref if sections else None,
        "article": one,
        "mark": frame.mark(row),
        "language": one.language,
        "direction": frame.direction(one),
        "places": [frame.shown(section) for section in sections],
        "published": frame.moment(one.published, "published"),
        "updated": frame.moment(row.touched, "updated") if row.touched > one.published else None,
        "authors": [frame.shown(catalog.listings[ListingRef("author", name)]) for name in one.authors],
        "by": lang.around("by"),
        "views": rooted(site.base_url, f"{path_of(ArticleAt(one.slug))}views"),
        "view_forms": _view_forms(lang),
        "views_room": _views_room(lang),
        "photo": lang.around("photo"),
        "image": picture(catalog, one.image) if one.image else None,
        "summary": told,
        "elsewhere": lang.say("elsewhere", host=urlsplit(one.link).hostname or "") if one.link else "",
        "body": said.body,
        "enclosures": [_attached(frame, enclosure) for enclosure in one.enclosures],
        "corrections": [_corrected(frame, correction) for correction in one.corrections],
        "tags": [frame.shown(catalog.listings[ListingRef("tag", tag.id)]) for tag in one.tags],
        "shares": said.shares,
        "previous": _linked(frame, older),
        "next": _linked(frame, newer),
        "related": said.related,
    }


def _address(frame: Frame, row: Row) -> str:
    return row.article.link or absolute(frame.site.base_url, path_of(ArticleAt(row.article.slug)))


def _data(frame: Frame, row: Row) -> Markup:
    one = row.article
    return Markup() if one.link else metadata.news_article(frame.catalog, row, summary(frame.catalog, one))


def _graph(frame: Frame, row: Row) -> tuple[tuple[str, str], ...]:
    return metadata.article_graph(frame.catalog, row, summary(frame.catalog, row.article), _address(frame, row))


def _body(frame: Frame, row: Row) -> Markup:
    # Cleaned where it was read.
    return Markup(body_html.shown(frame.catalog, frame.catalog.content.html(row.article)))  # noqa: S704


def _related(frame: Frame, row: Row) -> list[Card]:
    return [frame.card(other) for other in related(frame.catalog, row)]


@lru_cache(maxsize=256)
def _view_forms(lang: Language) -> Markup:
    return escape(json.dumps(dict(lang.forms("views")), ensure_ascii=False))


@lru_cache(maxsize=256)
def _views_room(lang: Language) -> str:
    return lang.count("views", _MOST_VIEWS)


def _shares(frame: Frame, row: Row) -> list[Share]:
    told = "%20".join(map(_encoded, row.article.title.split(" ")))
    url = "%2F".join(map(_encoded, _address(frame, row).split("/")))
    forms = ((frame.lang.say("email"), *_BY_MAIL), *_SHARES)
    # What is percent-encoded has nothing to escape.
    found = [Share(name, Markup(f"{before}{told}{after}{url}")) for name, before, after in forms]  # noqa: S704
    return [*found, Share("LinkedIn", Markup(_LINKEDIN + url))]  # noqa: S704


# In the order of _Said.
_SAID: Final[tuple[Callable[[Frame, Row], Any], ...]] = (_data, _graph, _shares, _body, _related)


@lru_cache(maxsize=4096)
def _encoded(word: str) -> str:
    """Percent-encoded; words and the parts of addresses come again and again."""
    return quote(word, safe="")


def _corrected(frame: Frame, correction: Correction) -> Corrected:
    day = frame.lang.month(correction.date.isoformat())
    return Corrected(title=frame.lang.say("correction", date=day), text=correction.text)


def _attached(frame: Frame, enclosure: Enclosure) -> Attached:
    href, size = local(frame.site, enclosure.url), frame.lang.file_size(enclosure.length)
    return Attached(title=enclosure_name(enclosure), href=href, type=enclosure.type, size=size)


def _linked(frame: Frame, row: Row | None) -> Shown | None:
    if row is None:
        return None
    one = row.article
    href = frame.href(ArticleAt(one.slug))
    return Shown(title=one.title, href=href, language=one.language, direction=frame.direction(one))
