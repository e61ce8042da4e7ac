"""Article parser: parses the bytes of article files to ParseResults, each with problems and an Article, None after an error."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote

from feedsvc.content import text
from feedsvc.content.markdown.render import is_simple
from feedsvc.content.markdown.text_store import text_key
from feedsvc.content.media import IMAGE_TYPES, sent_length
from feedsvc.content.reading import body
from feedsvc.content.reading.context import ReadContext, References, is_web_address
from feedsvc.content.reading.files import FileParts, parse_file_parts
from feedsvc.content.schema.dates import parse_instant
from feedsvc.content.schema.field_types import http_url
from feedsvc.content.schema.models import ArticleKeys, EmbedKeys, EnclosureKeys, ImageKeys
from feedsvc.content.schema.validation import validate_document
from feedsvc.content.yaml import KeyPath
from feedsvc.errors import Problem
from feedsvc.model import (
    Article,
    ArticleStatus,
    Author,
    Category,
    Correction,
    Embed,
    Enclosure,
    Image,
    Site,
    Source,
    Tag,
)
from feedsvc.routes import article_path
from feedsvc.tag_slugs import spelling_key, tag_slug

_UNKNOWN_DATE: Final = (datetime.min.replace(tzinfo=UTC), 0)
_Entry = Author | Category
_STATUS_BY_NAME: Final = {status.value: status for status in ArticleStatus}
_SINGLE_LINE_KEYS: Final[tuple[KeyPath, ...]] = (
    *(("title",), ("summary",), ("tags",)),
    *(("image", "alt"), ("image", "caption"), ("image", "credit")),
)
_PLACEHOLDERS: Final = {"title": "-", "published": "2000-01-01"}
_HTML_END_TAG: Final = re.compile(r"</[A-Za-z][A-Za-z0-9]*>")  # strict feed validators report it in plain text
_ENTITY: Final = re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#[xX][0-9A-Fa-f]+);")  # reported by strict feed validators
_Picture = tuple[str, str, tuple[int, int]]  # URL, media type, and width and height in pixels


class ParseResult(NamedTuple):
    """Result of parsing one article file: the article and any warnings, or None and at least one problem that is an error.

    `positions` is a flat sequence of the line and column of the values of `id`, `slug`, each former slug (alias) and each former
    address, 0 and 0 for a key that the file does not have; then those of `guid` and of `translation_of` if the file has them. It
    is () if no mapping could be read. `alias_references` are the references to authors and categories by alias: ("author" or
    "category", alias, id). `markdown` is the body, "" without an article; the article's `text` is its key in the text store.
    """

    article: Article | None
    problems: tuple[Problem, ...]
    positions: tuple[int, ...] = ()
    alias_references: tuple[tuple[str, str, str], ...] = ()
    markdown: str = ""

    @property
    def is_broken(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)

    @property
    def may_be_mended(self) -> bool:
        """True if another file may be the cause of a problem: of an error, or of a picture that is not sent."""
        return self.is_broken or any(problem.rule == "metadata" for problem in self.problems)


def parse_article(path: str, data: bytes, references: References) -> ParseResult:
    """Parse one article file: `parse_articles` for a single file."""
    (result,) = parse_articles([(path, data)], references)
    return result


def parse_articles(files: Sequence[tuple[str, bytes]], references: References) -> list[ParseResult]:
    """Parse article files, pairs of path and bytes, in order. Faults of a file become problems, not exceptions.

    The suffix of a path, relative to the content folder, says whether the bytes are Markdown with front matter or YAML.
    `references` has the site, media, categories and authors that the articles may refer to.
    Each step is done for all files before the next step, which saves a fifth of the time: the code of a step stays in the
    processor's cache. If the files together are small enough, so does their data.
    """
    parts = [parse_file_parts(path, data) for path, data in files]
    parsers = [_ArticleParser(file, references) for file in parts if isinstance(file, FileParts)]
    for step in (_ArticleParser.validate, _ArticleParser.measure_body, _ArticleParser.build):
        for parser in parsers:
            step(parser)
    results = iter([parser.result() for parser in parsers])
    return [next(results) if isinstance(file, FileParts) else ParseResult(None, tuple(file)) for file in parts]


def default_id(site: Site, stem: str, year: int) -> str:
    """Return the tag URI (RFC 4151) of an article without `id`.

    `stem` is the name of its file without suffix, in NFC, and is percent-encoded here. `year` is that of `published` as the
    editor wrote it, not in UTC.
    """
    return f"tag:{site.id_domain},{year}:{quote(stem, safe='')}"


class _ArticleParser(ReadContext):
    """Parser of one article's YAML document: validates it with the schema, then checks what the schema cannot express.

    Call `validate`, `measure_body`, `build` and `result` in this order.
    """

    def __init__(self, parts: FileParts, references: References) -> None:
        super().__init__(parts.document, references)
        self.content, self.markdown_part = parts.content, parts.markdown
        self.stem = text.file_stem(parts.document.path)
        self.keys: ArticleKeys | None = None
        self.article: Article | None = None
        self.alias_references: list[tuple[str, str, str]] = []
        self.body_markdown, self.is_body_simple = "", True

    def validate(self) -> None:
        """Set `keys`. They stay None if the document is no mapping."""
        self.keys = validate_document(self.document, ArticleKeys, _PLACEHOLDERS)

    def measure_body(self) -> None:
        """Set `body_markdown` and `is_body_simple`."""
        if self.keys:
            self.body_markdown = self.markdown(self.keys)
            self.is_body_simple = is_simple(self.body_markdown)

    def build(self) -> None:
        """Set `article`. If a problem is an error, do not use it."""
        if self.keys:
            self.article = self.build_article(self.keys)

    def result(self) -> ParseResult:
        positions = (
            self.claim_positions(self.keys, (*self.article.aliases, *self.article.addresses))
            if self.keys and self.article
            else ()
        )
        problems, references = self.document.limited_problems(), tuple(self.alias_references)
        result = ParseResult(self.article, problems, positions, references, self.body_markdown)
        return result._replace(article=None, markdown="") if problems and result.is_broken else result

    def build_article(self, keys: ArticleKeys) -> Article:
        """Check what depends on several keys or other files, add problems to the document and return the article.

        `keys` has the keys that are valid by the schema, and placeholders. If a problem is an error, do not use the article.
        """
        published, year = self.attempt(("published",), lambda: parse_instant(keys.published, self.zone)) or _UNKNOWN_DATE
        updated_value, expires = self.instant(("updated",), keys.updated), self.instant(("expires",), keys.expires)
        updated, slug = max(published, updated_value or published), self.slug(keys)
        article_id = keys.id or default_id(self.references.site, self.stem, year)
        article = Article(
            path=self.document.path,
            id=article_id,
            slug=slug,
            title=keys.title,
            published=published,
            updated=updated,
            expires=expires,
            categories=self.resolve_references(
                "category", "categories", keys.category, keys.categories, self.references.categories
            ),
            authors=self.resolve_references("author", "authors", keys.author, keys.authors, self.references.authors),
            tags=_tags(self, keys.tags) if keys.tags else (),
            summary=keys.summary,
            image=_image(self, keys.image) if keys.image else None,
            enclosures=self.enclosures(keys) if keys.enclosures else (),
            embeds=_embeds(self, keys.embeds) if keys.embeds else (),
            sources=self.sources(keys) if keys.sources else (),
            corrections=self.corrections(keys) if keys.corrections else (),
            language="" if keys.language == self.references.site.language else keys.language or "",
            translation_of=self.translation_of(keys, article_id),
            guid=keys.guid if keys.guid and keys.guid != article_id else "",
            link=self.own_media(("link",), keys.link) if keys.link else "",
            aliases=tuple(dict.fromkeys(alias for alias in keys.aliases if alias != slug and not alias.startswith("/"))),
            addresses=tuple(dict.fromkeys(alias for alias in keys.aliases if alias.startswith("/"))),
            status=_STATUS_BY_NAME[keys.status],
            withdrawn_at=self.withdrawn_at(keys, updated),
            notice=keys.withdrawn.notice if keys.withdrawn else "",
            text=self.text_key(slug, published),
            media=tuple(self.media),
        )
        if keys.status == "published":
            self.document.problems += body.check_placeholder(self.document, self.content, self.body_markdown)
        if year:
            self.add_warnings(keys, article_id)
        if year and updated_value and updated_value < published:
            message = "updated: lies before published, so it counts as never updated"
            self.add(("updated",), message, "write a later time or leave it out", rule="early-update")
        if year and expires and expires <= published:
            self.add_error(("expires",), "is not after published")
        return article

    def translation_of(self, keys: ArticleKeys, article_id: str) -> str:
        if keys.translation_of == article_id:
            self.add_error(("translation_of",), "is the id of this article", "write the id of the article that it translates")
        return keys.translation_of or ""

    def text_key(self, slug: str, published: datetime) -> bytes:
        """Check the body, add its media files to `media`, and return its key in the text store.

        A body without text, and one beyond the limits, which adds an error, has the key b""; `body_markdown` becomes "".
        """
        self.body_markdown = body.check_body(
            self, self.content, self.body_markdown, article_path(slug), is_simple=self.is_body_simple
        )
        return text_key(self.body_markdown, published)

    def enclosures(self, keys: ArticleKeys) -> tuple[Enclosure, ...]:
        enclosures = (_enclosure(self, index, entry) for index, entry in enumerate(keys.enclosures))
        return tuple(filter(None, enclosures))

    def sources(self, keys: ArticleKeys) -> tuple[Source, ...]:
        urls = [self.own_media(("sources", index, "url"), source.url or "") for index, source in enumerate(keys.sources)]
        return tuple([Source(name=source.name, url=url) for source, url in zip(keys.sources, urls, strict=True)])

    def markdown(self, keys: ArticleKeys) -> str:
        """Return the Markdown of the body: in a YAML file that of `body:`, in a Markdown file the part below the front matter.

        A key `body:` in a Markdown file adds an error.
        """
        if self.markdown_part is None:
            return keys.body
        if keys.body:
            self.add_error(("body",), "a Markdown article has its body below the second '---'", at_key=True)
        return self.markdown_part

    def add_warnings(self, keys: ArticleKeys, article_id: str) -> None:
        """Add a warning if a published article has no `id`, and warnings about texts that readers may not see as meant.

        The latter are commas and entities in tags, HTML end tags in title and summary, and comments after the text of title,
        summary, tags, alt, caption and credit. `article_id` is the id that the article has.
        """
        if (
            not keys.id
            and keys.status == "published"
            and self.references.site.id_domain
            # An id has the year of `published`.
            and self.document.has_value(("published",))
            and not any(problem.message.startswith(("id:", "published")) for problem in self.document.problems)
        ):
            at: KeyPath = ("id",) if self.document.has_value(("id",)) else ("title",)
            hint = f"write id: {article_id}, or let feedsvc stamp do it"
            message = "no id; if the file is renamed, subscribers see the article a second time"
            self.add(at, message, hint, at_key=True, rule="no-id")
        _add_tag_warnings(self, keys.tags)
        for key, value in (("title", keys.title), ("summary", keys.summary)):
            if "</" in value and (match := _HTML_END_TAG.search(value)):
                self.add((key,), f"{key}: '{match[0]}' is shown as it stands", "write plain text", rule="html-in-text")
        if self.document.loaded_source_map is not None:
            self.document.problems += filter(None, map(self.document.comment_warning, _SINGLE_LINE_KEYS))

    def slug(self, keys: ArticleKeys) -> str:
        """Return the value of `slug:`, else a slug made of the file's name. If that gives none, add an error and return ""."""
        if keys.slug:
            return unicodedata.normalize("NFC", keys.slug)
        return self.slug_of_stem(self.stem)

    def resolve_references(
        self, key: str, list_key: str, name: str | None, names: list[str], entries: Mapping[str, object]
    ) -> tuple[str, ...]:
        """Return the ids of the entries that `author:` or `authors:` (`category:`, `categories:`) refer to by id or alias.

        `key` and `list_key` are the names of these two keys, `name` and `names` their values. Each id is returned once. An
        invalid name adds an error and is left out; values of both keys add an error, too.
        """
        if name is not None and names:
            self.add_error((list_key,), f"give either {key} or {list_key}, not both", at_key=True)
        if name is not None and not names:
            return (entry_id,) if (entry_id := self.resolve_reference(key, list_key, (key,), name, entries)) else ()
        references: list[tuple[KeyPath, str]] = [((key,), name)] if name is not None else []
        references += [((list_key, index), reference) for index, reference in enumerate(names)]
        entry_ids = (self.resolve_reference(key, list_key, at, reference, entries) for at, reference in references)
        return tuple(dict.fromkeys(filter(None, entry_ids)))

    def resolve_reference(self, kind: str, list_key: str, at: KeyPath, name: str, entries: Mapping[str, object]) -> str | None:
        """Return the id of the entry with the id or alias `name`. If there is none, add an error at `at` and return None.

        `kind` is "author" or "category", `list_key` its plural. A reference by alias is added to `alias_references`.
        """
        entry = entries.get(name)
        if isinstance(entry, _Entry):
            if name != entry.id:
                self.alias_references.append((kind, name, entry.id))
            return entry.id
        self.add_error(at, *self.unknown_name_error(kind, list_key, name, entries))
        return None

    def corrections(self, keys: ArticleKeys) -> tuple[Correction, ...]:
        corrections = []
        for index, entry in enumerate(keys.corrections):
            date = self.instant(("corrections", index, "date"), entry.date)
            corrections += [Correction(date=date.astimezone(self.zone).date(), text=entry.text)] if date else []
        return tuple(corrections)

    def withdrawn_at(self, keys: ArticleKeys, updated: datetime) -> datetime | None:
        """Return when the article was withdrawn; None for another `status:`, beside which `withdrawn:` adds an error.

        The moment is the date of `withdrawn:`, else `updated`, but at least one second after `updated`, the article's last
        change, so that the `updated` of feeds never decreases.
        """
        if keys.withdrawn and keys.status != "withdrawn":
            self.add_error(("withdrawn",), f"stands beside status: {keys.status}", "write status: withdrawn", at_key=True)
        date = self.instant(("withdrawn", "date"), keys.withdrawn.date) if keys.withdrawn else None
        return max(date or updated, updated + timedelta(seconds=1)) if keys.status == "withdrawn" else None

    def claim_positions(self, keys: ArticleKeys, aliases: Iterable[str]) -> tuple[int, ...]:
        """Return `ParseResult.positions`: line and column of id, slug, `aliases` (some of the keys'), guid and translation_of."""
        claims: list[KeyPath] = [("id",), ("slug",), *(("aliases", keys.aliases.index(alias)) for alias in aliases)]
        claims += [(key,) for key, value in (("guid", keys.guid), ("translation_of", keys.translation_of)) if value]
        positions: list[int] = []
        for at in claims:
            positions += self.document.line_and_column(at) if self.document.has_value(at[:1]) else (0, 0)
        return tuple(positions)


