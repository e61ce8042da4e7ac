"""Addresses of the feeds that WordPress served."""

from __future__ import annotations

from feedsvc.importing.source import SourceAuthor, SourceSite, SourceSystem, SourceTerm, TermKind
from feedsvc.importing.wordpress import former_feeds

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
