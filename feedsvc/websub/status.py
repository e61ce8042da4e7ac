"""How announcing goes, for whoever asks in whichever process."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from feedsvc.support.checksummed_tables import Row, Seal
from feedsvc.support.sqlite import Connection, set_up
from feedsvc.support.state_folder import read_identity
from feedsvc.websub.queue import FEED, HUB, Announcement, Hub


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

    `below` is what the addresses of the feeds begin with that are counted as waiting. Damaged rows are passed over.
    """
    try:
        name = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(name, uri=True, timeout=1, factory=Connection)) as rows:
            set_up(rows)
            known = [Hub(*row) for row in _sound(rows, file, HUB)]
            feeds = [Announcement(*row) for row in _sound(rows, file, FEED)]
    except sqlite3.Error:
        return ()
    waiting: dict[str, list[float]] = {}
    for feed in feeds:
        if feed.wanted != feed.announced and feed.topic.startswith(below):
            waiting.setdefault(feed.hub, []).append(feed.due)
    return tuple(_status(hub, waiting.get(hub.hub, ())) for hub in known)


def _sound(rows: sqlite3.Connection, file: Path, table: str) -> list[Row]:
    seal = Seal(read_identity(file.parent), file.name, table)
    order = "hub" if table == HUB else "hub, topic"
    return [values for row in rows.execute(f"SELECT * FROM {table} ORDER BY {order}") if (values := seal.open(row))]


def _status(hub: Hub, due: Collection[float]) -> HubStatus:
    return HubStatus(
        hub=hub.hub,
        waiting=len(due),
        announced=hub.announced,
        last_success=_moment(hub.succeeded_at),
        last_failure=_failure(hub, due),
    )


def _failure(hub: Hub, due: Collection[float]) -> Failure | None:
    at = _moment(hub.failed_at)
    next_try = _moment(max(min(due), hub.due)) if due else None
    return Failure(at=at, what=hub.failure, next_try=next_try) if at else None


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
