"""Page parser: the bytes of a file of pages/ -> StaticPage and problems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from feedsvc.content import text
from feedsvc.content.markdown.render import is_simple
from feedsvc.content.reading.body import check_body
from feedsvc.content.reading.context import ReadContext, References
from feedsvc.content.reading.files import parse_file_parts
from feedsvc.content.schema.models import PageKeys
from feedsvc.content.schema.validation import validate_document
from feedsvc.content.yaml import KeyPath
from feedsvc.errors import Problem
from feedsvc.free_places import StaticPageAt
from feedsvc.page_model import StaticPage
from feedsvc.routes import path_of, place_of

PAGES_FOLDER: Final = "pages"
PAGE_SUFFIX: Final = ".md"
_PLACEHOLDERS: Final = {"title": "-"}


class ParsedPage(NamedTuple):
    """Result of parsing one file of pages/: the page and any warnings, or None and at least one problem that is an error.

    `positions` are (line, column) of the slug and of each former slug, in the order of `StaticPage.names`; None for a slug made
    from the file's name. It is () if no mapping could be read from the file.
    """

    page: StaticPage | None
    problems: tuple[Problem, ...]
    positions: tuple[tuple[int, int] | None, ...] = ()


def parse_page(path: str, data: bytes, references: References) -> ParsedPage:
    """Parse one file of pages/; `path` is relative to the content folder. Faults of the file become problems, not exceptions.

    `references` has the site and the media files that the page may refer to.
    """
    parts = parse_file_parts(path, data, "page", "title:")
    if isinstance(parts, list):
        return ParsedPage(None, tuple(parts))
    document = parts.document
    keys = validate_document(document, PageKeys, _PLACEHOLDERS)
    if keys is None:
        return ParsedPage(None, document.limited_problems())
    parser = _PageParser(document, references)
    page = parser.build(keys, parts.content, parts.markdown or "")
    is_broken = any(problem.severity == "error" for problem in document.problems)
    positions = tuple(parser.name_positions(keys, page))
    return ParsedPage(None if is_broken else page, document.limited_problems(), positions)


class _PageParser(ReadContext):
    """Parser of the keys and the body of one page, which adds the problems that the schema cannot detect."""

    def build(self, keys: PageKeys, content: str, markdown: str) -> StaticPage:
        """Return the page. All problems are added to the document; if one is an error, do not use the page.

        `content` is the text of the whole file, `markdown` the part below its front matter.
        """
        slug = self._slug(keys)
        aliases = tuple(dict.fromkeys(alias for alias in keys.aliases if alias != slug))
        for alias in aliases:
            self._check_free(("aliases", keys.aliases.index(alias)), alias)
        return StaticPage(
            path=self.document.path,
            slug=slug,
            title=keys.title,
            description=keys.description,
            language="" if keys.language == self.references.site.language else keys.language or "",
            updated=self.instant(("updated",), keys.updated),
            menu=keys.navigation,
            order=keys.order,
            aliases=aliases,
            is_draft=keys.status == "draft",
            markdown=check_body(self, content, markdown, path_of(StaticPageAt(slug)), is_simple=is_simple(markdown)),
            media=tuple(self.media),
        )

    def _slug(self, keys: PageKeys) -> str:
        """Return the value of `slug:`, else a slug made of the file's name; "" if the name gives none.

        Adds an error for "", and for a slug whose address has another meaning on the site, which is returned all the same.
        """
        slug = keys.slug or self.slug_of_stem(text.file_stem(self.document.path))
        if slug:
            self._check_free(("slug",) if keys.slug else (), slug)
        return slug

    def _check_free(self, at: KeyPath, name: str) -> None:
        if place_of(f"/{name}/") != StaticPageAt(name):
            hint = "write slug: and another name" if at in ((), ("slug",)) else "delete it"
            self.add_error(at, f"/{name}/ is an address of the site's own, which no page can have", hint)

    def name_positions(self, keys: PageKeys, page: StaticPage) -> Iterator[tuple[int, int] | None]:
        """Yield `ParsedPage.positions`: (line, column) of slug and former slugs; None for a slug made from the file's name."""
        yield self.document.line_and_column(("slug",)) if keys.slug else None
        yield from (self.document.line_and_column(("aliases", keys.aliases.index(alias))) for alias in page.aliases)
