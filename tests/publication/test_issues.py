"""Documents of digest feeds: valid feeds, pages of issues, tombstones, archives, and which documents a change affects."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import load_content
from feedsvc.discovery.sitemaps import part_names, render_part
from feedsvc.feeds.digest import FeedDigests
from feedsvc.publication.affected_paths import differing_paths
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.publication import Publication
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.model_newsrooms import CUSTOM_FEEDS, RandomEditor
from tests.helpers.newsrooms import article
from tests.validators import objections

BASE: Final = "https://t.example"
NOW: Final = datetime(2026, 1, 20, 12, tzinfo=UTC)
SITE: Final = {
    "site.yaml": f"title: T\nbase_url: {BASE}\nid_domain: t.example\nsince: 2026-01-01\ntimezone: Asia/Kolkata\n",
    "authors.yaml": "mina: {name: Mina & Co}\n",
    "media/wide.jpg": newsrooms.picture(1600, 900),
    "media/small.png": newsrooms.picture(300, 200, "PNG"),
}
DIGEST: Final = """\
daily:
  title: The <day>
  include: {all: true}
  digest: {every: day, at: 06:00}
  aliases: [morning]
"""
WITHDRAWN: Final = {"status": "withdrawn", "withdrawn": "{date: 2026-01-09, notice: It was wrong.}"}


def write(root: Path, feeds: str = DIGEST) -> Path:
    """Write a newsroom with issues of 3, 4 and 13 January, and one of 6 January whose only article is withdrawn."""
    newsrooms.write(root, {**SITE, "feeds.yaml": feeds})
    image = "{src: media/wide.jpg, alt: 'A \"bridge\"', credit: Reuters & Co}"
    for stem, day, keys in (
        ("first", "2026-01-02T12:00:00", {"title": "First & <best>", "summary": "In short.", "author": "mina", "image": image}),
        ("second", "2026-01-02T13:00:00", {"body": "The text of the second.", "image": "{src: media/small.png, alt: A}"}),
        ("arabic", "2026-01-03T12:00:00", {"title": "المكتبة", "summary": "كتب.", "language": "ar"}),
        ("gone", "2026-01-05T12:00:00", WITHDRAWN),
        ("linked", "2026-01-12T12:00:00", {"link": "https://elsewhere.example/a?b&c", "summary": "Elsewhere."}),
    ):
        newsrooms.write(root, article(stem, day, **keys))
    return root


def publish(root: Path, now: datetime = NOW) -> Publication:
    return Publication(build_catalog(load_content(root), now))


def document(publication: Publication, path: str) -> Document:
    found = publication.resolve(path)
    assert isinstance(found, Document), path
    return found


def text(publication: Publication, path: str) -> str:
    return document(publication, path).body.decode()


def item(publication: Publication, day: str) -> dict[str, str]:
    items = json.loads(text(publication, "/feeds/daily/feed.json"))["items"]
    found: dict[str, str] = next(one for one in items if one["url"].endswith(f"/{day}/"))
    return found


def test_the_feeds_of_a_digest_are_valid_and_have_an_entry_for_each_issue(tmp_path: Path) -> None:
    publication = publish(write(tmp_path))
    for suffix in ("rss", "atom", "json"):
        path = f"/feeds/daily/feed.{suffix}"
        assert objections(text(publication, path).encode(), suffix, address=f"{BASE}{path}", now=NOW) == []
    items = json.loads(text(publication, "/feeds/daily/feed.json"))["items"]
    assert [one["url"] for one in items] == [f"{BASE}/feeds/daily/2026-01-{day}/" for day in ("13", "06", "04", "03")]
    assert items[-1]["id"] == "tag:t.example,2026:feeds/daily/2026-01-03"
    assert items[-1]["title"] == "The <day>, Sat, 03 Jan 2026"
    assert items[-1]["date_published"] == "2026-01-03T00:30:00Z"
    rss = text(publication, "/feeds/daily/feed.rss")
    description = re.search("<description>(second .*)</description>", rss)
    assert description
    assert unescape(unescape(description[1])) == "second · First & <best>"
    assert rss.count("<content:encoded>") == 4


def test_an_entry_has_what_mail_services_show_with_absolute_addresses_and_widths(tmp_path: Path) -> None:
    content = item(publish(write(tmp_path)), "2026-01-03")["content_html"]
    assert content.index("/articles/second/") < content.index("/articles/first/")
    assert f'<h2><a href="{BASE}/articles/first/">First &amp; &lt;best&gt;</a></h2>' in content
    assert "<p><small>By Mina &amp; Co</small></p>" in content
    assert "<p>In short.</p>" in content
    assert "<p>The text of the second.</p>" in content
    wide, small = (
        re.search(rf'<img src="([^"]*{name})" alt="([^"]*)" width="(\d+)" height="(\d+)">', content)
        for name in ("wide.jpg", "small.png")
    )
    assert wide
    assert small
    assert (wide[1].startswith(f"{BASE}/sized/"), wide[2], wide[3], wide[4]) == (True, "A &quot;bridge&quot;", "600", "338")
    assert small.groups() == (f"{BASE}/media/small.png", "A", "300", "200")
    assert "<small>Reuters &amp; Co</small>" in content
    assert not re.search(r"<(?:script|style|table)|style=|class=", content)
    assert all(address.startswith("https://") for address in re.findall(r'(?:src|href)="([^"]*)"', content))


def test_articles_in_other_languages_and_at_other_sites_are_marked_and_linked(tmp_path: Path) -> None:
    publication = publish(write(tmp_path))
    assert '<div lang="ar" dir="rtl">\n<h2><a href="' in item(publication, "2026-01-04")["content_html"]
    assert '<h2><a href="https://elsewhere.example/a?b&amp;c">' in item(publication, "2026-01-13")["content_html"]
    root = write(tmp_path / "hebrew")
    site = (root / "site.yaml").read_text()
    (root / "site.yaml").write_text(f"{site}language: he\n")
    hebrew = item(publish(root), "2026-01-03")
    assert hebrew["content_html"].count('<div lang="he" dir="rtl">') == 2
    assert "Sat" not in hebrew["title"]


def test_a_digest_with_content_summary_has_headlines_only(tmp_path: Path) -> None:
    publication = publish(write(tmp_path, f"{DIGEST}  content: summary\n"))
    assert "content:encoded" not in text(publication, "/feeds/daily/feed.rss")
    assert item(publication, "2026-01-03")["content_text"] == "second · First & <best>"
    root = write(tmp_path / "site")
    (root / "site.yaml").write_text((root / "site.yaml").read_text() + "feed: {content: summary}\n")
    assert "content_html" in item(publish(root), "2026-01-03")


def test_the_page_of_an_issue_lists_its_articles_and_links_to_the_issues_beside_it(tmp_path: Path) -> None:
    publication = publish(write(tmp_path))
    page = text(publication, "/feeds/daily/2026-01-04/")
    assert "<title>The &lt;day&gt;, Sun, 04 Jan 2026 – T</title>" in page
    assert f'<link rel="canonical" href="{BASE}/feeds/daily/2026-01-04/">' in page
    assert '<a href="/feeds/daily/">The &lt;day&gt;</a>' in page
    assert "/articles/arabic/" in page
    assert f'<meta property="og:image" content="{BASE}/media/small.png">' in text(publication, "/feeds/daily/2026-01-03/")
    assert '<a rel="prev" href="/feeds/daily/2026-01-13/">' in page
    assert '<a rel="next" href="/feeds/daily/2026-01-03/">' in page
    listing = text(publication, "/feeds/daily/")
    assert listing.index("/feeds/daily/2026-01-13/") < listing.index("/feeds/daily/2026-01-03/")
    assert "second · First &amp; &lt;best&gt;" in listing
    assert '<img src="/media/small.png"' in listing
    for path in ("/feeds/daily/2026-01-05/", "/feeds/daily/2026-02-30/", "/feeds/other/2026-01-03/"):
        assert publication.resolve(path) is None
    assert publication.resolve("/feeds/daily/2026-01-03") == Redirect(target="/feeds/daily/2026-01-03/")
    assert publication.resolve("/feeds/morning/2026-01-03/") == Redirect(target="/feeds/daily/2026-01-03/")
    assert publication.resolve("/feeds/morning/2026-01-05/") is None


def test_a_digest_is_in_sitemap_opml_and_subscribe_and_counts_its_articles(tmp_path: Path) -> None:
    publication = publish(write(tmp_path))
    sitemap = text(publication, "/sitemap.xml")
    assert f"<loc>{BASE}/feeds/daily/2026-01-03/</loc><lastmod>2026-01-03T00:30:00Z</lastmod>" in sitemap
    assert "2026-01-06/" not in sitemap
    assert "/feeds/daily/feed.rss" in text(publication, "/feeds.opml")
    subscribe = text(publication, "/subscribe/")
    assert "4 articles" in subscribe[subscribe.index('href="/feeds/daily/"') :]
    assert {f"/feeds/daily/2026-01-{day}/" for day in ("03", "04", "13")} <= {*publication.paths()}


def test_an_issue_without_articles_leaves_a_tombstone_and_answers_410(tmp_path: Path) -> None:
    publication = publish(write(tmp_path))
    atom = text(publication, "/feeds/daily/feed.atom")
    assert '<at:deleted-entry ref="tag:t.example,2026:feeds/daily/2026-01-06" when="2026-01-08T18:30:00Z"/>' in atom
    (notice,) = (
        item for item in json.loads(text(publication, "/feeds/daily/feed.json"))["items"] if item["url"].endswith("-06/")
    )
    assert (notice["title"], notice["summary"]) == ("The <day>, Tue, 06 Jan 2026", "These articles are no longer available.")
    page = document(publication, "/feeds/daily/2026-01-06/")
    assert page.status == 410
    assert b"These articles are no longer available." in page.body
    assert b"gone" not in page.body
    assert "/feeds/daily/2026-01-06/" in {*publication.paths_with_redirects()} - {*publication.paths()}
    assert publication.resolve("/feeds/morning/2026-01-06/") == Redirect(target="/feeds/daily/2026-01-06/")


def test_entries_and_archives_of_a_digest_hold_issues(tmp_path: Path) -> None:
    root = write(tmp_path, f"{DIGEST}  entries: 1\n")
    newsrooms.write(root, article("december", "2025-12-03T12:00:00"))
    publication = publish(root)
    newest, archive = (
        json.loads(text(publication, f"/feeds/daily/{path}feed.json"))["items"] for path in ("", "archive/2026-01/")
    )
    assert [len(newest), len(archive)] == [1, 4]  # with the notice of 6 January
    path = "/feeds/daily/archive/2026-01/feed.atom"
    assert objections(text(publication, path).encode(), "atom", address=f"{BASE}{path}", now=NOW) == []
    assert "/feeds/daily/2025-12-04/" in text(publication, "/feeds/daily/archive/2025/")


def test_a_digest_has_ten_entries_unless_its_own_entry_says_otherwise(tmp_path: Path) -> None:
    for name, line, expected in (("a", "", 10), ("b", "  entries: 12\n", 12)):
        root = write(tmp_path / name, f"{DIGEST}{line}")
        for day in range(1, 16):
            newsrooms.write(root, article(f"old{day}", f"2025-12-{day:02}T12:00:00"))
        assert len(json.loads(text(publish(root), "/feeds/daily/feed.json"))["items"]) == expected + 1  # the notice of 6 January


def test_a_digest_with_a_name_in_another_script_has_pages_and_valid_feeds(tmp_path: Path) -> None:
    publication = publish(write(tmp_path, DIGEST.replace("daily", "日報")))
    path = "/feeds/日報/feed.atom"
    feed = text(publication, path)
    address = f"{BASE}{quote(path)}"
    assert objections(feed.encode(), "atom", address=address, now=NOW) == []
    assert "<id>tag:t.example,2026:feeds/%E6%97%A5%E5%A0%B1/2026-01-03</id>" in feed
    assert document(publication, "/feeds/日報/2026-01-03/").status == 200
    assert publication.resolve("/feeds/morning/2026-01-03/") == Redirect(target="/feeds/日報/2026-01-03/")


def test_parts_of_a_sitemap_list_each_issue_once(tmp_path: Path) -> None:
    catalog = publish(write(tmp_path)).catalog
    parts = [render_part(catalog, name, 4) or b"" for name in part_names(catalog, 4)]
    assert len(parts) > 2
    days = re.findall(r"/feeds/daily/2026-01-(\d\d)/", b"".join(parts).decode())
    assert sorted(days) == ["03", "04", "13"]


def test_an_issue_with_many_articles_shows_the_newest_and_the_number_of_the_others(tmp_path: Path) -> None:
    root = write(tmp_path)
    for number in range(105):
        newsrooms.write(root, article(f"n{number}", f"2026-01-15T{number // 60 + 8:02}:{number % 60:02}:00", summary="S."))
    publication = publish(root)
    entry = item(publication, "2026-01-16")
    assert entry["content_html"].count("<h2>") == 100
    assert entry["content_html"].endswith(f'<p><a href="{BASE}/feeds/daily/2026-01-16/">5 more articles</a></p>')
    assert entry["summary"].endswith(" · n95 · 95 more articles")
    assert text(publication, "/feeds/daily/2026-01-16/").count("<article>") == 105


def test_a_digest_of_an_empty_newsroom_is_valid(tmp_path: Path) -> None:
    publication = publish(newsrooms.write(tmp_path, {**SITE, "feeds.yaml": DIGEST}))
    for suffix in ("rss", "atom", "json"):
        path = f"/feeds/daily/feed.{suffix}"
        assert objections(text(publication, path).encode(), suffix, address=f"{BASE}{path}", now=NOW) == []
    assert "Nothing here yet." in text(publication, "/feeds/daily/")
    assert publication.resolve("/feeds/daily/2026-01-03/") is None


def test_an_issue_that_closes_changes_its_documents_and_nothing_else(tmp_path: Path) -> None:
    content = load_content(write(tmp_path))
    closes = datetime(2026, 1, 13, 0, 30, tzinfo=UTC)
    before = Publication(build_catalog(content, datetime(2026, 1, 13, tzinfo=UTC)))
    after = before.next_edition(before.catalog.apply_changes(content, closes))
    assert after.changed_since(before) == {
        *(f"/feeds/daily/{name}" for name in ("", "feed.rss", "feed.atom", "feed.json", "2026-01-13/", "2026-01-04/")),
        *("/subscribe/", "/sitemap.xml"),
    }
    # A later build undoes the change to find what it affected.
    former = after.catalog.apply_changes(content, before.catalog.now)
    assert former.change
    assert differing_paths(former, after.catalog, former.change.inverse) == after.changed_since(before)


def responses(publication: Publication) -> dict[str, tuple[int, bytes]]:
    paths = {*publication.paths_with_redirects()}
    found = {path: publication.resolve(path) for path in paths if path.startswith(("/feeds", "/s"))}
    return {path: (one.status, one.body) for path, one in found.items() if isinstance(one, Document)}


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True))
@settings(max_examples=12, deadline=None)
def test_affected_paths_tell_every_document_of_a_digest_that_differs(random: Random) -> None:
    digests = [feed for feed in CUSTOM_FEEDS if feed.digest]
    editor = RandomEditor(random=random, content=model_newsrooms.snapshot(custom_feeds=digests))
    publications = [Publication(build_catalog(editor.content, editor.now))]
    bodies, feed_digests = [responses(publications[0])], FeedDigests()
    digests_of_feeds = [feed_digests.compute(publications[0].catalog)]
    for _ in range(6):
        removed, added = editor.edit()
        catalog = publications[-1].catalog.apply_changes(editor.content, editor.now, removed=removed, added=added)
        publications.append(publications[-1].next_edition(catalog))
        bodies.append(responses(publications[-1]))
        digests_of_feeds.append(feed_digests.compute(catalog))
        assert digests_of_feeds[-1] == FeedDigests().compute(catalog)
        assert bodies[-1] == responses(Publication(build_catalog(editor.content, editor.now)))
    for start in (-2, 0):
        before, after = bodies[start], bodies[-1]
        differing = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        assert publications[-1].changed_since(publications[start]) >= differing
        unchanged = {path for path, digest in digests_of_feeds[-1].items() if digest == digests_of_feeds[start].get(path)}
        assert {path for path in unchanged if before.get(path) != after.get(path)} == set()
