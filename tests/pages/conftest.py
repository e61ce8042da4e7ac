"""Fixtures of the page tests: the sample newsroom on a real server, in English and Arabic."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests import ROOT
from tests.helpers.running_server import END_LINE, ServerProcess
from tests.pages.axe import FindProblems, axe_browser
from tests.readers.tool import Tool, require

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SAMPLE_CONTENT: Final = ROOT / "content"
NODE_MODULES: Final = ROOT / "tests/node/node_modules"


def require_node_package(name: str) -> Path:
    tool = Tool(name=name, installed=(NODE_MODULES / name).is_dir, install="npm ci --prefix tests/node")
    require(tool)
    return NODE_MODULES / name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def serve_site(content: Path, state: Path) -> Iterator[str]:
    """Start a server whose base_url is its own address; yield that address without a trailing slash.

    After the block, the server must end with status 0 after SIGTERM.
    """
    port = str(_free_port())
    options = ("--port", port, "--base-url", f"http://127.0.0.1:{port}")
    server = ServerProcess(content, state, *options)
    try:
        yield server.url.removesuffix("/")
        before = server.stderr
        server.terminate()
        assert (server.wait(), server.stderr) == (0, before + END_LINE)
    finally:
        server.kill()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the sample newsroom unchanged."""
    folder = tmp_path_factory.mktemp("site")
    with serve_site(Path(shutil.copytree(SAMPLE_CONTENT, folder / "content")), folder / "state") as address:
        yield address


@pytest.fixture(scope="session")
def site_with_many_feeds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the sample newsroom with nine more authors, so that /subscribe/ has a search field."""
    folder = tmp_path_factory.mktemp("feeds")
    authors = Path(shutil.copytree(SAMPLE_CONTENT, folder / "content")) / "authors.yaml"
    more = "".join(f"reporter-{number}: {{name: Reporter {number}}}\n" for number in range(9))
    authors.write_text(f"{authors.read_text('utf-8')}\n{more}", "utf-8")
    with serve_site(folder / "content", folder / "state") as address:
        yield address


@contextlib.contextmanager
def serve_in_language(folder: Path, language: str) -> Iterator[str]:
    """Serve the sample newsroom with pages in another language."""
    settings = Path(shutil.copytree(SAMPLE_CONTENT, folder / "content")) / "site.yaml"
    text, changed = re.subn(r"(?m)^language: en", f"language: {language}", settings.read_text("utf-8"))
    assert changed == 1
    settings.write_text(text, "utf-8")
    with serve_site(folder / "content", folder / "state") as address:
        yield address


@pytest.fixture(scope="session")
def arabic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the sample newsroom in Arabic, which is written from right to left."""
    with serve_in_language(tmp_path_factory.mktemp("arabic"), "ar") as address:
        yield address


@pytest.fixture(scope="session")
def find_problems(chromium: Browser) -> Iterator[FindProblems]:
    """Return a function that finds the accessibility problems of a page."""
    script = (require_node_package("axe-core") / "axe.min.js").read_text("utf-8")
    with axe_browser(chromium, script) as find:
        yield find
