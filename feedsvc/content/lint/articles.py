"""What serves well enough but could be better: told by `check` alone, since it needs all articles and the time.

Drafts are left alone, for they are not finished, and so are withdrawn articles, of which nothing is shown.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote, urlsplit

from feedsvc import routes, uris
from feedsvc.content import safe_read, text
from feedsvc.content.folder.articles import FOLDER
from feedsvc.content.folder.snapshot import Content
from feedsvc.content.lint.media import media_advice
from feedsvc.content.lint.tags import location, merged_tags
from feedsvc.content.markdown import render
from feedsvc.content.media import files
from feedsvc.content.reading import settings
from feedsvc.content.reading.body_lines import BodyLines
from feedsvc.content.yaml import document
from feedsvc.content.yaml.document import Tree
from feedsvc.content.yaml.positions import Location
from feedsvc.errors import Problem
from feedsvc.model import Article, Status

PLACEHOLDER: Final = "Write here, in Markdown."  # what a new article's body says
LONGEST_TITLE: Final = 120
LONGEST_SUMMARY: Final = 300
_MOST_COMPARED: Final = 20_000  # names, to find the nearest; more would take seconds
_MOST_OF_A_FILE: Final = 100
_END: Final = re.compile(r"^(?:---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_REFERENCE: Final = re.compile(r'(?:href|src|cite|poster)="([^"]*)"')
# What to do instead of elements that are often pasted; of others, nothing can be kept but their text.
_INSTEAD_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(("iframe", "embed", "object"), "write a link to what it shows, with a picture of it"),
    **dict.fromkeys(("script", "form", "input", "button", "select", "textarea"), "write a link to a page that has it"),
    **dict.fromkeys(("style", "link", "font", "center"), "leave looks to the theme"),
}
_LEFT_OF_REFERENCE: Final = frozenset(" \t\n\r\"'(<>[]{}=`")


def advice(content: Content, root: Path, now: datetime) -> tuple[Problem, ...]:
    """Warnings of a whole newsroom at a moment, in order. Never raises; files that are gone by now lose their places only."""
    house = _House(content=content, root=root, now=now)
    found = [problem for article in house.public for problem in _of_article(house, article)]
    return tuple(sorted((*found, *_idle_authors(house), *media_advice(content, house.public))))


@dataclass(kw_only=True)
class _House:
    """What every advice may look at, found out once."""

    content: Content
    root: Path
    now: datetime
    hinted: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slugs: Mapping[str, Article] = {
            name: article for article in self.content.articles for name in (*article.aliases, article.slug)
        }
        self.public = [article for article in self.content.articles if article.status is Status.PUBLISHED]
        self.merged = merged_tags(self.public)
        # What is set aside cannot be linked to now, but that is told elsewhere.
        self.set_aside = {_stem(problem.path) for problem in self.content.errors if problem.path.startswith(f"{FOLDER}/")}

    def hint(self, slug: str) -> str:
        if slug not in self.hinted and len(self.hinted) * len(self.slugs) < _MOST_COMPARED:
            self.hinted[slug] = text.nearest(slug, self.slugs)
        return self.hinted.get(slug, "")


class _File:
    """An article's file once more, for the places of what is said about it; read when there is something to say."""

    def __init__(self, root: Path, path: str) -> None:
        data = safe_read.read(root, path)
        self.text = text.decode(path, data).text if isinstance(data, bytes) else ""
        # A Markdown file's first '---' means the beginning of a document to YAML too.
        end = _END.search(self.text, 3) if path.endswith(".md") else None
        self.tree: Tree = document.read(path, self.text[: end.start()] if end else self.text)

    def at(self, location: Location, message: str, hint: str, *, at_key: bool = False) -> Problem:
        return replace(self.tree.problem(location, message, hint, at_key=at_key), severity="warning")

    def where(self, forms: tuple[str, ...], message: str, hint: str) -> Problem:
        """At the first of several spellings that the text holds, from the beginning of the reference that it is part of."""
        index = next((found.start() for form in forms if (found := re.search(form, self.text))), None)
        if index is None:
            return self.at(("body",), message, hint)
        while index > 0 and self.text[index - 1] not in _LEFT_OF_REFERENCE:
            index -= 1
        return self.on(text.place(self.text, index), message, hint)

    def on(self, place: tuple[int, int], message: str, hint: str) -> Problem:
        """At a line and column."""
        line, column = place
        told = text.told(message)
        return Problem(path=self.tree.path, line=line, column=column, message=told, hint=text.told(hint), severity="warning")


