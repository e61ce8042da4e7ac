"""Comparison of a content folder with a git revision: breaking changes, and changes of entries in each feed."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import ContentSnapshot, load_content
from feedsvc.content.source_excerpt import escape_invisible
from feedsvc.editing import breaking_changes, feed_diff, git
from feedsvc.editing.feed_diff import ChangeKind, EntryChange, FeedChange
from feedsvc.errors import ContentError, FeedsvcError, Problem

_MAX_TEXT_ENTRIES: Final = 12  # entries of a feed in the text format
_CHANGE_SYMBOLS: Final[Mapping[ChangeKind, str]] = {
    ChangeKind.NEW: "+",
    ChangeKind.UPDATED: "~",
    ChangeKind.CHANGED_SILENTLY: "=",
    ChangeKind.REMOVED: "-",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Result of a comparison: `problems` are the warnings of `breaking_changes`, `feeds` the feeds that changed or are gone.

    `invalid_paths` are files that had errors at the revision and are not compared.
    """

    problems: tuple[Problem, ...] = ()
    feeds: tuple[FeedChange, ...] = ()
    invalid_paths: tuple[str, ...] = ()


def compare(root: Path, content: ContentSnapshot, revision: str, now: datetime) -> Comparison:
    """Compare the content of the folder `root` with a git revision, both as they are public at `now`.

    `content` is the current content of `root`. Raises FeedsvcError if git does not have the folder at that revision, or if it had
    no valid site.yaml then.
    """
    with tempfile.TemporaryDirectory(prefix="feedsvc-") as folder:
        git.checkout_revision(root, revision, Path(folder))
        previous = _load_revision(Path(folder), revision)
        pair = breaking_changes.CatalogPair(
            root=root, revision=revision, previous=build_catalog(previous, now), current=build_catalog(content, now)
        )
        return Comparison(
            problems=breaking_changes.warnings(pair),
            feeds=feed_diff.feed_changes(pair.previous, pair.current, pair.invalid_paths),
            invalid_paths=tuple(sorted({problem.path for problem in previous.errors})),
        )


def _load_revision(folder: Path, revision: str) -> ContentSnapshot:
    try:
        return load_content(folder)
    except ContentError as error:
        first_problem = next((problem for problem in error.problems if problem.severity == "error"), error)
        raise FeedsvcError(f"the folder cannot be compared with the revision '{revision}': {first_problem}") from None


def _as_text(lines: Iterable[str], comparison: Comparison) -> Iterator[str]:
    yield from lines
    for path in comparison.invalid_paths:
        yield f"{path} had a problem then and is not compared"
    for feed in comparison.feeds:
        yield f"{feed.name}: {_summary(feed)}"
        yield from (
            f"  {_CHANGE_SYMBOLS[change.kind]} {_title_with_reason(change)}" for change in feed.changes[:_MAX_TEXT_ENTRIES]
        )
        if len(feed.changes) > _MAX_TEXT_ENTRIES:
            yield f"  and {len(feed.changes) - _MAX_TEXT_ENTRIES} more"
    if not comparison.feeds:
        yield "no feed changes for its subscribers"


def _summary(feed: FeedChange) -> str:
    counts = ((feed.count(kind), kind.value) for kind in ChangeKind)
    return "the feed is gone" if feed.is_removed else ", ".join(f"{count} {word}" for count, word in counts if count)


def _title_with_reason(change: EntryChange) -> str:
    title = escape_invisible(change.title)
    return f"{title} ({change.reason})" if change.reason else title


def _as_json(lines: Iterable[str], comparison: Comparison) -> Iterator[str]:
    """Add the keys `feeds` and `not_compared` to the JSON object in `lines`, which holds the problems; yield it as one text."""
    document = json.loads("\n".join(lines))
    document["feeds"] = [
        {"feed": feed.name, "ended": feed.is_removed, "entries": [_change_to_json(change) for change in feed.changes]}
        for feed in comparison.feeds
    ]
    document["not_compared"] = list(comparison.invalid_paths)
    yield json.dumps(document, ensure_ascii=False, indent=2)


def _change_to_json(change: EntryChange) -> dict[str, str]:
    return {"change": change.kind.value, "id": change.id, "title": change.title, "reason": change.reason}


# Formatters that append the feeds to the printed problems. GitHub shows lines that are not annotations in its log.
COMPARISON_FORMATTERS: Final[Mapping[str, Callable[[Iterable[str], Comparison], Iterable[str]]]] = {
    "text": _as_text,
    "json": _as_json,
    "github": _as_text,
}
