"""Publisher: notifies hubs of changed feeds from its own thread.

Several processes may share a state folder. Only the one that holds the leader lock publishes.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Alerts
from feedsvc.support.file_lock import FileLock
from feedsvc.support.state_folder import open_lock_file
from feedsvc.uris import absolute
from feedsvc.websub import status
from feedsvc.websub.delivery import DeliveryLoop
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult, HubClient
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.purge import PurgeCommand
from feedsvc.websub.queue import DeliveryQueue
from feedsvc.websub.status import PublisherStatus, PublishFailure

QUEUE_FILE: Final = "push.sqlite"
_ALERT_NAME: Final = "push"
LOCK_FILE: Final = "push.lock"
_DISK_PAUSE: Final = 60.0  # seconds until the state folder is tried again after an error
_BATCH_SECONDS: Final = 5.0  # seconds per hub and batch, so that a slow hub does not delay the next hub
_MAX_LOGGED_REASONS: Final = 10  # different rejection reasons of one hub in the log

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _EditionTopics:
    hub_selection: HubSelection
    digests: Callable[[], Mapping[str, str]]
    changed: frozenset[str]  # addresses for the purge command
    due: float  # monotonic seconds

    def topics(self) -> dict[str, str]:
        """Return topic (absolute address of a feed, WebSub section 4) -> digest, for all feeds; {} without reachable hubs."""
        digests_by_path = self.digests() if self.hub_selection.reachable_hubs else {}
        return {absolute(self.hub_selection.base_url, path): digest for path, digest in digests_by_path.items()}


class _OutcomeLog:
    """Log of outcomes. For each hub, it has the first of several deferrals and the success that ends them.

    It also has a rejection if none with the same reason was logged for the hub. Only the first 10 reasons of a hub are logged,
    because the hub chooses their text.
    """

    def __init__(self) -> None:
        self._failing_hubs: set[str] = set()
        self._rejection_reasons: dict[str, set[str]] = {}

    def log_outcome(self, hub: str, topic: str, outcome: DeliveryOutcome) -> None:
        if outcome.result is DeliveryResult.REJECTED:
            self._log_rejection(hub, topic, outcome.reason)
        elif outcome.result is DeliveryResult.DEFERRED and hub not in self._failing_hubs:
            self._failing_hubs.add(hub)
            _log.warning("feedsvc: notifications of the hub %s are delayed: %s", hub, outcome.reason)
        elif outcome.result is DeliveryResult.DELIVERED and hub in self._failing_hubs:
            self._failing_hubs.discard(hub)
            _log.warning("feedsvc: the hub %s accepts notifications again", hub)

    def _log_rejection(self, hub: str, topic: str, reason: str) -> None:
        logged_reasons = self._rejection_reasons.setdefault(hub, set())
        if reason in logged_reasons or len(logged_reasons) > _MAX_LOGGED_REASONS:
            return
        logged_reasons.add(reason)
        if len(logged_reasons) > _MAX_LOGGED_REASONS:
            _log.warning(
                "feedsvc: the hub %s has rejected feeds for many different reasons; further ones are on /status only", hub
            )
        else:
            _log.warning("feedsvc: the hub %s rejects %s: %s", hub, topic, reason)


class Publisher:
    """Publisher of one process: a thread that runs the purge command and notifies hubs, if the process gets the leader lock.

    Thread-safe. Only `close` waits for a hub or the purge command; `status` reads the queue file. If there is neither a
    reachable hub nor a purge command, it starts no thread and creates no file, except to delete a queue file once site.yaml has
    no hubs.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        *,
        purge_command: Sequence[str] = (),
        alerts: Alerts | None = None,
        poll_interval: float = 2.0,
        batch_size: int = 50,
        timeout: float = 10.0,
        delay: float = 0.0,
    ) -> None:
        """Create the publisher. `folder` is the state folder. The thread starts with the first edition that needs it.

        `purge_command` (program and arguments, () for none) gets the changed addresses on stdin, one a line, before any hub is
        notified. Without the leader lock, the thread tries to get it every `poll_interval` seconds; with it, the thread checks
        at least that often which pending deliveries are due. A hub gets at most `batch_size` notifications before the next
        hub's turn. `timeout` is the seconds for each exchange, from the look-up of the hub's name to the end of its response.
        `alerts` has an alert while the state folder cannot be used. `delay` is the seconds from an edition until it is published.
        """
        self._file = folder / QUEUE_FILE
        self._clock = clock
        self._purge_command = PurgeCommand(purge_command) if purge_command else None
        self._alerts = alerts or Alerts()
        self._poll_interval = poll_interval
        self._batch_size = batch_size
        self._leader_lock = FileLock(partial(open_lock_file, folder / LOCK_FILE))
        self._hub_client = HubClient(timeout)
        self._queue: DeliveryQueue | None = None
        self._delay = delay
        self._latest_edition: _EditionTopics | None = None  # even if it is not due yet
        self._due_edition: _EditionTopics | None = None  # the newest one that is due
        self._queued_edition: _EditionTopics | None = None
        self._pending: deque[_EditionTopics] = deque()  # that are not due yet
        self._purge_addresses: set[str] = set()
        self._purge_failure: PublishFailure | None = None
        self._outcome_log = _OutcomeLog()
        self._is_failing = self._has_new_edition = self._is_stopping = False
        self._condition = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="feedsvc-push", daemon=True)

    def set_edition(
        self,
        base_url: str,
        hubs: Sequence[str],
        digests: Callable[[], Mapping[str, str]],
        changed: Iterable[str] = (),
    ) -> None:
        """Set the edition to publish, the first or a new one. Does not wait: the thread soon notifies hubs of its changed feeds.

        `hubs` are all hubs in site.yaml; those that cannot fetch below `base_url` are skipped. `digests` returns path -> digest
        of each feed. The thread calls it only with the leader lock and after the `delay`, because a hub fetches at once.
        `changed` are absolute addresses for the purge command; the thread adds those of changed feeds.
        """
        with self._condition:
            hub_selection = HubSelection(base_url=base_url, site_hubs=tuple(dict.fromkeys(hubs)))
            self._latest_edition = _EditionTopics(
                hub_selection=hub_selection, digests=digests, changed=frozenset(changed), due=time.monotonic() + self._delay
            )
            if not self._leader_lock.is_held:  # another process publishes the earlier ones
                self._pending.clear()
            self._pending.append(self._latest_edition)
            self._has_new_edition = True
            self._condition.notify_all()
            if not self._thread.ident and not self._is_stopping and self._has_work(hub_selection):
                self._thread.start()

    def status(self) -> PublisherStatus:
        """Return whether this process publishes, the failure of its last purge, and the statuses of the reachable hubs.

        The statuses come from the queue file, which any process may have written. There are none before the first edition, or
        if the file cannot be read.
        """
        hub_selection = self._latest_edition.hub_selection if self._latest_edition else None
        hub_statuses = (
            tuple(
                hub_status
                for hub_status in status.read_hub_statuses(self._file, hub_selection.topic_prefix)
                if hub_status.hub in hub_selection.reachable_hubs
            )
            if hub_selection
            else ()
        )
        return PublisherStatus(announcing=self._leader_lock.is_held, hubs=hub_statuses, purge_failure=self._purge_failure)

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

    def _has_work(self, hub_selection: HubSelection) -> bool:
        """Return whether the thread is needed: to notify hubs, to purge, or to delete the queue file if site.yaml has no hubs.

        Without the thread, the leader lock is not taken, so that a local server does not prevent `ping`.
        """
        return bool(hub_selection.reachable_hubs or self._purge_command or (not hub_selection.site_hubs and self._file.exists()))

    def _run(self) -> None:
        timeout: float | None = 0.0
        try:
            while not self._is_stopping:
                with self._condition:
                    self._condition.wait_for(lambda: self._has_new_edition or self._is_stopping, timeout)
                    self._has_new_edition = False
                timeout = self._run_once()
        finally:
            self._release_resources()

    def _run_once(self) -> float | None:
        """Enqueue the latest edition, purge, and make due deliveries, if this process has or gets the leader lock.

        Return the seconds until the next call; None if it is needed only for a new edition. Errors of the state folder cause an
        alert, no exception.
        """
        try:
            timeout = self._process_edition() if self._leader_lock.acquire() else self._poll_interval
        except (FeedsvcError, sqlite3.Error, OSError) as error:
            reason = error if isinstance(error, FeedsvcError) else f"{self._file}: {error}"
            if not self._is_failing:
                _log.warning("feedsvc: hubs are not notified: %s", reason)
            self._is_failing = True
            self._alerts.raise_alert(_ALERT_NAME, f"hubs are not notified: {reason}; it is tried again every minute")
            return _DISK_PAUSE
        if self._is_failing:
            _log.warning("feedsvc: hubs are notified again")
            self._alerts.clear(_ALERT_NAME)
        self._is_failing = False
        return timeout

    def _process_edition(self) -> float | None:
        seconds_to_next = self._take_due_editions()
        edition = self._due_edition
        if edition and edition is not self._queued_edition:
            self._enqueue(edition)
        self._run_purge()
        if not self._queue or not edition:
            return seconds_to_next
        delivery_loop = DeliveryLoop(self._queue, self._hub_client, self._clock)
        for hub in edition.hub_selection.reachable_hubs:
            # If there is a newer edition, notify the hubs of that one.
            if not self._has_new_edition:
                self._deliver_batch(hub, delivery_loop, self._queue)
        self._hub_client.close()
        next_due = self._queue.next_due()
        if next_due is None:
            return seconds_to_next
        seconds = min(max(next_due - self._clock().timestamp(), 0.0), self._poll_interval)
        return seconds if seconds_to_next is None else min(seconds, seconds_to_next)

    def _take_due_editions(self) -> float | None:
        """Make the newest edition that is due the one to publish; return the seconds until the next one is."""
        now = time.monotonic()
        with self._condition:
            while self._pending and self._pending[0].due <= now:
                self._due_edition = self._pending.popleft()
                self._purge_addresses |= self._due_edition.changed
            return self._pending[0].due - now if self._pending else None

    def _enqueue(self, edition: _EditionTopics) -> None:
        if not edition.hub_selection.site_hubs:
            self._delete_queue()
        elif edition.hub_selection.reachable_hubs or self._queue:
            is_first = self._queue is None
            queue = self._queue = self._queue or DeliveryQueue(self._file)
            topics = queue.synchronize(edition.hub_selection, edition.topics())
            with self._condition:
                # An earlier process may have ended before its purge.
                self._purge_addresses |= (
                    (queue.pending_topics() | queue.removed_topics if is_first else topics) if self._purge_command else set()
                )
        self._queued_edition = edition

    def _delete_queue(self) -> None:
        """Close and delete the queue file, if there is one, because site.yaml has no hubs any more."""
        if self._queue or self._file.exists():
            (self._queue or DeliveryQueue(self._file)).delete_file()
        self._queue = None

    def _run_purge(self) -> None:
        with self._condition:
            addresses, self._purge_addresses = sorted(self._purge_addresses), set()
        if not self._purge_command or not addresses or self._is_stopping:
            return
        failure = self._purge_command.run(addresses)
        if failure and not self._is_stopping:
            _log.warning("feedsvc: the purge command %s; hubs are notified anyway", failure)
        self._purge_failure = PublishFailure(at=self._clock(), what=failure, next_try=None) if failure else None

    def _deliver_batch(self, hub: str, delivery_loop: DeliveryLoop, queue: DeliveryQueue) -> None:
        """Make at most `batch_size` due deliveries to one hub. End early after a deferral, 5 seconds or a newer edition."""
        end = time.monotonic() + _BATCH_SECONDS
        deliveries = queue.due_deliveries(hub, self._clock().timestamp(), self._batch_size)
        for delivery, outcome in delivery_loop.deliver(hub, deliveries, lambda: self._is_stopping):
            self._outcome_log.log_outcome(hub, delivery.topic, outcome)
            if outcome.result is DeliveryResult.DEFERRED or self._has_new_edition or time.monotonic() >= end:
                return

    def _release_resources(self) -> None:
        self._hub_client.close()
        if self._queue:
            self._queue.close()
        self._leader_lock.release()
