"""Fixtures of the page tests: the sample newsroom on a real server, in English and in Arabic, and one Chromium."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import command, environment
from tests.readers.tool import Tool, require

SAMPLE: Final = ROOT / "content"
MODULES: Final = ROOT / "tests/node/node_modules"


def require_node_package(name: str) -> Path:
    tool = Tool(name=name, installed=(MODULES / name).is_dir, install="npm ci --prefix tests/node")
    require(tool)
    return MODULES / name


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def serving(content: Path, state: Path) -> Iterator[str]:
    """The site's address without a last slash, which is its base_url, too. Ends by SIGTERM with exit status 0."""
    port = str(_free_port())
    arguments = command("serve", content, "--port", port, "--state", state, "--base-url", f"http://127.0.0.1:{port}")
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stderr
            said = ""
            for line in process.stderr:
                said += line
                found = re.search(r" serving .* at (http://\S+)/ as ", line)
                if found:
                    break
            else:
                pytest.fail(f"no server: {said}")
            yield found[1]
            process.send_signal(signal.SIGTERM)
            _, rest = process.communicate(timeout=SECONDS)
            assert (process.returncode, rest) == (0, "")
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sample newsroom as it is."""
    folder = tmp_path_factory.mktemp("site")
    with serving(Path(shutil.copytree(SAMPLE, folder / "content")), folder / "state") as address:
        yield address


@contextlib.contextmanager
def _worded(folder: Path, language: str) -> Iterator[str]:
    """The same newsroom with pages in another language."""
    settings = Path(shutil.copytree(SAMPLE, folder / "content")) / "site.yaml"
    text, changed = re.subn(r"(?m)^language: en", f"language: {language}", settings.read_text("utf-8"))
    assert changed == 1
    settings.write_text(text, "utf-8")
    with serving(folder / "content", folder / "state") as address:
        yield address


@pytest.fixture(scope="session")
def arabic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """In Arabic, from right to left."""
    with _worded(tmp_path_factory.mktemp("arabic"), "ar") as address:
        yield address


@pytest.fixture
def vietnamese(tmp_path: Path) -> Iterator[str]:
    """In a language without a catalogue of words, and without a form for one."""
    with _worded(tmp_path, "vi") as address:
        yield address
