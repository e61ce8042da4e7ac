"""One file -> an Article, or all its problems with lines and columns."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple
from urllib.parse import quote

from feedsvc import uris
from feedsvc.content import text
from feedsvc.content.markdown import text_store
from feedsvc.content.reading import attachments, body
from feedsvc.content.reading.context import Desk, Known
from feedsvc.content.schema import dates, validation
from feedsvc.content.schema.models import ArticleKeys
from feedsvc.content.yaml import document, error_messages
from feedsvc.content.yaml.document import Tree
from feedsvc.content.yaml.positions import Location
from feedsvc.errors import Problem
from feedsvc.model import Article, Author, Category, Correction, Enclosure, Site, Source, Status, Tag
from feedsvc.tag_slugs import tag_name, tag_slug

_NO_MOMENT: Final = (datetime.min.replace(tzinfo=UTC), 0)
_STATUS: Final = {status.value: status for status in Status}
_ONE_LINE: Final[tuple[Location, ...]] = (("title",), ("summary",), ("image", "alt"), ("image", "caption"), ("image", "credit"))
_STAND_INS: Final = {"title": "-", "published": "2000-01-01"}
# What strict validators take for HTML in a plain text.
_MARKUP: Final = re.compile(r"</[A-Za-z][A-Za-z0-9]*>")
_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")
_FENCE: Final = re.compile(r"---[ \t]*\r?\n?")
_END: Final = re.compile(r"(?:---|\.\.\.)[ \t]*\r?\n?")


class Reading(NamedTuple):
    """What a file gave: an article, or None and at least one error among the problems.

    `places` tells where claims to an address are written: line and column of the id, the slug and each former slug, one after
    the other, 0 and 0 of what the file's name gives. `named` are the entries of the settings that the file names by another
    name than their id: kind, name as written, id. `markdown` is the text for which the article's `text` stands.
    """

    article: Article | None
    problems: tuple[Problem, ...]
    places: tuple[int, ...] = ()
    named: tuple[tuple[str, str, str], ...] = ()
    markdown: str = ""

    @property
    def broken(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def read(path: str, data: bytes, known: Known) -> Reading:
    """Read one article file; `path` is relative to the content folder. Never raises for what the file holds."""
    content, problems, is_plain = text.decode(path, data)
    if not content and problems:
        return Reading(None, tuple(problems))
    try:
        front, below = split(content) if path.endswith(".md") else (content, None)
    except ValueError as error:
        return Reading(None, (*problems, Problem(path=path, message=str(error))))
    if below and (line := error_messages.conflict_line(content)) and not _is_in_fence(content, line):
        return Reading(None, (*problems, Problem(path=path, line=line, message=error_messages.CONFLICT)))
    grown = document.read(path, front, is_plain=is_plain)
    grown.problems[:0] = problems
    return _Article(content, below, grown, known).reading()


def split(content: str) -> tuple[str, str]:
    """A Markdown file's YAML and the text below it; lines keep their numbers. Raises ValueError for the editor."""
    lines = content.splitlines(keepends=True)
    if not lines:
        raise ValueError("the file is empty")
    if not _FENCE.fullmatch(lines[0]):
        raise ValueError("a Markdown article begins with a line '---', then its keys, then '---' again")
    end = next((i for i, line in enumerate(lines[1:], 1) if _END.fullmatch(line)), None)
    if end is None:
        raise ValueError("the keys that begin below this '---' never end; write '---' below the last key")
    if not "".join(lines[1:end]).strip():
        raise ValueError("there are no keys between the two '---'; an article needs at least title: and published:")
    return "\n" + "".join(lines[1:end]), "".join(lines[end + 1 :])


def _is_in_fence(markdown: str, line: int) -> bool:
    """Return whether a line of a Markdown article stands in fenced code, where text about git may show a conflict."""
    fences = [row for row in markdown.splitlines()[: line - 1] if row.lstrip(" ").startswith(("```", "~~~"))]
    return len(fences) % 2 == 1


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def default_id(site: Site, stem: str, year: int) -> str:
    """The id of an article that has none written down (RFC 4151); `year` is that of its publication, as written."""
    return f"tag:{site.id_domain},{year}:{quote(stem, safe='')}"


