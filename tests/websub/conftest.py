import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.websub.publisher import Publisher
from tests.audience.waiting import until
from tests.websub import newsroom
from tests.websub.hub import Hub, Hubs
from tests.websub.newsroom import Desk

Open = Callable[..., Desk]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def hubs() -> Iterator[Hubs]:
    made = Hubs()
    with made.stack:
        yield made


@pytest.fixture
def hub(hubs: Hubs) -> Hub:
    return hubs()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def content(tmp_path: Path, hub: Hub) -> Path:
    return newsroom.write(tmp_path / "content", hub.url)


@pytest.fixture
def opened(content: Path, state: Path) -> Iterator[Open]:
    """Starts announcers, and closes them when the test ends."""
    with contextlib.ExitStack() as stack:

        def start(root: Path = content, **options: object) -> Desk:
            announcer = Publisher(state, **{"clock": now, "poll_interval": 0.05, **options})
            return Desk(root, stack.enter_context(contextlib.closing(announcer)))

        yield start


def settled(desk: Desk) -> None:
    """Nothing waits any more."""

    def is_quiet() -> bool:
        hubs = desk.announcer.status().hubs
        return bool(hubs) and not any(hub.waiting for hub in hubs)

    until(is_quiet)
