"""Addresses of the feeds that WordPress served."""

from __future__ import annotations

from feedsvc.importing.source import SourceAuthor, SourceSite, SourceSystem, SourceTerm, TermKind
from feedsvc.importing.wordpress import FeedHolding, WordPressFeed, former_feeds

SITE = SourceSite(
    system=SourceSystem.WORDPRESS,
    title="The Paper",
    address="https://paper.example/blog",
    authors=(SourceAuthor("Anna Lee", "Anna Lee"),),
    terms=(
        SourceTerm(TermKind.CATEGORY, "europe", "Europe", parent="world"),
        SourceTerm(TermKind.CATEGORY, "world", "World"),
        SourceTerm(TermKind.TAG, "%d1%8f", "я"),
    ),
)


def test_feeds_of_the_site_by_format() -> None:
    feeds = {feed.path: feed for feed in former_feeds(SITE)}
    for path, file_format in {
        "/blog/feed/": "rss",
        "/blog/feed/atom/": "atom",
        "/blog/feed/rdf/": "rss",
        "/blog/?feed=rss2": "rss",
        "/blog/?feed=atom": "atom",
        "/blog/wp-rss2.php": "rss",
    }.items():
        assert feeds[path] == WordPressFeed(path, file_format, FeedHolding.SITE)


def test_feeds_of_categories_tags_authors_and_comments() -> None:
    feeds = {feed.path: feed for feed in former_feeds(SITE)}
    assert feeds["/blog/category/world/europe/feed/"].key == "europe"
    assert feeds["/blog/category/world/europe/feed/atom/"].format == "atom"
    assert feeds["/blog/?category_name=europe&feed=rss2"].holding is FeedHolding.CATEGORY
    assert feeds["/blog/tag/%d1%8f/feed/"].holding is FeedHolding.TAG
    assert feeds["/blog/author/anna-lee/feed/"].key == "Anna Lee"
    assert feeds["/blog/comments/feed/"].holding is FeedHolding.COMMENTS
    assert feeds["/blog/?feed=comments-rss2"].holding is FeedHolding.COMMENTS


def test_each_address_is_listed_once() -> None:
    paths = [feed.path for feed in former_feeds(SITE)]
    assert len(paths) == len(set(paths))


def test_categories_that_contain_each_other_end() -> None:
    terms = (SourceTerm(TermKind.CATEGORY, "a", "A", parent="b"), SourceTerm(TermKind.CATEGORY, "b", "B", parent="a"))
    site = SourceSite(system=SourceSystem.WORDPRESS, title="", address="https://paper.example", terms=terms)
    assert "/category/b/a/feed/" in {feed.path for feed in former_feeds(site)}


def test_site_with_other_prefixes() -> None:
    paths = {feed.path for feed in former_feeds(SITE, category_base="ressort", tag_base="thema")}
    assert {"/blog/ressort/world/feed/", "/blog/thema/%d1%8f/feed/"} <= paths
