"""Check of an article or page before it is written: the product's own reader must find no error in the file."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from feedsvc.content.reading.article import parse_article
from feedsvc.content.reading.context import References
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE
from feedsvc.content.reading.page import parse_page
from feedsvc.errors import Problem
from feedsvc.importing.source import Omission
from feedsvc.importing.writer.article_file import format_article
from feedsvc.importing.writer.plans import is_page_path
from feedsvc.importing.writer.values import BODY, KEYS, ArticleValues

_REQUIRED: Final = ("title", "published")
_PLURALS: Final = {"category": "categories", "author": "authors"}
_KEY: Final = re.compile(r"[a-z_]+")
_TAG: Final = re.compile(r"<[^<>]*>")
_BLOCK_END: Final = re.compile(r"</(?:p|div|h[1-6]|li|blockquote|td|figcaption)\s*>|<br\s*/?>", re.IGNORECASE)


class CheckedArticle(NamedTuple):
    """Result of `check_article`: values without errors, or None if the article cannot be used, and what was left out of it."""

    values: ArticleValues | None
    omissions: tuple[Omission, ...] = ()


def check_article(
    place: str, path: str, article_id: str, values: ArticleValues, references: References, *, body: str
) -> CheckedArticle:
    """Return values that `feedsvc check` has no error for. A key with an error is left out; a body with one becomes plain text.

    Of categories and authors, only the names that their files lack are left out: an editor may have deleted these entries. All
    of this is in the omissions of the result. Warnings do not matter. An article cannot be used if its title, date or plain body
    has an error, or if an error is in no key. `path` is the path of the file below the content folder; a file in pages/ is
    checked as a page. `article_id` is "" for a page. `place` is the place of the post in the source, for omissions. `body` is
    the HTML of the body in `values`; a plain body has its text.
    """
    values, omissions = dict(values), list[Omission]()
    parse = parse_page if is_page_path(path) else parse_article
    path = str(PurePosixPath(path).with_suffix(".md"))  # the form of `data`; an editor may have made the file one of YAML
    omissions += remove_unknown_names(place, values, references)
    for _ in range(len(KEYS) + 1):
        data = format_article(article_id, values).encode(errors="replace")
        problem = next((found for found in parse(path, data, references).problems if found.severity == "error"), None)
        if problem is None:
            return CheckedArticle(values, tuple(omissions))
        key = _key_of(problem, values)
        if not key or key in _REQUIRED or (key == BODY and not _make_plain(values, body)):
            return CheckedArticle(None, (*omissions, Omission(place, "article", _reason(problem))))
        what = "the layout of the body" if key == BODY else key
        omissions.append(Omission(place, what, _reason(problem)))
        if key != BODY:
            del values[key]
    return CheckedArticle(None, (*omissions, Omission(place, "article", "its errors cannot be removed one by one")))


def remove_unknown_names(place: str, values: ArticleValues, references: References) -> Iterator[Omission]:
    """Remove the categories and authors that have no entry from `values`. Yield an omission for each."""
    for key, file, entries in (
        ("categories", CATEGORIES_FILE, references.categories),
        ("authors", AUTHORS_FILE, references.authors),
    ):
        names = values.get(key, [])
        if unknown := [name for name in names if name not in entries]:
            values[key] = [name for name in names if name in entries]
            if not values[key]:
                del values[key]
            reason = f"{file} has no such entry; write it there, or give the name of another one with --map"
            yield from (Omission(place, f"{key}: {name}", reason) for name in unknown)


def _reason(problem: Problem) -> str:
    return f"{problem.message}; {problem.hint}" if problem.hint else problem.message


def _key_of(problem: Problem, values: ArticleValues) -> str:
    """Return the key that a problem is about, by the first word of its message; "" if it is none that the article has."""
    match = _KEY.match(problem.message)
    name = _PLURALS.get(match[0], match[0]) if match else ""
    return name if name in values else ""


def _make_plain(values: ArticleValues, body: str) -> bool:
    """Replace the body in `values` by the text of `body` (HTML) in paragraphs. Return False if it is that already."""
    text = html.unescape(_TAG.sub("", _BLOCK_END.sub("\n\n", body)))
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))
    plain = "\n\n".join(f"<p>{html.escape(paragraph, quote=False)}</p>" for paragraph in paragraphs if paragraph)
    if plain == values[BODY]:
        return False
    values[BODY] = plain
    return True
