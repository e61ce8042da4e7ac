"""The theme of docs/example-theme/ is short, valid and accessible on every kind of page of the sample newsroom."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import html5lib
import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.cli.content_folder import load_with_theme_check
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests.documentation.screenshots import EXAMPLE_THEME, serve_with_example_theme
from tests.pages.axe import FindProblems
from tests.pages.browser_page import open_page
from tests.pages.conftest import SAMPLE_CONTENT
from tests.pages.page_kinds import COLOR_SCHEMES, PAGE_KINDS

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MAX_LINES: Final = 100  # as docs/how-to/themes.md says
KINDS: Final = ("home", "article", "arabic", "subscribe")  # they have every block that the theme replaces


@pytest.fixture(scope="module")
def themed_publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    root = Path(shutil.copytree(SAMPLE_CONTENT, tmp_path_factory.mktemp("themed") / "content"))
    shutil.copytree(EXAMPLE_THEME, root / "theme")
    content = load_with_theme_check(root)
    assert not content.errors, [str(problem) for problem in content.errors]
    assert set(content.theme) == {str(file.relative_to(EXAMPLE_THEME)) for file in EXAMPLE_THEME.rglob("*") if file.is_file()}
    return Publication(build_catalog(content, wall_clock()))


@pytest.fixture(scope="module")
def themed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_with_example_theme(tmp_path_factory.mktemp("themed-site")) as address:
        yield address


def test_example_theme_is_short() -> None:
    lines = [line for file in EXAMPLE_THEME.rglob("*") if file.is_file() for line in file.read_text("utf-8").splitlines()]
    assert 20 < len(lines) < MAX_LINES


def test_every_page_with_the_example_theme_is_strict_html_and_shows_the_theme(themed_publication: Publication) -> None:
    pages = 0
    paths = [path for path in themed_publication.paths() if path.endswith("/")]
    for document in (*map(themed_publication.resolve, paths), themed_publication.not_found_page):
        assert isinstance(document, Document)
        text = document.body.decode()
        html5lib.HTMLParser(strict=True).parse(text)
        assert '<header class="nameplate">' in text
        assert '<p class="end-mark"' in text
        assert ('<aside class="follow-box">' in text) == (document.path.startswith("/articles/") and document.status == 200)
        pages += 1
    assert pages > 50


@pytest.mark.parametrize("kind", KINDS)
def test_example_theme_is_accessible_and_causes_no_console_message(
    chromium: Browser, find_problems: FindProblems, themed_site: str, kind: str
) -> None:
    for scheme, width in zip(COLOR_SCHEMES, (1280, 360), strict=True):
        with open_page(chromium, width=width, color_scheme=scheme) as recorder:
            recorder.page.goto(themed_site + PAGE_KINDS[kind][0])
            assert (recorder.messages, recorder.violations(), recorder.layout_shifts()) == ([], [], [])
            assert recorder.page.evaluate("document.documentElement.scrollWidth") <= width
            loaded = recorder.page.evaluate("[...document.styleSheets].map(sheet => sheet.cssRules.length > 5)")
            assert loaded == [True, True]
        problems = find_problems(themed_site + PAGE_KINDS[kind][0], scheme, width)
        assert not problems, "\n".join(problems)
