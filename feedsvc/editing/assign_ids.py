"""Id assignment: writes ids into article files that have none. All other bytes remain unchanged."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.media import MediaFolder
from feedsvc.content.reading.article import parse_article
from feedsvc.content.reading.context import References
from feedsvc.content.safe_read import read_file
from feedsvc.content.scan import ARTICLES_FOLDER as ARTICLES
from feedsvc.content.scan import DirectoryScanner
from feedsvc.editing.source_file import SourceFile, parse_source
from feedsvc.errors import Problem
from feedsvc.model import Article
from feedsvc.support import atomic_write

_ID_KEY: Final = ("id",)
_LINE_BREAK: Final = re.compile(r"\r\n|\n|\r")
_LINE_ENDS: Final = "\n\r\u2028\u2029"


@dataclass(frozen=True, kw_only=True, slots=True)
class IdAssignment:
    """Assignment of an id to the article file at `path` below the content folder, with the file's bytes before and after."""

    path: str
    id: str
    before: bytes
    after: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentPlan:
    """Assignments for a folder. `problems` has the reason for each article that has no id in its file and gets none.

    All errors in article files are in `problems`, too.
    """

    assignments: tuple[IdAssignment, ...]
    problems: tuple[Problem, ...]


def plan_assignments(root: Path, content: ContentSnapshot) -> AssignmentPlan:
    """Return a plan to write ids into the article files without one: the ids that the articles have by default. Writes nothing.

    Drafts and scheduled, expired and withdrawn articles are included, because an id is best written before publication. A file
    gets a problem instead if it has an error, if two paths lead to it, if it changed since `content` was read, or if no edit is
    safe (`insert_id`). `content` is the current content of the folder `root`.
    """
    references = References(site=content.site, media=MediaFolder(root), categories=content.categories, authors=content.authors)
    path_counts = Counter(os.path.realpath(root / article.path) for article in content.articles)
    assignments: list[IdAssignment] = []
    problems = [problem for problem in content.errors if problem.path.startswith(f"{ARTICLES}/")]
    # A last valid version differs from the file, and the file's problem is already reported.
    articles = (article for article in content.articles if article.path not in content.last_valid_paths)
    for article in sorted(articles, key=lambda article: article.path):
        has_one_path = path_counts[os.path.realpath(root / article.path)] == 1
        result = _assign_id(root, article, references, has_one_path=has_one_path)
        assignments += [result] if isinstance(result, IdAssignment) else []
        problems += [result] if isinstance(result, Problem) else []
    return AssignmentPlan(assignments=tuple(assignments), problems=tuple(sorted(problems)))


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
    scanner = DirectoryScanner(root, ARTICLES)
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
        if _is_same_article(article, after, references):
            return after
    return None


def _is_same_article(article: Article, after: bytes, references: References) -> bool:
    value = parse_source(article.path, after).yaml.value
    is_written = isinstance(value, dict) and value.get("id") == article.id
    return is_written and parse_article(article.path, after, references).article == article


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
        yield first_key, first_key, f"id: {value}{_flow_separator(source, first_key)}"
        return
    for at in (document.span(())[0], first_key):
        line_prefix = _line_prefix(source, at)
        yield at, at, f"id: {value}{_line_end(source, at)}{line_prefix[: len(line_prefix) - len(line_prefix.lstrip(' '))]}"


def _flow_separator(source: SourceFile, at: int) -> str:
    """Return the separator between the id and the next key in braces, with a line break if that key is on its own line."""
    line_prefix = _line_prefix(source, at)
    return f",{_line_end(source, at)}{line_prefix}" if not line_prefix.strip(" \t") else ", "


def _line_prefix(source: SourceFile, at: int) -> str:
    """Return the text of a line from its beginning to the offset `at` of the YAML document, in characters."""
    end = at + source.yaml_offset
    start = max(source.text.rfind(char, 0, end) for char in _LINE_ENDS) + 1
    return source.text[start:end].lstrip("\ufeff")


def _line_end(source: SourceFile, at: int) -> str:
    line_break = _LINE_BREAK.search(source.text, at + source.yaml_offset)
    return line_break[0] if line_break else "\n"
