"""Build the documentation site: it needs no other host, its search knows every page, and mistakes fail the build."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests import ROOT
from tests.documentation.mkdocs_navigation import navigation
from tests.helpers.http_client import SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

INSTALL: Final = "MkDocs is missing: make docs"
RESOURCE: Final = re.compile(r"<(?:script|img|link|iframe|source)\b[^>]*?\b(?:src|href)=\"?((?:https?:)?//[^\s\">]+)")


@pytest.fixture(scope="module", autouse=True)
def _require_mkdocs() -> None:
    if not find_spec("mkdocs") or not find_spec("material"):
        if os.environ.get("FEEDSVC_TEST_REQUIRE_ALL") == "1":
            pytest.fail(INSTALL)
        pytest.skip(INSTALL)


def build(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--config-file",
        str(root / "mkdocs.yml"),
        "--site-dir",
        str(out),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    return subprocess.run(command, cwd=root, env=environment, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    result = build(ROOT, out)
    assert result.returncode == 0, result.stderr
    return out


def html_path(page: str) -> str:
    return re.sub(r"(^|/)README\.md$", r"\1index.md", page).removesuffix(".md") + ".html"


def test_every_page_of_the_navigation_is_built(site: Path) -> None:
    assert [page for page in navigation() if not (site / html_path(page)).is_file()] == []


def test_pages_load_nothing_from_other_hosts(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 60
    assert [(page.name, found) for page in pages for found in RESOURCE.findall(page.read_text("utf-8"))] == []
    for style in site.rglob("*.css"):
        assert not re.search(r"url\([\"']?(https?:)?//|@import", style.read_text("utf-8")), style


def test_the_search_finds_pages_and_headings(site: Path) -> None:
    index = json.loads((site / "search/search_index.json").read_text("utf-8"))
    locations = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert {html_path(page) for page in navigation()} <= locations
    assert any("feedsvc_alerts" in entry["text"] for entry in index["docs"])


def test_links_between_documents_at_the_top_and_docs_lead_to_pages(site: Path) -> None:
    assert 'href="project/security.html"' in (site / "index.html").read_text("utf-8")
    assert 'href="../architecture.html"' in (site / "project/contributing.html").read_text("utf-8")


def test_the_search_works_in_a_browser_and_asks_no_other_host(site: Path, chromium: Browser) -> None:
    with serving_files(site) as url, chromium.new_context() as context:
        page = context.new_page()
        requested: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.goto(f"{url}index.html", wait_until="networkidle")
        # The search listens for keys. A text that is set at once comes without any, and sometimes before its listener.
        page.locator("input.md-search__input").press_sequentially("watchdog")
        page.wait_for_selector(".md-search-result__item", timeout=SECONDS * 1000)
        assert [address for address in requested if not address.startswith(url)] == []


@contextlib.contextmanager
def serving_files(folder: Path) -> Iterator[str]:
    """Serve the files of a folder during the block; yield the URL with a final slash."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_QuietHandler, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


# Page -> text with a mistake at its end, and what the message about it names.
MISTAKES: Final = {
    "explanation/updates.md": ("\n[x](broken-link.md)\n", "broken-link.md"),
    "scaling.md": ("\n[x](explanation/updates.md#broken-anchor)\n", "broken-anchor"),
    "explanation/without-nav.md": ("# New\n", "explanation/without-nav.md"),
}


def test_every_mistake_fails_the_build_and_is_named(tmp_path: Path) -> None:
    for name in ("docs", "tests/documentation"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("mkdocs.yml", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"):
        shutil.copy(ROOT / name, tmp_path)
    for page, (text, _) in MISTAKES.items():
        with (tmp_path / "docs" / page).open("a", encoding="utf-8") as file:
            file.write(text)
    result = build(tmp_path, tmp_path / "out")
    assert result.returncode == 1
    assert [message for _, message in MISTAKES.values() if message not in result.stderr] == [], result.stderr
    assert f"Aborted with {len(MISTAKES)} warnings" in result.stdout
