"""The pages that list all tags, and their changes after edits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.catalog.tags import FIRST_PAGE, PAGE_SIZE, divide_into_pages
from feedsvc.model import Tag
from feedsvc.publication.document import Redirect
from feedsvc.publication.fingerprints import Fingerprints
from feedsvc.routes import place_of
from tests.catalog.many_tags import TAG_COUNT, article_with_tags, articles_with_many_tags, publication_of, tag, tag_paths
from tests.helpers import model_newsrooms
from tests.helpers.model_newsrooms import START, next_edition
from tests.helpers.newsrooms import body_of


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
        old_fingerprints, fingerprints = Fingerprints(before.catalog), Fingerprints(after.catalog)
        for place in filter(None, map(place_of, changed)):
            assert old_fingerprints.get(place) != fingerprints.get(place)


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
