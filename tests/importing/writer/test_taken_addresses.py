"""Addresses that a post of WordPress takes over from another one, at a later import."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.source import PostState, SourcePost
from feedsvc.publication.old_addresses import redirect_target
from tests.importing.writer.memory_source import NOW, OLD, load, post, run_import, what

PATH = "/2020/03/04/budget/"
BUDGET = f"{OLD}{PATH}"
DRAFT = {"state": PostState.DRAFT, "address": ""}


def budget(number: int, **facts: object) -> SourcePost:
    return post(number, **{"address": BUDGET, **facts})


def target(root: Path, address: str = PATH) -> str:
    return redirect_target(build_catalog(load(root), NOW), address)


@pytest.mark.parametrize("rest", [(), (budget(3, **DRAFT),)])
@pytest.mark.parametrize("is_first", [False, True])
def test_address_of_a_deleted_or_unpublished_post_leads_to_the_new_post_with_its_slug(
    tmp_path: Path, rest: tuple[SourcePost, ...], *, is_first: bool
) -> None:
    run_import(tmp_path, post(1), budget(3))
    posts = (budget(4), *rest) if is_first else (*rest, budget(4))
    dry = run_import(tmp_path, post(1), *posts, is_dry_run=True)
    report = run_import(tmp_path, post(1), *posts)
    assert target(tmp_path) == "/articles/budget-2/"
    assert report.omissions == []
    assert dry.redirects == report.redirects
    assert (run_import(tmp_path, post(1), *posts).redirects, target(tmp_path)) == ({}, "/articles/budget-2/")


def test_address_of_a_post_that_was_restored_from_the_trash_leads_to_it_again(tmp_path: Path) -> None:
    run_import(tmp_path, budget(3))
    run_import(tmp_path, budget(4))
    assert run_import(tmp_path, budget(3)).redirects == {PATH: "/articles/budget/"}
    assert target(tmp_path) == "/articles/budget/"


def test_addresses_of_two_posts_that_swapped_slugs_lead_to_their_present_posts(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), budget(3))
    report = run_import(tmp_path, budget(1), budget(3, address=post(1).address))
    assert (target(tmp_path), target(tmp_path, "/2020/01/03/title-1/")) == ("/articles/title-1/", "/articles/budget/")
    assert report.omissions == []


@pytest.mark.parametrize("own", ["/articles/title-1/", "/feed.rss", "gone"])
def test_rule_of_an_editor_at_the_address_of_a_deleted_post_stays_and_is_reported(tmp_path: Path, own: str) -> None:
    run_import(tmp_path, post(1), budget(3))
    file = tmp_path / "redirects.yaml"
    file.write_text(file.read_text("utf-8").replace(f"{PATH}: /articles/budget/", f"{PATH}: {own}"), "utf-8")
    report = run_import(tmp_path, post(1), budget(4))
    assert load(tmp_path).redirects.exact[PATH] == own
    assert what(report) == [f"{PATH}: /articles/budget-2/"]


def test_rule_of_an_editor_back_to_the_former_article_stays(tmp_path: Path) -> None:
    run_import(tmp_path, budget(3))
    run_import(tmp_path, budget(4))
    file = tmp_path / "redirects.yaml"
    file.write_text(file.read_text("utf-8").replace(f"{PATH}: /articles/budget-2/", f"{PATH}: /articles/budget/"), "utf-8")
    run_import(tmp_path, budget(4, other_addresses=("/?p=4", f"{OLD}/other/")))
    assert load(tmp_path).redirects.exact[PATH] == "/articles/budget/"
