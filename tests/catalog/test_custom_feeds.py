"""Custom feeds: each entry of feeds.yaml selects articles and has every document that a listing has."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from feedsvc.catalog import Catalog, build_catalog
from feedsvc.content.folder import load_content
from feedsvc.content.lint import lint_content
from feedsvc.feeds.digest import FeedDigests
from feedsvc.model import Article, CustomFeed
from feedsvc.publication.document import Redirect
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW, article, body_of
from tests.validators import objections

BASE: Final = "https://t.example"
FILES: Final = {
    "site.yaml": f"title: T\nbase_url: {BASE}\nid_domain: t.example\nsince: 2026-01-01\nfeed: {{entries: 2}}\n",
    "categories.yaml": "world: {title: World, aliases: [globe]}\nmoney: {title: Money}\nlocal: {title: Local}\n",
    "authors.yaml": "agency: {name: Agency}\nmina: {name: Mina}\n",
}
FEEDS: Final = """\
world-money:
  title: World & money
  description: Two sections without <agency> copy.
  include: {categories: [globe, money]}
  exclude: {authors: [agency], tags: [Sponsored]}
  aliases: [old-name]
"""


def write(root: Path, feeds: str = FEEDS) -> Path:
    """Write a newsroom with feeds.yaml and five articles, two of which the feed of FEEDS holds."""
    newsrooms.write(root, {**FILES, "feeds.yaml": feeds})
    for stem, keys in {
        "a": {"category": "world", "author": "mina"},
        "b": {"category": "money", "author": "mina", "tags": "[Trade]"},
        "c": {"category": "world", "authors": "[mina, agency]"},
        "d": {"category": "local", "author": "mina"},
        "e": {"category": "money", "author": "mina", "tags": "[Sponsored, Trade]", "language": "en-GB"},
    }.items():
        newsrooms.write(root, article(stem, f"2026-01-0{ord(stem) - ord('a') + 1}", summary="S.", **keys))
    return root


def check(root: Path) -> list[str]:
    content = load_content(root)
    return [str(problem) for problem in lint_content(content, root, NOW) if problem.path == "feeds.yaml"]


def stems(catalog: Catalog, id_: str) -> list[str]:
    return [row.article.slug for row in catalog.listings[ListingRef("custom", id_)].visible]


def test_a_custom_feed_has_every_document_of_a_category(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path))
    assert stems(publication.catalog, "world-money") == ["b", "a"]
    page = body_of(publication, "/feeds/world-money/").decode()
    assert "<h1>World &amp; money</h1>" in page
    assert "Two sections without &lt;agency&gt; copy." in page
    for suffix in ("rss", "atom", "json"):
        path = f"/feeds/world-money/feed.{suffix}"
        assert objections(body_of(publication, path), suffix, address=f"{BASE}{path}", now=NOW) == []
        assert path in {*publication.paths()}
    feed = json.loads(body_of(publication, "/feeds/world-money/feed.json"))
    assert (feed["title"], feed["home_page_url"]) == ("World & money – T", f"{BASE}/feeds/world-money/")
    assert b"<id>tag:t.example,2026:feeds/world-money</id>" in body_of(publication, "/feeds/world-money/feed.atom")
    for path in ("/subscribe/", "/feeds.opml"):
        assert b"World &amp; money" in body_of(publication, path)
        assert b"/feeds/world-money/feed.rss" in body_of(publication, path)
    assert f"{BASE}/feeds/world-money/</loc>".encode() in body_of(publication, "/sitemap.xml")
    assert "/feeds/world-money/feed.rss" in FeedDigests().compute(publication.catalog)


@pytest.mark.parametrize("name", ["", "feed.rss", "feed.atom", "feed.json"])
def test_an_alias_of_a_custom_feed_redirects_its_page_and_feeds(tmp_path: Path, name: str) -> None:
    publication = newsrooms.load_publication(write(tmp_path))
    assert publication.resolve(f"/feeds/old-name/{name}") == Redirect(target=f"/feeds/world-money/{name}")
    assert publication.resolve("/feeds/world-money/rss.xml") == Redirect(target="/feeds/world-money/feed.rss")
    assert publication.resolve("/feeds/other/") is None


def test_the_archives_of_a_custom_feed_hold_what_the_newest_document_does_not(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path, f"{FEEDS}  entries: 1\n"))
    newest = json.loads(body_of(publication, "/feeds/world-money/feed.json"))
    archive = json.loads(body_of(publication, "/feeds/world-money/archive/2026-01/feed.json"))
    assert [len(feed["items"]) for feed in (newest, archive)] == [1, 2]
    without = newsrooms.load_publication(write(tmp_path / "b", f"{FEEDS}  entries: 1\n  archives: none\n"))
    assert without.resolve("/feeds/world-money/archive/2026-01/feed.json") is None


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("include: {all: true}", "e d c b a"),
        ("include: {categories: [world]}", "c a"),
        ("include: {categories: [world, local]}", "d c a"),
        ("include: {categories: [world], authors: [agency]}", "c"),
        ("include: {tags: trade}", "e b"),
        ("include: {tags: [TRADE], authors: [agency, mina]}", "e b"),
        ("include: {languages: [en]}", "e d c b a"),
        ("include: {languages: [en-gb]}", "e"),
        ("include: {all: true}\n  exclude: {languages: [en-GB]}", "d c b a"),
        ("include: {all: true}\n  exclude: {authors: [agency], tags: [sponsored], categories: [local]}", "b a"),
        ("include: {authors: [mina]}\n  exclude: {categories: [globe]}", "e d b"),
    ],
)
def test_a_feed_holds_what_its_selection_says(tmp_path: Path, selection: str, expected: str) -> None:
    catalog = newsrooms.load_catalog(write(tmp_path, f"x:\n  title: X\n  {selection}\n"))
    assert stems(catalog, "x") == expected.split()


def test_summaries_and_full_texts_stand_side_by_side(tmp_path: Path) -> None:
    root = write(tmp_path, "short: {title: Short, include: {all: true}, content: summary}\n")
    newsrooms.write(root, article("f", "2026-01-09", summary="In short.", body="The **whole** text."))
    publication = newsrooms.load_publication(root)
    for feed, has_text in (("/feed.json", True), ("/feeds/short/feed.json", False)):
        assert (b"<strong>whole</strong>" in body_of(publication, feed)) == has_text
        assert b"In short." in body_of(publication, feed)


def test_an_image_replaces_the_logo_in_the_feeds_of_one_custom_feed(tmp_path: Path) -> None:
    root = write(tmp_path, f"{FEEDS}  image: media/world.png\n")
    newsrooms.write(root, {"media/world.png": newsrooms.picture(10, 10, "PNG")})
    publication = newsrooms.load_publication(root)
    address = f"{BASE}/media/world.png".encode()
    for name in ("feed.rss", "feed.atom", "feed.json"):
        assert address in body_of(publication, f"/feeds/world-money/{name}")
        assert address not in body_of(publication, f"/{name}")
    assert b'src="/media/world.png"' in body_of(publication, "/feeds/world-money/")
    assert "/media/world.png" in {*publication.paths()}
    path = "/feeds/world-money/feed.rss"
    assert objections(body_of(publication, path), "rss", address=f"{BASE}{path}", now=NOW) == []


def test_an_article_leaves_the_feed_at_its_maximum_age_and_stays_on_a_page(tmp_path: Path) -> None:
    root = write(tmp_path, "fresh: {title: Fresh, include: {all: true}, max_age: 48h, entries: 9}\n")
    content, ref = load_content(root), ListingRef("custom", "fresh")
    published = {each.slug: each.published for each in content.articles}
    leaves_at = published["d"] + timedelta(hours=48)
    before = build_catalog(content, leaves_at - timedelta(seconds=1))
    assert [row.article.slug for row in before.listings[ref].feed_rows] == ["e", "d"]
    assert before.next_change == before.next_visible_change == leaves_at
    after = before.apply_changes(content, leaves_at)
    assert [row.article.slug for row in after.listings[ref].feed_rows] == ["e"]
    assert after.last_change == leaves_at
    assert stems(after, "fresh") == ["e", "d", "c", "b", "a"]
    assert after.listings[ListingRef()].feed_rows == before.listings[ListingRef()].feed_rows
    publication = Publication(before).next_edition(after)
    assert {f"/feeds/fresh/feed.{suffix}" for suffix in ("rss", "atom", "json")} <= publication.changed_since(Publication(before))
    empty = Publication(build_catalog(content, leaves_at + timedelta(days=9)))
    assert b"<entry>" not in body_of(empty, "/feeds/fresh/feed.atom")
    assert b"<updated>2026-01-05T00:00:00Z</updated>" in body_of(empty, "/feeds/fresh/feed.atom")
    assert b"/articles/a/" in body_of(empty, "/feeds/fresh/archive/2026/")
    assert b"2000" not in body_of(empty, "/subscribe/")
    assert f"{BASE}/feeds/fresh/</loc><lastmod>2026-01-05T00:00:00Z".encode() in body_of(empty, "/sitemap.xml")


def test_a_preview_shows_a_draft_that_reaches_the_maximum_age_after_the_end_of_the_calendar(tmp_path: Path) -> None:
    root = write(tmp_path, "later: {title: Later, include: {tags: [Later]}, max_age: 400d}\n")
    newsrooms.write(root, article("someday", "9998-12-31", status="draft", tags="[Later]"))
    assert stems(build_catalog(load_content(root), NOW, is_preview=True), "later") == ["someday"]


def test_check_warns_of_feeds_that_hold_nothing_or_the_same(tmp_path: Path) -> None:
    feeds = """\
