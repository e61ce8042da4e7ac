"""Files of articles: new drafts, with id, address and all further keys as comments, and ids for files that have none.

Where an id is written, all other bytes of the file remain unchanged.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final
from zoneinfo import ZoneInfo

from feedsvc import routes, uris
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.lint import is_reserved_name
from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.article import default_id, parse_article
from feedsvc.content.reading.body import BODY_PLACEHOLDER
from feedsvc.content.reading.context import References
from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, is_markdown, split_front_matter
from feedsvc.content.safe_read import read_file
from feedsvc.content.scan import ARTICLES_FOLDER, DirectoryScanner
from feedsvc.content.schema.field_types import single_line
from feedsvc.content.schema.models import ArticleKeys
from feedsvc.content.text import FORBIDDEN_CHARACTER, decode, did_you_mean, problem_at, sanitize_message
from feedsvc.content.yaml import YamlDocument, format_scalar, parse_yaml, quote_scalar
from feedsvc.errors import FeedsvcError, Problem, Rule
from feedsvc.model import Article, Author, Category
from feedsvc.support import atomic_write

_BOM: Final = b"\xef\xbb\xbf"
_ID_KEY: Final = ("id",)
_LINE_BREAK: Final = re.compile(r"\r\n|\n|\r")
_LINE_ENDS: Final = "\n\r\u2028\u2029"
_COMMENT_KEYS: Final = (
    *("updated", "expires", "image", "enclosures", "embeds", "sources", "corrections", "language", "translation_of", "link"),
    "aliases",
)
_MAX_SLUG_BYTES: Final = 150  # bytes, which leave room for a number and a suffix in the file's name


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceFile:
    """Parsed file. `data` are its bytes, `text` is its text without byte order mark.

    Character 0 of the YAML document is character `yaml_offset` of `text`.
    """

    data: bytes
    text: str
    yaml: YamlDocument
    yaml_offset: int

    def byte_offset(self, index: int) -> int:
        """Return the offset in `data` of character `index` of `text`."""
        return len(_BOM) * self.data.startswith(_BOM) + len(self.text[:index].encode())


def key_warning(rule: Rule, document: YamlDocument, key: str, message: str, hint: str) -> Problem:
    """Return a warning of a rule at the value of a top-level key of the document, or at the file's beginning without that key.

    The document of a file that is missing may be empty: `YamlDocument(path)`.
    """
    if document.has_value((key,)):
        return document.problem((key,), message, hint, rule=rule)
    return problem_at(document.path, (1, 1), message, hint, rule)


def parse_source(path: str, data: bytes) -> SourceFile:
    """Parse the bytes of the article file at `path`: YAML, or Markdown with front matter by the suffix of `path`.

    Never raises; `yaml` is an empty document if there is no readable YAML. Problems of the encoding are left out.
    """
    content = decode(path, data).text
    try:
        front_matter = split_front_matter(content)[0] if is_markdown(path) else content
    except ValueError:
        return SourceFile(data=data, text=content, yaml=YamlDocument(path), yaml_offset=0)
    # The first line of a Markdown article, which opens the front matter, is empty for YAML. A second byte order mark is skipped.
    yaml_offset = len(content.splitlines(keepends=True)[0]) - 1 if is_markdown(path) else content.startswith("\ufeff")
    return SourceFile(data=data, text=content, yaml=parse_yaml(path, front_matter), yaml_offset=yaml_offset)


# --- Ids


@dataclass(frozen=True, kw_only=True, slots=True)
class IdAssignment:
    """Assignment of an id to the article file at `path` below the content folder, with the file's bytes before and after."""

    path: str
    id: str
    before: bytes
    after: bytes


def plan_assignments(root: Path, content: ContentSnapshot) -> tuple[list[IdAssignment], list[Problem]]:
    """Plan to write ids into the article files without one: the ids that the articles have by default. Writes nothing.

    Return the assignments, and the reason for each article that has no id in its file and gets none, with all errors in files.
    Drafts and scheduled, expired and withdrawn articles are included, because an id is best written before publication. A file
    gets a problem instead if it has an error, if two paths lead to it, if it changed since `content` was read, or if no edit is
    safe (`insert_id`). `content` is the current content of the folder `root`.
    """
    references = References(site=content.site, media=MediaFolder(root), categories=content.categories, authors=content.authors)
    path_counts = Counter(os.path.realpath(root / article.path) for article in content.articles)
    assignments: list[IdAssignment] = []
    problems = [problem for problem in content.errors if problem.path.startswith(f"{ARTICLES_FOLDER}/")]
    # A last valid version differs from the file, and the file's problem is already reported.
    articles = (article for article in content.articles if article.path not in content.last_valid_paths)
    for article in sorted(articles, key=lambda article: article.path):
        has_one_path = path_counts[os.path.realpath(root / article.path)] == 1
        result = _assign_id(root, article, references, has_one_path=has_one_path)
        assignments += [result] if isinstance(result, IdAssignment) else []
        problems += [result] if isinstance(result, Problem) else []
    return assignments, sorted(problems)


