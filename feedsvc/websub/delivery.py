"""Delivery loop: notifies one hub of one changed feed after the other and stores the outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from feedsvc.websub.backoff import DEFERRAL_BACKOFF, REJECTION_BACKOFF
from feedsvc.websub.hub_client import HubClient
from feedsvc.websub.hub_response import DeliveryOutcome, DeliveryResult
from feedsvc.websub.queue import DeliveryQueue, PendingDelivery


class DeliveryLoop:
    """Notifies one hub of feeds, one after the other, and stores each outcome in the queue, with the time of a next attempt.

    It starts no thread and never waits for that time. For the one thread that owns `store` and `poster`.
    """

    def __init__(self, store: DeliveryQueue, poster: HubClient, clock: Callable[[], datetime]) -> None:
        self._queue = store
        self._hub_client = poster
        self._clock = clock

    def deliver(
        self, hub: str, waiting: Iterable[PendingDelivery], is_stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[PendingDelivery, DeliveryOutcome]]:
        """Notify `hub` of each feed in `waiting`, and yield the feed with its outcome once the outcome is stored.

        End once `is_stopping` returns True. A delivery that fails after that is not stored and stays pending.
        """
        for feed in waiting:
            if is_stopping():
                return
            outcome = self._hub_client.publish(hub, feed.topic, self._clock())
            if outcome.result is not DeliveryResult.DELIVERED and is_stopping():
                return
            self._save_outcome(hub, feed, outcome)
            yield feed, outcome

    def _save_outcome(self, hub: str, feed: PendingDelivery, outcome: DeliveryOutcome) -> None:
        now = self._clock().timestamp()
        if outcome.result is DeliveryResult.DELIVERED:
            self._queue.mark_delivered(hub, feed, now)
        elif outcome.result is DeliveryResult.REJECTED:
            due = now + max(REJECTION_BACKOFF.delay(feed.attempts + 1, hub + feed.topic), outcome.retry_after)
            self._queue.mark_failed(hub, feed, outcome.reason, now=now, due=due, hub_due=None)
        else:
            due = now + max(DEFERRAL_BACKOFF.delay(feed.attempts + 1, hub + feed.topic), outcome.retry_after)
            hub_due = now + max(DEFERRAL_BACKOFF.delay(self._queue.failure_count(hub) + 1, hub), outcome.retry_after)
            self._queue.mark_failed(hub, feed, outcome.reason, now=now, due=due, hub_due=hub_due)
