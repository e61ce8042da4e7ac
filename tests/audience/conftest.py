"""Fixtures of the tests of read counts. Tests with `database_url` run on SQLite and on PostgreSQL."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.audience.counter import ViewCounter
from feedsvc.audience.store import ViewStore
from feedsvc.support.alerts import Alerts
from tests.audience.postgres import Schema, schema
from tests.audience.relay import Relay, run_relay
from tests.audience.waiting import wait_until

OpenStore = Callable[..., ViewStore]
StartCounter = Callable[..., ViewCounter]


def total(store: ViewStore, article_id: str) -> int:
    return store.totals([article_id])[article_id]


def wait_for_count(counter: ViewCounter, article_id: str, expected: int) -> None:
    wait_until(lambda: counter.count(article_id) == expected)


class FakeClock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def postgres() -> Iterator[Schema]:
    with schema() as new_schema:
        yield new_schema


@pytest.fixture
def relay(postgres: Schema) -> Iterator[Relay]:
    with run_relay(postgres.host, postgres.port) as new_relay:
        yield new_relay


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "views.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty database, of SQLite and then of PostgreSQL."""
    if request.param == "sqlite":
        file = request.getfixturevalue("sqlite_file")
        file.parent.mkdir()
        return f"sqlite:///{file}"
    return request.getfixturevalue("postgres").url()


@pytest.fixture
def open_store() -> Iterator[OpenStore]:
    """Return a function that opens a store, which is closed when the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda url: stack.enter_context(contextlib.closing(ViewStore(url)))


@pytest.fixture
def start_counter(clock: FakeClock) -> Iterator[StartCounter]:
    """Return a function that starts a counter on a database, which is closed when the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda url, **options: stack.enter_context(
            contextlib.closing(ViewCounter(url, clock, Alerts(), **{"write_interval": 0.02, **options}))
        )
