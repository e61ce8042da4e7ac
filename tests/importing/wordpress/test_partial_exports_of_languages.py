"""Later exports of a site in several languages that have only some of its posts: what they lack stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from feedsvc.importing.writer import ImportOptions, ImportReport, import_source
from tests.importing.wordpress.reading import open_export
from tests.importing.wordpress.test_languages import ALONE, ITEMS, item
from tests.importing.wordpress_export import WxrItem, write_export
from tests.importing.writer.memory_source import articles, files

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = (*ITEMS, ALONE)


def run(tmp_path: Path, *items: WxrItem, language: str = "en-GB", since: datetime | None = None) -> ImportReport:
    """Import an export with these items into the folder n, whose state of before is in the report only."""
    file = write_export(tmp_path / "export.xml", *items)
    file.write_text(file.read_text("utf-8").replace("<language>en-GB<", f"<language>{language}<"), "utf-8")
    return import_source(open_export(file), tmp_path / "n", ImportOptions(now=NOW, since=since))


def originals(tmp_path: Path) -> dict[int, int]:
    """Return the number of the original by the number of each translation."""
    found = articles(tmp_path / "n")
    return {int(id_[-1]): int(one.translation_of[-1]) for id_, one in found.items() if one.translation_of}


def of(*languages: str) -> list[WxrItem]:
    return [one for one in ALL if one.terms[0][1] in languages]


@pytest.mark.parametrize("languages", [("de",), ("fr",), ("de", "fr"), ("fr", "en"), ("de", "en"), ("en",)])
@pytest.mark.parametrize("since", [None, datetime(2019, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)])
def test_translations_keep_their_originals_after_an_import_of_some_languages(
    tmp_path: Path, languages: tuple[str, ...], since: datetime | None
) -> None:
    run(tmp_path, *ALL)
    before = files(tmp_path / "n")
    report = run(tmp_path, *of(*languages), since=since)
    assert (report.changed, report.kept) == ([], [])
    assert files(tmp_path / "n") == before
    assert originals(tmp_path) == {1: 2, 3: 2, 5: 4}


@pytest.mark.parametrize("items", [ALL, (WxrItem(number=1),)], ids=["several languages", "one language"])
def test_no_article_changes_if_another_user_of_wordpress_exports(tmp_path: Path, items: tuple[WxrItem, ...]) -> None:
    """WordPress writes the language of the user who exports into an export, not that of the site."""
    run(tmp_path, *items)
    before = files(tmp_path / "n")
    assert run(tmp_path, *items, language="de-DE").changed == []
    assert files(tmp_path / "n") == before


def test_new_translation_in_an_export_without_the_original_is_joined_to_it(tmp_path: Path) -> None:
    run(tmp_path, *ALL)
    report = run(tmp_path, *of("de"), item(7, "es", "pll_a"))
    assert len(report.created) == 1
    assert originals(tmp_path) == {1: 2, 3: 2, 5: 4, 7: 2}
    assert run(tmp_path, *ALL, item(7, "es", "pll_a")).changed == []


def test_translation_of_another_original_in_a_later_export_is_joined_to_that(tmp_path: Path) -> None:
    run(tmp_path, *ALL)
    assert run(tmp_path, *ITEMS[:3], item(5, "fr", "pll_d"), item(6, "en", "pll_d"), ITEMS[3]).changed != []
    assert originals(tmp_path) == {1: 2, 3: 2, 5: 6}


def test_translation_that_has_no_original_any_more_in_a_complete_export_has_none(tmp_path: Path) -> None:
    run(tmp_path, *ALL)
    run(tmp_path, item(1, "de"), *ITEMS[1:], ALONE)
    assert originals(tmp_path) == {3: 2, 5: 4}
