"""What a document is made from, told the same in every process: as long as it is the same, the bytes are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest

import feedsvc
from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication import fingerprints as imprint
from feedsvc.publication.document import Document
from feedsvc.publication.fingerprints import Fingerprints, site_fingerprint
from feedsvc.publication.publication import Publication
from feedsvc.routes import ArticleAt, place_of
from tests import ROOT
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.newsrooms import NOW

ASKED: Final = """
import sys
from pathlib import Path
from feedsvc.publication.fingerprints import Fingerprints, site_fingerprint
from feedsvc.routes import place_of
from tests.helpers import newsrooms
made = newsrooms.load_publication(Path(sys.argv[1]))
print(site_fingerprint(made.catalog))
for path in made.paths():
    print(path, Fingerprints(made.catalog).get(place_of(path)))
"""


def imprints(publication: Publication) -> dict[str, str]:
    asked = Fingerprints(publication.catalog)
    return {path: asked.get(place) for path in publication.paths_with_redirects() if (place := place_of(path))}


def bodies(publication: Publication) -> dict[str, bytes]:
    found = ((path, publication.render(path)) for path in publication.paths_with_redirects())
    return {path: answer.body for path, answer in found if isinstance(answer, Document)}


def test_two_processes_tell_the_same(tmp_path: Path) -> None:
    content = newsrooms.write_sample(tmp_path)
    said = []
    for seed in ("1", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", ASKED, str(content)]
        said.append(subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout)
    assert said[0] == said[1]
    assert len(said[0].splitlines()) > 80


EDITS: Final = {
    "a body": ("articles/december.yaml", "December text.", "Another text."),
    "a headline": ("articles/rich.yaml", "R&D at", "D&R at"),
    "a tag": ("articles/rich.yaml", "한국", "한국, another"),
    "a tag's spelling": ("articles/december.yaml", "한국", "한국 "),
    "a category": ("categories.yaml", "Money", "Cash"),
    "an author": ("authors.yaml", "Ritesh Nambiar", "R. Nambiar"),
    "the site": ("site.yaml", "The Daily & Co", "The Weekly"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_where_bytes_differ_the_imprint_does(tmp_path: Path, edit: str) -> None:
    content = newsrooms.write_sample(tmp_path)
    before = newsrooms.load_publication(content)
    known, said, shared = imprints(before), bodies(before), site_fingerprint(before.catalog)
    name, old, new = EDITS[edit]
    file = content / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    after = newsrooms.load_publication(content)
    now = imprints(after)
    if site_fingerprint(after.catalog) == shared:
        same = [path for path, imprint in now.items() if imprint and imprint == known.get(path)]
        assert same
        assert [path for path in same if bodies(after).get(path) != said.get(path)] == []
    else:
        assert edit in ("a category", "an author", "the site")


def test_time_that_changes_a_document_changes_its_imprint(tmp_path: Path) -> None:
    content = load_content(newsrooms.write_sample(tmp_path))
    for days in (-400, -40, 30, 4000, 40_000):
        one, other = (Publication(build_catalog(content, NOW + timedelta(days=by))) for by in (0, days))
        known, said = imprints(one), bodies(one)
        now, says = imprints(other), bodies(other)
        same = [path for path, imprint in now.items() if imprint and imprint == known.get(path)]
        assert [path for path in same if says.get(path) != said.get(path)] == []


def test_the_imprints_of_the_next_edition_are_those_of_one_made_anew(tmp_path: Path) -> None:
    content = load_content(newsrooms.write_sample(tmp_path))
    first = build_catalog(content, NOW)
    asked = Fingerprints(first)
    places = [place for path in Publication(first).paths_with_redirects() if (place := place_of(path))]
    assert [asked.get(place) for place in places]
    later = first.apply_changes(content, NOW + timedelta(days=40_000))
    assert [asked.for_catalog(later).get(place) for place in places] == [Fingerprints(later).get(place) for place in places]


def test_whoever_asks_for_all_of_them_hears_the_same(tmp_path: Path) -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(700, categories=3, authors=3, tags=9), entries=10)
    for found in (
        newsrooms.load_publication(newsrooms.write_sample(tmp_path)).catalog,
        build_catalog(content, model_newsrooms.START),
    ):
        one, all_of_them, ahead = Fingerprints(found), Fingerprints(found, bulk=True), Fingerprints(found, bulk=True)
        ahead.compute_rows(1)
        places = [place for path in Publication(found).paths_with_redirects() if (place := place_of(path))]
        assert [one.get(place) for place in places] == [all_of_them.get(place) for place in places]
        assert [one.get(place) for place in places] == [ahead.get(place) for place in places]


def test_what_a_text_editor_leaves_beside_the_program_s_files_is_no_part_of_it(tmp_path: Path) -> None:
    """A link of Emacs's, which leads nowhere, once stopped every build."""
    program = tmp_path / "feedsvc"
    shutil.copytree(Path(feedsvc.__file__).parent, program, ignore=shutil.ignore_patterns("__pycache__"))

    def told() -> str:
        command = [
            sys.executable,
            "-B",
            "-c",
            "from feedsvc.publication.fingerprints import code_fingerprint; print(code_fingerprint()[1])",
        ]
        return subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True).stdout

    before = told()
    (program / "pages/templates/.#base.html").symlink_to("user@host.1234:1700000000")
    os.mkfifo(program / "pipe")
    (program / "__pycache__").mkdir()
    (program / "__pycache__/routes.cpython-313.pyc.140234").touch()
    assert told() == before
    (program / "pages/templates/other.html").touch()
    assert told() != before


def test_a_new_article_leaves_the_pages_of_older_ones_as_they_are() -> None:
    older = model_newsrooms.ten_years_of_articles(300, categories=1, authors=2, tags=5)
    new = model_newsrooms.article(9999, model_newsrooms.START, categories=older[0].categories, tags=older[0].tags)
    before, after = (
        build_catalog(model_newsrooms.snapshot(several, categories=1), model_newsrooms.START)
        for several in (older, (new, *older))
    )
    one, other = Fingerprints(before, bulk=True), Fingerprints(after, bulk=True)
    slugs = list(before.visible)
    assert [slug for slug in slugs if one.get(ArticleAt(slug)) != other.get(ArticleAt(slug))] == slugs[:1]


@pytest.mark.parametrize("library", ["brotli", "deflate", "jinja2", "lxml"])
def test_an_upgrade_of_a_library_that_makes_bytes_makes_them_anew(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """A tree would have kept the .gz files of another version beside new ones."""
    before, version = imprint.code_fingerprint(), metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "another" if name == library else version(name))
    assert imprint.code_fingerprint.__wrapped__() != before
