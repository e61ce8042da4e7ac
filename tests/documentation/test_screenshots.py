"""The screenshots of docs/screenshots/ show every kind of page, and `make screenshots` can take them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image, ImageStat

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests import ROOT
from tests.documentation.reference.templates import VARIABLES
from tests.documentation.screenshots import (
    DIRECTIONS,
    EXAMPLE_SHEET,
    FOLDER,
    KINDS,
    SCHEMES,
    WIDTHS,
    Kind,
    join_pictures,
    page_text,
    sheet_name,
    take_screenshots,
)
from tests.pages.conftest import SAMPLE_CONTENT, serve_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MAX_SIZE = 3_000_000  # bytes, of all pictures


@pytest.fixture(scope="module")
def publication() -> Publication:
    return Publication(build_catalog(load_content(ROOT / "content"), wall_clock()))


def test_there_is_a_screenshot_of_every_template() -> None:
    assert {kind.template for kind in KINDS} - {""} == set(VARIABLES)
    assert {"front", "section", "article", "author", "archive", "subscribe", "feed", "missing"} <= {kind.name for kind in KINDS}
    assert (WIDTHS, SCHEMES, [*DIRECTIONS]) == ((360, 900, 1600), ("light", "dark"), ["ltr", "rtl"])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_sample_newsroom_has_the_page_of_the_screenshot(publication: Publication, kind: Kind) -> None:
    document = publication.resolve(kind.path)
    if kind.name == "missing":
        assert document is None
    else:
        assert isinstance(document, Document)
        assert (document.media_type == "text/html") == bool(kind.template)


def test_every_sheet_is_committed_and_shown_on_the_page() -> None:
    sheets = {sheet_name(kind, direction) for kind in KINDS for direction in DIRECTIONS}
    assert {file.name for file in FOLDER.iterdir()} == sheets | {EXAMPLE_SHEET, "README.md"}
    assert (FOLDER / "README.md").read_text("utf-8") == page_text(), "run make screenshots"
    assert [sheet for sheet in sheets if f"]({sheet})" not in page_text()] == []


def test_the_sheets_are_small_together_and_have_every_width_in_both_color_schemes() -> None:
    files = [*FOLDER.glob("*.webp")]
    assert sum(file.stat().st_size for file in files) < MAX_SIZE
    sizes = {file.name: Image.open(io.BytesIO(file.read_bytes())).size for file in files}
    del sizes[EXAMPLE_SHEET]
    [(width, height)] = set(sizes.values())
    assert width > sum(WIDTHS) / 2
    assert height > len(SCHEMES) * 500


def test_a_sheet_has_a_row_for_each_color_scheme(chromium: Browser, tmp_path: Path) -> None:
    missing = next(kind for kind in KINDS if kind.name == "missing")
    with serve_site(SAMPLE_CONTENT, tmp_path / "state") as address:
        sheet = Image.open(io.BytesIO(join_pictures(take_screenshots(chromium, address + missing.path, widths=(360,)))))
    middle = sheet.height // 2
    light, dark = (
        ImageStat.Stat(sheet.crop((12, top, sheet.width - 12, bottom)).convert("L")).mean[0]
        for top, bottom in ((12, middle - 12), (middle + 12, sheet.height - 12))
    )
    assert light > 200
    assert dark < 60
