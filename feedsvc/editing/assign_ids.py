"""Id assignment: writes ids into article files that have none. All other bytes remain unchanged."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.content import read_file
from feedsvc.content.folder import ContentSnapshot
from feedsvc.content.media import MediaFolder
from feedsvc.content.reading import References, parse_article
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
    """Assignment of an id to one file, with its bytes before and after."""

    path: str
    id: str
    before: bytes
    after: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentPlan:
    """Assignments for a folder. `problems` gives the reason for each article that has no id in its file and gets none.

    All errors in article files are among them.
    """

    assignments: tuple[IdAssignment, ...]
    problems: tuple[Problem, ...]


def plan_assignments(root: Path, content: ContentSnapshot) -> AssignmentPlan:
    """Plan to write ids into the article files without one: the ids that the articles have by default. Writes nothing.

    Drafts and scheduled, expired and withdrawn articles are included, because an id is best written before publication.
    """
    known = References(site=content.site, media=MediaFolder(root), categories=content.categories, authors=content.authors)
    shared = Counter(os.path.realpath(root / article.path) for article in content.articles)
    stamps: list[IdAssignment] = []
    skipped = [problem for problem in content.errors if problem.path.startswith(f"{ARTICLES}/")]
    # A last valid version differs from the file, and the file's problem is already reported.
    own = (article for article in content.articles if article.path not in content.last_valid_paths)
    for article in sorted(own, key=lambda article: article.path):
        alone = shared[os.path.realpath(root / article.path)] == 1
        made = _assign_id(root, article, known, has_one_path=alone)
        stamps += [made] if isinstance(made, IdAssignment) else []
        skipped += [made] if isinstance(made, Problem) else []
    return AssignmentPlan(assignments=tuple(stamps), problems=tuple(sorted(skipped)))


def apply_assignment(root: Path, stamp: IdAssignment) -> Problem | None:
    """Replace one file atomically. Return a Problem if the file was left unchanged, else None."""
    try:
        atomic_write.replace_if_unchanged(root / stamp.path, stamp.before, stamp.after)
    except atomic_write.FileChangedError:
        return _file_changed_problem(stamp.path)
    except OSError as error:
        hint = "nothing was changed; make the file and its folder writable, and stamp again"
        return Problem(path=stamp.path, message=f"the id cannot be written ({error.strerror})", hint=hint)
    return None


def delete_temporary_files(root: Path) -> None:
    """Delete temporary files that an interrupted run left."""
    found = DirectoryScanner(root, ARTICLES)
    found.refresh()
    atomic_write.remove_temporary_files({os.path.dirname(os.path.realpath(root / path)) for path in found.files})


def _assign_id(root: Path, article: Article, known: References, *, has_one_path: bool) -> IdAssignment | Problem | None:
    data = read_file(root, article.path)
    if not isinstance(data, bytes):
        return data or _file_changed_problem(article.path)
    source = parse_source(article.path, data)
    if isinstance(source.yaml.value, dict) and source.yaml.value.get("id") is not None:
        return None
    if parse_article(article.path, data, known).article != article:
        return _file_changed_problem(article.path)
    hint = f"write id: {article.id}"
    if not has_one_path:
        message = "no id is written where a symbolic link gives one file two names"
        return Problem(path=article.path, message=message, hint="make a copy of the link's target")
    after = insert_id(source, article, known)
    if after is None:
        return Problem(path=article.path, message="no place was found where an id can be written safely", hint=hint)
    return IdAssignment(path=article.path, id=article.id, before=data, after=after)


def _file_changed_problem(path: str) -> Problem:
    return Problem(path=path, message="the file changed while it was read", hint="stamp again")


def insert_id(source: SourceFile, article: Article, known: References) -> bytes | None:
    """Return the file's bytes with the article's id; None if every possible edit would change anything else in the article."""
    for start, end, piece in _candidate_edits(source, article.id):
        one, other = source.byte_offset(start + source.yaml_offset), source.byte_offset(end + source.yaml_offset)
        after = source.data[:one] + piece.encode() + source.data[other:]
        if _is_same_article(article, after, known):
            return after
    return None


def _is_same_article(article: Article, after: bytes, known: References) -> bool:
    value = parse_source(article.path, after).yaml.value
    is_written = isinstance(value, dict) and value.get("id") == article.id
    return is_written and parse_article(article.path, after, known).article == article


def _candidate_edits(source: SourceFile, name: str) -> Iterator[tuple[int, int, str]]:
    """Yield edits that may write the id `name` into the YAML, the usual one first: start, end and replacement.

    For unusual but valid YAML (explicit keys, tags, anchors), some edits are wrong. `insert_id` parses the result of each.
    """
    tree = source.yaml
    # A comma ends a plain scalar inside braces.
    value = f'"{name}"' if tree.is_flow_mapping else name
    if tree.has_value(_ID_KEY):
        start, end = tree.span(_ID_KEY)
        yield start, end, value if start < end else f" {value}"
        yield start, end, f": {value}"
        return
    first = tree.span((next(iter(tree.value)),), at_key=True)[0]
    if tree.is_flow_mapping:
        yield first, first, f"id: {value}{_flow_separator(source, first)}"
        return
    for at in (tree.span(())[0], first):
        lead = _line_prefix(source, at)
        yield at, at, f"id: {value}{_line_end(source, at)}{lead[: len(lead) - len(lead.lstrip(' '))]}"


def _flow_separator(source: SourceFile, at: int) -> str:
    """Return the separator between the id and the next key in braces, with a line break if that key is on its own line."""
    lead = _line_prefix(source, at)
    return f",{_line_end(source, at)}{lead}" if not lead.strip(" \t") else ", "


def _line_prefix(source: SourceFile, at: int) -> str:
    """Return the text before an offset in its line."""
    end = at + source.yaml_offset
    begin = max(source.text.rfind(sign, 0, end) for sign in _LINE_ENDS) + 1
    return source.text[begin:end].lstrip("\ufeff")


def _line_end(source: SourceFile, at: int) -> str:
    found = _LINE_BREAK.search(source.text, at + source.yaml_offset)
    return found[0] if found else "\n"
