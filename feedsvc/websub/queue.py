"""What hubs were told: one SQLite file in the state folder. Whoever deletes it has every feed announced once more.

A row that fails its checksum is as good as none: its feed is announced again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from heapq import nsmallest
from itertools import product
from pathlib import Path
from typing import Final

from feedsvc.support.checksummed_tables import DamageError, FormerTable, Row, Schema, Table
from feedsvc.support.sqlite import Database
from feedsvc.websub.hubs import Reach

HUB: Final = "announced_hub"
FEED: Final = "announced_feed"
# Nothing is put off for longer; a later moment was written by a clock that was wrong.
_LONGEST: Final = 2 * 86_400.0


@dataclass(frozen=True, slots=True)
class Hub:
    """How a hub does. Moments are in seconds since 1970, None for never; `failure` completes a sentence."""

    hub: str
    announced: int = 0
    failures: int = 0
    due: float = 0.0
    succeeded_at: float | None = None
    failed_at: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Announcement:
    """A feed's digest that one hub is to be told of (`wanted`), and the one that it was told of last (`announced`)."""

    hub: str
    topic: str
    wanted: str
    announced: str = ""
    attempts: int = 0
    due: float = 0.0


# (types of each column, None allowed)
_TYPES: Final[Mapping[str, tuple[tuple[type, ...], ...]]] = {
    HUB: ((str,), (int,), (int,), (float,), (float, type(None)), (float, type(None)), (str,)),
    FEED: ((str,), (str,), (str,), (str,), (int,), (float,)),
}


def _former(table: str, row: Row) -> Iterable[tuple[str, Row]]:
    if not all(type(value) in types for value, types in zip(row, _TYPES[table], strict=True)):
        raise TypeError(row)
    for value in row:
        if isinstance(value, float):
            datetime.fromtimestamp(value, UTC)  # raises ValueError or OverflowError for what is no moment
    yield table, row


