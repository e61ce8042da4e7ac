"""Announcing in the foreground, for those who serve a static tree."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.leader_lock import Turn
from feedsvc.websub.delivery import Rounds
from feedsvc.websub.hub_client import Poster
from feedsvc.websub.hub_response import Verdict
from feedsvc.websub.hubs import Reach
from feedsvc.websub.publisher import FILE, LOCK
from feedsvc.websub.purge import Purge
from feedsvc.websub.queue import Store

_MOST_TROUBLES: Final = 3  # in a row; whoever waits at a terminal does not wait for a hub that is down


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What one hub was told: so many feeds `announced`, `failed` and not tried, and each trouble once, with its feeds."""

    hub: str
    announced: int
    failed: int
    untried: int
    troubles: tuple[str, ...]


class ByHand:
    """Holds the state folder's turn to announce; no other process has it meanwhile."""

    def __init__(self, folder: Path, clock: Callable[[], datetime], patience: float = 10.0) -> None:
        """Raises FeedsvcError if the folder cannot be used, or another process announces from it."""
        self._clock = clock
        self._poster = Poster(patience)
        self._turn = Turn(folder / LOCK)
        with _usable(folder):
            if not self._turn.take():
                raise FeedsvcError(f"a running feedsvc announces from {folder} by itself; it needs no ping")
            self._folder = folder
            try:
                self._store = Store(folder / FILE)
            except BaseException:
                self._turn.give()
                raise

    def plan(self, reach: Reach, topics: Mapping[str, str], *, everything: bool = False) -> frozenset[str]:
        """`topics` are addresses of feeds with their digests. All that are to be announced, whether they changed or not."""
        with _usable(self._folder):
            self._store.plan(reach, topics)
            if everything:
                self._store.again()
            return self._store.topics()

    def purge(self, command: Sequence[str], addresses: Collection[str]) -> str:
        """ "" if it did well or there was nothing to purge, else a sentence."""
        what = Purge(command).run(sorted(addresses)) if addresses else ""
        return what and f"the purge command {what}; announcing goes on"

    def tell(self, hub: str) -> Told:
        """Announce to one hub what waits for it, pauses or not."""
        with _usable(self._folder):
            waiting = self._store.all_waiting(hub)
            announced, in_a_row, troubles = 0, 0, dict[str, list[str]]()
            for feed, outcome in Rounds(self._store, self._poster, self._clock).announce(hub, waiting):
                announced += outcome.verdict is Verdict.DONE
                in_a_row = in_a_row + 1 if outcome.verdict is Verdict.LATER else 0
                if outcome.what:
                    troubles.setdefault(outcome.what, []).append(feed.topic)
                if in_a_row == _MOST_TROUBLES or outcome.retry_after:
                    break
            self._poster.rest()
        failed = sum(map(len, troubles.values()))
        sentences = tuple(f"{_named(topics)}: {what}" for what, topics in troubles.items())
        untried = len(waiting) - announced - failed
        return Told(hub=hub, announced=announced, failed=failed, untried=untried, troubles=sentences)

    def close(self) -> None:
        self._poster.rest()
        self._store.close()
        self._turn.give()


def _named(topics: Sequence[str]) -> str:
    return topics[0] + (f" and {len(topics) - 1} more" if topics[1:] else "")


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FeedsvcError(f"{folder} cannot be used ({reason}); give another folder with --state") from None


@contextmanager
def by_hand(folder: Path, clock: Callable[[], datetime]) -> Iterator[ByHand]:
    with closing(ByHand(folder, clock)) as made:
        yield made
