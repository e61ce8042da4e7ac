"""Build the documentation site: it needs no other host, its search knows every page, and mistakes fail the build."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from tests import ROOT
from tests.documentation.mkdocs_navigation import navigation

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