_SCHEMA: Final = Schema(
    tables=(
        Table(
            name=HUB,
            sql=f"CREATE TABLE {HUB} (hub TEXT PRIMARY KEY, announced INTEGER NOT NULL, failures INTEGER NOT NULL, "
            "due REAL NOT NULL, succeeded_at REAL, failed_at REAL, failure TEXT NOT NULL, checksum INTEGER NOT NULL) "
            "WITHOUT ROWID",
            order="hub",
        ),
        Table(
            name=FEED,
            sql=f"CREATE TABLE {FEED} (hub TEXT NOT NULL, topic TEXT NOT NULL, wanted TEXT NOT NULL, announced TEXT NOT NULL, "
            "attempts INTEGER NOT NULL, due REAL NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (hub, topic)) WITHOUT ROWID",
            order="hub, topic",
        ),
    ),
    former=(
        FormerTable(
            name="hubs",
            sql="CREATE TABLE hubs ( hub TEXT PRIMARY KEY, announced INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL "
            "DEFAULT 0, due REAL NOT NULL DEFAULT 0, succeeded_at REAL, failed_at REAL, failure TEXT NOT NULL DEFAULT '' ) "
            "WITHOUT ROWID",
            order="hub",
            convert=lambda row: _former(HUB, row),
        ),
        FormerTable(
            name="feeds",
            sql="CREATE TABLE feeds ( hub TEXT NOT NULL, topic TEXT NOT NULL, wanted TEXT NOT NULL, announced TEXT NOT NULL "
            "DEFAULT '', attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL DEFAULT 0, PRIMARY KEY (hub, topic) ) "
            "WITHOUT ROWID",
            order="hub, topic",
            convert=lambda row: _former(FEED, row),
            more=("CREATE INDEX waiting ON feeds (hub, attempts, topic) WHERE wanted <> announced",),
        ),
    ),
    holds="what hubs were told",
    loss="and feeds of which it is not known any more are announced again",
)


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
        self._data = Database(file, _SCHEMA)
        self._hubs: dict[str, Hub] = {}
        self._waiting: dict[str, dict[str, Announcement]] = {}  # by hub and topic

    def plan(self, reach: Reach, digests: Mapping[str, str]) -> frozenset[str]:
        """From now on these are the hubs, and these the topics with their digests. The topics that are to be announced anew.

        Every row is read and verified. If one is damaged, the file is replaced: what was lost is announced again.
        """
        self._below = reach.below
        try:
            return self._planned(reach, digests)
        except (sqlite3.DatabaseError, DamageError) as error:
            self._data.doubt(error if isinstance(error, sqlite3.Error) else str(error))
            if not self._data.heal(nullcontext()):
                raise
            return self._planned(reach, digests)

    def _planned(self, reach: Reach, digests: Mapping[str, str]) -> frozenset[str]:
        with self._data.rows as rows:
            rows.execute("BEGIN IMMEDIATE")
            hubs = {row[0]: Hub(*row) for row in self._read(HUB)}
            feeds = {row[:2]: Announcement(*row) for row in self._read(FEED)}
            gone = [key for key in feeds if key[0] not in reach.named or (self._is_below(key[1]) and key[1] not in digests)]
            rows.executemany(f"DELETE FROM {FEED} WHERE hub = ? AND topic = ?", gone)
            rows.executemany(f"DELETE FROM {HUB} WHERE hub = ?", [(hub,) for hub in hubs if hub not in reach.named])
            new = [Hub(hub) for hub in reach.hubs if hub not in hubs]
            changed = []
            for hub, (topic, digest) in product(reach.hubs, digests.items()):
                known = feeds.get((hub, topic)) or Announcement(hub, topic, "")
                if known.wanted != digest or not known.wanted:
                    changed.append(replace(known, wanted=digest))
            self._put(rows, new, changed)
        feeds = {key: one for key, one in feeds.items() if key[0] in reach.named and self._is_below(key[1]) and key[1] in digests}
        self._hubs = {hub: one for hub, one in hubs.items() if hub in reach.named} | {one.hub: one for one in new}
        self._waiting = {}
        self._note(feeds.values())
        self._note(changed)
        return frozenset(one.topic for one in changed)

    def again(self) -> None:
        """Everything is to be announced once more."""
        every = [Announcement(*row) for row in self._read(FEED)]
        changed = [replace(one, announced="") for one in every if self._is_below(one.topic)]
        self._write([], changed)

    def topics(self) -> frozenset[str]:
        """All that wait, for whichever hub."""
        return frozenset(topic for waiting in self._waiting.values() for topic in waiting)

    def waiting(self, hub: str, now: float, most: int) -> tuple[Waiting, ...]:
        """What a hub is to be told by now, nothing while it is left in peace."""
        return () if now < self._hubs[hub].due <= now + _LONGEST else self._first(hub, now, most)

    def all_waiting(self, hub: str) -> tuple[Waiting, ...]:
        """What a hub is to be told, pauses or not."""
        waiting = self._waiting.get(hub, {})
        return self._first(hub, float("inf"), len(waiting))

    def _first(self, hub: str, now: float, most: int) -> tuple[Waiting, ...]:
        # What failed least goes first, so that one feed a hub cannot bear never keeps the others waiting.
        due = (one for one in self._waiting.get(hub, {}).values() if not now < one.due <= now + _LONGEST)
        found = nsmallest(most, due, key=lambda one: (one.attempts, one.topic))
        return tuple(Waiting(topic=one.topic, digest=one.wanted, attempts=one.attempts) for one in found)

    def next_due(self) -> float | None:
        """When the next feed is to be announced, None if none waits."""
        pairs = ((self._hubs[hub].due, waiting.values()) for hub, waiting in self._waiting.items() if waiting)
        return min((max(due, min(one.due for one in waiting)) for due, waiting in pairs), default=None)

    def failures(self, hub: str) -> int:
        """How often the hub failed since it last did well."""
        return self._hubs[hub].failures

    def announced(self, hub: str, feed: Waiting, now: float) -> None:
        known = self._hubs[hub]
        well = replace(known, announced=known.announced + 1, failures=0, due=0.0, succeeded_at=now)
        waits = self._waiting[hub][feed.topic]
        self._write([well], [replace(waits, announced=feed.digest, attempts=0, due=0.0)])

    def failed(self, hub: str, feed: Waiting, what: str, *, now: float, due: float, hub_due: float | None) -> None:
        """The feed waits until `due`; with `hub_due` the hub is unwell, and left in peace until then."""
        known = replace(self._hubs[hub], failed_at=now, failure=what)
        if hub_due is not None:
            known = replace(known, failures=known.failures + 1, due=hub_due)
        waits = self._waiting[hub][feed.topic]
        self._write([known], [replace(waits, attempts=waits.attempts + 1, due=due)])

    def close(self) -> None:
        self._data.close()

    def remove(self) -> None:
        """Forget everything, the file too."""
        self.close()
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._file}{ending}").unlink(missing_ok=True)

    def _read(self, table: str) -> Iterator[Row]:
        """Every row. Raises DamageError if one fails its checksum."""
        for row in self._data.rows.execute(f"SELECT * FROM {table}"):
            values = self._data.seals[table].open(row)
            if values is None:
                raise DamageError("rows fail their checksum")
            yield values

    def _write(self, hubs: Sequence[Hub], feeds: Sequence[Announcement]) -> None:
        """Take in what is so by now, then write it down. A damaged file is replaced, and gets all that is known here."""
        self._hubs |= {one.hub: one for one in hubs}
        self._note(feeds)
        try:
            with self._data.rows as rows:
                rows.execute("BEGIN IMMEDIATE")
                self._put(rows, hubs, feeds)
        except sqlite3.DatabaseError as error:
            self._data.doubt(error)
            if not self._data.heal(nullcontext()):
                raise
            with self._data.rows as rows:
                rows.execute("BEGIN IMMEDIATE")
                waiting = (one for waiting in self._waiting.values() for one in waiting.values())
                self._put(rows, self._hubs.values(), (*waiting, *feeds))

    def _put(self, rows: sqlite3.Connection, hubs: Iterable[Hub], feeds: Iterable[Announcement]) -> None:
        seals = self._data.seals
        rows.executemany(
            f"INSERT OR REPLACE INTO {HUB} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [seals[HUB].seal(*astuple(one)) for one in hubs]
        )
        rows.executemany(
            f"INSERT OR REPLACE INTO {FEED} VALUES (?, ?, ?, ?, ?, ?, ?)", [seals[FEED].seal(*astuple(one)) for one in feeds]
        )

    def _is_below(self, topic: str) -> bool:
        return topic.startswith(self._below)

    def _note(self, announcements: Iterable[Announcement]) -> None:
        for one in announcements:
            waiting = self._waiting.setdefault(one.hub, {})
            if one.wanted != one.announced:
                waiting[one.topic] = one
            else:
                waiting.pop(one.topic, None)