empty: {title: Empty, include: {categories: [world], tags: [Trade]}}
one: {title: One, include: {tags: [trade], authors: [mina]}}
two: {title: Two, include: {authors: [mina], tags: [TRADE]}}
three: {title: Three, include: {authors: [mina], tags: [trade]}, content: summary}
whole: {title: Whole, include: {all: true}}
world-only: {title: World, include: {categories: [world]}}
british: {title: British, include: {languages: [en-GB]}}
typo: {title: Typo, include: {tags: [trade, tradee]}, exclude: {tags: [sponsred]}}
"""
    hint = "change include, exclude or an option such as content:, or delete the entry"
    assert check(write(tmp_path, feeds)) == [
        (
            "feeds.yaml:1:1: warning: empty: no article is selected; "
            "name more in include, or less in exclude; until an article is selected, the feed stays empty"
        ),
        f"feeds.yaml:3:1: warning: two: holds the same as the feed 'one'; {hint}",
        f"feeds.yaml:5:1: warning: whole: holds the same as the feed of the whole site; {hint}",
        f"feeds.yaml:6:1: warning: world-only: holds the same as the feed of the category 'world'; {hint}",
        f"feeds.yaml:7:1: warning: british: holds the same as the feed of the language 'en-GB'; {hint}",
        "feeds.yaml:8:45: warning: include.tags: no article has the tag 'tradee'; did you mean 'trade'?",
        "feeds.yaml:8:72: warning: exclude.tags: no article has the tag 'sponsred'; did you mean 'sponsored'?",
    ]


def test_check_accepts_a_private_feed_that_holds_the_same_as_a_public_one(tmp_path: Path) -> None:
    feeds = """\
