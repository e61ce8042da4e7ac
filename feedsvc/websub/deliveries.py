"""Deliveries: one row for each hub and feed, in an SQLite file of the state folder.

If the file is lost, hubs are notified of every feed once more; if a row's checksum is wrong, the hub is notified of its feed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address
from itertools import groupby, product
from operator import attrgetter
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from feedsvc.model import Site
from feedsvc.support.state_file import DamageAwareConnection, StateFile, add_checksum, configure_connection, verify
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult

QUEUE_FILE: Final = "push.sqlite"
# Seconds. No delivery is delayed for longer; a later time was written with a wrong clock.
_MAX_DELAY: Final = 2 * 86_400.0
# Seconds of the first and of the longest pause. A hub that failed may recover soon; one that refused a feed hardly will.
_PAUSES: Final = {DeliveryResult.REJECTED: (3600.0, 86_400.0), DeliveryResult.DEFERRED: (1.0, 3600.0)}
_TABLE: Final = (
    "CREATE TABLE delivery (hub TEXT NOT NULL, topic TEXT NOT NULL, digest TEXT NOT NULL, delivered_digest TEXT NOT NULL, "
    "delivered_count INTEGER NOT NULL, delivered_at REAL NOT NULL, attempts INTEGER NOT NULL, due REAL NOT NULL, "
    "failed_at REAL NOT NULL, failure TEXT NOT NULL, checksum INTEGER NOT NULL, PRIMARY KEY (hub, topic)) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Delivery of a feed (`topic`) to a hub: the feed's digest now and at the last successful delivery ("" if there was none).

    It is pending while the two differ. `attempts` is the number of failures since the last success, `failure` the last reason.
    Times are in seconds since 1970, 0 for never.
    """

    hub: str
    topic: str
    digest: str = ""
    delivered_digest: str = ""
    delivered_count: int = 0
    delivered_at: float = 0.0
    attempts: int = 0
    due: float = 0.0
    failed_at: float = 0.0
    failure: str = ""

    @property
    def is_pending(self) -> bool:
        return self.digest != self.delivered_digest

    def after(self, outcome: DeliveryOutcome, now: float, hub_due: float) -> Delivery:
        """Return the delivery after an attempt at `now`. After a failure, the next one is due at `hub_due` at the earliest."""
        if outcome.result is DeliveryResult.DELIVERED:
            count = self.delivered_count + 1
            return replace(self, delivered_digest=self.digest, delivered_count=count, delivered_at=now, attempts=0, due=0.0)
        due = max(now + pause(outcome, self.attempts + 1), hub_due)
        return replace(self, attempts=self.attempts + 1, due=due, failed_at=now, failure=outcome.reason)


def pause(outcome: DeliveryOutcome, failures: int) -> float:
    """Return the seconds until the next attempt after so many failures in a row (at least 1), or after Retry-After if longer."""
    first, longest = _PAUSES[outcome.result]
    return max(min(first * 2.0 ** min(failures - 1, 40), longest), outcome.retry_after)


