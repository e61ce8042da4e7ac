"""Announces what changed, off the request path: one thread in one of all processes that share a state folder."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Troubles
from feedsvc.support.leader_lock import Turn
from feedsvc.uris import absolute
from feedsvc.websub import status
from feedsvc.websub.delivery import Rounds
from feedsvc.websub.hub_client import Poster
from feedsvc.websub.hub_response import Outcome, Verdict
from feedsvc.websub.hubs import Reach
from feedsvc.websub.purge import Purge
from feedsvc.websub.queue import Store
from feedsvc.websub.status import Failure, Status

FILE: Final = "push.sqlite"
_NAME: Final = "push"
LOCK: Final = "push.lock"
_DISK_PAUSE: Final = 60.0  # seconds until a disk that failed is tried again
_BATCH_SECONDS: Final = 5.0  # a slow hub keeps the next one waiting no longer
_MOST_REASONS: Final = 10  # of one hub in the log
_EVERYWHERE: Final = 0.05  # seconds until it is asked again whether all workers have the edition

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Edition:
    reach: Reach
    digests: Callable[[], Mapping[str, str]]
    is_everywhere: Callable[[], bool]

    def topics(self) -> dict[str, str]:
        """The address of each feed, which is its topic (WebSub section 4), with its digest."""
        found = self.digests() if self.reach.hubs else {}
        return {absolute(self.reach.base_url, path): digest for path, digest in found.items()}


class _Words:
    """What the log is told: each trouble once, and its end; of one hub at most so many reasons, since it invents them."""

    def __init__(self) -> None:
        self._unwell: set[str] = set()
        self._refusals: dict[str, set[str]] = {}

    def say(self, hub: str, topic: str, outcome: Outcome) -> None:
        if outcome.verdict is Verdict.REFUSED:
            self._refused(hub, topic, outcome.what)
        elif outcome.verdict is Verdict.LATER and hub not in self._unwell:
            self._unwell.add(hub)
            _log.warning("announcements wait for the hub %s: %s", hub, outcome.what)
        elif outcome.verdict is Verdict.DONE and hub in self._unwell:
            self._unwell.discard(hub)
            _log.warning("the hub %s takes announcements again", hub)

    def _refused(self, hub: str, topic: str, what: str) -> None:
        known = self._refusals.setdefault(hub, set())
        if what in known or len(known) > _MOST_REASONS:
            return
        known.add(what)
        if len(known) > _MOST_REASONS:
            _log.warning("the hub %s gives ever other reasons; further reasons are on /status alone", hub)
        else:
            _log.warning("the hub %s does not take %s: %s", hub, topic, what)


class Announcer:
    """Safe in threads; its methods never wait for a hub, a disk or the purge command, but for `close`.

    Without hubs and without a purge command there is no thread and no file.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        *,
        purge: Sequence[str] = (),
        troubles: Troubles | None = None,
        every: float = 2.0,
        batch: int = 50,
        patience: float = 10.0,
    ) -> None:
        """`folder` is the state folder. `purge` gets the addresses that changed, one a line, before any hub hears of them.

        `every` seconds a process that stands by sees whether its turn has come, and a waiting one looks at `clock` again.
        A hub gets at most `batch` announcements before the next one has its turn; `patience` are the seconds for each
        exchange, from the look-up of the hub's name to the end of its answer.
        """
        self._file = folder / FILE
        self._clock = clock
        self._purge = Purge(purge) if purge else None
        self._troubles = troubles or Troubles()
        self._every = every
        self._batch = batch
        self._turn = Turn(folder / LOCK)
        self._poster = Poster(patience)
        self._store: Store | None = None
        self._latest: _Edition | None = None
        self._planned: _Edition | None = None
        self._changed: set[str] = set()
        self._purge_failure: Failure | None = None
        self._words = _Words()
        self._broken = self._called = self._stopping = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="feedsvc-push", daemon=True)

    def edition(
        self,
        base_url: str,
        hubs: Sequence[str],
        digests: Callable[[], Mapping[str, str]],
        changed: Iterable[str] = (),
        is_everywhere: Callable[[], bool] = lambda: True,
    ) -> None:
        """There is a new edition, or a first one.

        `hubs` are all that site.yaml names; those that could not fetch what is below `base_url` are left alone.
        `digests` tells path of each feed -> digest; it is called in the announcing thread, and only in the process whose
        turn it is, and not before `is_everywhere` says there that every worker has the edition: a hub that hears of it
        fetches at once. `changed` are absolute addresses for the purge command; those of changed feeds need not be among them.
        """
        with self._news:
            reach = Reach(base_url=base_url, named=tuple(dict.fromkeys(hubs)))
            self._latest = _Edition(reach=reach, digests=digests, is_everywhere=is_everywhere)
            if self._purge:
                # A process that stands by must not gather for ever what another one purges.
                self._changed = {*changed, *(self._changed if self._turn.mine or not self._thread.ident else ())}
            self._called = True
            self._news.notify_all()
            if not self._thread.ident and not self._stopping and self._has_work(reach):
                self._thread.start()

    def status(self) -> Status:
        """How it goes; the hubs within reach as the state file has them, whichever process writes it."""
        reach = self._latest.reach if self._latest else None
        told = tuple(one for one in status.hubs(self._file, reach.below) if one.hub in reach.hubs) if reach else ()
        return Status(announcing=self._turn.mine, hubs=told, purge_failure=self._purge_failure)

    def close(self, patience: float = 2.0) -> None:
        """Stop: what is under way has `patience` seconds to end, what then waits is announced after the next start."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        if self._thread.ident:
            self._thread.join(patience)
            self._poster.cut()
            if self._purge:
                self._purge.stop()
            self._thread.join(patience)

    def _has_work(self, reach: Reach) -> bool:
        """Who has none takes no turn: a look at this machine alone never keeps a `ping` from announcing."""
        return bool(reach.hubs or self._purge or (not reach.named and self._file.exists()))

    def _run(self) -> None:
        pause: float | None = 0.0
        try:
            while not self._stopping:
                with self._news:
                    self._news.wait_for(lambda: self._called or self._stopping, pause)
                    self._called = False
                pause = self._tried()
        finally:
            self._leave()

    def _tried(self) -> float | None:
        """Seconds until there is more to do, None if only an edition brings it."""
        try:
            pause = self._work() if self._turn.take() else self._every
        except (FeedsvcError, sqlite3.Error, OSError) as error:
            reason = error if isinstance(error, FeedsvcError) else f"{self._file}: {error}"
            if not self._broken:
                _log.warning("nothing is announced: %s", reason)
            self._broken = True
            self._troubles.come(_NAME, f"nothing is announced: {reason}; it is tried again every minute")
            return _DISK_PAUSE
        if self._broken:
            _log.warning("what changed is announced again")
            self._troubles.end(_NAME)
        self._broken = False
        return pause

    def _work(self) -> float | None:
        with self._news:
            latest = self._latest
        if latest and latest is not self._planned:
            if not latest.is_everywhere():
                return _EVERYWHERE
            self._plan(latest)
        self._run_purge()
        if not self._store or not latest:
            return None
        rounds = Rounds(self._store, self._poster, self._clock)
        for hub in latest.reach.hubs:
            # Where a newer edition has come meanwhile, hubs are told of that one.
            if not self._called:
                self._tell(hub, rounds, self._store)
        self._poster.rest()
        due = self._store.next_due()
        return None if due is None else min(max(due - self._clock().timestamp(), 0.0), self._every)

    def _plan(self, latest: _Edition) -> None:
        if not latest.reach.named:
            self._forget()
        elif latest.reach.hubs or self._store:
            first = self._store is None
            store = self._store = self._store or Store(self._file)
            topics = store.plan(latest.reach, latest.topics())
            with self._news:
                # Whether an earlier process came to its purge is not known.
                self._changed |= (store.topics() if first else topics) if self._purge else set()
        self._planned = latest

    def _forget(self) -> None:
        """Nobody is told any more, and nothing is remembered."""
        if self._store or self._file.exists():
            (self._store or Store(self._file)).remove()
        self._store = None

    def _run_purge(self) -> None:
        with self._news:
            addresses, self._changed = sorted(self._changed), set()
        if not self._purge or not addresses or self._stopping:
            return
        what = self._purge.run(addresses)
        if what and not self._stopping:
            _log.warning("the purge command %s; announcing goes on", what)
        self._purge_failure = Failure(at=self._clock(), what=what, next_try=None) if what else None

    def _tell(self, hub: str, rounds: Rounds, store: Store) -> None:
        """One batch for one hub, ended early by a hub that is unwell, slow, or by a newer edition."""
        end = time.monotonic() + _BATCH_SECONDS
        waiting = store.waiting(hub, self._clock().timestamp(), self._batch)
        for feed, outcome in rounds.announce(hub, waiting, lambda: self._stopping):
            self._words.say(hub, feed.topic, outcome)
            if outcome.verdict is Verdict.LATER or self._called or time.monotonic() >= end:
                return

    def _leave(self) -> None:
        self._poster.rest()
        if self._store:
            self._store.close()
        self._turn.give()
