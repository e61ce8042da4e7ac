"""The most used tags, and the pages that list all of them."""

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

MANY: Final = 1500
LISTS: Final = ("/subscribe/", "/feeds.opml", "/tags/", "/sitemap.xml")


def tag(number: int) -> Tag:
    return Tag(id=f"t{number:05}", title=f"T{number:05}")


def tagged(number: int, tags: range | list[int], **keys: object) -> Article:
    return model_newsrooms.article(number, START - timedelta(days=number % 1000 + 1), tags=tuple(map(tag, tags)), **keys)


def many(count: int = MANY, each: int = 100) -> list[Article]:
    """Articles with so many tags among them, `each` on an article; the later half of the tags stands on two more articles."""
    ones = [tagged(number, range(first, min(first + each, count))) for number, first in enumerate(range(0, count, each))]
    more = [
        tagged(5000 + number, range(first, min(first + 100, count))) for number, first in enumerate(range(count // 2, count, 100))
    ]
    again = [replace(one, id=f"{one.id}x", slug=f"{one.slug}x", path=f"{one.path}x") for one in more]
    return [*ones, *more, *again]


def published(articles: list[Article]) -> Publication:
    return Publication(build_catalog(model_newsrooms.snapshot(articles), START))


def after(publication: Publication, gone: list[Article], come: list[Article]) -> Publication:
    before = publication.catalog
    articles = (*(one for one in before.content.articles if one not in gone), *come)
    content = replace(before.content, articles=articles)
    return publication.next_edition(before.apply_changes(content, START, removed=gone, added=come))


def body(publication: Publication, path: str) -> bytes:
    found = publication.resolve(path)
    assert isinstance(found, Document), path
    return found.body


def tag_paths(found: Catalog) -> list[str]:
    return [path for path in Publication(found).paths() if path.startswith("/tags/")]


def test_a_site_with_many_tags_offers_the_most_used_and_every_other_listing() -> None:
    found = published(many())
    offered = [one.ref for one in found.catalog.subscribable_listings]
    tags = [ref.id for ref in offered if ref.kind == "tag"]
    assert len(tags) == MOST_USED_COUNT
    assert set(tags) == {tag(number).id for number in (*range(MANY // 2, MANY), *range(MOST_USED_COUNT - MANY // 2))}
    assert offered == [one.ref for one in found.catalog.indexable_listings if one.ref.kind != "tag" or one.ref.id in {*tags}]
    for path in ("/subscribe/", "/feeds.opml"):
        assert (b"/tag/t00249/" in body(found, path), b"/tag/t00250/" in body(found, path)) == (True, False)
        assert b"/category/c0/" in body(found, path)
    assert "The 1,000 topics with the most articles".removeprefix("The ") in body(found, "/subscribe/").decode()


def test_a_site_with_few_tags_offers_all_of_them_and_lists_them_on_one_page() -> None:
    found = published([tagged(1, range(60)), tagged(2, range(30))])
    assert found.catalog.tags.total == sum(one.ref.kind == "tag" for one in found.catalog.subscribable_listings) == 60
    assert tag_paths(found.catalog) == ["/tags/"]
    page = body(found, "/tags/").decode()
    assert page.count("/daily/tag/t000") == 60
    assert ("2 articles" in page, "1 article<" in page) == (True, True)
    assert "with the most articles" not in body(found, "/subscribe/").decode()
    assert '<a href="/daily/tags/">All topics</a>' in body(found, "/subscribe/").decode()


def test_a_site_without_visible_tags_has_no_page_of_them() -> None:
    for articles in ([], [tagged(1, [], title="A")], [tagged(1, range(3), status=ArticleStatus.WITHDRAWN, withdrawn_at=START)]):
        found = published(articles)
        assert (found.resolve("/tags/"), found.resolve("/tags"), tag_paths(found.catalog)) == (None, None, [])
        assert b"/tags/" not in body(found, "/subscribe/") + body(found, "/sitemap.xml")


def test_every_tag_stands_on_one_page_that_others_lead_to() -> None:
    found = published(many())
    index, *pages = tag_paths(found.catalog)
    assert (index, pages[0], len(pages) > 2) == ("/tags/", f"/tags/from/{FIRST_PAGE}/", True)
    for path in pages:
        assert f'href="/daily{path}"' in body(found, index).decode()
        assert path in body(found, "/sitemap.xml").decode()
    for one, other in pairwise(pages):
        assert f'rel="next" href="/daily{other}"' in body(found, one).decode()
        assert f'rel="prev" href="/daily{one}"' in body(found, other).decode()
    text = "".join(body(found, path).decode() for path in pages)
    assert [text.count(f'href="/daily/tag/{tag(number).id}/"') for number in range(MANY)] == [1] * MANY


def test_other_addresses_of_tags_lead_on_or_find_nothing() -> None:
    found = published(many())
    start = found.catalog.tags.starts[1]
    assert found.resolve("/tags") == Redirect(target="/tags/")
    assert found.resolve(f"/tags/from/{start}") == Redirect(target=f"/tags/from/{start}/")
    for path in ("/tags/from/", "/tags/from/nothing/", "/tags/from/t00001/", "/tags/t00001/", f"/tags/from/{start}/feed.rss"):
        assert found.resolve(path) is None
    few = published([tagged(1, range(60))])
    assert few.resolve(f"/tags/from/{FIRST_PAGE}/") is None


def test_a_saved_article_without_other_tags_changes_no_page_of_tags() -> None:
    articles = many()
    found = published(articles)
    known = {path: found.resolve(path) for path in (*tag_paths(found.catalog), "/feeds.opml")}
    now = after(found, [articles[3]], [replace(articles[3], title="Another title")])
    assert [path for path in now.changed_since(found) if path.startswith("/tags/")] == []
    assert {path: now.resolve(path) for path in known} == known
    assert now.catalog.tags.pages is found.catalog.tags.pages
    assert now.catalog.tags.most_used is found.catalog.tags.most_used


def test_a_new_tag_changes_its_own_page_of_tags_alone() -> None:
    """With pages by number, every later page would be another one."""
    found = published(many())
    for new in (Tag(id="a-tag-before-all", title="A"), Tag(id="t00700x", title="T"), Tag(id="z-tag-behind-all", title="Z")):
        now = after(found, [], [model_newsrooms.article(9000, START - timedelta(hours=1), tags=(new,))])
        assert now.catalog.tags.starts == found.catalog.tags.starts
        own = [path for path in tag_paths(now.catalog) if body(now, path) != body(found, path)]
        assert [path for path in own if f"/tag/{new.id}/" in body(now, path).decode()]
        # The pages that lead to it name its first and last tag.
        assert len(own) <= 3
        assert {*own} <= now.changed_since(found)


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=10, deadline=None)
def test_lists_of_many_tags_after_edits_are_those_of_a_fresh_start(random: Random) -> None:
    now = published(many(random.choice([400, 520, 1100])))
    for _ in range(3):
        before, was = now, {path: now.resolve(path) for path in {*tag_paths(now.catalog), *LISTS}}
        gone, come = edited(random, list(now.catalog.content.articles))
        now = after(before, gone, come)
        fresh = Publication(build_catalog(now.catalog.content, START))
        paths = {*was, *tag_paths(fresh.catalog)}
        expected = {path: fresh.resolve(path) for path in paths}
        assert {path: now.resolve(path) for path in paths} == expected
        assert {path for path in paths if was.get(path) != expected[path]} <= now.changed_since(before)
        same_imprint(before.catalog, now.catalog, was, expected)


def same_imprint(before: Catalog, now: Catalog, was: dict[str, object], expected: dict[str, object]) -> None:
    """Where two editions have the same imprint of a document, its bytes are the same."""
    one, other = Fingerprints(before), Fingerprints(now)
    for path in was.keys() & expected.keys():
        place = place_of(path)
        assert place
        assert (one.get(place) != other.get(place)) or was[path] == expected[path], path


def edited(random: Random, articles: list[Article]) -> tuple[list[Article], list[Article]]:
    """Articles that go, lose tags, get new ones or spell one otherwise."""
    gone = random.sample(articles, random.randrange(4))
    come = []
    for one in gone:
        tags = random.choice(
            (
                one.tags[: random.randrange(len(one.tags) + 1)],
                (*one.tags[:50], *(tag(random.randrange(3000)) for _ in range(3))),
                tuple(replace(each, title=random.choice((each.title, each.title.lower()))) for each in one.tags),
            )
        )
        come += [replace(one, tags=tuple({each.id: each for each in tags}.values()))] if random.random() < 0.8 else []
    number = 1 + max(int(one.slug.strip("ax")) for one in articles)
    new = tagged(number, sorted(random.sample(range(3000), random.randrange(100))))
    return gone, [*come, *([new] if random.random() < 0.5 else [])]


@given(
    ids=st.sets(st.text("abc-\uac00\u6f22", min_size=1, max_size=6), max_size=200),
    most=st.integers(2, 30),
)
def test_pages_hold_every_tag_in_order_and_are_neither_large_nor_tiny(ids: set[str], most: int) -> None:
    pages = [*divide_into_pages(sorted(ids), most)]
    assert [one for page in pages for one in page] == sorted(ids)
    assert all(len(page) <= most for page in pages)
    assert len(pages) <= 1 or all(len(page) >= (most + 1) // 3 for page in pages)


def test_hardly_a_tag_that_comes_moves_another_page() -> None:
    random = Random(1)
    ids = sorted({f"{random.randrange(10**9)}" for _ in range(5000)})
    before, moved = {page[0] for page in divide_into_pages(ids, PAGE_SIZE)}, 0
    for _ in range(100):
        pages = {page[0] for page in divide_into_pages(sorted([*ids, f"{random.randrange(10**9)}"]), PAGE_SIZE)} - {ids[0]}
        moved += pages != before - {ids[0]} and len(pages ^ before) > 3
    assert moved <= 10


@given(data=st.data())
@settings(deadline=None)
def test_the_most_used_tags_after_a_change_are_those_of_all_counts(data: st.DataObject) -> None:
    random = data.draw(st.randoms(use_true_random=False))
    counts = {tag(number).id: random.randrange(1, 4) for number in range(random.choice([900, 1000, 1003, 1300]))}
    tags = Tags({one: {"T": count} for one, count in counts.items()})
    assert tags.most_used
    for _ in range(5):
        changed = {tag(random.randrange(1400)).id: random.randrange(5) for _ in range(random.choice([1, 2, 60]))}
        counts = {one: count for one, count in {**counts, **changed}.items() if count}
        spellings = {**{one: {"T": count} for one, count in counts.items()}, **{one: {} for one in changed if one not in counts}}
        tags = tags.apply_changes(spellings, changed)
        assert list(tags.most_used) == sorted(counts, key=lambda one: (-counts[one], one))[:MOST_USED_COUNT]
        assert [one for page in tags.pages for one in page] == sorted(counts)
        assert tags.total == len(counts)


def test_fifty_thousand_tags_make_no_page_of_a_megabyte() -> None:
    """One /subscribe/ of 48 MB took 11 seconds."""
    assert largest([tagged(number, range(100 * number, 100 * number + 100)) for number in range(500)]) < 1_000_000


def test_tags_with_the_longest_names_make_no_page_of_a_megabyte() -> None:
    """Percent-encoded, a name of 66 letters takes 600 bytes in an address, and a listing is named seven times."""

    def long(number: int) -> Tag:
        return Tag(id="".join(map(chr, (0x4E00 + number, *[0x6F22] * 65))), title="&" * 130 + chr(0x4E00 + number) + "漢" * 69)

    articles = [
        model_newsrooms.article(
            number, START - timedelta(days=number + 1), tags=tuple(map(long, range(100 * number, 100 * number + 100)))
        )
        for number in range(20)
    ]
    assert largest(articles) < 1_000_000


def test_what_nginx_has_to_know_does_not_grow_with_rare_tags() -> None:
    told = configuration(published(many()).catalog)
    assert ("/tag/t00249/feed.rss" in told, "/tag/t00250/feed.rss" in told) == (True, False)


def largest(articles: list[Article]) -> int:
    """The size of the largest of the lists of tags, in bytes."""
    found = published(articles)
    paths = {"/subscribe/", "/feeds.opml", *tag_paths(found.catalog)}
    return max(len(body(found, path)) for path in paths)


@pytest.mark.parametrize("start", ["", FIRST_PAGE, "정상", "feed", "media"])
def test_a_page_of_tags_has_one_address(start: str) -> None:
    assert place_of(path_of(TagsAt(start))) == TagsAt(start)


def test_an_opml_names_each_listing_once() -> None:
    found = published(many()).catalog
    named = Counter(line for line in render_opml(found).decode().splitlines() if "xmlUrl" in line)
    assert len(named) == len(found.subscribable_listings)
    assert set(named.values()) == {1}
