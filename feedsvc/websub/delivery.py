"""Delivery loop: notifies one hub of changed feeds, one feed after the other, and stores the outcomes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from feedsvc.support.digest import sha256
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult, HubClient
from feedsvc.websub.queue import DeliveryQueue, PendingDelivery


@dataclass(frozen=True, kw_only=True, slots=True)
class _Backoff:
    """Exponential backoff: the first delay is `min_delay` seconds, each further one twice the previous, at most `max_delay`."""

    min_delay: float
    max_delay: float

    def delay(self, tries: int, name: str) -> float:
        """Return the delay in seconds after `tries` failures (at least 1); equal arguments give equal delays in all processes.

        The delay is shortened by up to a quarter, which depends on `name` and `tries`, so that the attempts for many names do not
        coincide.
        """
        full = min(self.min_delay * 2.0 ** min(tries - 1, 40), self.max_delay)
        share = int.from_bytes(sha256(f"{tries} {name}")[:4]) / 2**32
        return full * (1 - share / 4)


_DEFERRAL_BACKOFF: Final = _Backoff(min_delay=1, max_delay=3600)  # for a hub that may recover soon
_REJECTION_BACKOFF: Final = _Backoff(min_delay=3600, max_delay=86_400)  # for a hub that rejects this feed


class DeliveryLoop:
    """Loop that notifies a hub of feeds, one after the other, and stores each outcome in `queue`.

    After a failure, it also stores the time of the next attempt, but does not wait for it. Use it only in the thread that owns
    `queue` and `hub_client`.
    """

    def __init__(self, queue: DeliveryQueue, hub_client: HubClient, clock: Callable[[], datetime]) -> None:
        self._queue = queue
        self._hub_client = hub_client
        self._clock = clock

    def deliver(
        self, hub: str, deliveries: Iterable[PendingDelivery], is_stopping: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[PendingDelivery, DeliveryOutcome]]:
        """Notify `hub` of each feed in `deliveries`, and yield the delivery with its outcome once the outcome is stored.

        Each notification is sent when the iterator is asked for the next item. The iterator ends once `is_stopping` returns
        True; a failure after that is not stored, and the delivery stays pending.
        """
        for delivery in deliveries:
            if is_stopping():
                return
            outcome = self._hub_client.publish(hub, delivery.topic, self._clock())
            if outcome.result is not DeliveryResult.DELIVERED and is_stopping():
                return
            self._save_outcome(hub, delivery, outcome)
            yield delivery, outcome

    def _save_outcome(self, hub: str, delivery: PendingDelivery, outcome: DeliveryOutcome) -> None:
        now = self._clock().timestamp()
        if outcome.result is DeliveryResult.DELIVERED:
            self._queue.mark_delivered(hub, delivery, now)
        elif outcome.result is DeliveryResult.REJECTED:
            due = now + max(_REJECTION_BACKOFF.delay(delivery.attempts + 1, hub + delivery.topic), outcome.retry_after)
            self._queue.mark_failed(hub, delivery, outcome.reason, now=now, due=due, hub_due=None)
        else:
            due = now + max(_DEFERRAL_BACKOFF.delay(delivery.attempts + 1, hub + delivery.topic), outcome.retry_after)
            hub_due = now + max(_DEFERRAL_BACKOFF.delay(self._queue.failure_count(hub) + 1, hub), outcome.retry_after)
            self._queue.mark_failed(hub, delivery, outcome.reason, now=now, due=due, hub_due=hub_due)
