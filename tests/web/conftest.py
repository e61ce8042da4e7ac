"""Fixtures of the HTTP tests: a shared server and application for tests that only read, a folder with a fake clock."""

import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.helpers.running_server import ServerProcess, serving
from tests.web.in_process_server import SIGNALS
from tests.web.newsroom import NOON, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class FakeClock:
    """A clock that a test sets."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float = 1.0) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class SiteFixture:
    """A content folder, a state folder and a clock. Each call of `start_app` builds an application, as a started server does."""

    content: Path
    state: Path
    clock: FakeClock
    stores: list[LastModifiedStore] = field(default_factory=list)

    @property
    def last_modified_file(self) -> Path:
        return self.state / "modified.sqlite"

    def start_app(self, store: LastModifiedStore | None = None) -> Flask:
        self.stores.append(store or LastModifiedStore(self.last_modified_file))
        return create_app(Live(ContentFolder(self.content), self.stores[-1], self.clock))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Run one server for all tests; no test changes its files."""
    folder = tmp_path_factory.mktemp("served")
    with serving(write_newsroom(folder / "content"), folder / "state") as server:
        yield server


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SiteFixture]:
    site = SiteFixture(write_newsroom(tmp_path / "content", with_scheduled=True), tmp_path / "state", FakeClock())
    yield site
    for store in site.stores:
        store.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[WSGIApplication]":
    """Build one application for all tests at noon; no test changes its files."""
    folder = tmp_path_factory.mktemp("app")
    site = SiteFixture(write_newsroom(folder / "content", with_scheduled=True), folder / "state", FakeClock())
    with closing(LastModifiedStore(None)) as store:
        yield site.start_app(store)


@pytest.fixture
def restored_signals() -> Iterator[None]:
    """Restore the signal handlers of pytest's process, which a Server replaces."""
    handlers = [signal.getsignal(name) for name in SIGNALS]
    yield
    for name, handler in zip(SIGNALS, handlers, strict=True):
        signal.signal(name, handler)
