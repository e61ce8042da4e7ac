"""One-shot publisher: notifies hubs in the foreground, for the command `ping`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.file_lock import FileLock
from feedsvc.support.state_folder import open_lock_file
from feedsvc.websub.delivery import DeliveryLoop
from feedsvc.websub.hub_client import DeliveryResult, HubClient
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.publisher import LOCK_FILE, QUEUE_FILE
from feedsvc.websub.purge import PurgeCommand
from feedsvc.websub.queue import DeliveryQueue

# Consecutive failures, after which the other feeds of a hub are skipped, because the operator waits for the command.
_MAX_CONSECUTIVE_FAILURES: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class HubResult:
    """Result for one hub: the numbers of feeds that were delivered, that failed, and that were not tried (`untried_count`).

    Feeds are not tried after three deferrals in a row, or after a failure with Retry-After. `failures` has one text per reason:
    the first feed with this reason, the number of further ones, and the reason.
    """

    hub: str
    delivered_count: int
    failed_count: int
    untried_count: int
    failures: tuple[str, ...]


class OneShotPublisher:
    """Publisher that holds the leader lock of a state folder until `close`, so that no other process publishes meanwhile.

    Call `enqueue`, perhaps `run_purge_command`, then `deliver` for each hub, all in one thread.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime], timeout: float = 10.0) -> None:
        """Take the leader lock and open the queue. `folder` is the state folder; an exchange takes at most `timeout` seconds.

        Raises FeedsvcError if the folder cannot be used, or if another process holds the lock.
        """
        self._clock = clock
        self._hub_client = HubClient(timeout)
        self._leader_lock = FileLock(partial(open_lock_file, folder / LOCK_FILE))
        with _translate_errors(folder):
            if not self._leader_lock.acquire():
                raise FeedsvcError(
                    f"a running feedsvc with the state folder {folder} notifies the hubs itself; no ping is needed"
                )
            self._folder = folder
            try:
                self._queue = DeliveryQueue(folder / QUEUE_FILE)
            except BaseException:
                self._leader_lock.release()
                raise

    def enqueue(
        self, hub_selection: HubSelection, topics: Mapping[str, str], *, includes_unchanged: bool = False
    ) -> frozenset[str]:
        """Make feeds pending for each reachable hub, and return the topics that are now pending for at least one hub.

        `topics` has all feeds (address -> digest). A feed becomes pending if its digest differs from the one at the last
        successful delivery to the hub; with `includes_unchanged`, every feed does. Other feeds below base_url, and hubs that
        are not in site.yaml, are deleted from the queue. Raises FeedsvcError if the state folder cannot be used.
        """
        with _translate_errors(self._folder):
            self._queue.synchronize(hub_selection, topics)
            if includes_unchanged:
                self._queue.requeue_all()
            return self._queue.pending_topics()

    @property
    def removed_topics(self) -> frozenset[str]:
        """Feeds below base_url that an earlier process recorded, and that `enqueue` deleted because they no longer exist."""
        return self._queue.removed_topics

    def run_purge_command(self, command: Sequence[str], addresses: Collection[str]) -> str:
        """Run the purge command with the addresses, sorted, on its stdin. Return "" if it succeeded.

        Otherwise return a sentence that says what failed. Without addresses, the command is not run and the result is "".
        """
        failure = PurgeCommand(command).run(sorted(addresses)) if addresses else ""
        return failure and f"the purge command {failure}; hubs are notified anyway"

    def deliver(self, hub: str) -> HubResult:
        """Notify one hub of all feeds that are pending for it, even of those whose next attempt is not due yet.

        After three deferrals in a row, or a failure with Retry-After, the remaining feeds are not tried and stay pending.
        Raises FeedsvcError if the state folder cannot be used.
        """
        with _translate_errors(self._folder):
            deliveries = self._queue.pending_deliveries(hub)
            delivered_count, consecutive_failures, topics_by_reason = 0, 0, dict[str, list[str]]()
            for delivery, outcome in DeliveryLoop(self._queue, self._hub_client, self._clock).deliver(hub, deliveries):
                delivered_count += outcome.result is DeliveryResult.DELIVERED
                consecutive_failures = consecutive_failures + 1 if outcome.result is DeliveryResult.DEFERRED else 0
                if outcome.reason:
                    topics_by_reason.setdefault(outcome.reason, []).append(delivery.topic)
                if consecutive_failures == _MAX_CONSECUTIVE_FAILURES or outcome.retry_after:
                    break
            self._hub_client.close()
        failed_count = sum(map(len, topics_by_reason.values()))
        failures = tuple(f"{_summarize_topics(topics)}: {reason}" for reason, topics in topics_by_reason.items())
        untried_count = len(deliveries) - delivered_count - failed_count
        return HubResult(
            hub=hub, delivered_count=delivered_count, failed_count=failed_count, untried_count=untried_count, failures=failures
        )

    def close(self) -> None:
        self._hub_client.close()
        self._queue.close()
        self._leader_lock.release()


def _summarize_topics(topics: Sequence[str]) -> str:
    return topics[0] + (f" and {len(topics) - 1} more" if topics[1:] else "")


@contextmanager
def _translate_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FeedsvcError(f"the state folder {folder} cannot be used ({reason}); give another folder with --state") from None


@contextmanager
def one_shot_publisher(folder: Path, clock: Callable[[], datetime]) -> Iterator[OneShotPublisher]:
    """Create a OneShotPublisher for a `with` block, at whose end it is closed.

    Raises FeedsvcError if the state folder cannot be used, or if another process holds its leader lock.
    """
    with closing(OneShotPublisher(folder, clock)) as publisher:
        yield publisher
