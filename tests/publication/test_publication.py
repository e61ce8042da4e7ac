"""One edition made from another: byte for byte what a fresh start publishes, and it knows what may have changed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.model import Article, Image, MediaFile, Tag
from feedsvc.publication.document import Resource
from feedsvc.publication.publication import Publication
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.model_newsrooms import BASE, MEDIA, START, RandomEditor


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newsroom")


def media(folder: Path) -> dict[str, MediaFile]:
    newsrooms.write(folder, {path: newsrooms.picture(1000, 500) if path.endswith("jpg") else b"abc" for path in MEDIA})
    types = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}
    return {
        path: MediaFile(path=path, location=str(folder / path), type=types[path[-3:]], length=(folder / path).stat().st_size)
        for path in MEDIA
    }


def asked(publication: Publication, paths: set[str], random: Random) -> dict[str, Resource | None]:
    """What stands at the paths, asked for in any order."""
    several = sorted(paths)
    random.shuffle(several)
    return {path: publication.resolve(path) for path in several}


def turn(desk: RandomEditor, folder: Path) -> tuple[list[Article], list[Article]]:
    """An edit, and now and then other settings, another theme or another picture under the same name."""
    gone, come = desk.edit()
    if desk.random.random() < 0.2:
        site = replace(desk.content.site, title=f"Daily {desk.random.randrange(9)}")
        desk.content = replace(desk.content, **desk.random.choice(({"site": site}, {"theme": {"static/feed.css": b"a{}"}})))
    if desk.random.random() < 0.3:
        path = desk.random.choice(MEDIA[:2])
        newsrooms.write(folder, {path: newsrooms.picture(1000, desk.random.randrange(300, 800))})
        length = (folder / path).stat().st_size
        desk.content = replace(desk.content, media={**desk.content.media, path: replace(desk.content.media[path], length=length)})
        known = {one.id for one in come}
        shown = [one for one in desk.content.articles if path in one.media and one.id not in known]
        gone, come = gone + shown, come + shown
    return gone, come


@given(random=st.randoms(use_true_random=False), preview=st.booleans())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_edition_made_from_another_is_that_of_a_fresh_start(folder: Path, random: Random, *, preview: bool) -> None:
    desk = RandomEditor(random=random, content=model_newsrooms.snapshot(media=media(folder)), most=14)
    renditions = VariantStore(folder / "state")
    now = Publication(build_catalog(desk.content, desk.now, is_preview=preview), variant_store=renditions)
    was: dict[str, Resource | None] = {}
    for _ in range(4):
        known = set(now.paths_with_redirects())
        asked(now, set(random.sample(sorted(known), len(known) // 2)), random)
        gone, come = turn(desk, folder)
        found = now.catalog.apply_changes(desk.content, desk.now, removed=gone, added=come)
        before, now = now, now.next_edition(found)
        fresh = Publication(build_catalog(desk.content, desk.now, is_preview=preview), variant_store=renditions)
        addresses = known | set(fresh.paths_with_redirects())
        expected = asked(fresh, addresses, random)
        assert asked(now, addresses, random) == expected
        changed = now.changed_since(before)
        if was:
            silent = {path for path in addresses - changed if was.get(path) != expected[path]}
            # Copies of bytes that are no more on the disk go with the picture itself.
            assert {
                path for path in silent if f"/media/{path.rpartition('/')[2]}" not in changed or "/sized/" not in path
            } == set()
        was = expected


def editions(index: int, **keys: object) -> tuple[Publication, Publication]:
    """Before and after an edit of one article in an archive of 1,000, 0 being the newest."""
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(1000, categories=3, authors=3, tags=40), entries=10)
    one = content.articles[index]
    other = replace(one, **keys)  # type: ignore[arg-type]
    after = replace(content, articles=tuple(other if article is one else article for article in content.articles))
    before = Publication(build_catalog(content, START))
    return before, before.next_edition(before.catalog.apply_changes(after, START, removed=(one,), added=(other,)))


def test_a_word_mended_in_an_old_article_changes_its_page_and_its_archives_alone() -> None:
    before, after = editions(500, text=model_newsrooms.store_text("Another word."))
    year = before.catalog.visible["a500"].day[:4]
    changed = {path for path in after.changed_since(before) if f"/archive/{year}" not in path}
    assert changed == {"/articles/a500/"}


def test_a_saved_article_changes_few_paths() -> None:
    before, after = editions(500, title="Another title")
    changed, everything = after.changed_since(before), set(after.paths())
    assert "/articles/a500/" in changed
    assert "/feed.rss" not in changed
    assert len(changed) * 10 < len(everything)


def test_a_feed_that_nothing_changed_in_is_the_same_document() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(100, categories=3, authors=3))
    before = Publication(build_catalog(content, START))
    paths = ("/feed.atom", "/", "/feeds.opml", "/static/site.css", "/articles/a50/")
    kept = [before.resolve(path) for path in paths]
    after = before.next_edition(before.catalog.apply_changes(content, START + timedelta(hours=1)))
    assert [after.resolve(path) is one for path, one in zip(paths, kept, strict=True)] == [True] * len(paths)
    assert after.changed_since(before) == frozenset()


def test_a_picture_with_other_bytes_is_another_picture_on_the_page(folder: Path) -> None:
    files = media(folder)
    image = Image(url=f"{BASE}/media/a.jpg", type="image/jpeg", width=1000, height=500)
    one = model_newsrooms.article(1, START - timedelta(days=1), image=image, media=("media/a.jpg",))
    before = Publication(build_catalog(model_newsrooms.snapshot((one,), media=files), START))
    page = before.resolve("/articles/a1/")
    newsrooms.write(folder, {"media/a.jpg": newsrooms.picture(1000, 400)})
    after = before.next_edition(before.catalog.apply_changes(before.catalog.content, START))
    assert after.resolve("/articles/a1/") != page


def test_a_picture_in_a_text_and_a_logo_of_another_shape_have_another_place_on_the_page(folder: Path) -> None:
    content = model_newsrooms.snapshot((), media=media(folder))
    body, logo = model_newsrooms.store_text("![](/media/a.jpg)"), f"{BASE}/media/a.jpg"
    one = model_newsrooms.article(1, START - timedelta(days=1), text=body, media=("media/a.jpg",))
    other = model_newsrooms.article(2, START - timedelta(days=1))
    site = replace(content.site, logo=logo, media=("media/a.jpg",))
    for paths, known in (("/articles/a1/", content.site), ("/articles/a2/", site)):
        newsrooms.write(folder, {"media/a.jpg": newsrooms.picture(1000, 500)})
        before = Publication(build_catalog(replace(content, site=known, articles=(one, other)), START))
        page = before.resolve(paths)
        newsrooms.write(folder, {"media/a.jpg": newsrooms.picture(1000, 400)})
        after = before.next_edition(before.catalog.apply_changes(before.catalog.content, START))
        assert after.resolve(paths) != page


def test_a_theme_or_a_setting_changes_everything() -> None:
    content = model_newsrooms.snapshot((model_newsrooms.article(1, START, tags=(Tag(id="t", title="T"),)),))
    before = Publication(build_catalog(content, START))
    other = replace(content, theme={"static/site.css": b"a{}"})
    after = before.next_edition(before.catalog.apply_changes(other, START))
    assert after.changed_since(before) >= {*before.paths(), *after.paths()}
    assert getattr(after.resolve("/static/site.css"), "body", b"") == b"a{}"


def edited(random: Random, articles: tuple[Article, ...]) -> tuple[list[Article], list[Article]]:
    """Some articles gone, moved to another day or given other words, and some new ones."""
    gone = random.sample(articles, random.randrange(4))
    days = [START - timedelta(days=random.randrange(3, 3650)) for _ in range(8)]
    kinds = random.choices(
        ({}, {"title": "Other"}, {"text": model_newsrooms.store_text("Other.")}, {"tags": ()}, {"published": days[0]}),
        k=len(gone),
    )
    come = [replace(one, **keys) for one, keys in zip(gone, kinds, strict=True) if random.random() < 0.8]
    tags = (Tag(id="t0", title="T0"), Tag(id="t1", title="T1"))
    new = [
        model_newsrooms.article(500 + number, day, tags=tags[number % 2 :])
        for number, day in enumerate(days[: random.randrange(4)])
    ]
    return gone, come + new


@given(random=st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_no_page_is_forgotten_where_more_articles_share_a_tag_than_are_considered(random: Random) -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(120, categories=2, authors=1, tags=3), entries=10)
    before = Publication(build_catalog(content, START))
    gone, come = edited(random, content.articles)
    kept = [one for one in content.articles if one not in gone]
    content = replace(content, articles=(*kept, *come))
    after = before.next_edition(before.catalog.apply_changes(content, START, removed=gone, added=come))
    fresh, changed = Publication(build_catalog(content, START)), after.changed_since(before)
    pages = {path for path in {*before.paths(), *fresh.paths()} if path.startswith("/articles/")}
    was, expected = asked(before, pages, random), asked(fresh, pages, random)
    assert asked(after, pages, random) == expected
    assert {path for path in pages - changed if was[path] != expected[path]} == set()


def test_a_new_article_changes_no_older_page_but_the_one_before_it_in_its_section() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(1000, categories=3, authors=3, tags=4), entries=10)
    newest = content.articles[0]
    new = model_newsrooms.article(5000, START - timedelta(hours=1), categories=newest.categories, tags=newest.tags)
    before = Publication(build_catalog(content, START))
    found = before.catalog.apply_changes(replace(content, articles=(*content.articles, new)), START, added=(new,))
    changed = {path for path in before.next_edition(found).changed_since(before) if path.startswith("/articles/")}
    assert changed == {"/articles/a5000/", "/articles/a0/"}


def test_a_mended_title_changes_the_pages_that_show_it_and_hardly_another() -> None:
    """Every page that might have led to it was made again, some ninety for a few that do."""
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(1000, categories=3, authors=3, tags=4), entries=10)
    old = next(one for one in content.articles if one.slug == "a500")
    new = replace(old, title="Mended")
    before = Publication(build_catalog(content, START))
    now = replace(content, articles=tuple(new if one is old else one for one in content.articles))
    after = before.next_edition(before.catalog.apply_changes(now, START, removed=(old,), added=(new,)))
    pages = [path for path in after.paths() if path.startswith("/articles/")]
    others = {path for path in pages if before.resolve(path) != after.resolve(path)}
    changed = {path for path in after.changed_since(before) if path.startswith("/articles/")}
    assert others <= changed
    assert 3 < len(others) < 20
    assert len(changed - others) <= 2, "its neighbours on the site, whose own are those in their sections"


def test_who_made_ready_for_a_change_finds_the_same() -> None:
    found = []
    for is_ready in (True, False):
        before, after = editions(500, title="Another title")
        assert not is_ready or len([*before.warm_up()]) > len(before.catalog.listings)
        found.append((after.changed_since(before), [after.resolve(path) for path in after.paths()]))
    assert found[0] == found[1]


def test_a_page_leads_to_older_articles_that_share_most_of_its_tags() -> None:
    one, two = (Tag(id="t1", title="T1"),), (Tag(id="t1", title="T1"), Tag(id="t2", title="T2"))
    tags = (two, two, one, one, two, one, ())
    articles = [
        model_newsrooms.article(number, START - timedelta(days=number + 1), tags=tags[number]) for number in range(len(tags))
    ]
    publication = Publication(build_catalog(model_newsrooms.snapshot(articles), START))
    page = getattr(publication.resolve("/articles/a1/"), "body", b"").decode()
    shown = page.partition('<section class="related">')[2]
    assert re.findall(r"<h3><a href=\"/daily/articles/(\w+)/", shown) == ["a4", "a2", "a3"]
    last = getattr(publication.resolve("/articles/a5/"), "body", b"").decode()
    assert "related" not in last


def test_a_page_that_shows_the_card_of_an_article_changes_with_the_bytes_of_its_picture(folder: Path) -> None:
    newsrooms.write(folder, {"media/a.jpg": newsrooms.picture(1000, 500)})
    image = Image(url=f"{BASE}/media/a.jpg", type="image/jpeg", width=1000, height=500)
    tags = (Tag(id="t", title="T"),)
    shown = model_newsrooms.article(1, START - timedelta(days=2), image=image, media=("media/a.jpg",), tags=tags)
    other = model_newsrooms.article(2, START - timedelta(days=1), tags=tags)
    content = model_newsrooms.snapshot((shown, other), media=media(folder))
    before = Publication(build_catalog(content, START))
    newsrooms.write(folder, {"media/a.jpg": newsrooms.picture(1000, 400)})
    after = before.next_edition(before.catalog.apply_changes(content, START, removed=(shown,), added=(shown,)))
    assert "/articles/a2/" in after.changed_since(before)
