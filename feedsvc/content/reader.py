"""One file -> an Article, or all its problems with lines and columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, NamedTuple, TypeVar
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from feedsvc import urls
from feedsvc.content import dates, keys, markup, text, tree
from feedsvc.content.media import FOLDER, PICTURES, Media
from feedsvc.content.schema import ArticleKeys, EnclosureKeys, ImageKeys
from feedsvc.content.tree import Location, Tree
from feedsvc.errors import Problem
from feedsvc.model import Article, Author, Category, Correction, Enclosure, Image, Site, Source, Status, Tag

T = TypeVar("T")
_STAND_INS: Final = {"title": "-", "published": "2000-01-01"}
_FENCE: Final = re.compile(r"(?:---|\.\.\.)[ \t]*\r?\n?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What an article may refer to. `set_aside` are ids whose own entry has a problem, told where it stands."""

    site: Site
    media: Media
    categories: Mapping[str, Category]
    authors: Mapping[str, Author]
    set_aside: Mapping[str, str] = field(default_factory=dict)


class Reading(NamedTuple):
    """What a file gave: an article, or None and at least one error among the problems.

    `places` tells where claims to an address stand (id, slug, each alias): claim -> line and column.
    """

    article: Article | None
    problems: tuple[Problem, ...]
    places: Mapping[str, tuple[int, int]]


def read(path: str, data: bytes, known: Known) -> Reading:
    """Read one article file; `path` is relative to the content folder. Never raises for what the file holds."""
    content, problems = text.decode(path, data)
    if not content and problems:
        return Reading(None, tuple(problems), {})
    front, body = _split(path, content)
    if front is None:
        message = "a Markdown article begins with '---', its keys, and '---' again"
        return Reading(None, (*problems, Problem(path=path, message=message)), {})
    grown = tree.read(path, front)
    grown.problems[:0] = problems
    return _Article(path, content, body, grown, known).reading()


def _split(path: str, content: str) -> tuple[str | None, str | None]:
    """The YAML and, for a Markdown file, the text below it; lines keep their numbers."""
    if not path.endswith(".md"):
        return content, None
    lines = content.splitlines(keepends=True)
    if not lines or not _FENCE.fullmatch(lines[0]):
        return None, None
    end = next((i for i, line in enumerate(lines[1:], 1) if _FENCE.fullmatch(line)), None)
    if end is None:
        return None, None
    return "\n" + "".join(lines[1:end]), "".join(lines[end + 1 :])