def _tags(context: ReadContext, titles: Sequence[str]) -> tuple[Tag, ...]:
    """Return the tags of an article, one for each slug. Problems of the titles are added to `context`."""
    tags: dict[str, Tag] = {}
    for index, title in enumerate(titles):
        tag = _tag(title)
        if not tag.id:
            context.add_error(("tags", index), f"'{title}' has no letter or digit to make an address of")
        first = tags.setdefault(tag.id, tag).title
        if tag.id and first != title and spelling_key(first) != spelling_key(title):
            message = f"tags: '{first}' and '{title}' are one tag, with one page and feed at /tag/{tag.id}/"
            hint = "keep one; two tags must differ in a letter, a digit or one of + # & @"
            context.add(("tags", index), message, hint, rule="equal-tags")
    return tuple(tags.values())


def _add_tag_warnings(context: ReadContext, titles: Sequence[str]) -> None:
    """Add warnings to `context` about tags that readers may not see as meant: with commas or entities."""
    for index, title in enumerate(titles):
        if "," in title:
            context.add(("tags", index), f"tags: '{title}' is one tag", f"for several, write [{title}]", rule="comma-in-tag")
        if "&" in title and (match := _ENTITY.search(title)):
            message = f"tags: '{match[0]}' is shown as it stands"
            context.add(("tags", index), message, f"write {html.unescape(title)}", rule="html-in-text")


