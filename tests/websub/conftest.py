"""Fixtures of the WebSub tests: hubs, a content folder and publishers."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.websub.deliveries import HubStatus
from feedsvc.websub.hub_client import HubClient
from feedsvc.websub.publisher import Publisher
from tests.audience.waiting import TIMEOUT, wait_until
from tests.websub import newsroom
from tests.websub.hub import Hub, HubFactory
from tests.websub.newsroom import PublishedSite

OpenSite = Callable[..., PublishedSite]


def current_time() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def create_hub() -> Iterator[HubFactory]:
    factory = HubFactory()
    with factory.stack:
        yield factory


@pytest.fixture
def hub(create_hub: HubFactory) -> Hub:
    return create_hub()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def content(tmp_path: Path, hub: Hub) -> Path:
    return newsroom.write(tmp_path / "content", hub.url)


@pytest.fixture
def open_site(content: Path, state: Path) -> Iterator[OpenSite]:
    """Return a function that starts a publisher for a content folder; publishers are closed when the test ends."""
    with contextlib.ExitStack() as stack:

        def start(root: Path = content, **options: object) -> PublishedSite:
            publisher = Publisher(state, **{"clock": current_time, "poll_interval": 0.05, **options})
            return PublishedSite(root, stack.enter_context(contextlib.closing(publisher)))

        yield start


@pytest.fixture
def client() -> Iterator[HubClient]:
    with contextlib.closing(HubClient(TIMEOUT)) as client:
        yield client


def wait_until_delivered(site: PublishedSite) -> None:
    """Wait until no delivery to any hub is pending."""

    def is_nothing_pending() -> bool:
        hub_statuses = site.publisher.status().hubs
        return bool(hub_statuses) and not any(hub.waiting for hub in hub_statuses)

    wait_until(is_nothing_pending)


def wait_until_failed(site: PublishedSite) -> HubStatus:
    """Wait until a delivery to the only hub has failed, and return the status of the hub."""
    wait_until(lambda: any(hub.last_failure for hub in site.publisher.status().hubs))
    (status,) = site.publisher.status().hubs
    return status


def publisher_threads() -> list[str]:
    """Return the names of the running threads of publishers."""
    return [thread.name for thread in threading.enumerate() if thread.name == "feedsvc-push"]
