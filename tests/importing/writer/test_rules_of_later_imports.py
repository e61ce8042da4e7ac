"""Rules of redirects.yaml after several imports: what an import wrote itself follows the source and the map; the rest stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.source import SourceRedirect, SourceSystem
from feedsvc.importing.writer import ImportReport, TermMapping, format_text
from feedsvc.publication.old_addresses import redirect_target
from tests.importing.writer.memory_source import NOW, OLD, SITE, articles, load, post, run_import, what

FERRIES = tuple(f"/category/ferries/{name}" for name in ("", "feed/", "feed/atom/", "feed/rss2/", "feed/rdf/"))
DROPPED = TermMapping(categories={"ferries": None})
MERGED = TermMapping(categories={"ferries": "city"})
FLOW_FORM = "exact: {/own/: /articles/title-1/}\n"


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


@pytest.mark.parametrize("has_comments", [False, True])
def test_feeds_of_a_category_that_the_map_drops_no_longer_answer_again(tmp_path: Path, *, has_comments: bool) -> None:
    run_import(tmp_path, post(1), mapping=DROPPED)
    if has_comments:
        file = tmp_path / "redirects.yaml"
        file.write_text(f"# Ours\n{file.read_text('utf-8')}", "utf-8")
    dry = run_import(tmp_path, post(1), mapping=TermMapping(), is_dry_run=True)
    report = run_import(tmp_path, post(1), mapping=TermMapping())
    assert [target(tmp_path, address) for address in FERRIES[1:]] == [
        f"/category/ferries/feed.{end}" for end in ("rss", "atom", "rss", "rss")
    ]
    assert not {*FERRIES[:2]} & load(tmp_path).redirects.exact.keys()
    assert "rules of the last import that hid a document were removed: /category/ferries/, " in format_text(report)
    assert dry.redirects == report.redirects
    # No editor deleted them: a map that drops the category again needs them again.
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
    assert load(tmp_path).redirects.exact["/category/ferries/feed/"] == "/feed.rss"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_redirects_yaml_that_was_saved_on_windows_gets_new_and_changed_rules_in_its_own_form(tmp_path: Path, mark: bytes) -> None:
    run_import(tmp_path, post(1))
    file = tmp_path / "redirects.yaml"
    file.write_bytes(mark + file.read_bytes().replace(b"\n", b"\r\n"))
    report = run_import(tmp_path, post(1), post(2), mapping=DROPPED)
    assert report.omissions == [omission for omission in report.omissions if omission.place == "categories.yaml"]
    exact = load(tmp_path).redirects.exact
    assert (exact["/?p=2"], exact["/category/city/ferries/feed/"]) == ("/articles/title-2/", "gone")
    data = file.read_bytes()
    assert data.startswith(mark + b"exact:\r\n")
    assert data.count(b"\n") == data.count(b"\r\n")


def unwritten(report: ImportReport) -> list[str]:
    return [omission.what for omission in report.omissions if "add it by hand" in omission.reason]


def test_redirects_of_posts_that_could_not_be_written_are_reported_again_and_written_once_they_can_be(tmp_path: Path) -> None:
    posts = (post(1), post(2), post(3, address=f"{OLD}/about/"))
    (tmp_path / "redirects.yaml").write_text(FLOW_FORM)
    first = unwritten(run_import(tmp_path, *posts))
    expected = {"/?p=1", "/?p=2", "/2020/01/03/title-1/", "/2020/01/04/title-2/", "/about/"}
    assert expected <= {rule.partition(": ")[0] for rule in first}
    assert unwritten(run_import(tmp_path, *posts)) == first
    (tmp_path / "redirects.yaml").write_text("exact:\n  /own/: /articles/title-1/\n")
    report = run_import(tmp_path, *posts)
    assert report.omissions == []
    assert expected <= load(tmp_path).redirects.exact.keys()
    assert run_import(tmp_path, *posts).redirects == {}


def test_addresses_that_no_redirect_can_have_are_reported_at_each_import(tmp_path: Path) -> None:
    posts = (post(1, address=f"{OLD}/a//b/"), post(2, other_addresses=("/?p=2", f"{OLD}/%FF/")))
    assert what(run_import(tmp_path, *posts)) == ["redirect", "redirect"]
    assert what(run_import(tmp_path, *posts)) == ["redirect", "redirect"]


def test_articles_of_a_feed_that_lost_its_ids_are_reported_as_doubles(tmp_path: Path) -> None:
    site = replace(SITE, system=SourceSystem.FEED, feeds=(f"{OLD}/feed/",))
    run_import(tmp_path, post(1), post(2), site=site)
    address, rule = post(1).address, "/2020/01/03/title-1/: /articles/title-1-2/"
    report = run_import(tmp_path, post(1, id=address, other_addresses=()), post(2), site=site)
    (reason,) = (omission.reason for omission in report.omissions if omission.what == rule)
    assert reason.startswith("the file has a rule to /articles/title-1/ for this address; change the rule, or delete one")
    again = run_import(tmp_path, post(1, id=address, other_addresses=()), post(2), site=site)
    assert rule not in what(again)


def test_report_names_an_entry_with_another_title_at_the_source(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), mapping=MERGED)
    assert "changed at the source" not in format_text(run_import(tmp_path, post(1)))
    terms = tuple(replace(term, name="Town") if term.key == "city" else term for term in SITE.terms)
    report = run_import(tmp_path, post(1), site=replace(SITE, terms=terms))
    assert "city: Town: this entry changed at the source" in format_text(report)


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
    assert "/\u05e9/" not in load(tmp_path).redirects.exact


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
