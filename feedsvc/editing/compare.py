"""A content folder compared with a revision of itself: what subscribers would feel, and what they will see."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from feedsvc.catalog.catalog import catalog
from feedsvc.content.folder.folder import Content, load
from feedsvc.content.source_excerpt import visible
from feedsvc.editing import breaking_changes, feed_diff, git
from feedsvc.editing.feed_diff import Change, FeedChange, Sight
from feedsvc.errors import ContentError, FeedsvcError, Problem

_MOST: Final = 12  # entries of a feed that a terminal shows
_SIGNS: Final[Mapping[Sight, str]] = {Sight.NEW: "+", Sight.UPDATED: "~", Sight.SILENT: "=", Sight.GONE: "-"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """`problems` are warnings; `feeds` those that look different; `unknown` files that had errors at the revision."""

    problems: tuple[Problem, ...] = ()
    feeds: tuple[FeedChange, ...] = ()
    unknown: tuple[str, ...] = ()


def compare(root: Path, content: Content, name: str, now: datetime) -> Comparison:
    """The folder as it was read from `root`, against the git revision called `name`, both at one moment.

    Raises FeedsvcError if git does not give the folder at that revision, or it was no newsroom then.
    """
    with tempfile.TemporaryDirectory(prefix="feedsvc-") as folder:
        git.write_out(root, name, Path(folder))
        before = _load(Path(folder), name)
        sides = breaking_changes.Sides(root=root, name=name, was=catalog(before, now), now=catalog(content, now))
        return Comparison(
            problems=breaking_changes.warnings(sides),
            feeds=feed_diff.changes(sides.was, sides.now, sides.aside),
            unknown=tuple(sorted({problem.path for problem in before.errors})),
        )


def _load(folder: Path, name: str) -> Content:
    try:
        return load(folder)
    except ContentError as error:
        first = next((problem for problem in error.problems if problem.severity == "error"), error)
        raise FeedsvcError(f"the revision '{name}' cannot be compared with: {first}") from None


def _as_text(lines: Iterable[str], comparison: Comparison) -> Iterator[str]:
    yield from lines
    for path in comparison.unknown:
        yield f"{path} had a problem then and is not compared"
    for feed in comparison.feeds:
        yield f"{feed.name}: {_summary(feed)}"
        yield from (f"  {_SIGNS[change.sight]} {_titled(change)}" for change in feed.changes[:_MOST])
        if len(feed.changes) > _MOST:
            yield f"  and {len(feed.changes) - _MOST} more"
    if not comparison.feeds:
        yield "no feed changes for its subscribers"


def _summary(feed: FeedChange) -> str:
    counts = ((feed.number(sight), sight.value) for sight in Sight)
    return "the feed is gone" if feed.ended else ", ".join(f"{count} {word}" for count, word in counts if count)


def _titled(change: Change) -> str:
    title = visible(change.title)
    return f"{title} ({change.reason})" if change.reason else title


def _as_json(lines: Iterable[str], comparison: Comparison) -> Iterator[str]:
    """The problems' own object with two more keys."""
    told = json.loads("\n".join(lines))
    told["feeds"] = [
        {"feed": feed.name, "ended": feed.ended, "entries": [_row(change) for change in feed.changes]}
        for feed in comparison.feeds
    ]
    told["not_compared"] = list(comparison.unknown)
    yield json.dumps(told, ensure_ascii=False, indent=2)


def _row(change: Change) -> dict[str, str]:
    return {"change": change.sight.value, "id": change.id, "title": change.title, "reason": change.reason}


# Puts the feeds below the problems that were printed in a form. A workflow shows lines that are no annotations in its log.
REPORTS: Final[Mapping[str, Callable[[Iterable[str], Comparison], Iterable[str]]]] = {
    "text": _as_text,
    "json": _as_json,
    "github": _as_text,
}