class _Article(Desk):
    """The second pass: what the schema cannot see, in one place for each key."""

    def __init__(self, content: str, below: str | None, grown: Tree, known: Known) -> None:
        super().__init__(grown, known)
        self.content, self.below = content, below
        self.stem = unicodedata.normalize("NFC", _stem(grown.path))
        self.found: list[tuple[str, str, str]] = []
        self.written = ""

    def reading(self) -> Reading:
        given = validation.check(self.tree, ArticleKeys, _STAND_INS)
        article = self.article(given) if given else None
        places = self.places(given, article.aliases) if given and article else ()
        read = Reading(article, tuple(sorted(self.tree.problems)), places, tuple(self.found), self.written)
        return read._replace(article=None, markdown="") if read.problems and read.broken else read

    def article(self, given: ArticleKeys) -> Article:
        """Everything is looked at, so that all problems are told at once; where there are any it is not to be used."""
        published, year = self.tried(("published",), lambda: dates.instant(given.published, self.zone)) or _NO_MOMENT
        written, expires = self.moment(("updated",), given.updated), self.moment(("expires",), given.expires)
        updated, slug = max(published, written or published), self.slug(given)
        default = given.id or default_id(self.known.site, self.stem, year)
        made = Article(
            path=self.tree.path,
            id=default,
            slug=slug,
            title=given.title,
            published=published,
            updated=updated,
            expires=expires,
            categories=self.named("category", "categories", given.category, given.categories, self.known.categories),
            authors=self.named("author", "authors", given.author, given.authors, self.known.authors),
            tags=self.tags(given),
            summary=given.summary,
            image=attachments.image(self, given.image) if given.image else None,
            enclosures=self.enclosures(given) if given.enclosures else (),
            sources=tuple([Source(name=source.name, url=source.url or "") for source in given.sources]),
            corrections=self.corrections(given) if given.corrections else (),
            language="" if given.language == self.known.site.language else given.language or "",
            link=given.link or "",
            aliases=tuple(dict.fromkeys(alias for alias in given.aliases if alias != slug)) if given.aliases else (),
            status=_STATUS[given.status],
            withdrawn_at=self.gone(given, updated),
            notice=given.withdrawn.notice if given.withdrawn else "",
            text=self.text(given, slug, published),
            media=tuple(self.media),
        )
        if year:
            self.warnings(given, default)
        if year and written and written < published:
            message = "updated: lies before published, so it counts as never updated"
            self.warn(("updated",), message, "write a later time or leave it out")
        if year and expires and expires <= published:
            self.complain(("expires",), "is not after published")
        return made

    def text(self, given: ArticleKeys, slug: str, published: datetime) -> bytes:
        self.written = body.body(self, self.content, self.markdown(given), slug)
        return text_store.text_name(self.written, published)

    def enclosures(self, given: ArticleKeys) -> tuple[Enclosure, ...]:
        return tuple(filter(None, (attachments.enclosure(self, i, one) for i, one in enumerate(given.enclosures))))

    def markdown(self, given: ArticleKeys) -> str:
        if self.below is None:
            return given.body
        if given.body:
            self.complain(("body",), "a Markdown article has its body below the second '---'", at_key=True)
        return self.below

    def warnings(self, given: ArticleKeys, default: str) -> None:
        """What serves well enough, but not as the editor would wish."""
        if not given.id and given.status == "published" and not any(one.message.startswith("id:") for one in self.tree.problems):
            at: Location = ("id",) if self.tree.has(("id",)) else ("title",)
            hint = f"write id: {default}, or let feedsvc stamp do it"
            self.warn(at, "no id; after a renaming subscribers would see the article a second time", hint, at_key=True)
        for index, title in enumerate(given.tags):
            if "," in title:
                self.warn(("tags", index), f"tags: '{title}' is one tag", f"for several, write [{title}]")
            if "&" in title and (found := _ENTITY.search(title)):
                self.warn(("tags", index), f"tags: '{found[0]}' is shown as it stands", f"write {html.unescape(title)}")
        for key, words in (("title", given.title), ("summary", given.summary)):
            if "</" in words and (found := _MARKUP.search(words)):
                self.warn((key,), f"{key}: '{found[0]}' is shown as it stands", "write plain text")
        if self.tree.found is not None:
            self.tree.problems += filter(None, map(self.tree.cut, _ONE_LINE))

    def slug(self, given: ArticleKeys) -> str:
        if given.slug:
            return unicodedata.normalize("NFC", given.slug)
        slug = self.stem if uris.is_slug(self.stem) else uris.slugify(self.stem)
        if not slug:
            self.complain((), f"the file name '{self.stem}' gives no address", "write slug: a-name")
        return slug

    def named(self, one: str, many: str, single: str | None, several: list[str], known: Mapping[str, object]) -> tuple[str, ...]:
        """Ids that `author:` or `authors:` (likewise categories) give, former ids read as today's."""
        if single is not None and several:
            self.complain((many,), f"give either {one} or {many}, not both", at_key=True)
        if single is not None and not several:
            return (found,) if (found := self.one_named(one, many, (one,), single, known)) else ()
        places: list[tuple[Location, str]] = [((one,), single)] if single is not None else []
        listed: list[tuple[Location, str]] = [((many, i), name) for i, name in enumerate(several)]
        several_found = (self.one_named(one, many, at, name, known) for at, name in (*places, *listed))
        return tuple(dict.fromkeys(filter(None, several_found)))

    def one_named(self, kind: str, many: str, at: Location, name: str, known: Mapping[str, object]) -> str | None:
        entry = known.get(name)
        if isinstance(entry, Author | Category):
            if name != entry.id:
                self.found.append((kind, name, entry.id))
            return entry.id
        aside = self.known.set_aside
        parts = [part.strip() for part in name.split(",") if part.strip()]
        if place := aside.get(f"{kind} {name}"):
            self.complain(at, f"the {kind} '{name}' has a problem of its own", f"see {place}")
        elif place := aside.get(kind):
            self.complain(at, f"no {kind} is known before their file is mended", f"see {place}")
        elif len(parts) > 1 and any(part in known or f"{kind} {part}" in aside for part in parts):
            self.complain(at, f"'{name}' are several", f"write {many}: [{', '.join(parts)}]")
        else:
            self.complain(at, f"no {kind} '{name}'", text.nearest(name, known) or _choice(kind, known))
        return None

    def tags(self, given: ArticleKeys) -> tuple[Tag, ...]:
        tags: dict[str, Tag] = {}
        for index, title in enumerate(given.tags):
            slug = tag_slug(title)
            if not slug:
                self.complain(("tags", index), f"'{title}' has no letter or digit to make an address of")
            first = tags.setdefault(slug, _tag(slug, title)).title
            if slug and first != title and tag_name(first) != tag_name(title):
                message = f"tags: '{first}' and '{title}' are one tag, with one page and feed at /tag/{slug}/"
                self.warn(("tags", index), message, "keep one; two tags must differ in a letter, a digit or one of + # & @")
        return tuple(tags.values())

    def corrections(self, given: ArticleKeys) -> tuple[Correction, ...]:
        made = []
        for index, one in enumerate(given.corrections):
            date = self.moment(("corrections", index, "date"), one.date)
            made += [Correction(date=date.astimezone(self.zone).date(), text=one.text)] if date else []
        return tuple(made)

    def gone(self, given: ArticleKeys, updated: datetime) -> datetime | None:
        """Never before the article's last word, so that a feed's updated never goes back."""
        if given.withdrawn and given.status != "withdrawn":
            self.complain(("withdrawn",), f"stands beside status: {given.status}", "write status: withdrawn", at_key=True)
        date = self.moment(("withdrawn", "date"), given.withdrawn.date) if given.withdrawn else None
        return max(date or updated, updated + timedelta(seconds=1)) if given.status == "withdrawn" else None

    def places(self, given: ArticleKeys, aliases: Iterable[str]) -> tuple[int, ...]:
        former = (("aliases", given.aliases.index(alias)) for alias in aliases)
        claims: Iterable[Location] = (("id",), ("slug",), *former)
        return tuple(chain.from_iterable(self.tree.place(at) if self.tree.has_key(str(at[0])) else (0, 0) for at in claims))


@lru_cache(maxsize=4096)
def _tag(slug: str, title: str) -> Tag:
    """Shared by all articles that bear it."""
    return Tag(id=slug, title=title)


def _choice(kind: str, known: Mapping[str, object]) -> str:
    file = {"author": "authors.yaml", "category": "categories.yaml"}[kind]
    names = sorted(known)
    return f"{file} has {', '.join(names)}" if 0 < len(names) <= 8 else f"add it to {file}"  # noqa: PLR2004 - what a line holds