@lru_cache(maxsize=4096)
def _tag(title: str) -> Tag:
    """Return the tag of a spelling. Articles share the object while it is in the cache, to save memory; compare tags with ==."""
    return Tag(id=tag_slug(title), title=title)


def _image(context: ReadContext, keys: ImageKeys) -> Image | None:
    """Return the lead image; None if it cannot be used. Problems, and its file if it is in media/, are added to `context`."""
    source = context.media_path(keys.src)
    picture = _remote_picture(context, keys) if is_web_address(source) else _own_picture(context, ("image", "src"), source)
    if picture is None:
        return None
    url, media_type, (width, height) = picture
    return Image(
        url=url,
        type=media_type,
        width=width,
        height=height,
        alt=keys.alt,
        caption=keys.caption,
        credit=keys.credit,
        credit_url=keys.credit_url or "",
        disclaimer=keys.disclaimer,
    )


def _own_picture(context: ReadContext, at: KeyPath, path: str) -> _Picture | None:
    """Return URL, media type and (width, height) in pixels of an image in media/, and add its path to `context.media`.

    If it cannot be used, only add an error at `at` and return None.
    """
    size = context.attempt(at, lambda: context.references.media.image_size(path))
    file = context.attempt(at, lambda: context.sendable_file(path)) if size else None
    return (context.media_url(path), file.type, size) if file and size else None


