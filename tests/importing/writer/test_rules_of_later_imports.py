"""Rules of redirects.yaml after several imports: what an import wrote itself follows the source and the map; the rest stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.source import SourceRedirect, SourceSystem
from feedsvc.importing.writer import TermMapping
from feedsvc.publication.old_addresses import redirect_target
from tests.importing.writer.memory_source import NOW, OLD, SITE, articles, former_addresses, load, post, run_import, what

FERRIES = tuple(f"/category/ferries/{name}" for name in ("", "feed/", "feed/atom/", "feed/rss2/", "feed/rdf/"))
DROPPED = TermMapping(categories={"ferries": None})
MERGED = TermMapping(categories={"ferries": "city"})


def target(root: Path, address: str) -> str:
    return redirect_target(build_catalog(load(root), NOW), address)


def test_short_address_of_a_merged_subcategory_leads_to_the_other_one_once_its_entry_is_deleted(tmp_path: Path) -> None:
    """An earlier import wrote both entries, so that of the other one has no alias."""
    run_import(tmp_path, post(1))
    run_import(tmp_path, post(1), mapping=MERGED)
    file = tmp_path / "categories.yaml"
    file.write_text(file.read_text("utf-8").partition("ferries:")[0], "utf-8")
    run_import(tmp_path, post(1), mapping=MERGED)
    assert target(tmp_path, "/category/ferries/") == "/category/city/"
    assert target(tmp_path, "/category/ferries/feed/") == "/category/city/feed.rss"
    assert target(tmp_path, "/category/ferries/feed/atom/") == "/category/city/feed.atom"


def test_feeds_of_a_category_that_the_map_drops_no_longer_answer_again(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), mapping=DROPPED)
    dry = run_import(tmp_path, post(1), mapping=TermMapping(), is_dry_run=True)
    report = run_import(tmp_path, post(1), mapping=TermMapping())
    assert [target(tmp_path, address) for address in FERRIES[1:]] == [
        f"/category/ferries/feed.{end}" for end in ("rss", "atom", "rss", "rss")
    ]
    assert not {*FERRIES[:2]} & former_addresses(tmp_path).keys()
    assert dry.redirects == report.redirects
    # A map that drops the category again needs them again.
    (tmp_path / "categories.yaml").write_text("city: {title: City}\n")
    run_import(tmp_path, post(1), mapping=DROPPED)
    assert target(tmp_path, "/category/ferries/feed/") == "gone"


def test_rule_of_an_editor_at_the_feed_of_a_category_stays(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), mapping=DROPPED)
    file = tmp_path / "redirects.yaml"
    file.write_text(
        file.read_text("utf-8").replace("/category/ferries/feed/: gone", "/category/ferries/feed/: /feed.rss"), "utf-8"
    )
    run_import(tmp_path, post(1), mapping=TermMapping())
    assert former_addresses(tmp_path)["/category/ferries/feed/"] == "/feed.rss"


def test_addresses_that_no_redirect_can_have_are_reported_at_each_import(tmp_path: Path) -> None:
    posts = (post(1, address=f"{OLD}/a//b/"), post(2, other_addresses=("/?p=2", f"{OLD}/%FF/")))
    assert what(run_import(tmp_path, *posts)) == ["redirect", "redirect"]
    assert what(run_import(tmp_path, *posts)) == ["redirect", "redirect"]


def test_articles_of_a_feed_that_lost_its_ids_are_reported_as_doubles(tmp_path: Path) -> None:
    site = replace(SITE, system=SourceSystem.FEED, feeds=(f"{OLD}/feed/",))
    run_import(tmp_path, post(1), post(2), site=site)
    report = run_import(tmp_path, post(1, id=post(1).address, other_addresses=()), post(2), site=site)
    (found,) = (one for one in report.omissions if one.what == "/2020/01/03/title-1/: /articles/title-1-2/")
    assert (found.place, found.reason.partition(";")[0]) == (
        "articles/2020/01/title-1.md",
        "the file has this address among its aliases",
    )


def test_page_of_an_author_that_a_map_dropped_and_a_later_one_renames_leads_to_the_new_name(tmp_path: Path) -> None:
    """The feed's rule has a new target. The page has none, because the alias in authors.yaml answers it."""
    run_import(tmp_path, post(1), mapping=TermMapping(authors={"mina": None}))
    assert target(tmp_path, "/author/mina/") == "gone"
    run_import(tmp_path, post(1), mapping=TermMapping(authors={"mina": "newsroom"}))
    assert target(tmp_path, "/author/mina/") == "/author/newsroom/"
    assert target(tmp_path, "/author/mina/feed/") == "/author/newsroom/feed.rss"


def test_export_with_two_redirects_from_one_address_to_nowhere_is_imported(tmp_path: Path) -> None:
    redirects = (SourceRedirect("/%D7%A9/", "/away/"), SourceRedirect("/\u05e9/", "/away/"))
    site = replace(SITE, redirects=(*redirects, SourceRedirect("/away/", "/gone/"), SourceRedirect("/gone/", "/articles/none/")))
    report = run_import(tmp_path, post(1), site=site)
    assert report.created == ["articles/2020/01/title-1.md"]
    assert target(tmp_path, "/\u05e9/") == ""


@pytest.mark.parametrize("slug", ["title-1", "\u00fcber", "%C3%BCber"])
@pytest.mark.parametrize("is_first", [False, True])
def test_new_post_at_the_former_address_of_another_is_found_there(tmp_path: Path, slug: str, *, is_first: bool) -> None:
    taken = f"{OLD}/2020/01/03/{slug}/"
    run_import(tmp_path, post(1, address=taken))
    renamed = post(1, address=f"{OLD}/2020/01/03/renamed/", other_addresses=("/?p=1", taken))
    posts = (post(2, address=taken), renamed) if is_first else (renamed, post(2, address=taken))
    report = run_import(tmp_path, *posts)
    second = report.created[0].rpartition("/")[2].removesuffix(".md")
    assert target(tmp_path, unquote(f"/2020/01/03/{slug}/")) == f"/articles/{second}/"
    assert target(tmp_path, "/2020/01/03/renamed/") == f"/articles/{articles(tmp_path)[post(1).id].slug}/"
    assert report.omissions == []
    assert run_import(tmp_path, *posts).redirects == {}
