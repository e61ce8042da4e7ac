"""The pages that list all tags, and their changes after edits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog.catalog import build_catalog
from feedsvc.catalog.tags import FIRST_PAGE, PAGE_SIZE, divide_into_pages
from feedsvc.model import Article, Tag
from feedsvc.publication.document import Redirect
from feedsvc.publication.publication import Publication
from tests.catalog.many_tags import TAG_COUNT, article_with_tags, articles_with_many_tags, publication_of, tag, tag_paths
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START, next_edition
from tests.helpers.newsrooms import body_of

TAG_LISTS: Final = ("/subscribe/", "/feeds.opml", "/tags/", "/sitemap.xml")


def test_every_tag_is_on_exactly_one_page_that_the_index_and_the_neighbours_link_to() -> None:
    publication = publication_of(articles_with_many_tags())
    index, *pages = tag_paths(publication.catalog)
    assert (index, pages[0], len(pages) > 2) == ("/tags/", f"/tags/from/{FIRST_PAGE}/", True)
    for path in pages:
        assert f'href="/daily{path}"' in body_of(publication, index).decode()
        assert path in body_of(publication, "/sitemap.xml").decode()
    for page, next_page in pairwise(pages):
        assert f'rel="next" href="/daily{next_page}"' in body_of(publication, page).decode()
        assert f'rel="prev" href="/daily{page}"' in body_of(publication, next_page).decode()
    text = "".join(body_of(publication, path).decode() for path in pages)
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


def test_list_of_tags_begins_with_those_that_have_the_most_articles_and_no_article_twice() -> None:
    articles = [article_with_tags(number, range(number or 8), title=f"Title {number}") for number in range(9)]
    text = body_of(publication_of(articles), "/tags/").decode()
    tags = [f'/tag/{tag(number).id}/">' for number in range(8)]
    assert [text.count(one) for one in tags] == [1] * 8
    assert sorted(tags, key=text.index) == tags
    assert [text.count(f"Title {number}<") for number in range(9)] == [1, 0, 1, 1, 1, 1, 1, 0, 0]


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
    """Pages are named by their first tag. If they were numbered, every later page would change, too."""
    before = publication_of(articles_with_many_tags())
    for new in (Tag(id="a-tag-before-all", title="A"), Tag(id="t00700x", title="T"), Tag(id="z-tag-behind-all", title="Z")):
        after = next_edition(before, [], [model_newsrooms.article(9000, START - timedelta(hours=1), tags=(new,))])
        assert after.catalog.tags.starts == before.catalog.tags.starts
        changed = [path for path in tag_paths(after.catalog) if body_of(after, path) != body_of(before, path)]
        assert [path for path in changed if f"/tag/{new.id}/" in body_of(after, path).decode()]
        # The pages that link to it show its first and last tag.
        assert len(changed) <= 3
        assert {*changed} <= after.changed_since(before)


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True))
@settings(max_examples=5, deadline=None)
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
