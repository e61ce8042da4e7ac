"""What tests share: a newsroom, which is a content folder in tmp_path, and one Chromium."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from itertools import count
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

# How long an example takes depends on what the machine does beside; speed is for the benchmark.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

_OPTIONS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PLAYWRIGHT: Final = Tool(
    name="playwright", installed=lambda: find_spec("playwright") is not None, install="pip install -e '.[dev]'"
)

_TESTS: Final = count(1)
_SWEEP: Final = 50  # tests

Newsroom = Callable[[Mapping[str, str | bytes]], Path]


def pytest_runtest_logfinish() -> None:
    """Whatever is served counts as old for the garbage collector: of thousands of servers the open files would stay open."""
    if next(_TESTS) % _SWEEP == 0:
        gc.collect()


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    """Writes a content folder, path -> text or bytes; the settings files are small and valid unless given."""

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

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=program, args=list(_OPTIONS))
        yield browser
        browser.close()