_Advice = Callable[[_File], Problem]


def _of_article(house: _House, article: Article) -> Iterator[Problem]:
    found = list(islice((one for rule in _RULES for one in rule(house, article)), _MOST_OF_A_FILE))
    if found:
        file = _File(house.root, article.path)
        yield from (one(file) for one in found)


def _title(_: _House, article: Article) -> Iterator[_Advice]:
    if (length := len(article.title)) > LONGEST_TITLE:
        message = f"title: has {length} characters; readers and search engines cut at about {LONGEST_TITLE}"
        yield lambda file: file.at(("title",), message, "write a shorter one")


def _summary(_: _House, article: Article) -> Iterator[_Advice]:
    if not article.summary:
        message, hint = (
            "no summary; feeds and search engines would show the beginning of the body",
            "write summary: and a sentence",
        )
        yield lambda file: file.at(("title",), message, hint, at_key=True)
    elif (length := len(article.summary)) > LONGEST_SUMMARY:
        long = f"summary: has {length} characters; readers expect at most {LONGEST_SUMMARY}"
        yield lambda file: file.at(("summary",), long, "move the rest into the body")


def _image(_: _House, article: Article) -> Iterator[_Advice]:
    if article.image and not article.image.alt:
        message, hint = "image: no alt; who does not see the picture learns nothing of it", "write alt: and what it shows"
        yield lambda file: file.at(("image",), message, hint, at_key=True)
    if article.image and not article.image.credit:
        credit, name = "image: no credit; news partners ask for one", "write credit: and whose picture it is"
        yield lambda file: file.at(("image",), credit, name, at_key=True)


def _cut(house: _House, article: Article) -> Iterator[_Advice]:
    for path in article.media:
        with suppress(OSError):
            if files.is_cut(house.content.media[path]):
                message, forms = (
                    f"'{path}' is cut off; readers see a part of it",
                    (re.escape(path), re.escape(quote(path))),
                )
                yield lambda file, forms=forms, message=message: file.where(forms, message, "save it again")  # type: ignore[misc]


def _updated(house: _House, article: Article) -> Iterator[_Advice]:
    if article.updated > max(article.published, house.now):
        message = "updated: lies in the future; until then the article counts as never updated"
        yield lambda file: file.at(("updated",), message, "write when it was changed")


def _corrections(house: _House, article: Article) -> Iterator[_Advice]:
    message = "corrections: lies in the future, but is shown already"
    for index, correction in enumerate(article.corrections):
        if correction.date > house.now.date() + timedelta(days=1):  # which day it is depends on the zone
            yield lambda file, index=index: file.at(("corrections", index, "date"), message, "write today's date")  # type: ignore[misc]


def _unwritten(house: _House, article: Article) -> Iterator[_Advice]:
    if PLACEHOLDER in house.content.html(article):
        message, hint = f"body: still says '{PLACEHOLDER}'", "write the text, or status: draft until it is written"
        yield lambda file: file.where((re.escape(PLACEHOLDER),), message, hint)


def _removed(house: _House, article: Article) -> Iterator[_Advice]:
    """HTML that no reader gets to see, at its lines."""
    markdown = house.content.texts.markdown(article)
    removed = render.removed_elements(markdown)[:_MOST_OF_A_FILE]
    if not removed:
        return
    places: list[tuple[int, int]] = []

    def warning(file: _File, number: int, name: str) -> Problem:
        if not places:
            places.extend(BodyLines(file.tree, file.text, markdown).of_tags(tuple(one.place for one in removed)))
        hint = _INSTEAD_OF.get(name, "write Markdown, or `<` before what is no HTML as &lt;")
        return file.on(places[number], f"body: <{name}> is taken out; readers would not show it, or not safely", hint)

    for number, one in enumerate(removed):
        yield lambda file, number=number, name=one.name: warning(file, number, name)  # type: ignore[misc]


