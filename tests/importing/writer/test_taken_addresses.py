"""Addresses that a post of WordPress takes over from another one, at a later import."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.source import PostState, SourcePost
from feedsvc.publication.old_addresses import redirect_target
from tests.importing.writer.memory_source import NOW, OLD, former_addresses, load, post, run_import, what

PATH = "/2020/03/04/budget/"
BUDGET = f"{OLD}{PATH}"
DRAFT = {"state": PostState.DRAFT, "address": ""}


def budget(number: int, **facts: object) -> SourcePost:
    return post(number, **{"address": BUDGET, **facts})


def target(root: Path, address: str = PATH) -> str:
    return redirect_target(build_catalog(load(root), NOW), address)


@pytest.mark.parametrize("is_first", [False, True])
def test_address_of_an_unpublished_post_leads_to_the_new_post_with_its_slug(tmp_path: Path, *, is_first: bool) -> None:
    run_import(tmp_path, post(1), budget(3))
    rest = (budget(3, **DRAFT),)
    posts = (budget(4), *rest) if is_first else (*rest, budget(4))
    dry = run_import(tmp_path, post(1), *posts, is_dry_run=True)
    report = run_import(tmp_path, post(1), *posts)
    assert target(tmp_path) == "/articles/budget-2/"
    assert report.omissions == []
    assert dry.redirects == report.redirects
    assert (run_import(tmp_path, post(1), *posts).redirects, target(tmp_path)) == ({}, "/articles/budget-2/")


def test_address_of_a_post_that_is_gone_stays_with_its_article_and_is_reported(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), budget(3))
    for _ in range(2):
        report = run_import(tmp_path, post(1), budget(4))
        assert [(one.place, one.what) for one in report.omissions] == [
            ("articles/2020/01/budget.md", f"{PATH}: /articles/budget-2/")
        ]
        assert target(tmp_path) == "/articles/budget/"
    (tmp_path / "articles/2020/01/budget.md").unlink()
    assert run_import(tmp_path, post(1), budget(4)).redirects == {PATH: "/articles/budget-2/"}
    assert target(tmp_path) == "/articles/budget-2/"


def test_addresses_of_two_posts_that_swapped_slugs_lead_to_their_present_posts(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), budget(3))
    report = run_import(tmp_path, budget(1), budget(3, address=post(1).address))
    assert (target(tmp_path), target(tmp_path, "/2020/01/03/title-1/")) == ("/articles/title-1/", "/articles/budget/")
    assert report.omissions == []


@pytest.mark.parametrize("own", ["/articles/title-1/", "/feed.rss", "gone"])
def test_rule_of_an_editor_at_the_address_of_a_post_stays_and_is_reported(tmp_path: Path, own: str) -> None:
    run_import(tmp_path, post(1), budget(3))
    file, article = tmp_path / "redirects.yaml", tmp_path / "articles/2020/01/budget.md"
    file.write_text(f"{file.read_text('utf-8')}  {PATH}: {own}\n", "utf-8")
    article.write_text(article.read_text("utf-8").replace(f'"{PATH}", ', ""), "utf-8")
    report = run_import(tmp_path, post(1), budget(4))
    assert former_addresses(tmp_path)[PATH] == own
    assert what(report)[0] == f"{PATH}: /articles/budget-2/"
