"""Categories, authors, tags and footnotes of articles are the same after an export is imported, whatever their form."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.content.folder import load_content
from tests.conftest import Newsroom
from tests.migration.test_round_trip import FORMS, export, import_file

FILES = {
    "categories.yaml": "world:\n  title: World\n  aliases: [welt]\n",
    "authors.yaml": "ann:\n  name: Ann\n  aliases: [old-ann]\nann-2:\n  name: Ann\n",
    "articles/a.yaml": (
        "id: tag:x.example,2026:a\ntitle: Aliases\npublished: 2026-01-05T12:00:00Z\n"
        "categories: [welt]\nauthors: [old-ann]\ntags: [Boats]\nbody: A\n"
    ),
    "articles/b.yaml": (
        "id: tag:x.example,2026:b\ntitle: Texts\npublished: 2026-01-04T12:00:00Z\n"
        "category: welt\nauthors: ann-2\ntags: South Korea\nbody: B\n"
    ),
}


@pytest.mark.parametrize("form", list(FORMS))
def test_article_with_aliases_of_its_category_and_author_keeps_both_after_its_export_is_imported(
    newsroom: Newsroom, tmp_path: Path, form: str
) -> None:
    import_file(export(newsroom(FILES), form, tmp_path / f"export.{FORMS[form]}"), tmp_path, tmp_path / "imported")
    found = {
        article.title: (article.categories, article.authors, [tag.title for tag in article.tags])
        for article in load_content(tmp_path / "imported").articles
    }
    assert found == {"Aliases": (("world",), ("ann",), ["Boats"]), "Texts": (("world",), ("ann-2",), ["South Korea"])}


@pytest.mark.parametrize("form", list(FORMS))
def test_footnotes_and_groups_of_an_article_are_the_same_after_its_export_is_imported(
    newsroom: Newsroom, tmp_path: Path, form: str
) -> None:
    notes = "[^1]: From [here](https://s.example/).\n[^b]: Known.\n"
    text = f"A fact[^1], and *another*[^b].\n\n<div>\n\nIn a group.\n\n</div>\n\n{notes}"
    file = f"---\nid: tag:x.example,2026:a\ntitle: A\npublished: 2026-01-05T12:00:00Z\n---\n\n{text}"
    root = newsroom({"articles/a.md": file})
    import_file(export(root, form, tmp_path / f"export.{FORMS[form]}"), root, tmp_path / "imported")
    before, after = load_content(root), load_content(tmp_path / "imported")
    assert after.html(after.articles[0]) == before.html(before.articles[0])
    assert (tmp_path / "imported/articles/a.md").read_text("utf-8").endswith(text)
