"""What is served, what is wrong and what comes next, for operators and editors: /status as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from feedsvc import __version__
from feedsvc.errors import Problem
from feedsvc.live.live import Live
from feedsvc.support.date_formats import rfc3339

# What an optional part adds to the status, by its name.
Addition = Callable[[], Mapping[str, Any]]

_KINDS: Final = ("category", "author", "tag")


def status(live: Live, now: datetime, additions: Mapping[str, Addition]) -> bytes:
    """The live edition, its counts, what is wrong with the machine and the folder, the next scheduled change, the last look."""
    shown, edition = live.current(now).catalog, live.edition
    refs = [ref.kind for ref in shown.listings]
    facts: dict[str, Any] = {
        "version": __version__,
        "edition": {"number": edition.number, "since": rfc3339(edition.since)},
        "articles": {"read": len(edition.content.articles), "visible": len(shown.visible), "withdrawn": len(shown.withdrawn)},
        "listings": {kind: refs.count(kind) for kind in _KINDS},
        "next_change": rfc3339(shown.next_change) if shown.next_change else None,
        "last_reload": {
            "at": rfc3339(live.reloaded.at),
            "seconds": round(live.reloaded.seconds, 4),
            "articles_changed": live.reloaded.changed,
        },
        "troubles": live.troubles.now,
        "problems": _problems(edition.content.problems, edition.content.standing_in),
        **{name: addition() for name, addition in additions.items()},
    }
    return json.dumps(facts, ensure_ascii=False, indent=2, default=_spelled).encode() + b"\n"


def _spelled(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _problems(problems: Iterable[Problem], standing_in: frozenset[str]) -> list[dict[str, Any]]:
    """`last_valid_version` tells whether readers still see the file as it was before."""
    return [{**asdict(problem), "last_valid_version": problem.path in standing_in} for problem in problems]
