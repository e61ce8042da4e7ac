"""A new article's file: a draft with its id, its address and every further key as a comment."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final
from zoneinfo import ZoneInfo

from feedsvc import routes, uris
from feedsvc.content import text
from feedsvc.content.folder.articles import FOLDER
from feedsvc.content.folder.snapshot import Content
from feedsvc.content.lint.articles import PLACEHOLDER
from feedsvc.content.reading.article import default_id
from feedsvc.content.schema.descriptions import KEYS
from feedsvc.content.schema.field_types import line
from feedsvc.errors import FeedsvcError
from feedsvc.model import Author, Category

# What may stand in YAML without quotes and still be a text, in every version of it.
_PLAIN: Final = re.compile(r"(?!(?:true|false|yes|no|on|off|null|y|n)$)[A-Za-z][A-Za-z0-9_./-]*", re.IGNORECASE)
_LATER: Final = (*("updated", "expires", "image", "enclosures", "sources", "corrections", "language", "link", "aliases"),)
_LONGEST: Final = 150  # bytes of a slug that leave room for a number and an ending in a file's name


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a new article begins with; `path` is relative to the content folder."""

    path: str
    title: str
    id: str
    slug: str
    published: datetime
    categories: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


def draft(
    content: Content,
    title: str,
    now: datetime,
    *,
    slug: str = "",
    categories: tuple[str, ...] = (),
    authors: tuple[str, ...] = (),
    ending: str = ".yaml",
) -> Draft:
    """A draft for the site's own today, at an address that nobody has. Raises FeedsvcError for what the operator gave."""
    flat = _title(title)
    published = now.astimezone(ZoneInfo(content.site.timezone)).replace(second=0, microsecond=0)
    wanted = _slug(flat, slug)
    stem = _free(content, wanted, published.year)
    if slug and stem != wanted:
        raise FeedsvcError(f"--slug '{slug}' is another article's; '{stem}' is free")
    return Draft(
        path=f"{FOLDER}/{published:%Y}/{published:%m}/{stem}{ending}",
        title=flat,
        id=default_id(content.site, stem, published.year),
        slug=stem,
        published=published,
        categories=_named("category", categories, content.categories),
        authors=_named("author", authors, content.authors),
    )


def _title(given: str) -> str:
    try:
        return line(text.UNFIT.sub(" ", given))
    except ValueError:
        raise FeedsvcError("the title is empty") from None


def _slug(title: str, given: str) -> str:
    if given and not uris.is_slug(given):
        raise FeedsvcError(f"--slug '{given}' cannot stand in an address; use letters, digits and '-', 200 bytes at most")
    made = unicodedata.normalize("NFC", given) or uris.slugify(title).encode()[:_LONGEST].decode(errors="ignore").strip("-")
    if not uris.is_slug(made):
        raise FeedsvcError(
            f"the title '{text.told(title)}' has no letter or digit to make an address of; give one with --slug a-name"
        )
    return made


def _free(content: Content, slug: str, year: int) -> str:
    """The slug, or with the first number that makes it nobody else's; files that are set aside count by their names."""
    taken = {name for article in content.articles for name in (article.slug, *article.aliases)}
    taken |= {unicodedata.normalize("NFC", PurePosixPath(problem.path).stem) for problem in content.errors}
    ids = {article.id for article in content.articles}
    names = (slug, *(f"{slug}-{number}" for number in range(2, len(taken) + len(ids) + 3)))
    return next(name for name in names if name not in taken and default_id(content.site, name, year) not in ids)


def _named(kind: str, names: tuple[str, ...], known: Mapping[str, Author] | Mapping[str, Category]) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            hint = text.nearest(name, known) or f"known are: {', '.join(sorted(known)) or 'none'}"
            raise FeedsvcError(f"no {kind} '{name}'; {hint}")
    return tuple(dict.fromkeys(known[name].id for name in names))


def written(made: Draft, content: Content, modeline: str) -> str:
    """The file's text, ending in .md as Markdown below its keys."""
    keys = "\n".join(_keys(made, content)) + "\n"
    if made.path.endswith(".md"):
        return f"---\n{keys}---\n{PLACEHOLDER}\n"
    return f"{modeline}\n{keys}body: |\n  {PLACEHOLDER}\n"


def _keys(made: Draft, content: Content) -> Iterator[str]:
    yield f"id: {made.id}   # never changes"
    yield f"title: {_quoted(made.title)}"
    yield f"published: {made.published.isoformat()}"
    yield "status: draft   # delete this line to publish, and write in published: when that is"
    yield f"slug: {scalar(made.slug)}   # its address: {routes.path_of(routes.ArticleAt(made.slug))}"
    yield from _one_or_many("category", "categories", made.categories, content.categories)
    yield from _one_or_many("author", "authors", made.authors, content.authors)
    yield "tags: []"
    yield "summary:   # one plain sentence or two, at most 300 characters"
    yield ""
    yield "# Further keys, each with an example:"
    yield from (f"# {key}: {_value(KEYS['ArticleKeys'][key].example)}" for key in _LATER)


def _one_or_many(one: str, many: str, names: tuple[str, ...], known: Mapping[str, Any]) -> Iterator[str]:
    if len(names) > 1:
        yield f"{many}: {_value(list(names))}"
    elif names:
        yield f"{one}: {scalar(names[0])}"
    else:
        ids = sorted({entry.id for entry in known.values()})[:8]
        yield f"# {one}: {scalar(ids[0] if ids else 'a-name')}" + (f"   # {', '.join(ids)}" if len(ids) > 1 else "")


def _value(value: Any) -> str:
    """A value in one line of YAML."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_value(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return scalar(str(value))


def scalar(value: str) -> str:
    """A text as YAML that means that text: in quotes if it would be a number, a truth value or a sign without them."""
    return value if _PLAIN.fullmatch(value) or _is_date(value) else _quoted(value)


def _is_date(value: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d(?:T[0-9:+]+)?", value))


def _quoted(value: str) -> str:
    """Double quotes as JSON has them mean the same in YAML, whatever the text holds."""
    return json.dumps(value, ensure_ascii=False)


def put(root: Path, path: str, content: str) -> Path:
    """The file in its place, whole or not at all; never in place of another. Raises FeedsvcError if that cannot be."""
    file = root / os.fsdecode(path.encode())  # in UTF-8 where the locale is another, too
    beside = file.with_name(f".new-{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _link(beside, file, content)
    except OSError as error:
        raise FeedsvcError(f"{file} cannot be written ({error.strerror})") from None
    return file


def _link(beside: Path, file: Path, content: str) -> None:
    """A link fails where a file is already; a renaming would replace it."""
    try:
        beside.write_text(content, "utf-8")
        os.link(beside, file)
    except FileExistsError:
        raise FeedsvcError(f"{file} is there already; nothing was written") from None
    finally:
        beside.unlink(missing_ok=True)
