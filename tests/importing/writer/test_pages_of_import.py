"""Pages of a source become files of pages/. A later import changes only what changed at the source, as with articles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedsvc.content.lint import lint_content
from feedsvc.errors import FeedsvcError
from feedsvc.importing.source import PostState, SourceMedium, SourcePost, SourceRedirect
from feedsvc.importing.writer import ImportReport, format_text
from feedsvc.page_model import StaticPage
from feedsvc.support.atomic_write import CONTENT_PREFIX
from tests.importing.writer.memory_source import NOW, OLD, SITE, files, former_addresses, load, post, run_import, what

ABOUT = "pages/about.md"


def page(number: int = 1, name: str = "about", **facts: object) -> SourcePost:
    """Return a published page at /name/."""
    own = {"title": "About us", "summary": "Who we are.", "body": "<p>We are <b>three</b>.</p>", "categories": (), "tags": ()}
    return post(number, **{"is_page": True, "address": f"{OLD}/{name}/", **own, **facts})


def pages(root: Path) -> dict[str, StaticPage]:
    """Return the pages of a folder without errors, by path."""
    return {found.path: found for found in load(root).pages.values()}


def reasons(report: ImportReport) -> dict[str, str]:
    return {omission.what: omission.reason for omission in report.omissions}


def edit(root: Path, old: str, new: str) -> None:
    text = (root / ABOUT).read_text("utf-8")
    assert old in text
    (root / ABOUT).write_text(text.replace(old, new), "utf-8")


def test_page_is_at_its_former_address(tmp_path: Path) -> None:
    report = run_import(tmp_path, page(updated=datetime(2021, 5, 1, 8, tzinfo=UTC)), post(2))
    assert (tmp_path / ABOUT).read_text("utf-8") == (
        '---\ntitle: "About us"\nupdated: 2021-05-01T08:00:00+00:00\ndescription: "Who we are."\n---\n\nWe are **three**.\n'
    )
    assert former_addresses(tmp_path).get("/?p=1") == "/about/"
    assert "/about/" not in report.redirects
    assert report.pages == [ABOUT]
    assert (report.ids.total, report.dates.total, report.authors.total) == (1, 1, 1)
    assert "2 new, 0 changed, 0 unchanged articles and pages;" in format_text(report)
    assert "Pages (1):\n  pages/about.md\n" in format_text(report)
    assert lint_content(load(tmp_path), tmp_path, NOW) == ()


def test_page_below_another_one_is_at_the_root_and_the_former_address_redirects(tmp_path: Path) -> None:
    run_import(tmp_path, page(), page(2, "about/team"), page(3, "jobs/team", title="Jobs"))
    assert {path: found.menu for path, found in pages(tmp_path).items()} == {
        ABOUT: "footer",
        "pages/about-team.md": "none",
        "pages/jobs-team.md": "none",
    }
    exact = former_addresses(tmp_path)
    assert (exact["/about/team/"], exact["/jobs/team/"]) == ("/about-team/", "/jobs-team/")


def test_page_called_feed_leaves_the_address_of_the_feed_to_it(tmp_path: Path) -> None:
    run_import(tmp_path, page(name="feed"))
    assert former_addresses(tmp_path).get("/feed/") in (None, "/feed.rss")


@pytest.mark.parametrize(
    ("address", "title", "path"),
    [
        ("/con/", "Contact", "pages/con-2.md"),
        ("/-/", "Dash", "pages/dash.md"),
        ("/_/", "Line below", "pages/line-below.md"),
        ("/index/", "Start here", "pages/start-here.md"),
        ("/index/", "Index", "pages/index.md"),
        ("/about/index.html", "About us", ABOUT),
        ("", "About us", "pages/about-us.md"),
        *((f"/{name}/", "About us", f"pages/{name}-2.md") for name in ("tags", "search", "articles", "media")),
    ],
)
def test_page_is_at_its_address_or_at_one_that_the_site_can_have(tmp_path: Path, address: str, title: str, path: str) -> None:
    run_import(tmp_path, page(title=title, address=address and f"{OLD}{address}"))
    assert {path: found.menu for path, found in pages(tmp_path).items()} == {path: "footer"}


def test_page_without_a_title_is_asked_for_one(tmp_path: Path) -> None:
    assert reasons(run_import(tmp_path, page(title=""))) == {
        "title": "the page has no title, and a page needs one: write a headline"
    }


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("/about/#team", "/about/#team"),
        *((query, "/about/") for query in ("/about/?utm_source=mail", "/?page_id=1&preview=true", "/?p=1&share=mail")),
        ("/index.php?page_id=1", "/about/"),
        (":443/about/", "/about/"),
        (":8443/about/", f"{OLD}:8443/about/"),
        ("/who/", "/about/"),
    ],
)
def test_link_to_a_page_leads_to_it_and_stays_so(tmp_path: Path, link: str, expected: str) -> None:
    site = replace(SITE, redirects=(SourceRedirect("/who/", "/about/"),))
    body = f'<p>More <a href="{OLD}{link}">about us</a>.</p>'
    posts = (page(other_addresses=("/?page_id=1", "/?p=1")), post(2, body=body))
    report = run_import(tmp_path, *posts, site=site)
    assert f"[about us]({expected})" in (tmp_path / "articles/2020/01/title-2.md").read_text("utf-8")
    assert report.links.kept == report.links.total
    assert run_import(tmp_path, *posts, site=site).changed == []


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (page(), None),
        (page(name="about/team"), None),
        (page(), page(name="about-us")),
    ],
    ids=["gone", "gone below another page", "renamed"],
)
def test_links_to_a_page_stay_when_the_next_export_does_not_have_its_address(
    tmp_path: Path, first: SourcePost, then: SourcePost | None
) -> None:
    linking = post(2, body=f'<p>More <a href="{first.address}">about us</a>.</p>')
    run_import(tmp_path, first, linking)
    before = (tmp_path / "articles/2020/01/title-2.md").read_bytes()
    report = run_import(tmp_path, *([then] if then else []), linking)
    assert OLD.encode() not in before
    assert (tmp_path / "articles/2020/01/title-2.md").read_bytes() == before
    assert report.changed == []


def test_links_to_what_is_older_than_since_stay(tmp_path: Path) -> None:
    links = f'<p><a href="{OLD}/about/">us</a> <a href="{OLD}/?p=1">one</a></p>'
    posts = page(3, published=datetime(2019, 1, 1, tzinfo=UTC)), post(1), post(2, body=links)
    run_import(tmp_path, *posts)
    before = files(tmp_path)
    report = run_import(tmp_path, *posts, since=posts[2].published)
    assert files(tmp_path) == before
    assert (report.changed, report.unchanged) == ([], 1)


def test_folder_at_the_path_of_a_page_is_reported(tmp_path: Path) -> None:
    (tmp_path / ABOUT).mkdir(parents=True)
    report = run_import(tmp_path, page())
    assert reasons(report) == {ABOUT: "the file cannot be read, so it was not compared; see feedsvc check"}


@pytest.mark.parametrize("name", ["site.yaml", "tags.yaml", "redirects.yaml"])
def test_folder_in_place_of_a_settings_file_stops_the_import_before_it_writes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(FeedsvcError, match=f"{name} is not a file, and nothing was written; move it away"):
        run_import(tmp_path, page())
    assert [*files(tmp_path)] == []


def test_redirects_yaml_with_a_comment_in_latin_1_stays_as_it_is(tmp_path: Path) -> None:
    data = b"# caf\xe9\nexact:\n  /a/: /b/\n"
    (tmp_path / "redirects.yaml").write_bytes(data)
    report = run_import(tmp_path, page())
    assert (tmp_path / "redirects.yaml").read_bytes() == data
    assert "/?p=1: /about/" in what(report)


@pytest.mark.parametrize("name", ["pages", "articles", "media", ".feedsvc"])
def test_file_in_place_of_a_folder_stops_the_import_before_it_writes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(FeedsvcError, match=f"{name} is not a folder, and nothing was written; move it away"):
        run_import(tmp_path, page())
    assert [*files(tmp_path)] == [name]


def test_addresses_that_a_plug_in_redirected_redirect_still_if_no_article_is_there(tmp_path: Path) -> None:
    target = "https://other.example/"
    redirects = (
        SourceRedirect("/about/", target),
        SourceRedirect("/a/us", target),
        SourceRedirect("/2020/01/04/title-2/", target),
    )
    site = replace(SITE, redirects=redirects)
    posts = page(state=PostState.DRAFT), page(3, "us", state=PostState.DRAFT, address=f"{OLD}/a/us/"), post(2)
    report = run_import(tmp_path, *posts, site=site)
    rules, before = former_addresses(tmp_path), files(tmp_path)
    assert (rules["/about/"], rules["/a/us/"]) == (target, target)
    assert rules["/2020/01/04/title-2/"] == "/articles/title-2/"
    assert reasons(report)[f"redirect to {target}"] == "an article of the source has this address"
    assert run_import(tmp_path, *posts, site=site).redirects == {}
    assert files(tmp_path) == before


def test_page_whose_address_another_page_has_by_now_gets_no_rule_that_is_never_reached(tmp_path: Path) -> None:
    run_import(tmp_path, page(name="tags"))
    run_import(tmp_path, page(name="tags"), page(2, "tags-2"))
    assert sorted(pages(tmp_path)) == ["pages/tags-2-2.md", "pages/tags-2.md"]
    assert "/tags-2/" not in former_addresses(tmp_path)


def test_pages_of_one_name_get_different_names(tmp_path: Path) -> None:
    run_import(tmp_path, page(), page(2, "a/about", address=f"{OLD}/About.html"))
    assert sorted(pages(tmp_path)) == ["pages/About-2.md", ABOUT]


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        ({"state": PostState.DRAFT, "published": None}, ""),
        ({"published": datetime(2030, 1, 1, tzinfo=UTC)}, "it was to become public on 2030-01-01"),
        ({"address": f"{OLD}/"}, "it was the front page"),
        ({"body": ""}, "it has no text"),
        ({"body": "<p>&nbsp;</p>\n<p>\u00a0</p>"}, "it has no text"),
        ({"body": "<p>&#8203;</p>\n<p>\u200b</p>"}, "it has no text"),
    ],
)
def test_page_that_was_not_public_or_shows_nothing_is_a_draft(tmp_path: Path, facts: dict[str, Any], reason: str) -> None:
    report = run_import(tmp_path, page(**facts))
    (found,) = pages(tmp_path).values()
    assert found.is_draft
    assert reasons(report).get("page 'About us': publication", "").startswith(reason)


def test_lead_image_of_a_page_is_reported(tmp_path: Path) -> None:
    address = f"{OLD}/wp-content/uploads/a.jpg"
    assert f"page 'About us': {address}" in what(run_import(tmp_path, page(lead_image=SourceMedium(address))))


def test_deleted_page_stays_deleted_and_renamed_one_is_found_by_its_alias(tmp_path: Path) -> None:
    run_import(tmp_path, page(), page(2, "imprint"))
    (tmp_path / "pages/imprint.md").unlink()
    edit(tmp_path, "---\ntitle", "---\naliases: [about]\ntitle")
    (tmp_path / ABOUT).rename(tmp_path / "pages/who-we-are.md")
    report = run_import(tmp_path, page(title="Changed"), page(2, "imprint", title="Changed"))
    assert report.deleted == ["pages/imprint.md"]
    assert {path: found.title for path, found in pages(tmp_path).items()} == {"pages/who-we-are.md": "About us"}
    assert report.kept == ["pages/who-we-are.md"]


def test_page_that_the_newsroom_has_already_stays_and_is_listed(newsroom: Callable[..., Path]) -> None:
    own = "---\ntitle: Own\n---\n\nOur text.\n"
    root = newsroom({ABOUT: own})
    report = run_import(root, page(state=PostState.DRAFT))
    assert (root / ABOUT).read_text("utf-8") == own
    assert report.kept == [ABOUT]


def test_temporary_file_of_a_killed_import_in_pages_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / f"{CONTENT_PREFIX}left").write_text("half a page")
    run_import(tmp_path, post(2))
    assert list((tmp_path / "pages").iterdir()) == []


def test_renamed_page_that_is_gone_at_the_source_is_reported(tmp_path: Path) -> None:
    run_import(tmp_path, page(), post(2))
    edit(tmp_path, 'title: "About us"\n', 'title: "About us"\naliases: [about]\n')
    (tmp_path / ABOUT).rename(tmp_path / "pages/who-we-are.md")
    assert run_import(tmp_path, post(2)).gone == ["pages/who-we-are.md"]


def test_page_that_became_a_post_is_an_article_and_the_page_stays_until_an_editor_deletes_it(tmp_path: Path) -> None:
    run_import(tmp_path, page())
    became = page(is_page=False)
    report = run_import(tmp_path, became)
    assert (report.created, report.deleted) == (["articles/2020/01/about.md"], [])
    assert [*pages(tmp_path)] == [ABOUT]
    assert run_import(tmp_path, became).unchanged == 1


def test_page_of_another_source_is_not_hidden_by_a_rule(tmp_path: Path) -> None:
    run_import(tmp_path, page())
    site = replace(SITE, address="https://second.example")
    second = page(7, "about", id="http://second.example/?p=7", address="https://second.example/about/", title="The others")
    run_import(tmp_path, second, site=site, base_url=OLD)
    assert {*pages(tmp_path)} == {ABOUT, "pages/about-2.md"}
    assert "/about/" not in former_addresses(tmp_path)