def _tags(house: _House, article: Article) -> Iterator[_Advice]:
    for tag in article.tags:
        if sentences := house.merged.get(tag.title):
            yield lambda file, title=tag.title, both=sentences: file.at(location(file.tree, title), *both)  # type: ignore[misc]


def _to_itself(house: _House, article: Article) -> Iterator[_Advice]:
    own = routes.path_of(routes.ArticleAt(article.slug))
    if article.link and uris.path_below(house.content.site.base_url, article.link).rstrip("/") == own.rstrip("/"):
        message = "link: leads to this very article, whose page would show a summary only"
        yield lambda file: file.at(("link",), message, "delete it; it is for articles that live elsewhere")


def _name(_: _House, article: Article) -> Iterator[_Advice]:
    stem = _stem(article.path)
    if stem != article.slug:
        message = f"the file's name is '{stem}' and its slug '{article.slug}'; who looks for one will not find the other"
        hint = f"rename it to {article.slug}{PurePosixPath(article.path).suffix}"
        yield lambda file: file.at(("slug",), message, hint)


def _links(house: _House, article: Article) -> Iterator[_Advice]:
    base = house.content.site.base_url
    for address in _addresses(house, article):
        place = routes.place_of(uris.path_below(base, address))
        if isinstance(place, routes.ArticleAt):
            yield from _link(house, article, unicodedata.normalize("NFC", place.slug))
        elif _is_insecure(base, address):
            yield from _insecure(base, address)


def _addresses(house: _House, article: Article) -> Iterable[str]:
    written = (html.unescape(found) for found in _REFERENCE.findall(house.content.html(article)))
    return dict.fromkeys((article.link, *(source.url for source in article.sources), *written))


def _link(house: _House, article: Article, slug: str) -> Iterator[_Advice]:
    target = house.slugs.get(slug)
    if target is None:
        message, hint = f"body: a link to '{slug}', but no article has this slug", house.hint(slug)
        lost = slug not in house.set_aside
    else:
        message, hint = f"body: a link to '{slug}', which is not public yet", f"see {target.path}"
        lost = target.status is Status.DRAFT or target.published > max(house.now, article.published)
    if lost:
        yield lambda file: file.where(_spellings(slug), message, hint)


def _spellings(slug: str) -> tuple[str, ...]:
    return tuple(rf"articles/{re.escape(form)}(?![\w%~-])" for form in (slug, quote(slug), quote(slug).lower()))


def _is_insecure(base: str, address: str) -> bool:
    """Whether an address means this very site, but over a connection that anybody can read."""
    ours, theirs = urlsplit(base), urlsplit(address)
    return (ours.scheme, theirs.scheme) == ("https", "http") and ours.hostname == theirs.hostname


def _insecure(base: str, address: str) -> Iterator[_Advice]:
    message = f"'{address}' is this very site, without https"
    path = urlsplit(address).path.removeprefix(urlsplit(base).path) or "/"
    yield lambda file: file.where((re.escape(address), re.escape(urlsplit(address).netloc)), message, f"write {path}")


_RULES: Final[tuple[Callable[[_House, Article], Iterator[_Advice]], ...]] = (
    *(_title, _summary, _image, _cut, _updated, _corrections, _unwritten, _removed, _tags, _to_itself, _name, _links),
)


def _stem(path: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(path).stem)


def _idle_authors(house: _House) -> Iterator[Problem]:
    """Nobody can tell of whom an article speaks that could not be read: then nothing is said."""
    used = {name for article in house.content.articles for name in article.authors}
    idle = [name for name, author in house.content.authors.items() if author.id not in used and name == author.id]
    if not idle or house.set_aside:
        return
    data = safe_read.read(house.root, settings.AUTHORS)
    grown = settings.grow(settings.AUTHORS, data if isinstance(data, bytes) else b"")
    spelled = {unicodedata.normalize("NFC", key): key for key in grown.value} if isinstance(grown.value, dict) else {}
    for name in idle:
        message, hint = f"{name}: no article names this author", "delete the entry, or name it in an article"
        problem = grown.problem((spelled.get(name, name),), message, hint, at_key=True)
        yield replace(problem, severity="warning")
