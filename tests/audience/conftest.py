"""Two databases, one contract: what is asked of the one is asked of the other."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.audience.counter import ReadCounter
from feedsvc.audience.store import DatabaseReadStore
from tests.audience.breakable_connection import Relay, relayed
from tests.audience.postgres import Schema, schema
from tests.audience.waiting import SECONDS

Open = Callable[..., DatabaseReadStore]
Count = Callable[..., ReadCounter]


class Clock:
    """The time a test says it is."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, **time: float) -> datetime:
        self.now += timedelta(**time)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def postgres() -> Iterator[Schema]:
    with schema() as made:
        yield made


@pytest.fixture
def relay(postgres: Schema) -> Iterator[Relay]:
    with relayed(postgres.host, postgres.port) as made:
        yield made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "views.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, one kind after the other."""
    if request.param == "sqlite":
        return f"sqlite:///{request.getfixturevalue('file')}"
    return request.getfixturevalue("postgres").url()


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens databases, and closes them when the test ends."""
    with contextlib.ExitStack() as stack:
        yield lambda place: stack.enter_context(contextlib.closing(DatabaseReadStore(place)))


@pytest.fixture
def counting(clock: Clock, opened: Open) -> Iterator[Count]:
    """Makes counters; those that a test leaves running are closed when it ends."""
    with contextlib.ExitStack() as stack:
        yield lambda place, **options: stack.enter_context(
            contextlib.closing(ReadCounter(opened(place), clock, **{"write_interval": 0.02, "wait_timeout": SECONDS, **options}))
        )
