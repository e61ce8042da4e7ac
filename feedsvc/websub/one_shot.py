"""One-shot publisher: `ping` notifies hubs with it in the foreground, for operators of a static tree."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.leader_lock import LeaderLock
from feedsvc.websub.delivery import DeliveryLoop
from feedsvc.websub.hub_client import HubClient
from feedsvc.websub.hub_response import DeliveryResult
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.publisher import LOCK_FILE, QUEUE_FILE
from feedsvc.websub.purge import PurgeCommand
from feedsvc.websub.queue import DeliveryQueue

# consecutive failures; then the rest of a hub's feeds is skipped, because the operator waits
_MAX_CONSECUTIVE_FAILURES: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class HubResult:
    """Result for one hub: numbers of feeds that were delivered, failed, or were skipped after failures (`untried_count`).

    `failures` has a sentence for each different reason of failure, which names a feed and the number of others.
    """

    hub: str
    delivered_count: int
    failed_count: int
    untried_count: int
    failures: tuple[str, ...]


class OneShotPublisher:
    """Publisher that holds the leader lock of the state folder until `close`, so that no other process publishes meanwhile."""

    def __init__(self, folder: Path, clock: Callable[[], datetime], timeout: float = 10.0) -> None:
        """Take the leader lock and open the queue. `folder` is the state folder; `timeout` is in seconds for each exchange.

        Raises FeedsvcError if the folder cannot be used, or if another process publishes from it.
        """
        self._clock = clock
        self._hub_client = HubClient(timeout)
        self._leader_lock = LeaderLock(folder / LOCK_FILE)
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

    def enqueue(self, reach: HubSelection, topics: Mapping[str, str], *, includes_unchanged: bool = False) -> frozenset[str]:
        """Enqueue the feeds whose digest differs from the queue's; with `includes_unchanged`, all feeds.

        `topics` are all feeds (address -> digest). Return the topics that are pending for any hub, earlier ones included.
        """
        with _translate_errors(self._folder):
            self._queue.synchronize(reach, topics)
            if includes_unchanged:
                self._queue.requeue_all()
            return self._queue.pending_topics()

    def run_purge_command(self, command: Sequence[str], addresses: Collection[str]) -> str:
        """Run the purge command. Return "" if it succeeded or there are no addresses, else a sentence about the failure."""
        what = PurgeCommand(command).run(sorted(addresses)) if addresses else ""
        return what and f"the purge command {what}; hubs are notified anyway"

    def deliver(self, hub: str) -> HubResult:
        """Notify one hub of all feeds that are pending for it, even if a delivery is not due yet.

        Skip the remaining feeds after _MAX_CONSECUTIVE_FAILURES deferrals in a row, or if the hub sends Retry-After.
        """
        with _translate_errors(self._folder):
            waiting = self._queue.pending_deliveries(hub)
            announced, in_a_row, troubles = 0, 0, dict[str, list[str]]()
            for feed, outcome in DeliveryLoop(self._queue, self._hub_client, self._clock).deliver(hub, waiting):
                announced += outcome.result is DeliveryResult.DELIVERED
                in_a_row = in_a_row + 1 if outcome.result is DeliveryResult.DEFERRED else 0
                if outcome.reason:
                    troubles.setdefault(outcome.reason, []).append(feed.topic)
                if in_a_row == _MAX_CONSECUTIVE_FAILURES or outcome.retry_after:
                    break
            self._hub_client.close_idle_connections()
        failed = sum(map(len, troubles.values()))
        sentences = tuple(f"{_summarize_topics(topics)}: {what}" for what, topics in troubles.items())
        untried = len(waiting) - announced - failed
        return HubResult(hub=hub, delivered_count=announced, failed_count=failed, untried_count=untried, failures=sentences)

    def close(self) -> None:
        self._hub_client.close_idle_connections()
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
    """Create a OneShotPublisher for a `with` block, at whose end it is closed. Raises FeedsvcError as its constructor does."""
    with closing(OneShotPublisher(folder, clock)) as made:
        yield made