def apply_assignment(root: Path, assignment: IdAssignment) -> Problem | None:
    """Replace the file atomically if its bytes are still `assignment.before`. Return None; a Problem if it was not replaced.

    If the path is a symbolic link, the link stays and its target is replaced. Mode and owner stay if the system allows it.
    """
    try:
        atomic_write.replace_if_unchanged(root / assignment.path, assignment.before, assignment.after)
    except atomic_write.FileChangedError:
        return _file_changed_problem(assignment.path)
    except OSError as error:
        hint = "nothing was changed; make the file and its folder writable, and stamp again"
        return Problem(path=assignment.path, message=f"the id cannot be written ({error.strerror})", hint=hint)
    return None


def delete_temporary_files(root: Path) -> None:
    """Delete temporary files that an interrupted `apply_assignment` left in the folders of article files.

    Temporary files of processes that still run stay. Errors are ignored.
    """
    scanner = DirectoryScanner(root, ARTICLES_FOLDER)
    scanner.refresh()
    atomic_write.remove_temporary_files({os.path.dirname(os.path.realpath(root / path)) for path in scanner.files})


def _assign_id(root: Path, article: Article, references: References, *, has_one_path: bool) -> IdAssignment | Problem | None:
    data = read_file(root, article.path)
    if not isinstance(data, bytes):
        return data or _file_changed_problem(article.path)
    source = parse_source(article.path, data)
    if isinstance(source.yaml.value, dict) and source.yaml.value.get("id") is not None:
        return None
    if parse_article(article.path, data, references).article != article:
        return _file_changed_problem(article.path)
    hint = f"write id: {article.id}"
    if not has_one_path:
        message = "no id is written where a symbolic link gives one file two names"
        return Problem(path=article.path, message=message, hint="make a copy of the link's target")
    after = insert_id(source, article, references)
    if after is None:
        return Problem(path=article.path, message="no place was found where an id can be written safely", hint=hint)
    return IdAssignment(path=article.path, id=article.id, before=data, after=after)


def _file_changed_problem(path: str) -> Problem:
    return Problem(path=path, message="the file changed while it was read", hint="stamp again")


def insert_id(source: SourceFile, article: Article, references: References) -> bytes | None:
    """Return the file's bytes with the article's id written; None if every edit would change something else in the article."""
    for start, end, replacement in _candidate_edits(source, article.id):
        start_byte, end_byte = source.byte_offset(start + source.yaml_offset), source.byte_offset(end + source.yaml_offset)
        after = source.data[:start_byte] + replacement.encode() + source.data[end_byte:]
        value = parse_source(article.path, after).yaml.value
        is_written = isinstance(value, dict) and value.get("id") == article.id
        if is_written and parse_article(article.path, after, references).article == article:
            return after
    return None


def _candidate_edits(source: SourceFile, id_: str) -> Iterator[tuple[int, int, str]]:
    """Yield edits that may write the id into the YAML, the usual one first: (start, end, replacement), offsets in the YAML.

    For unusual but valid YAML (explicit keys, tags, anchors), some edits are wrong. `insert_id` parses the result of each.
    """
    document = source.yaml
    # A comma ends a plain scalar inside braces.
    value = f'"{id_}"' if document.is_flow_mapping() else id_
    if document.has_value(_ID_KEY):
        start, end = document.span(_ID_KEY)
        yield start, end, value if start < end else f" {value}"
        yield start, end, f": {value}"
        return
    first_key = document.span((next(iter(document.value)),), at_key=True)[0]
    if document.is_flow_mapping():
        yield first_key, first_key, f"id: {value}, "
        return
    for at in (document.span(())[0], first_key):
        line_prefix = _line_prefix(source, at)
        yield at, at, f"id: {value}{_line_end(source, at)}{line_prefix[: len(line_prefix) - len(line_prefix.lstrip(' '))]}"


def _line_prefix(source: SourceFile, at: int) -> str:
    """Return the text of a line from its beginning to the offset `at` of the YAML document, in characters."""
    end = at + source.yaml_offset
    start = max(source.text.rfind(char, 0, end) for char in _LINE_ENDS) + 1
    return source.text[start:end].lstrip("\ufeff")


def _line_end(source: SourceFile, at: int) -> str:
    line_break = _LINE_BREAK.search(source.text, at + source.yaml_offset)
    return line_break[0] if line_break else "\n"


# --- Drafts


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
    try:
        atomic_write.create_file(file, content.encode())  # as text, Windows would write other line ends
    except FileExistsError:
        raise FeedsvcError(f"{file} exists already; nothing was written") from None
    except OSError as error:
        raise FeedsvcError(f"{file} cannot be written ({error.strerror})") from None
    return file