class _Article:
    """The second pass: what the schema cannot see, in one place for each key."""

    def __init__(self, path: str, content: str, body: str | None, grown: Tree, known: Known) -> None:
        self.path, self.content, self.below, self.tree, self.known = path, content, body, grown, known
        self.stem = unicodedata.normalize("NFC", PurePosixPath(path).stem)
        self.zone = ZoneInfo(known.site.timezone)
        self.media: dict[str, None] = {}

    def reading(self) -> Reading:
        given = keys.check(self.tree, (), ArticleKeys, _STAND_INS)
        article = self.article(given) if given else None
        problems = tuple(sorted(self.tree.problems))
        broken = any(problem.severity == "error" for problem in problems)
        return Reading(None if broken else article, problems, self.places(given) if given else {})

    def complain(self, at: Location, message: str, hint: str = "", *, at_key: bool = False) -> None:
        name = ".".join(str(step) for step in at if isinstance(step, str))
        self.tree.problems.append(self.tree.problem(at, f"{name}: {message}" if name else message, hint, at_key=at_key))

    def warn(self, message: str, hint: str) -> None:
        self.tree.problems.append(Problem(path=self.path, message=message, hint=hint, severity="warning"))

    def tried(self, at: Location, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except ValueError as error:
            self.complain(at, str(error))
            return None

    def article(self, given: ArticleKeys) -> Article | None:
        moment = self.tried(("published",), lambda: dates.instant(given.published, self.zone))
        published, year = moment or (None, 0)
        slug, link = self.slug(given), given.link or ""
        page = urls.absolute(self.known.site.base_url, urls.path_of(urls.ArticleAt(slug)))
        parts = _Parts(
            updated=self.moment(("updated",), given.updated),
            expires=self.moment(("expires",), given.expires),
            categories=self.named("category", "categories", given.category, given.categories, self.known.categories),
            authors=self.named("author", "authors", given.author, given.authors, self.known.authors),
            tags=self.tags(given),
            image=self.image(given.image) if given.image else None,
            enclosures=tuple(filter(None, (self.enclosure(i, one) for i, one in enumerate(given.enclosures)))),
            corrections=self.corrections(given),
            withdrawn=self.withdrawn(given),
            body=self.body(given, page),
        )
        if published is None:
            return None
        default = f"tag:{self.known.site.id_domain},{year}:{quote(self.stem, safe='')}"
        if not given.id and given.status == "published":
            self.warn("no id; after a renaming subscribers would see the article a second time", f"write id: {default}")
        updated = max(published, parts.updated or published)
        if parts.expires and parts.expires <= published:
            self.complain(("expires",), "lies before published")
        return Article(
            path=self.path,
            id=given.id or default,
            slug=slug,
            title=given.title,
            published=published,
            updated=updated,
            expires=parts.expires,
            categories=parts.categories,
            authors=parts.authors,
            tags=parts.tags,
            summary=given.summary,
            image=parts.image,
            enclosures=parts.enclosures,
            sources=tuple(Source(name=source.name, url=source.url or "") for source in given.sources),
            corrections=parts.corrections,
            language="" if given.language == self.known.site.language else given.language or "",
            link=link,
            aliases=tuple(dict.fromkeys(alias for alias in given.aliases if alias != slug)),
            status=Status(given.status),
            withdrawn_at=self.gone(given, updated, parts.withdrawn),
            notice=given.withdrawn.notice if given.withdrawn else "",
            body=parts.body,
            media=tuple(self.media),
        )

    def slug(self, given: ArticleKeys) -> str:
        if given.slug:
            return unicodedata.normalize("NFC", given.slug)
        slug = self.stem if urls.is_slug(self.stem) else urls.slugify(self.stem)
        if not slug:
            self.complain((), f"the file name '{self.stem}' gives no address", "write slug: a-name")
        return slug

    def moment(self, at: Location, written: str | None) -> datetime | None:
        return self.tried(at, lambda: dates.instant(written, self.zone)[0]) if written else None

    def named(self, one: str, many: str, single: str | None, several: list[str], known: Mapping[str, object]) -> tuple[str, ...]:
        """Ids that `author:` or `authors:` (likewise categories) give, former ids read as today's."""
        if single is not None and several:
            self.complain((many,), f"give either {one} or {many}, not both", at_key=True)
        places: list[tuple[Location, str]] = [((one,), single)] if single is not None else []
        listed = [((many, i) if isinstance(self.tree.value[many], list) else (many,), name) for i, name in enumerate(several)]
        found = [self.one_named(one, at, name, known) for at, name in (*places, *listed)]
        return tuple(dict.fromkeys(filter(None, found)))

    def one_named(self, kind: str, at: Location, name: str, known: Mapping[str, object]) -> str | None:
        entry = known.get(name)
        if isinstance(entry, Author | Category):
            return entry.id
        aside = self.known.set_aside.get(f"{kind} {name}") or self.known.set_aside.get(kind)
        if aside:
            self.complain(at, f"'{name}' is set aside", f"see {aside}")
        else:
            self.complain(at, f"no {kind} '{name}'", keys.nearest(name, known) or _choice(kind, known))
        return None

    def tags(self, given: ArticleKeys) -> tuple[Tag, ...]:
        tags: dict[str, Tag] = {}
        for index, title in enumerate(given.tags):
            slug = urls.slugify(title)
            if not slug:
                self.complain(("tags", index), f"'{title}' has no letter or digit to make an address of")
            tags.setdefault(slug, Tag(id=slug, title=title))
        return tuple(tags.values())

    def image(self, given: ImageKeys) -> Image | None:
        if given.src.startswith(("http:", "https:")):
            facts = self.far_image(given)
        else:
            facts = self.tried(("image", "src"), lambda: self.near_image(given.src))
        if facts is None:
            return None
        url, media_type, (width, height) = facts
        return Image(
            url=url,
            type=media_type,
            width=width,
            height=height,
            alt=given.alt,
            caption=given.caption,
            credit=given.credit,
            credit_url=given.credit_url or "",
        )

    def near_image(self, path: str) -> tuple[str, str, tuple[int, int]]:
        size = self.known.media.size(path)
        return self.refer(path), self.known.media.file(path).type, size

    def far_image(self, given: ImageKeys) -> tuple[str, str, tuple[int, int]] | None:
        url = self.far(("image", "src"), given.src)
        missing = [name for name in ("type", "width", "height") if getattr(given, name) is None]
        if missing:
            self.complain(("image",), f"a picture at another address needs {', '.join(missing)} too", at_key=True)
        if given.type and given.type not in PICTURES:
            self.complain(("image", "type"), f"'{given.type}' is no picture that readers show", f"one of {', '.join(sorted(PICTURES))}")
        return (url, given.type or "", (given.width or 0, given.height or 0)) if url and not missing else None

    def enclosure(self, index: int, given: EnclosureKeys) -> Enclosure | None:
        at: Location = ("enclosures", index)
        if not given.src.startswith(("http:", "https:")):
            file = self.tried((*at, "src"), lambda: self.known.media.file(given.src))
            if file is None:
                return None
            return Enclosure(url=self.refer(file.path), type=given.type or file.type, length=file.length, title=given.title)
        url = self.far((*at, "src"), given.src)
        missing = [name for name in ("type", "length") if getattr(given, name) is None]
        if missing:
            self.complain(at, f"a file at another address needs {' and '.join(missing)} too")
        if not url or given.type is None or given.length is None:
            return None
        return Enclosure(url=url, type=given.type, length=given.length, title=given.title)

    def far(self, at: Location, address: str) -> str:
        try:
            url = urls.uri(address)
        except (ValueError, UnicodeError):
            url = ""
        if not url.startswith("https://"):
            self.complain(at, f"'{address}' is not an https address")
            return ""
        return url

    def refer(self, path: str) -> str:
        self.media[path] = None
        return urls.absolute(self.known.site.base_url, f"/{path}")

    def corrections(self, given: ArticleKeys) -> tuple[Correction, ...]:
        made = []
        for index, one in enumerate(given.corrections):
            date = self.moment(("corrections", index, "date"), one.date)
            made += [Correction(date=date, text=one.text)] if date else []
        return tuple(made)

    def withdrawn(self, given: ArticleKeys) -> datetime | None:
        if given.withdrawn and given.status != "withdrawn":
            self.complain(("withdrawn",), f"stands beside status: {given.status}", "write status: withdrawn", at_key=True)
        return self.moment(("withdrawn", "date"), given.withdrawn.date) if given.withdrawn else None

    def gone(self, given: ArticleKeys, updated: datetime, date: datetime | None) -> datetime | None:
        """Never before the article's last word, so that a feed's updated never goes back."""
        return max(date or updated, updated + timedelta(seconds=1)) if given.status == "withdrawn" else None

    def body(self, given: ArticleKeys, page: str) -> str:
        if self.below is not None and given.body:
            self.complain(("body",), "a Markdown article has its body below the second '---'", at_key=True)
        rendered = markup.render(self.below if self.below is not None else given.body, base_url=self.known.site.base_url, page=page)
        for written, path in rendered.media.items():
            try:
                self.media[self.known.media.file(path).path] = None
            except ValueError as error:
                self.tree.problems.append(self.in_text(written, f"body: {error}"))
        return rendered.html

    def in_text(self, written: str, message: str) -> Problem:
        """A problem where a reference is written, if it can be found again in the file's own text."""
        index = next((i for form in (written, unquote(written)) if (i := self.content.find(form)) >= 0), None)
        if index is None:
            return self.tree.problem(("body",), message)
        line, column = text.place(self.content, index)
        return Problem(path=self.path, line=line, column=column, message=message)

    def places(self, given: ArticleKeys) -> dict[str, tuple[int, int]]:
        listed = isinstance(self.tree.value.get("aliases"), list)
        claims: Iterable[tuple[str, Location]] = (
            ("id", ("id",)),
            ("slug", ("slug",)),
            *((alias, ("aliases", i) if listed else ("aliases",)) for i, alias in enumerate(given.aliases)),
        )
        problems = ((claim, self.tree.problem(at, "")) for claim, at in claims)
        return {claim: (problem.line, problem.column) for claim, problem in problems}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Parts:
    """Everything that is looked at before an article is refused, so that all its problems are told at once."""

    updated: datetime | None
    expires: datetime | None
    categories: tuple[str, ...]
    authors: tuple[str, ...]
    tags: tuple[Tag, ...]
    image: Image | None
    enclosures: tuple[Enclosure, ...]
    corrections: tuple[Correction, ...]
    withdrawn: datetime | None
    body: str


def _choice(kind: str, known: Mapping[str, object]) -> str:
    file = {"author": "authors.yaml", "category": "categories.yaml"}[kind]
    names = sorted(known)
    return f"{file} has {', '.join(names)}" if 0 < len(names) <= 8 else f"add it to {file}"  # noqa: PLR2004 - what a line holds