def _remote_picture(context: ReadContext, keys: ImageKeys) -> _Picture | None:
    """Return URL, media type, and (width, height) in pixels of an image at another address, as the keys state them.

    If `type`, `width` or `height` is missing or the URL is no https address, add errors and return None. A type that readers do
    not show only adds an error.
    """
    url = context.https_url(("image", "src"), keys.src)
    missing = [name for name in ("type", "width", "height") if getattr(keys, name) is None]
    if missing:
        context.add_error(("image",), f"a picture at another address needs {', '.join(missing)} too", at_key=True)
    if keys.type and keys.type not in IMAGE_TYPES:
        hint = f"one of {', '.join(sorted(IMAGE_TYPES))}"
        context.add_error(("image", "type"), f"'{keys.type}' is no picture that readers show", hint)
    return (url, keys.type or "", (keys.width or 0, keys.height or 0)) if url and not missing else None


def _enclosure(context: ReadContext, index: int, keys: EnclosureKeys) -> Enclosure | None:
    """Return the enclosure at an index of `enclosures:`; None if it cannot be used.

    Problems, and its file if it is in media/, are added to `context`.
    """
    at: KeyPath = ("enclosures", index)
    source = context.media_path(keys.src)
    if not is_web_address(source):
        file = context.attempt((*at, "src"), lambda: context.sendable_file(source))
        keep_metadata = context.references.site.keep_metadata
        length = context.attempt((*at, "src"), lambda: sent_length(file, keep_metadata=keep_metadata)) if file else None
        if file is None or length is None:
            return None
        return Enclosure(url=context.media_url(file.path), type=keys.type or file.type, length=length, title=keys.title)
    url = context.attempt((*at, "src"), lambda: http_url(keys.src))
    missing = [name for name in ("type", "length") if getattr(keys, name) is None]
    if missing:
        hint = "for example type: audio/mpeg, length: 12345678"
        context.add_error(at, f"a file at another address needs {' and '.join(missing)} too", hint)
    if not url or keys.type is None or keys.length is None:
        return None
    return Enclosure(url=url, type=keys.type, length=keys.length, title=keys.title)


def _embeds(context: ReadContext, entries: Sequence[EmbedKeys]) -> tuple[Embed, ...]:
    """Return the cards of `embeds:`, one for each URL. Problems and image files are added to `context`.

    An image that cannot be used adds an error, and its card has the image "". A second entry for a URL adds an error and
    replaces the first.
    """
    cards: dict[str, Embed] = {}
    for index, entry in enumerate(entries):
        if entry.url in cards:
            context.add_error(("embeds", index, "url"), f"a second entry for {entry.url}", "keep one of the two")
        image = _embed_image(context, ("embeds", index, "image"), entry.image) if entry.image else ""
        cards[entry.url] = Embed(url=entry.url, title=entry.title, description=entry.description, image=image)
    return tuple(cards.values())


def _embed_image(context: ReadContext, at: KeyPath, reference: str) -> str:
    """Return the URL of an image in media/. If it cannot be used, or is on another site, add an error and return ""."""
    path = context.media_path(reference)
    if is_web_address(path):
        context.add_error(at, "is at another address, whose owner would see who reads the page", "save the picture in media/")
        return ""
    picture = _own_picture(context, at, path)
    return picture[0] if picture else ""
