"""Article parser: bytes of one article file -> Article, or all problems with lines and columns."""

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
from feedsvc.content.markdown import text_key
from feedsvc.content.reading import attachments, body
from feedsvc.content.reading.context import ReadContext, References
from feedsvc.content.schema import ArticleKeys, parse_instant, validate_document
from feedsvc.content.yaml import CONFLICT_MESSAGE, KeyPath, YamlDocument, conflict_line, parse_yaml
from feedsvc.errors import Problem
from feedsvc.model import Article, ArticleStatus, Author, Category, Correction, Enclosure, Site, Source, Tag
from feedsvc.tag_slugs import spelling_key, tag_slug

_UNKNOWN_DATE: Final = (datetime.min.replace(tzinfo=UTC), 0)
_STATUS_BY_NAME: Final = {status.value: status for status in ArticleStatus}
_SINGLE_LINE_KEYS: Final[tuple[KeyPath, ...]] = (
    ("title",),
    ("summary",),
    ("image", "alt"),
    ("image", "caption"),
    ("image", "credit"),
)
_PLACEHOLDERS: Final = {"title": "-", "published": "2000-01-01"}
# Strings that strict feed validators report as HTML in plain text.
_HTML_END_TAG: Final = re.compile(r"</[A-Za-z][A-Za-z0-9]*>")
_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")
_FRONT_MATTER_START: Final = re.compile(r"---[ \t]*\r?\n?")
_FRONT_MATTER_END: Final = re.compile(r"(?:---|\.\.\.)[ \t]*\r?\n?")


