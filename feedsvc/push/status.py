"""How announcing goes, for whoever asks in whichever process."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_STATUS: Final = """
SELECT hub, announced, due, succeeded_at, failed_at, failure,
  (SELECT count(*) FROM feeds WHERE feeds.hub = hubs.hub AND wanted <> feeds.announced AND instr(topic, :below) = 1) AS waiting,
  (SELECT min(due) FROM feeds WHERE feeds.hub = hubs.hub AND wanted <> feeds.announced AND instr(topic, :below) = 1) AS feed_due
FROM hubs ORDER BY hub
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """`what` completes a sentence; `next_try` is None if nothing waits for it."""

    at: datetime
    what: str
    next_try: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HubStatus:
    """`waiting` feeds are to be announced, `announced` counts all that ever were; moments are None for never."""

    hub: str
    waiting: int
    announced: int
    last_success: datetime | None
    last_failure: Failure | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """`announcing` tells whether it is this process that does it; `purge_failure` is None if the last purge did well."""

    announcing: bool
    hubs: tuple[HubStatus, ...]
    purge_failure: Failure | None = None


def hubs(file: Path, below: str) -> tuple[HubStatus, ...]:
    """What the state file says, in the order of the hubs; nothing if there is none or it cannot be read.

    `below` is what the addresses of the feeds begin with that are counted as waiting.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as rows:
            rows.row_factory = sqlite3.Row
            return tuple(_hub(row) for row in rows.execute(_STATUS, {"below": below}))
    except sqlite3.Error:
        return ()


def _hub(row: sqlite3.Row) -> HubStatus:
    return HubStatus(
        hub=row["hub"],
        waiting=row["waiting"],
        announced=row["announced"],
        last_success=_moment(row["succeeded_at"]),
        last_failure=_failure(row),
    )


def _failure(row: sqlite3.Row) -> Failure | None:
    at = _moment(row["failed_at"])
    next_try = None if row["feed_due"] is None else _moment(max(row["feed_due"], row["due"]))
    return Failure(at=at, what=row["failure"], next_try=next_try) if at else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