def reachable_hubs(site: Site) -> tuple[str, ...]:
    """Return the hubs that can fetch the feeds, each once: if base_url is an address of this machine, only hubs on it."""
    return tuple(hub for hub in dict.fromkeys(site.hubs) if _is_local(hub) or not _is_local(site.base_url))


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class DeliveryTable:
    """Table of deliveries, for one thread of the process that holds the leader lock. Call `synchronize` first.

    In memory it has the deliveries of the feeds below the site's base_url; rows of other feeds stay in the file as they are.
    """

    def __init__(self, file: Path) -> None:
        """Open or create the file. Raises FeedsvcError if it cannot be used."""
        self._data = StateFile(file, (_TABLE,), description="hubs are notified of every feed once more")
        self._deliveries: dict[tuple[str, str], Delivery] = {}

    def synchronize(self, site: Site, digests: Mapping[str, str], *, includes_unchanged: bool = False) -> frozenset[str]:
        """Set the site's hubs and all its feeds (topic -> digest). Return the topics that are new, changed or removed.

        A feed whose digest differs from the one at the last delivery to a reachable hub becomes pending; with
        `includes_unchanged`, every feed does. Rows of hubs not in site.yaml, and of removed feeds, are deleted.
        """
        hubs = reachable_hubs(site)
        rows = self._read()
        removed = {key for key in rows if key[0] not in site.hubs or (_is_below(key[1], site) and key[1] not in digests)}
        own = {key: row for key, row in rows.items() if key not in removed and _is_below(key[1], site)}
        changed = {}
        for (hub, topic), digest in ((key, digests[key[1]]) for key in product(hubs, digests)):
            row = own.get((hub, topic)) or Delivery(hub, topic)
            if row.digest != digest or includes_unchanged:
                changed[hub, topic] = replace(
                    row, digest=digest, delivered_digest="" if includes_unchanged else row.delivered_digest
                )
        self._deliveries = own | changed
        self._write(changed.values(), removed)
        return frozenset(topic for _, topic in (*changed, *removed) if _is_below(topic, site))

    def pending(self, hub: str, now: float) -> list[Delivery]:
        """Return the deliveries to a hub that are due at `now`, those with the fewest failures first."""
        # One bad feed does not block the others.
        own = (row for row in self._deliveries.values() if row.hub == hub and row.is_pending)
        due = (row for row in own if not now < row.due <= now + _MAX_DELAY)
        return sorted(due, key=attrgetter("attempts", "topic"))

    def pending_topics(self) -> frozenset[str]:
        """Return the topics that are pending for at least one hub."""
        return frozenset(row.topic for row in self._deliveries.values() if row.is_pending)

    def store(self, delivery: Delivery) -> None:
        self._deliveries[delivery.hub, delivery.topic] = delivery
        self._write([delivery])

    def close(self) -> None:
        self._data.close()

    def _read(self) -> dict[tuple[str, str], Delivery]:
        try:
            rows = [Delivery(*row) for row in map(verify, self._data.connection.execute("SELECT * FROM delivery")) if row]
        except sqlite3.DatabaseError as error:
            self._recover(error)
            rows = []
        return {(row.hub, row.topic): row for row in rows}

    def _write(self, deliveries: Iterable[Delivery], removed: Iterable[tuple[str, str]] = ()) -> None:
        """Write rows in one transaction. If the file is damaged, replace it and write those in memory."""
        try:
            self._transact(deliveries, removed)
        except sqlite3.DatabaseError as error:
            self._recover(error)
            self._transact(self._deliveries.values(), ())

    def _recover(self, error: sqlite3.DatabaseError) -> None:
        """Replace a damaged file. Raises the error if it has another reason."""
        self._data.report_damage(error)
        if not self._data.recover():
            raise error

    def _transact(self, deliveries: Iterable[Delivery], removed: Iterable[tuple[str, str]]) -> None:
        with self._data.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM delivery WHERE hub = ? AND topic = ?", removed)
            connection.executemany(
                "INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [add_checksum(*astuple(delivery)) for delivery in deliveries],
            )


def _is_below(topic: str, site: Site) -> bool:
    return topic.startswith(f"{site.base_url}/")


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


def read_hub_statuses(file: Path, site: Site) -> tuple[HubStatus, ...]:
    """Read the statuses of the reachable hubs in the file, by address; () if the file is missing or cannot be read.

    Any process may call it. Only feeds below base_url count.
    """
    try:
        name = f"{file.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(name, uri=True, timeout=1, factory=DamageAwareConnection)) as connection:
            configure_connection(connection)
            rows = [Delivery(*row) for row in map(verify, connection.execute("SELECT * FROM delivery ORDER BY hub")) if row]
    except sqlite3.Error:
        return ()
    hubs = reachable_hubs(site)
    own = [row for row in rows if row.hub in hubs and _is_below(row.topic, site)]
    return tuple(_hub_status(hub, tuple(group)) for hub, group in groupby(own, attrgetter("hub")))


def _hub_status(hub: str, rows: tuple[Delivery, ...]) -> HubStatus:
    success_at, failed = max(row.delivered_at for row in rows), max(rows, key=attrgetter("failed_at"))
    pending_due = [row.due for row in rows if row.is_pending]
    from_unix = partial(datetime.fromtimestamp, tz=UTC)
    failure = PublishFailure(
        at=from_unix(failed.failed_at),
        what=failed.failure,
        next_try=from_unix(max(min(pending_due), failed.due)) if pending_due else None,
    )
    return HubStatus(
        hub=hub,
        waiting=len(pending_due),
        announced=sum(row.delivered_count for row in rows),
        last_success=from_unix(success_at) if success_at else None,
        last_failure=failure if failed.failed_at else None,
    )
