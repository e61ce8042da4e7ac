"""The most used tags, and the size of lists of tags."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog.tags import MOST_USED_COUNT, Tags
from feedsvc.discovery.opml import render_opml
from feedsvc.model import Article, ArticleStatus
from tests.catalog.many_tags import TAG_COUNT, article_with_tags, articles_with_many_tags, publication_of, tag, tag_paths
from tests.helpers.model_newsrooms import START
from tests.helpers.newsrooms import body_of


def test_a_site_with_many_tags_offers_feeds_of_the_most_used_tags_and_of_all_other_listings() -> None:
    publication = publication_of(articles_with_many_tags())
    offered = [listing.ref for listing in publication.catalog.subscribable_listings]
    tags = [ref.id for ref in offered if ref.kind == "tag"]
    assert len(tags) == MOST_USED_COUNT
    assert set(tags) == {
        tag(number).id for number in (*range(TAG_COUNT // 2, TAG_COUNT), *range(MOST_USED_COUNT - TAG_COUNT // 2))
    }
    assert offered == [
        listing.ref
        for listing in publication.catalog.indexable_listings
        if listing.ref.kind != "tag" or listing.ref.id in {*tags}
    ]
    for path in ("/subscribe/", "/feeds.opml"):
        assert (b"/tag/t00249/" in body_of(publication, path), b"/tag/t00250/" in body_of(publication, path)) == (True, False)
        assert b"/category/c0/" in body_of(publication, path)
    assert "The 1,000 topics with the most articles".removeprefix("The ") in body_of(publication, "/subscribe/").decode()


def test_a_site_with_few_tags_offers_feeds_of_all_tags_and_lists_them_on_one_page() -> None:
    publication = publication_of([article_with_tags(1, range(60)), article_with_tags(2, range(30))])
    assert (
        publication.catalog.tags.total
        == sum(listing.ref.kind == "tag" for listing in publication.catalog.subscribable_listings)
        == 60
    )
    assert tag_paths(publication.catalog) == ["/tags/"]
    page = body_of(publication, "/tags/").decode()
    assert page.count("/daily/tag/t000") == 60
    assert ("2 articles" in page, "1 article<" in page) == (True, True)
    assert "with the most articles" not in body_of(publication, "/subscribe/").decode()
    assert '<a href="/daily/tags/">All topics</a>' in body_of(publication, "/subscribe/").decode()


def test_the_topics_of_a_site_without_visible_tags_are_an_empty_page() -> None:
    for articles in (
        [],
        [article_with_tags(1, [], title="A")],
        [article_with_tags(1, range(3), status=ArticleStatus.WITHDRAWN, withdrawn_at=START)],
    ):
        publication = publication_of(articles)
        assert tag_paths(publication.catalog) == ["/tags/"]
        assert b"Nothing here yet." in body_of(publication, "/tags/")


@pytest.mark.slow
@given(data=st.data())
@settings(deadline=None)
def test_the_most_used_tags_after_random_changes_equal_those_of_a_full_count(data: st.DataObject) -> None:
    random = data.draw(st.randoms(use_true_random=True))
    counts = {tag(number).id: random.randrange(1, 4) for number in range(random.choice([900, 1000, 1003, 1300]))}
    tags = Tags({tag_id: {"T": count} for tag_id, count in counts.items()})
    assert tags.most_used
    for _ in range(5):
        changed = {tag(random.randrange(1400)).id: random.randrange(5) for _ in range(random.choice([1, 2, 60]))}
        counts = {tag_id: count for tag_id, count in {**counts, **changed}.items() if count}
        spellings = {
            **{tag_id: {"T": count} for tag_id, count in counts.items()},
            **{tag_id: {} for tag_id in changed if tag_id not in counts},
        }
        tags = tags.apply_changes(spellings, changed)
        assert list(tags.most_used) == sorted(counts, key=lambda tag_id: (-counts[tag_id], tag_id))[:MOST_USED_COUNT]
        assert [tag_id for page in tags.pages for tag_id in page] == sorted(counts)
        assert tags.total == len(counts)


@pytest.mark.slow
def test_lists_of_fifty_thousand_tags_are_smaller_than_a_megabyte() -> None:
    """A /subscribe/ of 48 MB took 11 seconds."""
    assert (
        size_of_largest_list([article_with_tags(number, range(100 * number, 100 * number + 100)) for number in range(500)])
        < 1_000_000
    )


def size_of_largest_list(articles: list[Article]) -> int:
    """Return the size of the largest list of tags in bytes."""
    publication = publication_of(articles)
    paths = {"/subscribe/", "/feeds.opml", *tag_paths(publication.catalog)}
    return max(len(body_of(publication, path)) for path in paths)


def test_the_opml_document_has_each_listing_once() -> None:
    catalog = publication_of(articles_with_many_tags()).catalog
    lines = Counter(line for line in render_opml(catalog).decode().splitlines() if "xmlUrl" in line)
    assert len(lines) == len(catalog.subscribable_listings)
    assert set(lines.values()) == {1}
