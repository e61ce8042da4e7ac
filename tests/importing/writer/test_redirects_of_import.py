"""Former addresses of a source: the rules of redirects.yaml that an import writes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.feed_source import open_feed_source
from feedsvc.importing.source import SourceRedirect, SourceSystem
from feedsvc.importing.writer import FolderMedia, ImportOptions, TermMapping, format_text, import_source
from feedsvc.publication.old_addresses import query_target, redirect_target
from tests.helpers.newsrooms import picture
from tests.importing.feed_source import samples
from tests.importing.writer.memory_source import NOW, OLD, SITE, former_addresses, load, post, run_import, what


def rules(root: Path) -> dict[str, str]:
    """Return all former addresses with their targets, those with a "*" too."""
    return former_addresses(root) | {f"{old}*": target for old, target in load(root).redirects.wildcards.items()}


def test_permalink_and_query_lead_to_the_article(tmp_path: Path) -> None:
    run_import(tmp_path, post(1), post(2, address=f"{OLD}/%EC%84%9C%EC%9A%B8.html", other_addresses=()))
    exact = rules(tmp_path)
    assert exact["/2020/01/03/title-1/"] == "/articles/title-1/"
    assert exact["/?p=1"] == "/articles/title-1/"
    assert exact["/서울.html"] == "/articles/서울/"


def test_former_feeds_lead_to_feeds_of_the_same_format(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, tags=("c",)))
    exact = rules(tmp_path)
    assert exact["/feed/atom/"] == "/feed.atom"
    assert exact["/?feed=rss2"] == "/feed.rss"
    assert exact["/category/city/ferries/feed/"] == "/category/ferries/feed.rss"
    assert exact["/tag/c/feed/atom/"] == "/tag/c-plus-plus/feed.atom"
    assert exact["/author/mina/feed/atom/"] == "/author/mina/feed.atom"
    assert "/feed/" not in exact  # feedsvc answers it without a rule
    assert exact["/category/city/ferries/"] == "/category/ferries/"
    assert "/category/city/" not in exact


def test_further_pages_of_lists_and_pages_of_dates_have_rules(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, tags=("c",)))
    exact = rules(tmp_path)
    assert exact["/page/*"] == "/"
    assert exact["/category/city/ferries/page/*"] == "/category/ferries/"
    assert exact["/tag/c/page/*"] == "/tag/c-plus-plus/"
    assert exact["/author/mina/page/*"] == "/author/mina/"
    assert exact["/2020/"] == "/archive/"
    assert exact["/2020/01/"] == exact["/2020/01/page/*"] == exact["/2020/01/03/"] == "/archive/2020/01/"


def test_report_asks_for_the_address_of_a_former_feed_that_is_not_known(tmp_path: Path) -> None:
    site = replace(SITE, system=SourceSystem.FEED, feeds=())
    assert ("  redirect of the feed: the address of the former feed is not known; add it to redirects.yaml\n") in format_text(
        run_import(tmp_path / "unknown", post(1), site=site)
    )
    known = run_import(tmp_path / "known", post(1), site=replace(site, feeds=(f"{OLD}/rss",)))
    assert "redirect of the feed" not in what(known)


BLOGGER = {
    "/feeds/posts/default": "/feed.atom",
    "/feeds/posts/default?alt=rss": "/feed.rss",
    "/feeds/posts/default?alt=json&max-results=5": "/feed.json",
    "/feeds/posts/default?start-index=26&max-results=25": "/feed.atom",
    "/feeds/posts/summary?alt=rss": "/feed.rss",
    "/feeds/posts/default/-/Café C++": "/category/café-c/feed.atom",
    "/feeds/posts/default/-/Café C++?alt=rss": "/category/café-c/feed.rss",
    "/search/label/Café C++?max-results=20": "/category/café-c/",
    "/feeds/posts/default/-/News?alt=rss": "gone",  # by --map
    "/search/label/News": "gone",
    "/{month}/": "/archive/{month}/",
    "/feeds/7/archive": "",
}


@pytest.mark.parametrize(("export", "month"), [(samples.BLOGGER, "2010/11"), (samples.BLOGGER_TAKEOUT, "2022/12")])
def test_feeds_labels_and_months_of_blogger_lead_to_ours(tmp_path: Path, export: str, month: str) -> None:
    draft = f'<category term="News"/><link rel="alternate" href="http://quay.example/{month}/not-yet.html"/><title>Not yet<'
    text = re.sub("<title[^>]*>Not yet<", draft, export.replace("Ferries", "Café C++"))
    (tmp_path / "feed.atom").write_text(text, "utf-8")
    options = ImportOptions(now=NOW, base_url="http://quay.example", mapping=TermMapping(categories={"News": None}))
    report = import_source(open_feed_source(str(tmp_path / "feed.atom")), tmp_path / "n", options)
    catalog = build_catalog(load(tmp_path / "n"), NOW)
    parts = {old: old.format(month=month).partition("?")[::2] for old in BLOGGER}
    actual = {old: query_target(catalog, *part) or redirect_target(catalog, part[0]) for old, part in parts.items()}
    assert actual == {old: new.format(month=month) for old, new in BLOGGER.items()}
    assert catalog.site.feed.entries == 25
    assert "redirect of the feed" not in what(report)
    assert "not-yet.html" not in (tmp_path / f"n/articles/{month}/not-yet.md").read_text("utf-8")


@pytest.mark.parametrize("path", ["/status/", "/subscribe/", "/tags/", "/archive/", "/robots.txt"])
def test_address_at_which_every_site_has_something_gets_no_rule_but_a_line_in_the_report(tmp_path: Path, path: str) -> None:
    report = run_import(tmp_path, post(1, address=f"{OLD}{path}"))
    assert path not in rules(tmp_path)
    assert [(found.what, found.reason) for found in report.omissions if found.place == path] == [
        ("redirect", "the new site has a document of its own at this address")
    ]


def test_report_of_a_second_import_lists_only_new_redirects(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    assert "Addresses with a new redirect" not in format_text(run_import(tmp_path, post(1)))
    text = format_text(run_import(tmp_path, post(1), post(2, address=f"{OLD}/x/", other_addresses=())))
    assert "2 new redirects;" in text
    lines = "  /x/ -> /articles/x/\n  /2020/01/04/ -> /archive/2020/01/\n"
    assert f"Addresses with a new redirect (2):\n{lines}" in text


def test_posts_at_another_host_have_no_redirects_and_the_report_counts_them(tmp_path: Path) -> None:
    elsewhere = [post(number, address=f"https://de.old.example/{number}/", other_addresses=()) for number in (1, 2)]
    report = run_import(tmp_path, *elsewhere, post(3))
    assert [(one.what, one.reason) for one in report.omissions] == [
        (
            "redirects of 2 addresses of posts at de.old.example",
            "the host of the source is old.example; let the server of de.old.example lead to the new site",
        )
    ]


def test_feed_of_another_system_keeps_its_format(tmp_path: Path) -> None:
    feeds = (f"{OLD}/feed.xml", f"{OLD}/rss/", f"{OLD}/feed.rss", "https://feeds.elsewhere.example/x")
    site = replace(SITE, system=SourceSystem.FEED, feeds=feeds, feed_suffixes=("atom", "rss", "rss", "rss"))
    run_import(tmp_path, post(1, other_addresses=()), site=site)
    assert rules(tmp_path) == {"/feed.xml": "/feed.atom", "/2020/01/03/title-1/": "/articles/title-1/"}


def test_redirects_of_plug_ins_are_kept_or_reported(tmp_path: Path) -> None:
    redirects = (
        SourceRedirect("/older/", post(1).address),
        SourceRedirect("/away", "https://shop.example/x?y=1"),
        SourceRedirect("/dead", ""),
        SourceRedirect("/nowhere", f"{OLD}/not/imported/"),
        SourceRedirect("https://foreign.example/a", "/"),
        SourceRedirect("/home/", "/"),
    )
    report = run_import(tmp_path, post(1), site=replace(SITE, redirects=redirects))
    exact = rules(tmp_path)
    assert exact["/older/"] == "/articles/title-1/"
    assert exact["/away/"] == "https://shop.example/x?y=1"
    assert exact["/dead/"] == "gone"
    assert exact["/home/"] == "/"
    assert {omission.place for omission in report.omissions} == {"/nowhere", "https://foreign.example/a"}


def test_uploads_have_one_rule_and_renamed_files_their_own(tmp_path: Path) -> None:
    uploads = tmp_path / "uploads"
    (uploads / "2020/01").mkdir(parents=True)
    (uploads / "2020/01/a.jpg").write_bytes(picture(9, 9))
    (uploads / "2020/01/b c.jpg").write_bytes(picture(8, 8))
    body = "".join(f'<p><img src="{OLD}/wp-content/uploads/2020/01/{name}" alt=""></p>' for name in ("a.jpg", "b%20c.jpg"))
    root = tmp_path / "newsroom"
    run_import(root, post(1, body=body), media=lambda hosts: FolderMedia(uploads, hosts))
    exact = rules(root)
    assert exact["/wp-content/uploads/*"] == "/media/*"
    assert exact["/wp-content/uploads/2020/01/b c.jpg"] == "/media/2020/01/b-c.jpg"
    assert "/wp-content/uploads/2020/01/a.jpg" not in exact


def test_site_below_a_path_has_addresses_relative_to_it(tmp_path: Path) -> None:
    site = replace(SITE, address=f"{OLD}/blog")
    report = run_import(tmp_path, post(1, address=f"{OLD}/blog/x/", other_addresses=("/blog/?p=1",)), post(2), site=site)
    exact = rules(tmp_path)
    assert exact["/x/"] == exact["/?p=1"] == "/articles/x/"
    assert not any("title-2" in old for old in exact)
    assert report.redirects["/x/"] == "/articles/x/"


def test_rules_of_editors_stay(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    file = tmp_path / "redirects.yaml"
    text = file.read_text("utf-8").replace("  /wp-atom.php: /feed.atom\n", "  /2020/01/04/title-2/: gone   # by court order\n")
    file.write_text(text, "utf-8")
    report = run_import(tmp_path, post(1), post(2))
    assert file.read_text("utf-8") == text
    former = rules(tmp_path)
    assert (former["/?p=2"], former["/2020/01/04/title-2/"]) == ("/articles/title-2/", "gone")
    assert {"/2020/01/04/title-2/: /articles/title-2/", "/wp-atom.php: /feed.atom"} <= {*what(report)}


def test_new_address_of_a_post_leads_to_the_same_article(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    run_import(tmp_path, post(1, address=f"{OLD}/renamed/"))
    exact = rules(tmp_path)
    assert exact["/renamed/"] == exact["/2020/01/03/title-1/"] == "/articles/title-1/"


def test_category_that_the_map_drops_is_gone_at_its_former_addresses(tmp_path: Path) -> None:
    mapping = TermMapping(categories={"ferries": None}, authors={"mina": None})
    run_import(tmp_path, post(1), mapping=mapping)
    exact = rules(tmp_path)
    former = ("/category/city/ferries/feed/", "/category/city/ferries/", "/?category_name=ferries&feed=atom")
    assert {exact[old] for old in (*former, "/author/mina/", "/author/mina/feed/atom/")} == {"gone"}
    assert "/category/city/" not in exact
    load(tmp_path)


def test_address_of_a_dropped_category_is_not_gone_if_another_one_has_it_now(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, categories=("city",)), mapping=TermMapping(categories={"ferries": None, "city": "ferries"}))
    exact = rules(tmp_path)
    assert exact.get("/category/city/ferries/feed/") != "gone"


def test_date_archives_lead_to_the_archive(tmp_path: Path) -> None:
    run_import(tmp_path, post(1))
    content = load(tmp_path)
    for old in ("/2020/01/", "/2020/01/03/", "/2020/01/page/2/"):
        assert redirect_target(build_catalog(content, NOW), old) == "/archive/2020/01/"
    assert redirect_target(build_catalog(content, NOW), "/2020/") == "/archive/"


def test_listings_of_a_site_that_was_below_a_path_lead_to_those_at_the_root(tmp_path: Path) -> None:
    run_import(tmp_path, post(1, address=f"{OLD}/blog/x/", tags=("c",)), site=replace(SITE, address=f"{OLD}/blog"), base_url=OLD)
    catalog = build_catalog(load(tmp_path), NOW)
    for old, new in {
        "/blog/page/2/": "/",
        "/blog/author/mina/": "/author/mina/",
        "/blog/tag/c/page/3/": "/tag/c-plus-plus/",
        "/blog/category/ferries/": "/category/ferries/",
        "/blog/2020/01/": "/archive/2020/01/",
    }.items():
        assert redirect_target(catalog, old) == new


def test_redirect_of_a_plug_in_to_a_page_that_is_not_there_leads_nowhere(tmp_path: Path) -> None:
    redirects = (
        SourceRedirect("/one/", f"{OLD}/not-there/"),
        SourceRedirect("/two/", f"{OLD}/one/"),
        SourceRedirect("/three/", f"{OLD}/category/ferries/"),
        SourceRedirect("/four/", f"{OLD}/three/"),
        SourceRedirect("/five/", f"{OLD}/category/none/"),
        SourceRedirect("/six/", f"{OLD}/feed/"),
    )
    run_import(tmp_path, post(1), site=replace(SITE, redirects=redirects))
    catalog = build_catalog(load(tmp_path), NOW)
    found = {name: redirect_target(catalog, f"/{name}/") for name in ("one", "two", "three", "four", "five", "six")}
    listing = "/category/ferries/"
    assert found == {"one": "", "two": "", "three": listing, "four": listing, "five": "", "six": "/feed.rss"}
