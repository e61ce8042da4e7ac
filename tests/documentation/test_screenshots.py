"""The screenshots of docs/screenshots/ show every kind of page, and `make screenshots` can take them."""

from __future__ import annotations

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests import ROOT
from tests.documentation.reference.templates import VARIABLES
from tests.documentation.screenshots import DIRECTIONS, EXAMPLE_SHEET, FOLDER, KINDS, SCHEMES, WIDTHS, Kind, page_text, sheet_name


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
