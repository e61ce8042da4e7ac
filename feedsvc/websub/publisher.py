"""Publisher: notifies hubs of changed feeds, from its own thread while the site is served, or once for the command `ping`.

Several processes may share a state folder. Only the one that holds the leader lock publishes.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from feedsvc.catalog import Catalog
from feedsvc.errors import FeedsvcError
from feedsvc.feeds import FeedDigests
from feedsvc.live import Edition
from feedsvc.support.alerts import Alerts
from feedsvc.support.file_lock import FileLock
from feedsvc.support.state_folder import open_lock_file
from feedsvc.uris import absolute
from feedsvc.websub.deliveries import (
    QUEUE_FILE,
    Delivery,
    DeliveryTable,
    HubStatus,
    PublishFailure,
    pause,
    reachable_hubs,
    read_hub_statuses,
)
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult, HubClient
from feedsvc.websub.purge import PurgeCommand

LOCK_FILE: Final = "push.lock"
_DISK_PAUSE: Final = 60.0  # seconds until the state folder is tried again after an error
_BATCH_SECONDS: Final = 5.0  # seconds per hub and batch, so that a slow hub does not delay the next hub
# Failures in a row, after which `publish_once` skips the other feeds of a hub, because the operator waits for the command.
_MAX_CONSECUTIVE_FAILURES: Final = 3

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class PublisherStatus:
    """Status of a process's publisher. `announcing` is True if the process holds the leader lock, so that it publishes.

    `hubs` are the statuses of the hubs that can fetch the feeds. `purge_failure` is None if the last purge of this process
    succeeded or there was none.
    """

    announcing: bool
    hubs: tuple[HubStatus, ...]
    purge_failure: PublishFailure | None = None


@dataclass(kw_only=True, slots=True)
class _Hub:
    """Failures in a row of a hub in this process, and when it is tried again (seconds since 1970)."""

    url: str
    failures: int = 0
    due: float = 0.0
    has_rejected: bool = False

    def record(self, delivery: Delivery, outcome: DeliveryOutcome, now: float) -> Delivery:
        """Return the delivery after an outcome. Log the first failure in a row, its end, and the first refusal."""
        if outcome.result is DeliveryResult.DEFERRED:
            if not self.failures:
                _log.warning("feedsvc: notifications of the hub %s are delayed: %s", self.url, outcome.reason)
            self.failures += 1
            self.due = now + pause(outcome, self.failures)
        elif outcome.result is DeliveryResult.DELIVERED:
            if self.failures:
                _log.warning("feedsvc: the hub %s accepts notifications again", self.url)
            self.failures, self.due = 0, 0.0
        elif not self.has_rejected:
            self.has_rejected = True
            reason = f"{outcome.reason}; further refusals are on /status only"
            _log.warning("feedsvc: the hub %s rejects %s: %s", self.url, delivery.topic, reason)
        return delivery.after(outcome, now, self.due)


class Publisher:
    """Publisher of one process: a thread that runs the purge command and notifies hubs, if the process gets the leader lock.

    Thread-safe. Only `close` waits for a hub or the purge command. If there is neither a reachable hub nor a purge command, it
    starts no thread and creates no file.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        *,
        purge_command: Sequence[str] = (),
        alerts: Alerts | None = None,
        poll_interval: float = 2.0,
        timeout: float = 10.0,
        delay: float = 0.0,
    ) -> None:
        """Create the publisher. `folder` is the state folder. The thread starts with the first edition that needs it.

        `purge_command` (program and arguments, () for none) gets the changed addresses on stdin, one a line, before any hub is
        notified. Every `poll_interval` seconds, the thread tries to get the leader lock, or makes the deliveries that are due.
        `timeout` is the seconds for each exchange with a hub. `alerts` has an alert while the state folder cannot be used.
        `delay` is the seconds from an edition until it is published.
        """
        self._folder = folder
        self._clock = clock
        self._purge_command = PurgeCommand(purge_command) if purge_command else None
        self._alerts = alerts or Alerts()
        self._poll_interval, self._delay = poll_interval, delay
        self._leader_lock = FileLock(partial(open_lock_file, folder / LOCK_FILE))
        self._hub_client = HubClient(timeout)
        self._digests = FeedDigests()
        self._table: DeliveryTable | None = None
        self._hubs: dict[str, _Hub] = {}
        self._latest: Catalog | None = None
        self._new_addresses: set[str] = set()  # for the purge command, of `_latest` and of editions before it
        self._due: Catalog | None = None
        self._stored: Catalog | None = None
        self._purge_addresses: set[str] = set()
        self._purge_failure: PublishFailure | None = None
        self._is_stopping = False
        self._condition = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="feedsvc-push", daemon=True)

    def on_edition(self, before: Edition, now: Edition) -> None:
        """Publish a new edition. This is a Listener of the Watcher."""
        if before.publication is not now.publication:
            paths = now.publication.changed_since(before.publication) if self._purge_command else ()
            self.publish(now.publication.catalog, paths)

    def publish(self, catalog: Catalog, changed_paths: Iterable[str] = ()) -> None:
        """Publish a catalog, the first or a new one. Does not wait: the thread soon notifies hubs of its changed feeds.

        `changed_paths` are those of the documents that may have changed, for the purge command.
        """
        with self._condition:
            self._latest = catalog
            self._new_addresses |= {absolute(catalog.site.base_url, path) for path in changed_paths}
            self._condition.notify_all()
            # Without the thread, the leader lock is not taken, so that a local server does not prevent `ping`.
            if (reachable_hubs(catalog.site) or self._purge_command) and not self._thread.ident and not self._is_stopping:
                self._thread.start()

    def status(self) -> PublisherStatus:
        """Return whether this process publishes, the failure of its last purge, and the statuses of the reachable hubs.

        The statuses come from the file, which any process may have written. There are none before the first edition, or if the
        file cannot be read.
        """
        statuses = read_hub_statuses(self._folder / QUEUE_FILE, self._latest.site) if self._latest else ()
        return PublisherStatus(announcing=self._leader_lock.is_held, hubs=statuses, purge_failure=self._purge_failure)

    def close(self, timeout: float = 2.0) -> None:
        """Stop. Work in progress has `timeout` seconds to end, then it is aborted and has as long again to end.

        Pending deliveries follow at the next start.
        """
        with self._condition:
            self._is_stopping = True
            self._condition.notify_all()
        if self._thread.ident:
            self._thread.join(timeout)
            self._hub_client.abort()
            if self._purge_command:
                self._purge_command.stop()
            self._thread.join(timeout)

    def _run(self) -> None:
        timeout: float | None = 0.0
        try:
            while not self._is_stopping:
                self._take_latest(timeout)
                timeout = self._run_once()
        finally:
            self._hub_client.close()
            if self._table:
                self._table.close()
            self._leader_lock.release()

    def _take_latest(self, timeout: float | None) -> None:
        """Wait at most `timeout` seconds (None: for ever) for a new edition, then until it is due."""
        with self._condition:
            self._condition.wait_for(lambda: self._latest is not self._due or self._is_stopping, timeout)
            if self._latest is self._due:
                return
            latest, addresses, self._new_addresses = self._latest, self._new_addresses, set()
            # A newer edition waits for its own delay: other workers may not have it yet, and a hub fetches at once.
            self._condition.wait_for(lambda: self._is_stopping, self._delay)
            self._due = latest
        if self._leader_lock.is_held:
            self._purge_addresses |= addresses
        else:  # another process purges those of editions before it
            self._purge_addresses = addresses

    def _run_once(self) -> float | None:
        """Publish the due edition and make due deliveries, if this process has or gets the leader lock.

        Return the seconds until the next call; None if it is needed only for a new edition. Errors of the state folder cause an
        alert, no exception.
        """
        try:
            timeout = self._publish_due() if self._leader_lock.acquire() else self._poll_interval
        except (FeedsvcError, sqlite3.Error, OSError) as error:
            reason = error if isinstance(error, FeedsvcError) else f"{self._folder / QUEUE_FILE}: {error}"
            message = f"hubs are not notified: {reason}; it is tried again every minute"
            self._alerts.raise_alert("push", message, "hubs are notified again")
            return _DISK_PAUSE
        self._alerts.clear("push")
        return timeout

    def _publish_due(self) -> float | None:
        catalog = self._due
        if not catalog or self._is_stopping:
            return None
        hubs = reachable_hubs(catalog.site)
        if catalog is not self._stored and (hubs or self._table):
            self._store(catalog)
        self._run_purge()
        if not self._table:
            return None
        for url in hubs:
            self._deliver_batch(self._hubs.setdefault(url, _Hub(url=url)), self._table)
        self._hub_client.close()
        return self._poll_interval if self._table.pending_topics() else None

    def _store(self, catalog: Catalog) -> None:
        is_first, self._table = self._table is None, self._table or DeliveryTable(self._folder / QUEUE_FILE)
        changed = self._table.synchronize(catalog.site, _topics(catalog, self._digests))
        if self._purge_command:
            # An earlier process may have ended before its purge.
            self._purge_addresses |= changed | (self._table.pending_topics() if is_first else set())
        self._stored = catalog

    def _run_purge(self) -> None:
        addresses, self._purge_addresses = sorted(self._purge_addresses), set()
        if not self._purge_command or not addresses:
            return
        failure = self._purge_command.run(addresses)
        if failure and not self._is_stopping:
            _log.warning("feedsvc: the purge command %s; hubs are notified anyway", failure)
        self._purge_failure = PublishFailure(at=self._clock(), what=failure, next_try=None) if failure else None

    def _deliver_batch(self, hub: _Hub, table: DeliveryTable) -> None:
        """Make due deliveries to one hub. End early after a deferral or 5 seconds."""
        end, now = time.monotonic() + _BATCH_SECONDS, self._clock().timestamp()
        for delivery in table.pending(hub.url, now) if now >= hub.due else ():
            outcome = self._hub_client.publish(hub.url, delivery.topic, self._clock())
            if outcome.result is not DeliveryResult.DELIVERED and self._is_stopping:
                return  # an aborted delivery is no failure of the hub
            table.store(hub.record(delivery, outcome, self._clock().timestamp()))
            if outcome.result is DeliveryResult.DEFERRED or self._is_stopping or time.monotonic() >= end:
                return


