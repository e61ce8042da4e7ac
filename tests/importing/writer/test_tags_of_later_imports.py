"""Tags of WordPress whose name changes between two imports: their addresses, with the slug and with former names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.source import SourceTerm, TermKind
from feedsvc.importing.writer import ImportReport
from feedsvc.publication.old_addresses import redirect_target
from tests.importing.writer.memory_source import NOW, SITE, load, post, run_import


def run(root: Path, name: str, description: str = "", key: str = "pm") -> ImportReport:
    """Import a post with one tag of this name."""
    site = replace(SITE, terms=(SourceTerm(TermKind.TAG, key, name, description),))
    return run_import(root, post(1, tags=(key,)), site=site)


def target(root: Path, address: str) -> str:
    return redirect_target(build_catalog(load(root), NOW), address)


@pytest.mark.parametrize("description", ["", "Who leads the government"])
def test_addresses_of_a_tag_lead_to_its_new_name(tmp_path: Path, description: str) -> None:
    run(tmp_path, "Prime Minister", description)
    run(tmp_path, "The PM", description)
    for name in ("pm", "prime-minister"):
        assert target(tmp_path, f"/tag/{name}/") == "/tag/the-pm/"
        assert target(tmp_path, f"/tag/{name}/feed/") == "/tag/the-pm/feed.rss"
        assert target(tmp_path, f"/tag/{name}/feed.atom") == "/tag/the-pm/feed.atom"
    assert run(tmp_path, "The PM", description).redirects == {}


@pytest.mark.parametrize("names", [("Minister", "The PM", "Premier", "Premier"), ("Premier", "The PM", "Premier")])
def test_addresses_of_a_tag_with_a_third_or_its_first_name_lead_to_it(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        run(tmp_path, name)
    former = {"pm", *(name.lower().replace(" ", "-") for name in names)} - {"premier"}
    assert {target(tmp_path, f"/tag/{name}/") for name in former} == {"/tag/premier/"}
    assert target(tmp_path, "/tag/premier/") == ""


def test_address_of_a_tag_that_an_article_of_the_newsroom_has_stays(tmp_path: Path) -> None:
    run(tmp_path, "Prime Minister")
    (tmp_path / "articles/own.md").write_text(
        "---\nid: tag:old.example,2026:own\ntitle: Own\npublished: 2026-02-01T10:00:00Z\ntags: [Prime Minister]\n---\n\nText\n"
    )
    run(tmp_path, "The PM")
    assert target(tmp_path, "/tag/prime-minister/") == ""
    assert target(tmp_path, "/tag/pm/") == "/tag/the-pm/"
