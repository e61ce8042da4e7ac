"""Run the soak test: a real server, editors, polling clients, and a checker of every response."""

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
from tests.soak.client import READ_ARTICLE, PollingClient
from tests.soak.editors import SoakEditors
from tests.soak.figures import Sample, Trend

_CLIENTS: Final = 4
_MAX_DELAY: Final = 10.0  # seconds until a save is served, on a loaded machine
_MAX_CHECKS: Final = 300  # responses between two actions of the editors
_REPORT_INTERVAL: Final = 60.0  # seconds between two lines of progress


@dataclass(frozen=True, kw_only=True)
class Report:
    """Actions, responses and use of resources. The run raises an error for the first wrong response."""

    actions: int
    states: int
    responses: Counter[str]
    trends: Sequence[Trend]
    samples: Sequence[Sample]


def soak(home: Path, seconds: float, seed: str, report_progress: Callable[[str], None], *, speed: float = 1.0) -> Report:
    """Run the test. `speed` multiplies the rate of polls and edits. Raises AssertionError for the first fault."""
    random = Random(seed)
    editors = SoakEditors(home / "content", random)
    with monitored_server(editors.root, home / "state") as server:
        soak_run = _SoakRun(home, server, editors, random, speed)
        soak_run.run(seconds, report_progress)
        editors.fix_everything()
        wait_until(lambda: fetch_problems(server) == [])
        reads = soak_run.counts["reads"]
        wait_until(lambda: json.loads(ask(server.url, f"{READ_ARTICLE}views").body) == {"views": reads})
        assert_equals_fresh_server(server, editors.root, home / "empty")
        trends = figures.trends(soak_run.samples)
    assert "Traceback" not in server.stderr
    return Report(
        actions=soak_run.actions, states=len(editors.states), responses=soak_run.counts, trends=trends, samples=soak_run.samples
    )


class _SoakRun:
    def __init__(self, home: Path, server: MonitoredServer, editors: SoakEditors, random: Random, speed: float) -> None:
        self._server, self._editors, self._random, self._speed = server, editors, random, speed
        self._checker = EditionOrderChecker(
            Editions(home / "fresh", editors.states, editors.scheduled_times), editors.states, _MAX_DELAY
        )
        self._stopping = threading.Event()
        self._clients = [
            PollingClient(server.url, editors, self._stopping, Random(random.random()), 0.25 / speed) for _ in range(_CLIENTS)
        ]
        self._waiting: list[ObservedResponse] = []
        self.samples: list[Sample] = []
        self.actions = 0

    @property
    def counts(self) -> Counter[str]:
        return sum((client.counts for client in self._clients), Counter[str]())

    def run(self, seconds: float, report_progress: Callable[[str], None]) -> None:
        for client in self._clients:
            client.start()
        start = time.monotonic()
        next_report = start + _REPORT_INTERVAL
        while (now := time.monotonic()) - start < seconds:
            self._editors.act()
            self.actions += 1
            self._take_sample(now - start)
            self._check_responses(time.time() - SECONDS, _MAX_CHECKS)
            if now >= next_report:
                next_report += _REPORT_INTERVAL
                report_progress(self._progress_line(now - start))
            time.sleep(self._random.uniform(0.3, 1.5) / self._speed)
        self._stopping.set()
        for client in self._clients:
            client.join(SECONDS)
        self._check_responses(time.time() + SECONDS, None)

    def _take_sample(self, seconds: float) -> None:
        self.samples.append(figures.sample(self._server.process.pid, seconds))
        for path in ("/status", "/metrics", "/readyz"):
            assert ask(self._server.url, path).status == 200
        for client in self._clients:
            assert client.failure is None, client.failure

    def _check_responses(self, requested_before: float, maximum: int | None) -> None:
        """Check responses to requests before a time at which all earlier responses have arrived, so that their order is known."""
        for client in self._clients:
            new = client.responses[: len(client.responses)]
            del client.responses[: len(new)]
            self._waiting += new
        self._waiting.sort(key=lambda response: response.requested_at)
        checkable = [response for response in self._waiting if response.requested_at < requested_before][:maximum]
        for response in checkable:
            self._checker.check(response)
        del self._waiting[: len(checkable)]

    def _progress_line(self, seconds: float) -> str:
        last = self.samples[-1]
        return (
            f"{seconds:5.0f} s: {self.actions} actions, {sum(self.counts.values())} responses, {last.memory / 2**20:.1f} MB, "
            f"{last.files} files, {last.threads} threads"
        )
