"""Delivery queue: one SQLite file in the state folder. If it is deleted, hubs are notified of every feed once more.

A row with a wrong checksum is dropped, and its feed is announced once more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from heapq import nsmallest
from itertools import product
from pathlib import Path
from typing import Any, Final

from feedsvc.support.state_file import StateFile, add_checksum, verify
from feedsvc.websub.hubs import HubSelection

HUB_TABLE: Final = "announced_hub"
FEED_TABLE: Final = "announced_feed"
# Seconds. No delivery is delayed for longer; a later time was written with a wrong clock.
_MAX_DELAY: Final = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class HubState:
    """State of a hub: numbers of all its successful deliveries and of its deferrals since the last of these (`failure_count`).

    Times are in seconds since 1970, None for never. No delivery is due before `due`. `failure` is the last failure's reason.
    """

    hub: str
    delivered_count: int = 0
    failure_count: int = 0
    due: float = 0.0
    succeeded_at: float | None = None
    failed_at: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class TopicState:
    """State of a feed for one hub: its digest now (`current_digest`) and at the last successful delivery ("" if there was none).

    The delivery is pending while the two digests differ. `attempts` is the number of failures since that delivery; the next
    attempt is due at `due`, in seconds since 1970.
    """

    hub: str
    topic: str
    current_digest: str
    delivered_digest: str = ""
    attempts: int = 0
    due: float = 0.0


_TABLES: Final = (
    (
        f"CREATE TABLE {HUB_TABLE} (hub TEXT PRIMARY KEY, announced INTEGER NOT NULL, failures INTEGER NOT NULL, "
        "due REAL NOT NULL, succeeded_at REAL, failed_at REAL, failure TEXT NOT NULL, checksum INTEGER NOT NULL) WITHOUT ROWID"
    ),
    (
        f"CREATE TABLE {FEED_TABLE} (hub TEXT NOT NULL, topic TEXT NOT NULL, wanted TEXT NOT NULL, announced TEXT NOT NULL, "
        "attempts INTEGER NOT NULL, due REAL NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (hub, topic)) WITHOUT ROWID"
    ),
)
_LOSS: Final = "hubs are notified of every feed once more"


@dataclass(frozen=True, kw_only=True, slots=True)
class PendingDelivery:
    """Feed (`topic`), with its current digest, that a hub must still be notified of; `attempts` have failed so far."""

    topic: str
    digest: str
    attempts: int


class DeliveryQueue:
    """Queue for one thread of the process that holds the leader lock. Call `synchronize` before any other method.

    It then covers only the feeds below base_url of the HubSelection; rows of other feeds stay in the file unchanged.
    """

    def __init__(self, file: Path) -> None:
        """Open or create the file. Raises FeedsvcError if it cannot be used."""
        self._file, self._topic_prefix = file, ""
        self._data = StateFile(file, _TABLES, description=_LOSS)
        self._hubs: dict[str, HubState] = {}
        self._pending: dict[str, dict[str, TopicState]] = {}  # by hub and topic
        self.removed_topics: frozenset[str] = frozenset()  # topics below base_url that the last `synchronize` deleted

    def synchronize(self, hub_selection: HubSelection, digests: Mapping[str, str]) -> frozenset[str]:
        """Set the hubs and all feeds (topic -> digest). Return the topics whose digest is new for at least one reachable hub.

        New: the file has another `current_digest` or no row for it. Rows of hubs not in site.yaml, and of feeds below base_url
        not in `digests`, are deleted. Feeds whose rows are damaged become pending.
        """
        self._topic_prefix = hub_selection.topic_prefix
        try:
            return self._synchronize(hub_selection, digests)
        except sqlite3.DatabaseError as error:
            self._data.report_damage(error)
            if not self._data.recover():
                raise
            return self._synchronize(hub_selection, digests)

    def _synchronize(self, selection: HubSelection, digests: Mapping[str, str]) -> frozenset[str]:
        with self._data.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            hubs = {row[0]: HubState(*row) for row in self._read(HUB_TABLE)}
            feeds = {row[:2]: TopicState(*row) for row in self._read(FEED_TABLE)}
            removed_keys = [
                key
                for key in feeds
                if key[0] not in selection.site_hubs or (self._is_own_topic(key[1]) and key[1] not in digests)
            ]
            removed_hubs = [(hub,) for hub in hubs if hub not in selection.site_hubs]
            connection.executemany(f"DELETE FROM {FEED_TABLE} WHERE hub = ? AND topic = ?", removed_keys)
            connection.executemany(f"DELETE FROM {HUB_TABLE} WHERE hub = ?", removed_hubs)
            new_hubs = [HubState(hub) for hub in selection.reachable_hubs if hub not in hubs]
            changed = []
            for hub, (topic, digest) in product(selection.reachable_hubs, digests.items()):
                state = feeds.get((hub, topic)) or TopicState(hub, topic, "")
                if state.current_digest != digest or not state.current_digest:
                    changed.append(replace(state, current_digest=digest))
            self._insert_rows(connection, new_hubs, changed)
        feeds = {
            key: state
            for key, state in feeds.items()
            if key[0] in selection.site_hubs and self._is_own_topic(key[1]) and key[1] in digests
        }
        self._hubs = {hub: state for hub, state in hubs.items() if hub in selection.site_hubs}
        self._hubs |= {state.hub: state for state in new_hubs}
        self._pending = {}
        self.removed_topics = frozenset(topic for _, topic in removed_keys if self._is_own_topic(topic) and topic not in digests)
        self._update_pending(feeds.values())
        self._update_pending(changed)
        return frozenset(state.topic for state in changed)

    def requeue_all(self) -> None:
        """Make every topic below base_url pending again for each hub that has a row for it in the file."""
        states = [TopicState(*row) for row in self._read(FEED_TABLE)]
        changed = [replace(state, delivered_digest="") for state in states if self._is_own_topic(state.topic)]
        self._write([], changed)

    def pending_topics(self) -> frozenset[str]:
        """Return the topics that are pending for at least one hub."""
        return frozenset(topic for topics in self._pending.values() for topic in topics)

    def due_deliveries(self, hub: str, now: float, max_count: int) -> tuple[PendingDelivery, ...]:
        """Return at most `max_count` deliveries to a hub due at `now`, fewest failures first; () if the hub itself is not due.

        A due time more than two days after `now` was written with a wrong clock and counts as past.
        """
        return () if now < self._hubs[hub].due <= now + _MAX_DELAY else self._select_deliveries(hub, now, max_count)

    def pending_deliveries(self, hub: str) -> tuple[PendingDelivery, ...]:
        """Return all pending deliveries to a hub, due or not, those with the fewest failures first."""
        states = self._pending.get(hub, {})
        return self._select_deliveries(hub, float("inf"), len(states))

    def _select_deliveries(self, hub: str, now: float, max_count: int) -> tuple[PendingDelivery, ...]:
        # Deliveries with the fewest failures come first, so that one bad feed does not block the others.
        due_states = (state for state in self._pending.get(hub, {}).values() if not now < state.due <= now + _MAX_DELAY)
        selected = nsmallest(max_count, due_states, key=lambda state: (state.attempts, state.topic))
        return tuple(
            PendingDelivery(topic=state.topic, digest=state.current_digest, attempts=state.attempts) for state in selected
        )

    def next_due(self) -> float | None:
        """Return when the next pending delivery is due, in seconds since 1970 and maybe in the past; None if none is pending."""
        due_times = ((self._hubs[hub].due, states.values()) for hub, states in self._pending.items() if states)
        return min((max(due, min(state.due for state in states)) for due, states in due_times), default=None)

    def failure_count(self, hub: str) -> int:
        """Return the number of deferred deliveries to a hub since its last success. Rejections are not counted."""
        return self._hubs[hub].failure_count

    def mark_delivered(self, hub: str, delivery: PendingDelivery, now: float) -> None:
        """Record that the hub was notified of the feed at `now` (seconds since 1970). The backoff of hub and feed ends."""
        hub_state = self._hubs[hub]
        new_hub_state = replace(
            hub_state, delivered_count=hub_state.delivered_count + 1, failure_count=0, due=0.0, succeeded_at=now
        )
        topic_state = self._pending[hub][delivery.topic]
        self._write([new_hub_state], [replace(topic_state, delivered_digest=delivery.digest, attempts=0, due=0.0)])

    def mark_failed(
        self, hub: str, delivery: PendingDelivery, reason: str, *, now: float, due: float, hub_due: float | None
    ) -> None:
        """Record a failure at `now`. The feed is due at `due`, the hub at `hub_due` (None if rejected), in Unix seconds."""
        hub_state = replace(self._hubs[hub], failed_at=now, failure=reason)
        if hub_due is not None:
            hub_state = replace(hub_state, failure_count=hub_state.failure_count + 1, due=hub_due)
        topic_state = self._pending[hub][delivery.topic]
        self._write([hub_state], [replace(topic_state, attempts=topic_state.attempts + 1, due=due)])

    def close(self) -> None:
        self._data.close()

    def delete_file(self) -> None:
        """Close the queue and delete its file."""
        self.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._file}{ending}").unlink(missing_ok=True)

    def _read(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield every undamaged row of a table, without checksum."""
        return filter(None, map(verify, self._data.connection.execute(f"SELECT * FROM {table}")))

    def _write(self, hubs: Sequence[HubState], feeds: Sequence[TopicState]) -> None:
        """Store states in memory, then in the file. If the file is damaged, replace it and write hubs and pending feeds."""
        self._hubs |= {state.hub: state for state in hubs}
        self._update_pending(feeds)
        try:
            with self._data.connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                self._insert_rows(connection, hubs, feeds)
        except sqlite3.DatabaseError as error:
            self._data.report_damage(error)
            if not self._data.recover():
                raise
            with self._data.connection as connection:
                connection.execute("BEGIN IMMEDIATE")
                pending_states = (state for states in self._pending.values() for state in states.values())
                self._insert_rows(connection, self._hubs.values(), (*pending_states, *feeds))

    def _insert_rows(self, connection: sqlite3.Connection, hubs: Iterable[HubState], feeds: Iterable[TopicState]) -> None:
        connection.executemany(
            f"INSERT OR REPLACE INTO {HUB_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [add_checksum(*astuple(state)) for state in hubs],
        )
        connection.executemany(
            f"INSERT OR REPLACE INTO {FEED_TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)",
            [add_checksum(*astuple(state)) for state in feeds],
        )

    def _is_own_topic(self, topic: str) -> bool:
        return topic.startswith(self._topic_prefix)

    def _update_pending(self, states: Iterable[TopicState]) -> None:
        for state in states:
            pending = self._pending.setdefault(state.hub, {})
            if state.current_digest != state.delivered_digest:
                pending[state.topic] = state
            else:
                pending.pop(state.topic, None)
