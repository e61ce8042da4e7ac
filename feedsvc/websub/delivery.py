"""One feed after the other, to one hub: announce, and write down what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from feedsvc.websub.backoff import REFUSAL, TROUBLE
from feedsvc.websub.hub_client import Poster
from feedsvc.websub.hub_response import Outcome, Verdict
from feedsvc.websub.queue import Store, Waiting


class Rounds:
    """For the one thread that `store` and `poster` belong to."""

    def __init__(self, store: Store, poster: Poster, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._poster = poster
        self._clock = clock

    def announce(
        self, hub: str, waiting: Iterable[Waiting], stopped: Callable[[], bool] = lambda: False
    ) -> Iterator[tuple[Waiting, Outcome]]:
        """Each feed with what became of it, as soon as that is written down. What is cut short by `stopped` just waits on."""
        for feed in waiting:
            if stopped():
                return
            outcome = self._poster.announce(hub, feed.topic, self._clock())
            if outcome.verdict is not Verdict.DONE and stopped():
                return
            self._record(hub, feed, outcome)
            yield feed, outcome

    def _record(self, hub: str, feed: Waiting, outcome: Outcome) -> None:
        now = self._clock().timestamp()
        if outcome.verdict is Verdict.DONE:
            self._store.announced(hub, feed, now)
        elif outcome.verdict is Verdict.REFUSED:
            due = now + max(REFUSAL.after(feed.attempts + 1, hub + feed.topic), outcome.retry_after)
            self._store.failed(hub, feed, outcome.what, now=now, due=due, hub_due=None)
        else:
            due = now + max(TROUBLE.after(feed.attempts + 1, hub + feed.topic), outcome.retry_after)
            hub_due = now + max(TROUBLE.after(self._store.failures(hub) + 1, hub), outcome.retry_after)
            self._store.failed(hub, feed, outcome.what, now=now, due=due, hub_due=hub_due)