def _topics(catalog: Catalog, digests: FeedDigests) -> Mapping[str, str]:
    """Return topic (absolute address of a feed, WebSub section 4) -> digest, for all feeds; {} without reachable hubs."""
    base_url, hubs = catalog.site.base_url, reachable_hubs(catalog.site)
    return {absolute(base_url, path): digest for path, digest in (digests.compute(catalog) if hubs else {}).items()}


@dataclass(kw_only=True, slots=True)
class HubResult:
    """Result of `publish_once` for one hub: the numbers of feeds that were delivered, that failed, and that were not tried.

    Feeds are not tried after three deferrals in a row, or after a failure with Retry-After. `topics_by_reason` has the feeds
    that failed.
    """

    hub: str
    delivered_count: int = 0
    untried_count: int = 0
    topics_by_reason: dict[str, list[str]] = field(default_factory=dict)

    @property
    def failed_count(self) -> int:
        return sum(map(len, self.topics_by_reason.values()))

    @property
    def failures(self) -> tuple[str, ...]:
        """One text for each reason: the first feed with this reason, the number of further ones, and the reason."""
        return tuple(
            f"{topics[0]}{f' and {len(topics) - 1} more' if topics[1:] else ''}: {reason}"
            for reason, topics in self.topics_by_reason.items()
        )


