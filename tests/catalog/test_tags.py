"""The most used tags, and the pages that list all tags."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.catalog.tags import FIRST_PAGE, MOST_USED_COUNT, PAGE_SIZE, Tags, divide_into_pages
from feedsvc.discovery.opml import render_opml
from feedsvc.export.nginx import configuration
from feedsvc.model import Article, ArticleStatus, Tag
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.fingerprints import Fingerprints
from feedsvc.publication.publication import Publication
from feedsvc.routes import TagsAt, path_of, place_of
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START

TAG_COUNT: Final = 1500
TAG_LISTS: Final = ("/subscribe/", "/feeds.opml", "/tags/", "/sitemap.xml")


def tag(number: int) -> Tag:
    return Tag(id=f"t{number:05}", title=f"T{number:05}")


def article_with_tags(number: int, tags: range | list[int], **keys: object) -> Article:
    """Return an article with tags of these numbers."""
    return model_newsrooms.article(number, START - timedelta(days=number % 1000 + 1), tags=tuple(map(tag, tags)), **keys)


def articles_with_many_tags(count: int = TAG_COUNT, tags_per_article: int = 100) -> list[Article]:
    """Return articles with `count` tags, `tags_per_article` on each; each tag of the second half is on two more articles."""
    articles = [
        article_with_tags(number, range(first, min(first + tags_per_article, count)))
        for number, first in enumerate(range(0, count, tags_per_article))
    ]
    articles_of_later_half = [
        article_with_tags(5000 + number, range(first, min(first + 100, count)))
        for number, first in enumerate(range(count // 2, count, 100))
    ]
    copies = [
        replace(article, id=f"{article.id}x", slug=f"{article.slug}x", path=f"{article.path}x")
        for article in articles_of_later_half
    ]
    return [*articles, *articles_of_later_half, *copies]


def publication_of(articles: list[Article]) -> Publication:
    return Publication(build_catalog(model_newsrooms.snapshot(articles), START))


def next_edition(publication: Publication, removed: list[Article], added: list[Article]) -> Publication:
    """Return the next edition after articles were removed and added."""
    before = publication.catalog
    articles = (*(article for article in before.content.articles if article not in removed), *added)
    content = replace(before.content, articles=articles)
    return publication.next_edition(before.apply_changes(content, START, removed=removed, added=added))


def body(publication: Publication, path: str) -> bytes:
    document = publication.resolve(path)
    assert isinstance(document, Document), path
    return document.body


def tag_paths(catalog: Catalog) -> list[str]:
    """Return the paths of the pages that list tags."""
    return [path for path in Publication(catalog).paths() if path.startswith("/tags/")]


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
        assert (b"/tag/t00249/" in body(publication, path), b"/tag/t00250/" in body(publication, path)) == (True, False)
        assert b"/category/c0/" in body(publication, path)
    assert "The 1,000 topics with the most articles".removeprefix("The ") in body(publication, "/subscribe/").decode()


def test_a_site_with_few_tags_offers_feeds_of_all_tags_and_lists_them_on_one_page() -> None:
    publication = publication_of([article_with_tags(1, range(60)), article_with_tags(2, range(30))])
    assert (
        publication.catalog.tags.total
        == sum(listing.ref.kind == "tag" for listing in publication.catalog.subscribable_listings)
        == 60
    )
    assert tag_paths(publication.catalog) == ["/tags/"]
    page = body(publication, "/tags/").decode()
    assert page.count("/daily/tag/t000") == 60
    assert ("2 articles" in page, "1 article<" in page) == (True, True)
    assert "with the most articles" not in body(publication, "/subscribe/").decode()
    assert '<a href="/daily/tags/">All topics</a>' in body(publication, "/subscribe/").decode()


def test_a_site_without_visible_tags_has_no_page_of_tags() -> None:
    for articles in (
        [],
        [article_with_tags(1, [], title="A")],
        [article_with_tags(1, range(3), status=ArticleStatus.WITHDRAWN, withdrawn_at=START)],
    ):
        publication = publication_of(articles)
        assert (publication.resolve("/tags/"), publication.resolve("/tags"), tag_paths(publication.catalog)) == (None, None, [])
        assert b"/tags/" not in body(publication, "/subscribe/") + body(publication, "/sitemap.xml")


def test_every_tag_is_on_exactly_one_page_that_the_index_and_the_neighbours_link_to() -> None:
    publication = publication_of(articles_with_many_tags())
    index, *pages = tag_paths(publication.catalog)
    assert (index, pages[0], len(pages) > 2) == ("/tags/", f"/tags/from/{FIRST_PAGE}/", True)
    for path in pages:
        assert f'href="/daily{path}"' in body(publication, index).decode()
        assert path in body(publication, "/sitemap.xml").decode()
    for page, next_page in pairwise(pages):
        assert f'rel="next" href="/daily{next_page}"' in body(publication, page).decode()
        assert f'rel="prev" href="/daily{page}"' in body(publication, next_page).decode()
    text = "".join(body(publication, path).decode() for path in pages)
    assert [text.count(f'href="/daily/tag/{tag(number).id}/"') for number in range(TAG_COUNT)] == [1] * TAG_COUNT


def test_other_paths_below_tags_are_redirected_or_not_found() -> None:
    publication = publication_of(articles_with_many_tags())
    start = publication.catalog.tags.starts[1]
    assert publication.resolve("/tags") == Redirect(target="/tags/")
    assert publication.resolve(f"/tags/from/{start}") == Redirect(target=f"/tags/from/{start}/")
    for path in ("/tags/from/", "/tags/from/nothing/", "/tags/from/t00001/", "/tags/t00001/", f"/tags/from/{start}/feed.rss"):
        assert publication.resolve(path) is None
    small_publication = publication_of([article_with_tags(1, range(60))])
    assert small_publication.resolve(f"/tags/from/{FIRST_PAGE}/") is None


def test_an_edit_that_keeps_the_tags_changes_no_page_of_tags() -> None:
    articles = articles_with_many_tags()
    before = publication_of(articles)
    documents = {path: before.resolve(path) for path in (*tag_paths(before.catalog), "/feeds.opml")}
    after = next_edition(before, [articles[3]], [replace(articles[3], title="Another title")])
    assert [path for path in after.changed_since(before) if path.startswith("/tags/")] == []
    assert {path: after.resolve(path) for path in documents} == documents
    assert after.catalog.tags.pages is before.catalog.tags.pages
    assert after.catalog.tags.most_used is before.catalog.tags.most_used


def test_a_new_tag_changes_only_its_own_page_of_tags_and_the_pages_that_link_to_it() -> None:
    """With numbered pages, every later page would change, too."""
    before = publication_of(articles_with_many_tags())
    for new in (Tag(id="a-tag-before-all", title="A"), Tag(id="t00700x", title="T"), Tag(id="z-tag-behind-all", title="Z")):
        after = next_edition(before, [], [model_newsrooms.article(9000, START - timedelta(hours=1), tags=(new,))])
        assert after.catalog.tags.starts == before.catalog.tags.starts
        changed = [path for path in tag_paths(after.catalog) if body(after, path) != body(before, path)]
        assert [path for path in changed if f"/tag/{new.id}/" in body(after, path).decode()]
        # The pages that link to it show its first and last tag.
        assert len(changed) <= 3
        assert {*changed} <= after.changed_since(before)


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_lists_of_many_tags_after_random_edits_equal_those_of_a_new_build(random: Random) -> None:
    now = publication_of(articles_with_many_tags(random.choice([400, 520, 1100])))
    for _ in range(3):
        before, documents = now, {path: now.resolve(path) for path in {*tag_paths(now.catalog), *TAG_LISTS}}
        removed, added = random_edit(random, list(now.catalog.content.articles))
        now = next_edition(before, removed, added)
        fresh = Publication(build_catalog(now.catalog.content, START))
        paths = {*documents, *tag_paths(fresh.catalog)}
        expected = {path: fresh.resolve(path) for path in paths}
        assert {path: now.resolve(path) for path in paths} == expected
        assert {path for path in paths if documents.get(path) != expected[path]} <= now.changed_since(before)
        assert_equal_fingerprints_mean_equal_bytes(before.catalog, now.catalog, documents, expected)


def assert_equal_fingerprints_mean_equal_bytes(
    before: Catalog, now: Catalog, documents: dict[str, object], expected: dict[str, object]
) -> None:
    """Assert that two documents with the same fingerprint have the same bytes."""
    fingerprints, new_fingerprints = Fingerprints(before), Fingerprints(now)
    for path in documents.keys() & expected.keys():
        place = place_of(path)
        assert place
        assert (fingerprints.get(place) != new_fingerprints.get(place)) or documents[path] == expected[path], path


def random_edit(random: Random, articles: list[Article]) -> tuple[list[Article], list[Article]]:
    """Return articles to remove, and articles to add: some with fewer tags, other tags or another spelling."""
    removed = random.sample(articles, random.randrange(4))
    added = []
    for article in removed:
        tags = random.choice(
            (
                article.tags[: random.randrange(len(article.tags) + 1)],
                (*article.tags[:50], *(tag(random.randrange(3000)) for _ in range(3))),
                tuple(replace(old_tag, title=random.choice((old_tag.title, old_tag.title.lower()))) for old_tag in article.tags),
            )
        )
        added += (
            [replace(article, tags=tuple({old_tag.id: old_tag for old_tag in tags}.values()))] if random.random() < 0.8 else []
        )
    number = 1 + max(int(article.slug.strip("ax")) for article in articles)
    new = article_with_tags(number, sorted(random.sample(range(3000), random.randrange(100))))
    return removed, [*added, *([new] if random.random() < 0.5 else [])]


@given(
    ids=st.sets(st.text("abc-\uac00\u6f22", min_size=1, max_size=6), max_size=200),
    page_size=st.integers(2, 30),
)
def test_pages_of_tags_are_sorted_complete_and_of_similar_size(ids: set[str], page_size: int) -> None:
    pages = [*divide_into_pages(sorted(ids), page_size)]
    assert [tag_id for page in pages for tag_id in page] == sorted(ids)
    assert all(len(page) <= page_size for page in pages)
    assert len(pages) <= 1 or all(len(page) >= (page_size + 1) // 3 for page in pages)


def test_a_new_tag_rarely_moves_the_boundaries_of_other_pages() -> None:
    random = Random(1)
    ids = sorted({f"{random.randrange(10**9)}" for _ in range(5000)})
    before, moved = {page[0] for page in divide_into_pages(ids, PAGE_SIZE)}, 0
    for _ in range(100):
        pages = {page[0] for page in divide_into_pages(sorted([*ids, f"{random.randrange(10**9)}"]), PAGE_SIZE)} - {ids[0]}
        moved += pages != before - {ids[0]} and len(pages ^ before) > 3
    assert moved <= 10


@given(data=st.data())
@settings(deadline=None)
def test_the_most_used_tags_after_random_changes_equal_those_of_a_full_count(data: st.DataObject) -> None:
    random = data.draw(st.randoms(use_true_random=False))
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


def test_lists_of_fifty_thousand_tags_are_smaller_than_a_megabyte() -> None:
    """A /subscribe/ of 48 MB took 11 seconds."""
    assert (
        size_of_largest_list([article_with_tags(number, range(100 * number, 100 * number + 100)) for number in range(500)])
        < 1_000_000
    )


def test_lists_of_tags_with_the_longest_titles_are_smaller_than_a_megabyte() -> None:
    """A percent-encoded slug of 66 letters takes 600 bytes, and each listing links to it seven times."""

    def long(number: int) -> Tag:
        return Tag(id="".join(map(chr, (0x4E00 + number, *[0x6F22] * 65))), title="&" * 130 + chr(0x4E00 + number) + "漢" * 69)

    articles = [
        model_newsrooms.article(
            number, START - timedelta(days=number + 1), tags=tuple(map(long, range(100 * number, 100 * number + 100)))
        )
        for number in range(20)
    ]
    assert size_of_largest_list(articles) < 1_000_000


def test_the_nginx_configuration_has_only_the_most_used_tags() -> None:
    text = configuration(publication_of(articles_with_many_tags()).catalog)
    assert ("/tag/t00249/feed.rss" in text, "/tag/t00250/feed.rss" in text) == (True, False)


def size_of_largest_list(articles: list[Article]) -> int:
    """Return the size of the largest list of tags in bytes."""
    publication = publication_of(articles)
    paths = {"/subscribe/", "/feeds.opml", *tag_paths(publication.catalog)}
    return max(len(body(publication, path)) for path in paths)


@pytest.mark.parametrize("start", ["", FIRST_PAGE, "정상", "feed", "media"])
def test_the_path_of_a_page_of_tags_is_parsed_back_to_the_same_place(start: str) -> None:
    assert place_of(path_of(TagsAt(start))) == TagsAt(start)


def test_the_opml_document_has_each_listing_once() -> None:
    catalog = publication_of(articles_with_many_tags()).catalog
    lines = Counter(line for line in render_opml(catalog).decode().splitlines() if "xmlUrl" in line)
    assert len(lines) == len(catalog.subscribable_listings)
    assert set(lines.values()) == {1}