class ParseResult(NamedTuple):
    """Result of parsing one file: an article, or None and at least one problem that is an error.

    `positions` holds line and column, one after another, of the id, the slug and each former slug; 0 and 0 for one
    that the file does not state. `alias_references` are references to authors and categories by an alias: kind, alias, id.
    `markdown` is the body; the article's `text` is its key in the text store.
    """

    article: Article | None
    problems: tuple[Problem, ...]
    positions: tuple[int, ...] = ()
    alias_references: tuple[tuple[str, str, str], ...] = ()
    markdown: str = ""

    @property
    def is_broken(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def parse_article(path: str, data: bytes, references: References) -> ParseResult:
    """Parse one article file; `path` is relative to the content folder. Faults of the file become problems, not exceptions."""
    content, problems, is_plain = text.decode(path, data)
    if not content and problems:
        return ParseResult(None, tuple(problems))
    try:
        front, below = split_front_matter(content) if path.endswith(".md") else (content, None)
    except ValueError as error:
        return ParseResult(None, (*problems, Problem(path=path, message=str(error))))
    if below and (line := conflict_line(content)) and not _is_in_code_fence(content, line):
        return ParseResult(None, (*problems, Problem(path=path, line=line, message=CONFLICT_MESSAGE)))
    grown = parse_yaml(path, front, is_printable=is_plain)
    grown.problems[:0] = problems
    return _ArticleParser(content, below, grown, references).parse()


def split_front_matter(content: str) -> tuple[str, str]:
    """Return the YAML, with its line numbers unchanged, and the Markdown. Raises ValueError with a message for the editor."""
    lines = content.splitlines(keepends=True)
    if not lines:
        raise ValueError("the file is empty")
    if not _FRONT_MATTER_START.fullmatch(lines[0]):
        raise ValueError("a Markdown article begins with a line '---', then its keys, then '---' again")
    end = next((i for i, line in enumerate(lines[1:], 1) if _FRONT_MATTER_END.fullmatch(line)), None)
    if end is None:
        raise ValueError("the keys that begin below this '---' never end; write '---' below the last key")
    if not "".join(lines[1:end]).strip():
        raise ValueError("there are no keys between the two '---'; an article needs at least title: and published:")
    return "\n" + "".join(lines[1:end]), "".join(lines[end + 1 :])


def _is_in_code_fence(markdown: str, line: int) -> bool:
    """Return whether a line is in a fenced code block. There, conflict markers may be an example in an article about git."""
    fences = [row for row in markdown.splitlines()[: line - 1] if row.lstrip(" ").startswith(("```", "~~~"))]
    return len(fences) % 2 == 1


def _stem(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[0] or name


def default_id(site: Site, stem: str, year: int) -> str:
    """Return the tag URI (RFC 4151) for an article without `id`; `year` is the year of `published` as the editor wrote it."""
    return f"tag:{site.id_domain},{year}:{quote(stem, safe='')}"


class _ArticleParser(ReadContext):
    """Second pass over an article: the checks that the schema cannot express, one method per key."""

    def __init__(self, content: str, below: str | None, grown: YamlDocument, known: References) -> None:
        super().__init__(grown, known)
        self.content, self.markdown_part = content, below
        self.stem = unicodedata.normalize("NFC", _stem(grown.path))
        self.alias_references: list[tuple[str, str, str]] = []
        self.body_markdown = ""

    def parse(self) -> ParseResult:
        given = validate_document(self.document, ArticleKeys, _PLACEHOLDERS)
        article = self.build_article(given) if given else None
        places = self.claim_positions(given, article.aliases) if given and article else ()
        read = ParseResult(
            article, tuple(sorted(self.document.problems)), places, tuple(self.alias_references), self.body_markdown
        )
        return read._replace(article=None, markdown="") if read.problems and read.is_broken else read

    def build_article(self, given: ArticleKeys) -> Article:
        """Check all keys, so that all problems are reported at once. The article must not be used if a problem is an error."""
        published, year = self.attempt(("published",), lambda: parse_instant(given.published, self.zone)) or _UNKNOWN_DATE
        written, expires = self.instant(("updated",), given.updated), self.instant(("expires",), given.expires)
        updated, slug = max(published, written or published), self.slug(given)
        default = given.id or default_id(self.references.site, self.stem, year)
        made = Article(
            path=self.document.path,
            id=default,
            slug=slug,
            title=given.title,
            published=published,
            updated=updated,
            expires=expires,
            categories=self.resolve_references(
                "category", "categories", given.category, given.categories, self.references.categories
            ),
            authors=self.resolve_references("author", "authors", given.author, given.authors, self.references.authors),
            tags=self.tags(given),
            summary=given.summary,
            image=attachments.image(self, given.image) if given.image else None,
            enclosures=self.enclosures(given) if given.enclosures else (),
            sources=tuple([Source(name=source.name, url=source.url or "") for source in given.sources]),
            corrections=self.corrections(given) if given.corrections else (),
            language="" if given.language == self.references.site.language else given.language or "",
            link=given.link or "",
            aliases=tuple(dict.fromkeys(alias for alias in given.aliases if alias != slug)) if given.aliases else (),
            status=_STATUS_BY_NAME[given.status],
            withdrawn_at=self.withdrawn_at(given, updated),
            notice=given.withdrawn.notice if given.withdrawn else "",
            text=self.text_key(given, slug, published),
            media=tuple(self.media),
        )
        if year:
            self.add_warnings(given, default)
        if year and written and written < published:
            message = "updated: lies before published, so it counts as never updated"
            self.add_warning(("updated",), message, "write a later time or leave it out")
        if year and expires and expires <= published:
            self.add_error(("expires",), "is not after published")
        return made

    def text_key(self, given: ArticleKeys, slug: str, published: datetime) -> bytes:
        self.body_markdown = body.check_body(self, self.content, self.markdown(given), slug)
        return text_key(self.body_markdown, published)

    def enclosures(self, given: ArticleKeys) -> tuple[Enclosure, ...]:
        return tuple(filter(None, (attachments.enclosure(self, i, one) for i, one in enumerate(given.enclosures))))

    def markdown(self, given: ArticleKeys) -> str:
        if self.markdown_part is None:
            return given.body
        if given.body:
            self.add_error(("body",), "a Markdown article has its body below the second '---'", at_key=True)
        return self.markdown_part

    def add_warnings(self, given: ArticleKeys, default: str) -> None:
        """Add warnings about values that are valid but probably not intended."""
        if (
            not given.id
            and given.status == "published"
            and not any(one.message.startswith("id:") for one in self.document.problems)
        ):
            at: KeyPath = ("id",) if self.document.has_value(("id",)) else ("title",)
            hint = f"write id: {default}, or let feedsvc stamp do it"
            self.add_warning(at, "no id; after a renaming subscribers would see the article a second time", hint, at_key=True)
        for index, title in enumerate(given.tags):
            if "," in title:
                self.add_warning(("tags", index), f"tags: '{title}' is one tag", f"for several, write [{title}]")
            if "&" in title and (found := _ENTITY.search(title)):
                self.add_warning(("tags", index), f"tags: '{found[0]}' is shown as it stands", f"write {html.unescape(title)}")
        for key, words in (("title", given.title), ("summary", given.summary)):
            if "</" in words and (found := _HTML_END_TAG.search(words)):
                self.add_warning((key,), f"{key}: '{found[0]}' is shown as it stands", "write plain text")
        if self.document.loaded_source_map is not None:
            self.document.problems += filter(None, map(self.document.comment_warning, _SINGLE_LINE_KEYS))

    def slug(self, given: ArticleKeys) -> str:
        if given.slug:
            return unicodedata.normalize("NFC", given.slug)
        slug = self.stem if uris.is_slug(self.stem) else uris.slugify(self.stem)
        if not slug:
            self.add_error((), f"the file name '{self.stem}' gives no address", "write slug: a-name")
        return slug

    def resolve_references(
        self, one: str, many: str, single: str | None, several: list[str], known: Mapping[str, object]
    ) -> tuple[str, ...]:
        """Return the ids that `author:` or `authors:` refer to (or `category:`, `categories:`), with aliases replaced by ids."""
        if single is not None and several:
            self.add_error((many,), f"give either {one} or {many}, not both", at_key=True)
        if single is not None and not several:
            return (found,) if (found := self.resolve_reference(one, many, (one,), single, known)) else ()
        places: list[tuple[KeyPath, str]] = [((one,), single)] if single is not None else []
        listed: list[tuple[KeyPath, str]] = [((many, i), name) for i, name in enumerate(several)]
        several_found = (self.resolve_reference(one, many, at, name, known) for at, name in (*places, *listed))
        return tuple(dict.fromkeys(filter(None, several_found)))

    def resolve_reference(self, kind: str, many: str, at: KeyPath, name: str, known: Mapping[str, object]) -> str | None:
        entry = known.get(name)
        if isinstance(entry, Author | Category):
            if name != entry.id:
                self.alias_references.append((kind, name, entry.id))
            return entry.id
        aside = self.references.invalid_entries
        parts = [part.strip() for part in name.split(",") if part.strip()]
        if place := aside.get(f"{kind} {name}"):
            self.add_error(at, f"the {kind} '{name}' has a problem of its own", f"see {place}")
        elif place := aside.get(kind):
            self.add_error(at, f"no {kind} is known before their file is mended", f"see {place}")
        elif len(parts) > 1 and any(part in known or f"{kind} {part}" in aside for part in parts):
            self.add_error(at, f"'{name}' are several", f"write {many}: [{', '.join(parts)}]")
        else:
            self.add_error(at, f"no {kind} '{name}'", text.did_you_mean(name, known) or _choice_hint(kind, known))
        return None

    def tags(self, given: ArticleKeys) -> tuple[Tag, ...]:
        tags: dict[str, Tag] = {}
        for index, title in enumerate(given.tags):
            slug = tag_slug(title)
            if not slug:
                self.add_error(("tags", index), f"'{title}' has no letter or digit to make an address of")
            first = tags.setdefault(slug, _tag(slug, title)).title
            if slug and first != title and spelling_key(first) != spelling_key(title):
                message = f"tags: '{first}' and '{title}' are one tag, with one page and feed at /tag/{slug}/"
                self.add_warning(
                    ("tags", index), message, "keep one; two tags must differ in a letter, a digit or one of + # & @"
                )
        return tuple(tags.values())

    def corrections(self, given: ArticleKeys) -> tuple[Correction, ...]:
        made = []
        for index, one in enumerate(given.corrections):
            date = self.instant(("corrections", index, "date"), one.date)
            made += [Correction(date=date.astimezone(self.zone).date(), text=one.text)] if date else []
        return tuple(made)

    def withdrawn_at(self, given: ArticleKeys, updated: datetime) -> datetime | None:
        """Return when the article was withdrawn, or None. The time is after `updated`: the feed's updated never decreases."""
        if given.withdrawn and given.status != "withdrawn":
            self.add_error(("withdrawn",), f"stands beside status: {given.status}", "write status: withdrawn", at_key=True)
        date = self.instant(("withdrawn", "date"), given.withdrawn.date) if given.withdrawn else None
        return max(date or updated, updated + timedelta(seconds=1)) if given.status == "withdrawn" else None

    def claim_positions(self, given: ArticleKeys, aliases: Iterable[str]) -> tuple[int, ...]:
        former = (("aliases", given.aliases.index(alias)) for alias in aliases)
        claims: Iterable[KeyPath] = (("id",), ("slug",), *former)
        return tuple(
            chain.from_iterable(
                self.document.line_and_column(at) if self.document.has_key(str(at[0])) else (0, 0) for at in claims
            )
        )


@lru_cache(maxsize=4096)
def _tag(slug: str, title: str) -> Tag:
    """Return the tag. Articles share one object for it as long as it is in the cache, to save memory; compare tags with ==."""
    return Tag(id=slug, title=title)


def _choice_hint(kind: str, known: Mapping[str, object]) -> str:
    file = {"author": "authors.yaml", "category": "categories.yaml"}[kind]
    names = sorted(known)
    return f"{file} has {', '.join(names)}" if 0 < len(names) <= 8 else f"add it to {file}"  # noqa: PLR2004 - fits on a line
