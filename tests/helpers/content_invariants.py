"""Assertions that hold for every article that the reader accepts."""

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
    """Yield every text inside a dataclass, sequence or mapping, keys of mappings included."""
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
    """Yield every datetime inside a dataclass or tuple."""
    if isinstance(value, datetime):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from moments(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from moments(item)


def assert_valid_texts_and_dates(value: object) -> None:
    """Assert that no text has a forbidden character and that each datetime is UTC in whole seconds."""
    for text in texts(value):
        assert not FORBIDDEN_CHARACTER.search(text), ascii(text)
    for moment in moments(value):
        assert (moment.tzinfo, moment.microsecond) == (UTC, 0)


def assert_absolute_urls(html: str) -> None:
    """Assert that every URL in the HTML is absolute."""
    for element in html5lib.parseFragment(html, namespaceHTMLElements=False).iter():
        for name in set(ADDRESSES) & set(element.attrib):
            assert element.attrib[name].startswith(("https://", "http://", "mailto:", "tel:")), element.attrib[name]


def assert_article_or_problems(path: str, data: bytes) -> Article | None:
    """Read an article file and check the result; return the article, None if the file has an error.

    The article must be fit for every feed format. A rejected file must have at least one error with a position inside the file.
    """
    result = article.parse_article(path, data, REFERENCES)
    for problem in result.problems:
        assert "\n" not in str(problem)
        assert not FORBIDDEN_CHARACTER.search(str(problem)), str(problem)
        assert 1 <= problem.line <= data.count(b"\n") + data.count(b"\r") + data.count(b"\xe2\x80") + data.count(b"\xc2\x85") + 1
        assert problem.column >= 1
    if result.article is None:
        assert any(problem.severity == "error" for problem in result.problems)
        return None
    assert_valid_texts_and_dates(result.article)
    page = uris.absolute(SITE.base_url, routes.path_of(routes.ArticleAt(result.article.slug)))
    html = render.render(result.markdown, base_url=SITE.base_url, page=page).html
    assert_valid_texts_and_dates(html)
    assert_absolute_urls(html)
    assert result.article.title
    assert result.article.slug
    return result.article
