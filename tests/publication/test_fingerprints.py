"""Fingerprints of documents: equal in every process, and different if the bytes of the document differ."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from typing import Final

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication import fingerprints
from feedsvc.publication.document import Document
from feedsvc.publication.fingerprints import Fingerprints, site_fingerprint
from feedsvc.publication.publication import Publication
from feedsvc.routes import ArticleAt, place_of
from tests import ROOT
from tests.conftest import Newsroom
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.newsrooms import NOW

PROGRAM: Final = """
import sys
from pathlib import Path
from feedsvc.feeds.digest import FeedDigests
from feedsvc.publication.fingerprints import Fingerprints, site_fingerprint
from feedsvc.routes import place_of
from tests.helpers import newsrooms
publication = newsrooms.load_publication(Path(sys.argv[1]))
print(site_fingerprint(publication.catalog), dict(FeedDigests().compute(publication.catalog)))
for path in publication.paths():
    print(path, Fingerprints(publication.catalog).get(place_of(path)))
"""


def fingerprints_by_path(publication: Publication) -> dict[str, str]:
    fingerprints = Fingerprints(publication.catalog)
    return {path: fingerprints.get(place) for path in publication.paths_with_redirects() if (place := place_of(path))}


def bodies(publication: Publication) -> dict[str, bytes]:
    resources = ((path, publication.render(path)) for path in publication.paths_with_redirects())
    return {path: resource.body for path, resource in resources if isinstance(resource, Document)}


@pytest.mark.slow
def test_two_processes_compute_the_same_fingerprints_and_digests_of_feeds(tmp_path: Path) -> None:
    content = newsrooms.write_sample(tmp_path)
    outputs = []
    for seed, zone in (("1", "UTC"), ("4711", "Asia/Seoul")):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PROGRAM, str(content)]
        outputs.append(subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout)
    assert outputs[0] == outputs[1]
    assert len(outputs[0].splitlines()) > 80


EDITS: Final = {
    "a body": ("articles/december.yaml", "December text.", "Another text."),
    "a headline": ("articles/rich.yaml", "R&D at", "D&R at"),
    "a tag": ("articles/rich.yaml", "한국", "한국, another"),
    "a tag's spelling": ("articles/december.yaml", "한국", "한국 "),
    "a category": ("categories.yaml", "Money", "Cash"),
    "an entry of tags.yaml": ("tags.yaml", "title: Korea", "title: Corea"),
    "an entry of feeds.yaml": ("feeds.yaml", "title: Short", "title: Brief"),
    "the selection of an entry of feeds.yaml": ("feeds.yaml", "all: true", "languages: en"),
    "the feed of an entry of tags.yaml": ("tags.yaml", "ttl: 5", "ttl: 6"),
    "an author": ("authors.yaml", "Ritesh Nambiar", "R. Nambiar"),
    "the site": ("site.yaml", "The Daily & Co", "The Weekly"),
}


@pytest.mark.slow
@pytest.mark.parametrize("edit", EDITS)
def test_documents_with_different_bytes_have_different_fingerprints(tmp_path: Path, edit: str) -> None:
    entries = {
        "tags.yaml": "한국: {title: Korea, feed: {ttl: 5}}\n",
        "feeds.yaml": "short: {title: Short, include: {all: true}, content: summary}\n",
    }
    content = newsrooms.write(newsrooms.write_sample(tmp_path), entries)
    before = newsrooms.load_publication(content)
    old_fingerprints, old_bodies, old_site_fingerprint = (
        fingerprints_by_path(before),
        bodies(before),
        site_fingerprint(before.catalog),
    )
    name, old, new = EDITS[edit]
    file = content / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    after = newsrooms.load_publication(content)
    new_fingerprints = fingerprints_by_path(after)
    if site_fingerprint(after.catalog) == old_site_fingerprint:
        same = [
            path for path, fingerprint in new_fingerprints.items() if fingerprint and fingerprint == old_fingerprints.get(path)
        ]
        new_bodies = bodies(after)
        assert same
        assert [path for path in same if new_bodies.get(path) != old_bodies.get(path)] == []
    else:
        assert edit in ("a category", "an author", "the site") or ".yaml" in edit


def test_another_picture_of_a_new_article_changes_the_page_of_an_unknown_address(newsroom: Newsroom) -> None:
    files = newsrooms.article("a", image="{src: media/p.jpg, alt: P}")
    pages = []
    for width in (600, 700):
        publication = newsrooms.load_publication(newsroom({**files, "media/p.jpg": newsrooms.picture(width)}))
        pages.append((publication.not_found_page.body, Fingerprints(publication.catalog).not_found_page))
    assert b'width="600"' in pages[0][0]
    assert b'width="700"' in pages[1][0]
    assert pages[0][1] != pages[1][1]


def test_documents_that_change_with_time_get_another_fingerprint(tmp_path: Path) -> None:
    content = load_content(newsrooms.write_sample(tmp_path))
    for days in (-400, -40, 30, 4000, 40_000):
        early, late = (Publication(build_catalog(content, NOW + timedelta(days=by))) for by in (0, days))
        old_fingerprints, old_bodies = fingerprints_by_path(early), bodies(early)
        new_fingerprints, new_bodies = fingerprints_by_path(late), bodies(late)
        same = [
            path for path, fingerprint in new_fingerprints.items() if fingerprint and fingerprint == old_fingerprints.get(path)
        ]
        assert [path for path in same if new_bodies.get(path) != old_bodies.get(path)] == []


def test_a_new_article_changes_the_fingerprint_of_only_one_older_article() -> None:
    older = model_newsrooms.ten_years_of_articles(300, categories=1, authors=2, tags=5)
    new = model_newsrooms.article(9999, model_newsrooms.START, categories=older[0].categories, tags=older[0].tags)
    before, after = (
        build_catalog(model_newsrooms.snapshot(articles, categories=1), model_newsrooms.START)
        for articles in (older, (new, *older))
    )
    old, new_fingerprints = Fingerprints(before, bulk=True), Fingerprints(after, bulk=True)
    slugs = list(before.visible)
    assert [slug for slug in slugs if old.get(ArticleAt(slug)) != new_fingerprints.get(ArticleAt(slug))] == slugs[:1]


@pytest.mark.parametrize("library", ["brotli", "deflate", "jinja2", "lxml"])
def test_another_version_of_a_library_changes_the_code_fingerprint(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    """Otherwise a tree would keep .gz files of the former version beside new ones."""
    before, version = fingerprints.code_fingerprint(), metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "another" if name == library else version(name))
    assert fingerprints.code_fingerprint.__wrapped__() != before
