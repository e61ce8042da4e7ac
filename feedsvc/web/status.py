"""Status: /status as JSON, for operators and editors. It reports the edition, alerts, problems and the next change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from feedsvc import __version__
from feedsvc.errors import Problem
from feedsvc.live import Live
from feedsvc.support.date_formats import rfc3339

# Function that returns an additional section of the status.
StatusSection = Callable[[], Mapping[str, Any]]

_KINDS: Final = ("category", "author", "custom", "language", "tag")


def render_status(live: Live, now: datetime, sections: Mapping[str, StatusSection]) -> bytes:
    """Render /status as JSON: the edition, counts, alerts, problems, the next change that readers see and the last reload.

    `sections` adds further keys: each value is the result of the function. An edition that is due at `now` is built first.
    """
    catalog, edition = live.current(now).catalog, live.edition
    kinds, next_change = [ref.kind for ref in catalog.listings], catalog.next_visible_change
    status: dict[str, Any] = {
        "version": __version__,
        "edition": {"number": edition.number, "since": rfc3339(edition.since)},
        "articles": {
            "loaded": len(edition.content.articles),
            "visible": len(catalog.visible),
            "withdrawn": len(catalog.withdrawn),
        },
        "listings": {kind: kinds.count(kind) for kind in _KINDS},
        "next_change": rfc3339(next_change) if next_change else None,
        "last_reload": {
            "at": rfc3339(live.last_reload.began_at),
            "duration_seconds": round(live.last_reload.seconds, 4),
            "changed_articles": live.last_reload.changed_articles,
        },
        "alerts": live.alerts.active,
        "problems": _problems(edition.content.problems, edition.content.last_valid_paths),
        **{name: render_section() for name, render_section in sections.items()},
    }
    return json.dumps(status, ensure_ascii=False, indent=2, default=_json_value).encode() + b"\n"


def _json_value(value: object) -> str:
    return rfc3339(value) if isinstance(value, datetime) else str(value)


def _problems(problems: Iterable[Problem], last_valid_paths: frozenset[str]) -> list[dict[str, Any]]:
    """Return problems as dictionaries. `serving_last_valid` is True if the problem's path is in `last_valid_paths`.

    `last_valid_paths` are the files that have an error now and are served in their last valid version (docs/architecture.md).
    """
    return [
        {**asdict(problem), "severity": problem.severity, "serving_last_valid": problem.path in last_valid_paths}
        for problem in problems
    ]
