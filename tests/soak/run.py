"""The soak itself: a real server, editors, readers, and a judge of every answer."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from tests.audience.waiting import wait_until
from tests.helpers.http_client import SECONDS, ask
from tests.live.edition_order import EditionOrderChecker
from tests.live.editions import Editions, ObservedResponse
from tests.live.served_content import MonitoredServer, assert_equals_fresh_server, fetch_problems, monitored_server
from tests.soak import figures
from tests.soak.editors import SoakDesk
from tests.soak.figures import Sample, Trend
from tests.soak.reader import OPENED, Reader

_READERS: Final = 4
_LATE: Final = 10.0  # seconds that a save may take to show, on a machine that has other work, too
_JUDGED: Final = 300  # answers, at most, between two doings of the editors
_TOLD: Final = 60.0  # seconds between two lines for whoever waits


@dataclass(frozen=True, kw_only=True)
class Report:
    """What was done and asked, and what of it the server took; whatever was wrong has been raised."""

    doings: int
    states: int
    answers: Counter[str]
    trends: Sequence[Trend]
    samples: Sequence[Sample]


def soak(home: Path, seconds: float, seed: str, say: Callable[[str], None], *, hurry: float = 1.0) -> Report:
    """`hurry` makes readers and editors so many times quicker. Fails with the first thing that was wrong."""
    random = Random(seed)
    desk = SoakDesk(home / "content", random)
    with monitored_server(desk.root, home / "state") as server:
        one = _Soak(home, server, desk, random, hurry)
        one.run(seconds, say)
        desk.fix_everything()
        wait_until(lambda: fetch_problems(server) == [])
        opened = one.counts["opened"]
        wait_until(lambda: json.loads(ask(server.url, f"{OPENED}views").body) == {"views": opened})
        assert_equals_fresh_server(server, desk.root, home / "empty")
        trends = figures.trends(one.samples)
    assert "Traceback" not in server.stderr
    return Report(doings=one.doings, states=len(desk.states), answers=one.counts, trends=trends, samples=one.samples)


class _Soak:
    def __init__(self, home: Path, server: MonitoredServer, desk: SoakDesk, random: Random, hurry: float) -> None:
        self._server, self._desk, self._random, self._hurry = server, desk, random, hurry
        self._judge = EditionOrderChecker(Editions(home / "fresh", desk.states, desk.scheduled_times), desk.states, _LATE)
        self._over = threading.Event()
        self._readers = [Reader(server.url, desk, self._over, Random(random.random()), 0.25 / hurry) for _ in range(_READERS)]
        self._waiting: list[ObservedResponse] = []
        self.samples: list[Sample] = []
        self.doings = 0

    @property
    def counts(self) -> Counter[str]:
        return sum((reader.counts for reader in self._readers), Counter[str]())

    def run(self, seconds: float, say: Callable[[str], None]) -> None:
        for reader in self._readers:
            reader.start()
        begun = time.monotonic()
        told = begun + _TOLD
        while (now := time.monotonic()) - begun < seconds:
            self._desk.act()
            self.doings += 1
            self._look(now - begun)
            self._hear(time.time() - SECONDS, _JUDGED)
            if now >= told:
                told += _TOLD
                say(self._line(now - begun))
            time.sleep(self._random.uniform(0.3, 1.5) / self._hurry)
        self._over.set()
        for reader in self._readers:
            reader.join(SECONDS)
        self._hear(time.time() + SECONDS, None)

    def _look(self, at: float) -> None:
        self.samples.append(figures.sample(self._server.process.pid, at))
        for path in ("/status", "/metrics", "/readyz"):
            assert ask(self._server.url, path).status == 200
        for reader in self._readers:
            assert reader.failure is None, reader.failure

    def _hear(self, before: float, most: int | None) -> None:
        """Judge what was asked before a moment; by then every answer of it has come, and is in its place."""
        for reader in self._readers:
            new = reader.heard[: len(reader.heard)]
            del reader.heard[: len(new)]
            self._waiting += new
        self._waiting.sort(key=lambda heard: heard.requested_at)
        ready = [heard for heard in self._waiting if heard.requested_at < before][:most]
        for heard in ready:
            self._judge.check(heard)
        del self._waiting[: len(ready)]

    def _line(self, at: float) -> str:
        last = self.samples[-1]
        return (
            f"{at:5.0f} s: {self.doings} doings, {sum(self.counts.values())} answers, {last.memory / 2**20:.1f} MB, "
            f"{last.files} files, {last.threads} threads"
        )
