"""Ids written into the articles that have none, which are otherwise the same byte for byte."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.content import safe_read
from feedsvc.content.folder.articles import FOLDER as ARTICLES
from feedsvc.content.folder.folder import Content
from feedsvc.content.folder.scanner import Survey
from feedsvc.content.media.files import Media
from feedsvc.content.reading import article as reader
from feedsvc.content.reading.context import Known
from feedsvc.editing.source_file import Written, written
from feedsvc.errors import Problem
from feedsvc.model import Article
from feedsvc.support import atomic_write

_ID: Final = ("id",)
_BREAK: Final = re.compile(r"\r\n|\n|\r")
_LINE_ENDS: Final = "\n\r\u2028\u2029"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """One file that gets an id: its bytes as they were read and as they shall be."""

    path: str
    id: str
    before: bytes
    after: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What stamping a folder means. `skipped` says of every other article without an id why it gets none."""

    stamps: tuple[Stamp, ...]
    skipped: tuple[Problem, ...]


def plan(root: Path, content: Content) -> Plan:
    """The ids that the articles of a folder have anyway, as changes of their files; nothing is written.

    Drafts and scheduled, expired and withdrawn articles get theirs too: an id is best written before anybody has seen it.
    """
    known = Known(site=content.site, media=Media(root), categories=content.categories, authors=content.authors)
    shared = Counter(os.path.realpath(root / article.path) for article in content.articles)
    stamps: list[Stamp] = []
    skipped = [problem for problem in content.errors if problem.path.startswith(f"{ARTICLES}/")]
    # What stands in its last valid version is not what its file holds, and its problem is told already.
    own = (article for article in content.articles if article.path not in content.standing_in)
    for article in sorted(own, key=lambda article: article.path):
        alone = shared[os.path.realpath(root / article.path)] == 1
        made = _stamp(root, article, known, is_alone=alone)
        stamps += [made] if isinstance(made, Stamp) else []
        skipped += [made] if isinstance(made, Problem) else []
    return Plan(stamps=tuple(stamps), skipped=tuple(sorted(skipped)))


def apply(root: Path, stamp: Stamp) -> Problem | None:
    """Replace one file whole; a Problem says why it was left as it is."""
    try:
        atomic_write.replace(root / stamp.path, stamp.before, stamp.after)
    except atomic_write.ChangedError:
        return _unlike(stamp.path)
    except OSError as error:
        hint = "nothing was changed; make the file and its folder writable, and stamp again"
        return Problem(path=stamp.path, message=f"the id cannot be written ({error.strerror})", hint=hint)
    return None


def sweep(root: Path) -> None:
    """Remove what a stamping that was killed left behind."""
    found = Survey(root, ARTICLES)
    found.refresh()
    atomic_write.sweep({os.path.dirname(os.path.realpath(root / path)) for path in found.files})


def _stamp(root: Path, article: Article, known: Known, *, is_alone: bool) -> Stamp | Problem | None:
    data = safe_read.read(root, article.path)
    if not isinstance(data, bytes):
        return data or _unlike(article.path)
    source = written(article.path, data)
    if isinstance(source.tree.value, dict) and source.tree.value.get("id") is not None:
        return None
    if reader.read(article.path, data, known).article != article:
        return _unlike(article.path)
    hint = f"write id: {article.id}"
    if not is_alone:
        message = "no id is written where a symbolic link gives one file two names"
        return Problem(path=article.path, message=message, hint="make a copy of the link's target")
    after = stamped(source, article, known)
    if after is None:
        return Problem(path=article.path, message="no place was found where an id can be written safely", hint=hint)
    return Stamp(path=article.path, id=article.id, before=data, after=after)


def _unlike(path: str) -> Problem:
    return Problem(path=path, message="the file changed while it was read", hint="stamp again")


def stamped(source: Written, article: Article, known: Known) -> bytes | None:
    """The file's bytes with the article's id written in; None if no way of writing it leaves all else the same."""
    for start, end, piece in _edits(source, article.id):
        one, other = source.byte(start + source.shift), source.byte(end + source.shift)
        after = source.data[:one] + piece.encode() + source.data[other:]
        if _says_the_same(article, after, known):
            return after
    return None


def _says_the_same(article: Article, after: bytes, known: Known) -> bool:
    value = written(article.path, after).tree.value
    is_written = isinstance(value, dict) and value.get("id") == article.id
    return is_written and reader.read(article.path, after, known).article == article


def _edits(source: Written, name: str) -> Iterator[tuple[int, int, str]]:
    """Ways to write an id into the YAML, the usual first: begin and end of what is replaced, and by what.

    Odd but sound YAML (explicit keys, tags, anchors) makes some of them wrong, which the reading afterwards tells.
    """
    tree = source.tree
    # A comma ends a plain text inside braces.
    value = f'"{name}"' if tree.is_flow else name
    if tree.has(_ID):
        start, end = tree.span(_ID)
        yield start, end, value if start < end else f" {value}"
        yield start, end, f": {value}"
        return
    first = tree.span((next(iter(tree.value)),), at_key=True)[0]
    if tree.is_flow:
        yield first, first, f"id: {value}{_comma(source, first)}"
        return
    for at in (tree.span(())[0], first):
        lead = _lead(source, at)
        yield at, at, f"id: {value}{_line_end(source, at)}{lead[: len(lead) - len(lead.lstrip(' '))]}"


def _comma(source: Written, at: int) -> str:
    """Between an id in braces and the next key: a line of its own where that has one."""
    lead = _lead(source, at)
    return f",{_line_end(source, at)}{lead}" if not lead.strip(" \t") else ", "


def _lead(source: Written, at: int) -> str:
    """What stands before a place in its line."""
    end = at + source.shift
    begin = max(source.text.rfind(sign, 0, end) for sign in _LINE_ENDS) + 1
    return source.text[begin:end].lstrip("\ufeff")


def _line_end(source: Written, at: int) -> str:
    found = _BREAK.search(source.text, at + source.shift)
    return found[0] if found else "\n"
