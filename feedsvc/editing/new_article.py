"""New article files: a draft with id, address and all further keys as comments."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final
from zoneinfo import ZoneInfo

from feedsvc import routes, uris
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.lint import BODY_PLACEHOLDER, is_reserved_name
from feedsvc.content.reading.article import default_id
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.content.schema.field_types import single_line
from feedsvc.content.schema.models import ArticleKeys
from feedsvc.content.text import FORBIDDEN_CHARACTER, did_you_mean, sanitize_message
from feedsvc.content.yaml import format_scalar, quote_scalar
from feedsvc.errors import FeedsvcError
from feedsvc.model import Author, Category
from feedsvc.support.atomic_write import rename_without_replacing

_COMMENT_KEYS: Final = (
    *("updated", "expires", "image", "enclosures", "embeds", "sources", "corrections", "language", "translation_of", "link"),
    "aliases",
)
_MAX_SLUG_BYTES: Final = 150  # bytes, which leave room for a number and a suffix in the file's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """Values of a new article; `path` is relative to the content folder, `published` is in the site's time zone.

    `categories` and `authors` are ids.
    """

    path: str
    title: str
    id: str
    slug: str
    published: datetime
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


def draft(
    content: ContentSnapshot,
    title: str,
    now: datetime,
    *,
    slug: str = "",
    categories: tuple[str, ...] = (),
    authors: tuple[str, ...] = (),
    suffix: str = ".yaml",
) -> Draft:
    """Return a draft dated `now`, to the minute, in the site's time zone. Writes nothing.

    Its path is articles/YYYY/MM/SLUG and `suffix`, .yaml or .md. Without `slug`, the address is made from the title, with a
    number if it is taken. `categories` and `authors` are ids or aliases; the draft has the ids, each once. Raises FeedsvcError
    for an invalid argument: empty title, unusable or taken slug, unknown category or author.
    """
    clean_title = _clean_title(title)
    published = now.astimezone(ZoneInfo(content.site.timezone)).replace(second=0, microsecond=0)
    wanted_slug = _choose_slug(clean_title, slug)
    folder = f"{ARTICLES_FOLDER}/{published:%Y}/{published:%m}"
    taken_stems = {
        path.stem for article in content.articles if (path := PurePosixPath(article.path)).match(f"{folder}/*{suffix}")
    }
    free_slug = _available_slug(content, wanted_slug, published.year, taken_stems)
    if slug and free_slug != wanted_slug:
        raise FeedsvcError(f"--slug '{slug}' belongs to another article; '{free_slug}' is free")
    return Draft(
        path=f"{folder}/{free_slug}{suffix}",
        title=clean_title,
        id=default_id(content.site, free_slug, published.year),
        slug=free_slug,
        published=published,
        categories=_resolve_ids("category", categories, content.categories, content),
        authors=_resolve_ids("author", authors, content.authors, content),
    )


def _clean_title(title: str) -> str:
    try:
        return single_line(FORBIDDEN_CHARACTER.sub(" ", title))
    except ValueError:
        raise FeedsvcError("the title is empty") from None


def _choose_slug(title: str, slug_option: str) -> str:
    if slug_option and not uris.is_slug(slug_option):
        raise FeedsvcError(f"--slug '{slug_option}' cannot stand in an address; use letters, digits and '-', 200 bytes at most")
    if is_reserved_name(slug_option):
        raise FeedsvcError(f"--slug '{slug_option}' is the name of a device on Windows, where no file can have it; give another")
    slug_of_title = uris.slugify(title).encode()[:_MAX_SLUG_BYTES].decode(errors="ignore").strip("-")
    slug = unicodedata.normalize("NFC", slug_option) or slug_of_title
    if not uris.is_slug(slug):
        raise FeedsvcError(
            f"the title '{sanitize_message(title)}' has no letter or digit to make an address of; give one with --slug a-name"
        )
    return slug


def _available_slug(content: ContentSnapshot, slug: str, year: int, taken_stems: AbstractSet[str]) -> str:
    """Return the slug; if it or its default id is taken, with the lowest number from 2 that makes both unique, as in "name-2".

    `taken_stems` are the names, without suffix, of the files beside the new one, which may have other slugs. The names of files
    with errors count as taken, because their slugs are unknown. So do names that Windows allows no file to have.
    """
    taken_names = {name for article in content.articles for name in (article.slug, *article.aliases)} | taken_stems
    taken_names |= {unicodedata.normalize("NFC", PurePosixPath(problem.path).stem) for problem in content.errors}
    ids = {article.id for article in content.articles}
    names = (slug, *(f"{slug}-{number}" for number in range(2, len(taken_names) + len(ids) + 4)))
    free_names = (name for name in names if name not in taken_names and not is_reserved_name(name))
    return next(name for name in free_names if default_id(content.site, name, year) not in ids)


def _resolve_ids(
    kind: str, names: tuple[str, ...], known: Mapping[str, Author] | Mapping[str, Category], content: ContentSnapshot
) -> tuple[str, ...]:
    file = AUTHORS_FILE if kind == "author" else CATEGORIES_FILE
    error = next((problem for problem in content.errors if problem.path == file), None)
    for name in names:
        if name not in known and error:
            raise FeedsvcError(f"no {kind} '{name}' can be used; mend {file} first, which has an error in line {error.line}")
        if name not in known:
            hint = did_you_mean(name, known) or f"the known ones are: {', '.join(sorted(known)) or 'none'}"
            raise FeedsvcError(f"there is no {kind} '{name}'; {hint}")
    return tuple(dict.fromkeys(known[name].id for name in names))


def render_draft(article: Draft, content: ContentSnapshot, modeline: str) -> str:
    """Return the text of the draft's file: Markdown with front matter if its path ends in .md, else `modeline` and YAML.

    It has status: draft, a placeholder as its body, and further keys of articles as comments.
    """
    keys = "\n".join(_render_keys(article, content)) + "\n"
    if article.path.endswith(".md"):
        return f"---\n{keys}---\n{BODY_PLACEHOLDER}\n"
    return f"{modeline}\n{keys}body: |\n  {BODY_PLACEHOLDER}\n"


def _render_keys(article: Draft, content: ContentSnapshot) -> Iterator[str]:
    yield f"id: {article.id}   # never changes"
    yield f"title: {quote_scalar(article.title)}"
    yield f"published: {article.published.isoformat()}"
    yield "status: draft   # delete this line to publish, and write in published: when that is"
    yield f"slug: {format_scalar(article.slug)}   # its address: {routes.path_of(routes.ArticleAt(article.slug))}"
    yield from _render_references("category", "categories", article.categories, content.categories)
    yield from _render_references("author", "authors", article.authors, content.authors)
    yield "tags: []"
    yield "summary:   # one plain sentence or two, at most 300 characters"
    yield ""
    yield "# Further keys, each with an example:"
    for key in _COMMENT_KEYS:
        examples = ArticleKeys.model_fields[key].examples or [""]
        yield f"# {key}: {_yaml_value(examples[0])}"


def _render_references(singular: str, plural: str, names: tuple[str, ...], known: Mapping[str, Any]) -> Iterator[str]:
    if len(names) > 1:
        yield f"{plural}: {_yaml_value(list(names))}"
    elif names:
        yield f"{singular}: {format_scalar(names[0])}"
    else:
        ids = sorted({entry.id for entry in known.values()})[:8]
        yield f"# {singular}: {format_scalar(ids[0] if ids else 'a-name')}" + (f"   # {', '.join(ids)}" if len(ids) > 1 else "")


def _yaml_value(value: Any) -> str:
    """Return a value (dict, list or scalar, nested) as one line of YAML. A scalar is written as a text: `str` of it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml_value, value))}]"
    return format_scalar(str(value))


def create_file(root: Path, path: str, content: str) -> Path:
    """Create the file `path` below `root`, complete from the beginning, and missing folders. Return the file's path.

    Raises FeedsvcError if the file exists, which is not changed, or cannot be written.
    """
    file = root / os.fsdecode(path.encode())  # UTF-8 even if the locale is another
    temporary_file = file.with_name(f".new-{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _link_new_file(temporary_file, file, content)
    except OSError as error:
        raise FeedsvcError(f"{file} cannot be written ({error.strerror})") from None
    return file


def _link_new_file(temporary_file: Path, file: Path, content: str) -> None:
    """Write `temporary_file` and rename it to `file`. Raises FeedsvcError if `file` exists, else OSError if it fails."""
    try:
        temporary_file.write_bytes(content.encode())  # as text, Windows would write other line ends
        rename_without_replacing(temporary_file, file)
    except FileExistsError:
        raise FeedsvcError(f"{file} exists already; nothing was written") from None
    finally:
        temporary_file.unlink(missing_ok=True)
