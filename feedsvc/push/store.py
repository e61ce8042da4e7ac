"""What hubs were told: one SQLite file in the state folder. Whoever deletes it has every feed announced once more."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.push.reach import Reach
from feedsvc.sqlite import connect

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS hubs (
  hub TEXT PRIMARY KEY, announced INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0,
  succeeded_at REAL, failed_at REAL, failure TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feeds (
  hub TEXT NOT NULL, topic TEXT NOT NULL, wanted TEXT NOT NULL, announced TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, PRIMARY KEY (hub, topic)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS waiting ON feeds (hub, attempts, topic) WHERE wanted <> announced;
"""
# What failed least goes first, so that one feed a hub cannot bear never keeps the others waiting.
_WAITING: Final = """
SELECT topic, wanted, attempts FROM feeds
WHERE hub = ? AND wanted <> announced AND instr(topic, ?) = 1 AND NOT (due > ? AND due <= ?) ORDER BY attempts, topic LIMIT ?
"""
_WANT: Final = """
INSERT INTO feeds (hub, topic, wanted) SELECT hubs.value, topics.key, topics.value
FROM json_each(?) AS hubs, json_each(?) AS topics WHERE true
ON CONFLICT DO UPDATE SET wanted = excluded.wanted WHERE wanted <> excluded.wanted RETURNING topic
"""
_GONE: Final = "DELETE FROM feeds WHERE instr(topic, ?) = 1 AND topic NOT IN (SELECT key FROM json_each(?))"
_NEXT: Final = """
SELECT min(max(feeds.due, hubs.due)) FROM feeds JOIN hubs USING (hub)
WHERE wanted <> feeds.announced AND instr(topic, ?) = 1
"""
# Nothing is put off for longer; a later moment was written by a clock that was wrong.
_LONGEST: Final = 2 * 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A feed that a hub is to be told of; `attempts` failed before."""

    topic: str
    digest: str
    attempts: int


class Store:
    """For one thread of one process: the one whose turn it is.

    After `plan` it speaks of the feeds below that base_url only; what hubs were told of others is kept as it is.
    """

    def __init__(self, file: Path) -> None:
        """Raises FeedsvcError if the file cannot be used."""
        self._file = file
        self._below = ""
        self._rows = connect(file, _TABLES)

    def plan(self, reach: Reach, digests: Mapping[str, str]) -> frozenset[str]:
        """From now on these are the hubs, and these the topics with their digests. The topics that are to be announced anew."""
        self._below = reach.below
        named, hubs, topics = json.dumps(reach.named), json.dumps(reach.hubs), json.dumps(dict(digests))
        with self._rows as rows:
            rows.execute("DELETE FROM hubs WHERE hub NOT IN (SELECT value FROM json_each(?))", (named,))
            rows.execute("DELETE FROM feeds WHERE hub NOT IN (SELECT value FROM json_each(?))", (named,))
            rows.execute(_GONE, (self._below, topics))
            rows.execute("INSERT OR IGNORE INTO hubs (hub) SELECT value FROM json_each(?)", (hubs,))
            return frozenset(topic for (topic,) in rows.execute(_WANT, (hubs, topics)).fetchall())

    def again(self) -> None:
        """Everything is to be announced once more."""
        with self._rows as rows:
            rows.execute("UPDATE feeds SET announced = '' WHERE instr(topic, ?) = 1", (self._below,))

    def topics(self) -> frozenset[str]:
        """All that wait, for whichever hub."""
        found = self._rows.execute("SELECT topic FROM feeds WHERE wanted <> announced AND instr(topic, ?) = 1", (self._below,))
        return frozenset(topic for (topic,) in found)

    def waiting(self, hub: str, now: float, most: int) -> tuple[Waiting, ...]:
        """What a hub is to be told by now, nothing while it is left in peace."""
        [(due,)] = self._rows.execute("SELECT due FROM hubs WHERE hub = ?", (hub,)).fetchall()
        return () if now < due <= now + _LONGEST else self._first(hub, now, most)

    def all_waiting(self, hub: str) -> tuple[Waiting, ...]:
        """What a hub is to be told, pauses or not."""
        return self._first(hub, float("inf"), -1)

    def _first(self, hub: str, now: float, most: int) -> tuple[Waiting, ...]:
        found = self._rows.execute(_WAITING, (hub, self._below, now, now + _LONGEST, most))
        return tuple(Waiting(topic=topic, digest=digest, attempts=attempts) for topic, digest, attempts in found)

    def next_due(self) -> float | None:
        """When the next feed is to be announced, None if none waits."""
        [(due,)] = self._rows.execute(_NEXT, (self._below,)).fetchall()
        found: float | None = due
        return found

    def failures(self, hub: str) -> int:
        """How often the hub failed since it last did well."""
        [(found,)] = self._rows.execute("SELECT failures FROM hubs WHERE hub = ?", (hub,)).fetchall()
        return int(found)

    def announced(self, hub: str, feed: Waiting, now: float) -> None:
        told = "UPDATE feeds SET announced = ?, attempts = 0, due = 0 WHERE hub = ? AND topic = ?"
        well = "UPDATE hubs SET announced = announced + 1, failures = 0, due = 0, succeeded_at = ? WHERE hub = ?"
        with self._rows as rows:
            rows.execute(told, (feed.digest, hub, feed.topic))
            rows.execute(well, (now, hub))

    def failed(self, hub: str, feed: Waiting, what: str, *, now: float, due: float, hub_due: float | None) -> None:
        """The feed waits until `due`; with `hub_due` the hub is unwell, and left in peace until then."""
        with self._rows as rows:
            rows.execute("UPDATE feeds SET attempts = attempts + 1, due = ? WHERE hub = ? AND topic = ?", (due, hub, feed.topic))
            rows.execute("UPDATE hubs SET failed_at = ?, failure = ? WHERE hub = ?", (now, what, hub))
            if hub_due is not None:
                rows.execute("UPDATE hubs SET failures = failures + 1, due = ? WHERE hub = ?", (hub_due, hub))

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._rows.close()

    def remove(self) -> None:
        """Forget everything, the file too."""
        self.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._file}{ending}").unlink(missing_ok=True)
