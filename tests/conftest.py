"""Fixtures for all tests: a newsroom, which is a content folder in tmp_path, and a Chromium browser."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from itertools import chain, count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import settings

from tests.helpers.programs import require_program
from tests.readers.tool import Tool, require

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SETTINGS = {
    "site.yaml": "title: Asia Daily\nbase_url: https://news.example\nid_domain: news.example\ntimezone: Asia/Kolkata\n",
    "categories.yaml": "asia:\n  title: Asia\nsport:\n  title: Sport\n",
    "authors.yaml": "mina-park:\n  name: Mina Park\nritesh-nambiar:\n  name: Ritesh Nambiar\n",
}

# The duration of an example depends on the load of the machine; the benchmark measures speed.
settings.register_profile("suite", deadline=None, max_examples=50)
settings.register_profile("deep", deadline=None, max_examples=1000)  # ARGS=--hypothesis-profile=deep
settings.load_profile("suite")

_CHROMIUM_OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PLAYWRIGHT: Final = Tool(
    name="playwright", installed=lambda: find_spec("playwright") is not None, install="pip install --group dev"
)

_TEST_NUMBERS: Final = count(1)
_COLLECT_INTERVAL: Final = 500  # tests; a collection takes half a second at the end of a run

# Files whose tests wait or work longest, by their size in seconds.
_LONG_FILES: Final = (
    "pages/test_layout.py",
    "attacks/test_themes.py",
    "attacks/test_hangs.py",
    "attacks/test_worst_texts.py",
    "attacks/test_floods.py",
    "last_valid/test_saved_broken.py",
    "subscribers/test_feed_versions.py",
    "other_servers/test_gunicorn_and_granian.py",
    "pages/test_theme_parts.py",
    "importing/writer/test_kill_of_import.py",
    "deploy/test_container.py",
    "deploy/test_wheel.py",
    "audience/test_processes.py",
    "pages/test_theme_selection.py",
    "bench/test_bench.py",
    "kills/test_kills.py",
)

Newsroom = Callable[[Mapping[str, str | bytes]], Path]


def pytest_sessionstart() -> None:
    """Disable the garbage collector while tests are collected: it would find nothing, and look at everything again and again.

    A shell ignores SIGINT in its background jobs, and so would the programs that tests start and interrupt.
    """
    gc.disable()
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin the share of each process with long files, so that none of them is the last, for which all others would wait."""
    processes = getattr(config, "workerinput", {}).get("workercount", 1)
    shares: list[list[pytest.Item]] = [[] for _ in range(processes)]
    for number, name in enumerate(_LONG_FILES):
        shares[number % processes] += [item for item in items if item.nodeid.partition("::")[0] == f"tests/{name}"]
    long = {*chain(*shares)}
    rest, size = iter([item for item in items if item not in long]), -(-len(items) // processes)
    items[:] = chain(*([*share, *islice(rest, max(0, size - len(share)))] for share in shares), rest)


def pytest_collection_finish() -> None:
    """Exclude modules and collected tests, which stay until the end, from all later garbage collections."""
    gc.enable()
    gc.collect()
    gc.freeze()


def pytest_runtest_logfinish() -> None:
    """Collect garbage regularly. Servers are frozen into the permanent generation, so that their open files would stay open."""
    if next(_TEST_NUMBERS) % _COLLECT_INTERVAL == 0:
        gc.collect()


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    """Return a function that writes a content folder from path -> text or bytes. The settings files have small defaults."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        root = tmp_path / "content"
        for path, content in {**SETTINGS, **files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = require_program("chromium-headless-shell", "apt-get install chromium-headless-shell")
    require(_PLAYWRIGHT)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_CHROMIUM_OPTIONS))
        yield browser
        browser.close()
