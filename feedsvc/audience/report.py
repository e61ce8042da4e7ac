"""What is read most: by article, section and author, as data and as text, JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from feedsvc.catalog.catalog import Catalog
from feedsvc.model import Article

_SHOWN: Final = 20  # rows of each kind in a text for people
_COLUMNS: Final = ("kind", "id", "title", "views")
_GONE: Final = "(no longer in the content)"
_NONE: Final = "(none)"
_UNSEEN: Final = ("Cc", "Cs", "Zl", "Zp")
_OVERRIDES: Final = frozenset("\u202a\u202b\u202d\u202e")  # they turn the rest of a line round
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """`id` is "" for articles without a section or an author, and for those that are gone, whose `title` says so.

    `title` is "" for an article that the content no longer has.
    """

    id: str
    title: str
    views: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Most read first. `since` is a UTC day, None for ever. An article counts for each of its authors."""

    since: date | None
    articles: tuple[Row, ...]
    sections: tuple[Row, ...]
    authors: tuple[Row, ...]

    @property
    def kinds(self) -> Mapping[str, tuple[Row, ...]]:
        return {"article": self.articles, "section": self.sections, "author": self.authors}


def report(views: Mapping[str, int], catalog: Catalog, since: date | None) -> Report:
    """The reads by article id, set against all articles of the content, visible now or not."""
    content = catalog.content
    known = {article.id: article for article in content.articles}
    return Report(
        since=since,
        articles=_rows(views, {id_: article.title for id_, article in known.items()}),
        sections=_rows(_shared(views, known, _section), {one.id: one.title for one in content.categories.values()}),
        authors=_rows(_shared(views, known, _authors), {one.id: one.name for one in content.authors.values()}),
    )


def _section(article: Article) -> tuple[str, ...]:
    return article.categories[:1]


def _authors(article: Article) -> tuple[str, ...]:
    return article.authors


def _shared(views: Mapping[str, int], known: Mapping[str, Article], owners: Callable[[Article], tuple[str, ...]]) -> Counter[str]:
    shares: Counter[str] = Counter()
    for article_id, count in views.items():
        article = known.get(article_id)
        for owner in (owners(article) or ("",)) if article else (_GONE,):
            shares[owner] += count
    return shares


def _rows(views: Mapping[str, int], titles: Mapping[str, str]) -> tuple[Row, ...]:
    rows = (_row(id_, titles.get(id_, ""), count) for id_, count in views.items())
    return tuple(sorted(rows, key=lambda row: (-row.views, row.id)))


def _row(id_: str, title: str, count: int) -> Row:
    return Row(id="", title=_GONE, views=count) if id_ == _GONE else Row(id=id_, title=title, views=count)


def _as_text(made: Report) -> Iterator[str]:
    yield f"Reads since {made.since} (UTC)" if made.since else "Reads"
    width = len(str(max((row.views for rows in made.kinds.values() for row in rows), default=0)))
    for kind, rows in made.kinds.items():
        yield ""
        yield f"By {kind}:" if rows else f"By {kind}: none"
        yield from (f"  {row.views:>{width}}  {_name(row)}" for row in rows[:_SHOWN])
        if len(rows) > _SHOWN:
            yield f"  and {len(rows) - _SHOWN} more"


def _name(row: Row) -> str:
    return _visible(" ".join(row.title.split()) or row.id or _NONE)


def _visible(text: str) -> str:
    """Control characters as one writes them in a program: a terminal obeys them."""
    return "".join(ascii(sign)[1:-1] if unicodedata.category(sign) in _UNSEEN or sign in _OVERRIDES else sign for sign in text)


def _as_json(made: Report) -> Iterator[str]:
    facts = {"since": made.since.isoformat() if made.since else None}
    rows = {f"{kind}s": [asdict(row) for row in rows] for kind, rows in made.kinds.items()}
    yield json.dumps(facts | rows, ensure_ascii=False, indent=2)


def _as_csv(made: Report) -> Iterator[str]:
    yield _record(_COLUMNS)
    for kind, rows in made.kinds.items():
        yield from (_record((kind, row.id, row.title, str(row.views))) for row in rows)


def _record(fields: tuple[str, ...]) -> str:
    """One line of RFC 4180, without its end. What a spreadsheet takes for a formula gets an apostrophe before it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(f"'{each}" if each.startswith(_FORMULA) else each for each in fields)
    return line.getvalue()


PRINTERS: Final[Mapping[str, Callable[[Report], Iterator[str]]]] = {"text": _as_text, "json": _as_json, "csv": _as_csv}