world-only: {title: A, include: {categories: [world]}, access: private}
world-too: {title: B, include: {categories: [world]}, access: private}
"""
    assert check(write(tmp_path, feeds)) == []


def test_check_warns_of_a_digest_whose_entries_leave_it_before_the_next_one_comes(tmp_path: Path) -> None:
    feeds = """\
short: {title: A, include: {all: true}, digest: {every: day, at: 06:00}, max_age: 12h}
weekly: {title: B, include: {all: true}, digest: {every: week, on: monday, at: 06:00}, max_age: 6d}
long: {title: C, include: {all: true}, digest: {every: day, at: 06:00}, max_age: 24h}
"""
    message = "is shorter than a {0}, so that the digest has no entry for a part of each {0}; write {1}d or more, or delete it"
    assert check(write(tmp_path, feeds)) == [
        f"feeds.yaml:1:83: warning: max_age: {message.format('day', 1)}",
        f"feeds.yaml:2:97: warning: max_age: {message.format('week', 7)}",
    ]


def is_selected(feed: CustomFeed, article: Article) -> bool:
    """Return whether a feed should hold an article, as a reader of the documentation would decide it."""
    language = (article.language or "en").lower()
    has = {
        "categories": lambda name: name in article.categories,
        "authors": lambda name: name in article.authors,
        "tags": lambda name: name in [tag.id for tag in article.tags],
        "languages": lambda name: language == name.lower() or language.startswith(f"{name.lower()}-"),
    }
    included = all(any(map(test, getattr(feed.include, key))) for key, test in has.items() if getattr(feed.include, key))
    return included and not any(test(name) for key, test in has.items() for name in getattr(feed.exclude, key))