def publish_once(
    folder: Path, clock: Callable[[], datetime], catalog: Catalog, purge_command: Sequence[str], *, includes_unchanged: bool
) -> tuple[str, list[HubResult]]:
    """Run the purge command, then notify the reachable hubs. Return what is wrong with the purge, "" if nothing, and the results.

    Each hub is notified of all feeds that are pending for it, even of those whose next attempt is not due yet; with
    `includes_unchanged`, of every feed. The purge command (() for none) gets the addresses of these feeds and of removed ones; it
    is not run if there are neither. Raises FeedsvcError if the state folder cannot be used, or if another process publishes.
    """
    try:
        with ExitStack() as stack:
            lock = FileLock(partial(open_lock_file, folder / LOCK_FILE))
            if not lock.acquire():
                raise FeedsvcError(
                    f"a running feedsvc with the state folder {folder} notifies the hubs itself; no ping is needed"
                )
            stack.callback(lock.release)
            table = stack.enter_context(closing(DeliveryTable(folder / QUEUE_FILE)))
            changed = table.synchronize(catalog.site, _topics(catalog, FeedDigests()), includes_unchanged=includes_unchanged)
            addresses = sorted(changed | table.pending_topics())
            failure = PurgeCommand(purge_command).run(addresses) if purge_command and addresses else ""
            client = stack.enter_context(closing(HubClient()))
            return failure, [_deliver_all(hub, table, client, clock) for hub in reachable_hubs(catalog.site)]
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FeedsvcError(f"the state folder {folder} cannot be used ({reason}); give another folder with --state") from None


def _deliver_all(hub: str, table: DeliveryTable, client: HubClient, clock: Callable[[], datetime]) -> HubResult:
    result, consecutive_failures = HubResult(hub=hub), 0
    deliveries = table.pending(hub, float("inf"))
    for delivery in deliveries:
        outcome = client.publish(hub, delivery.topic, clock())
        now = clock().timestamp()
        table.store(delivery.after(outcome, now, now))
        result.delivered_count += outcome.result is DeliveryResult.DELIVERED
        consecutive_failures = consecutive_failures + 1 if outcome.result is DeliveryResult.DEFERRED else 0
        if outcome.reason:
            result.topics_by_reason.setdefault(outcome.reason, []).append(delivery.topic)
        if consecutive_failures == _MAX_CONSECUTIVE_FAILURES or outcome.retry_after:
            break
    result.untried_count = len(deliveries) - result.delivered_count - result.failed_count
    return result
