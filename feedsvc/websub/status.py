"""Status of the publisher and the hubs. Every process can read the statuses of the hubs from the queue file."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from feedsvc.support.state_file import DamageAwareConnection, configure_connection, verify
from feedsvc.websub.queue import FEED_TABLE, HUB_TABLE, HubState, TopicState


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishFailure:
    """Failure of a delivery or a purge at the time `at`. `next_try` is None if no attempt is planned, as always after a purge.

    `what` is a clause such as "it cannot be reached" for a hub, and the end of a sentence that begins with "the purge command",
    such as "could not be started", for a purge.
    """

    at: datetime
    what: str
    next_try: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HubStatus:
    """Status of a hub. `waiting` is how many feeds it still has to be notified of, `announced` how many deliveries succeeded.

    `last_success` is a time, `last_failure` a PublishFailure; each is None if there was none.
    """

    hub: str
    waiting: int
    announced: int
    last_success: datetime | None
    last_failure: PublishFailure | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PublisherStatus:
    """Status of a process's publisher. `announcing` is True if the process holds the leader lock, so that it publishes.

    `hubs` are the statuses of the hubs that can fetch the feeds. `purge_failure` is None if the last purge of this process
    succeeded or there was none.
    """

    announcing: bool
    hubs: tuple[HubStatus, ...]
    purge_failure: PublishFailure | None = None


def read_hub_statuses(file: Path, prefix: str) -> tuple[HubStatus, ...]:
    """Read the statuses of all hubs in the queue file, sorted by address; () if the file is missing or cannot be read.

    Only feeds whose addresses begin with `prefix` are counted as waiting. Damaged rows are left out.
    """
    try:
        name = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(name, uri=True, timeout=1, factory=DamageAwareConnection)) as connection:
            configure_connection(connection)
            hubs = [HubState(*row) for row in _read_verified_rows(connection, HUB_TABLE)]
            feeds = [TopicState(*row) for row in _read_verified_rows(connection, FEED_TABLE)]
    except sqlite3.Error:
        return ()
    due_times_by_hub: dict[str, list[float]] = {}
    for feed in feeds:
        if feed.current_digest != feed.delivered_digest and feed.topic.startswith(prefix):
            due_times_by_hub.setdefault(feed.hub, []).append(feed.due)
    return tuple(_hub_status(hub, due_times_by_hub.get(hub.hub, ())) for hub in hubs)


def _read_verified_rows(connection: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    order = "hub" if table == HUB_TABLE else "hub, topic"
    return filter(None, map(verify, connection.execute(f"SELECT * FROM {table} ORDER BY {order}")))


def _hub_status(hub: HubState, due_times: Collection[float]) -> HubStatus:
    return HubStatus(
        hub=hub.hub,
        waiting=len(due_times),
        announced=hub.delivered_count,
        last_success=_to_datetime(hub.succeeded_at),
        last_failure=_failure(hub, due_times),
    )


def _failure(hub: HubState, due_times: Collection[float]) -> PublishFailure | None:
    at = _to_datetime(hub.failed_at)
    next_try = _to_datetime(max(min(due_times), hub.due)) if due_times else None
    return PublishFailure(at=at, what=hub.failure, next_try=next_try) if at else None


def _to_datetime(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
