"""Fixtures of the HTTP tests: one real server for those that only ask, an application with a clock for the others."""

import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import application
from tests.helpers.running_server import ServerProcess, serving
from tests.web.in_process_server import SIGNALS
from tests.web.newsroom import NOON, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Clock:
    """The time a test says it is."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float = 1.0) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Office:
    """A newsroom in this process. `start` is a server's start, as often as a test wants one."""

    content: Path
    state: Path
    clock: Clock
    ledgers: list[LastModifiedStore] = field(default_factory=list)

    @property
    def ledger_file(self) -> Path:
        return self.state / "modified.sqlite"

    def start(self, ledger: LastModifiedStore | None = None) -> "WSGIApplication":
        self.ledgers.append(ledger or LastModifiedStore(self.ledger_file))
        return application(Live(ContentFolder(self.content), self.ledgers[-1], self.clock))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Only asked, never changed: the tests share it."""
    folder = tmp_path_factory.mktemp("served")
    with serving(write_newsroom(folder / "content"), folder / "state") as one:
        yield one


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    one = Office(write_newsroom(tmp_path / "content", timed=True), tmp_path / "state", Clock())
    yield one
    for ledger in one.ledgers:
        ledger.close()


@pytest.fixture
def app(office: Office) -> "WSGIApplication":
    return office.start(LastModifiedStore(None))


@pytest.fixture
def own_signals() -> Iterator[None]:
    """A Server takes the signals of its process, which is pytest's here."""
    before = [signal.getsignal(name) for name in SIGNALS]
    yield
    for name, handler in zip(SIGNALS, before, strict=True):
        signal.signal(name, handler)
