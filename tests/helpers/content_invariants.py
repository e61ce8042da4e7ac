"""What must hold for whatever the reading accepts."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import html5lib

from feedsvc import routes, uris
from feedsvc.content.markdown import render
from feedsvc.content.media.files import MediaFolder
from feedsvc.content.reading import article
from feedsvc.content.reading.context import References
from feedsvc.content.text import FORBIDDEN_CHARACTER
from feedsvc.model import Article, Author, Category, Site

SITE: Final = Site(
    title="A",
    description="",
    base_url="https://a.example/b",
    id_domain="a.example",
    since=date(2000, 1, 1),
    timezone="Asia/Seoul",
)
REFERENCES: Final = References(
    site=SITE,
    media=MediaFolder(Path(__file__).parent),
    categories={"asia": Category(id="asia", title="Asia")},
    authors={"mina": Author(id="mina", name="Mina"), "m": Author(id="mina", name="Mina")},
)
ADDRESSES: Final = ("href", "src", "cite", "poster")


def texts(value: object) -> Iterator[str]:
    """Every text inside a model."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from texts(getattr(value, field.name))
    elif isinstance(value, tuple | list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, Mapping):
        yield from texts([*value.keys(), *value.values()])


def moments(value: object) -> Iterator[datetime]:
    if isinstance(value, datetime):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from moments(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from moments(item)


def assert_valid_texts_and_dates(value: object) -> None:
    for text in texts(value):
        assert not FORBIDDEN_CHARACTER.search(text), ascii(text)
    for moment in moments(value):
        assert (moment.tzinfo, moment.microsecond) == (UTC, 0)


def assert_absolute_urls(html: str) -> None:
    for element in html5lib.parseFragment(html, namespaceHTMLElements=False).iter():
        for name in set(ADDRESSES) & set(element.attrib):
            assert element.attrib[name].startswith(("https://", "http://", "mailto:", "tel:")), element.attrib[name]


def assert_article_or_problems(path: str, data: bytes) -> Article | None:
    """Reading gives an article that any feed can carry, or at least one error whose place lies in the file."""
    reading = article.parse_article(path, data, REFERENCES)
    for problem in reading.problems:
        assert "\n" not in str(problem)
        assert not FORBIDDEN_CHARACTER.search(str(problem)), str(problem)
        assert 1 <= problem.line <= data.count(b"\n") + data.count(b"\r") + data.count(b"\xe2\x80") + data.count(b"\xc2\x85") + 1
        assert problem.column >= 1
    if reading.article is None:
        assert any(problem.severity == "error" for problem in reading.problems)
        return None
    assert_valid_texts_and_dates(reading.article)
    page = uris.absolute(SITE.base_url, routes.path_of(routes.ArticleAt(reading.article.slug)))
    html = render.render(reading.markdown, base_url=SITE.base_url, page=page).html
    assert_valid_texts_and_dates(html)
    assert_absolute_urls(html)
    assert reading.article.title
    assert reading.article.slug
    return reading.article
