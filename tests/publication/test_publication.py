"""Incremental editions: equal to a publication built from the start, with a list of the paths that may have changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder import ContentFolder
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.model import Article, MediaFile, Tag
from feedsvc.publication.document import Resource
from feedsvc.publication.publication import Publication
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.model_newsrooms import BASE, MEDIA, START, RandomEditor

SITE: Final = "title: T\nbase_url: https://t.example\nid_domain: t.example\nsince: 2026-01-01\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newsroom")


def write_media(folder: Path) -> dict[str, MediaFile]:
    """Write the media files of the model newsroom and return them by path."""
    newsrooms.write(folder, {path: newsrooms.picture(1000, 500) if path.endswith("jpg") else b"abc" for path in MEDIA})
    types = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}
    return {
        path: MediaFile(path=path, location=str(folder / path), type=types[path[-3:]], length=(folder / path).stat().st_size)
        for path in MEDIA
    }


def resolve_in_random_order(publication: Publication, paths: set[str], random: Random) -> dict[str, Resource | None]:
    """Resolve the paths in random order; return the resources by path."""
    publication.make_variants(lambda steps, _: steps, 1)
    shuffled_paths = sorted(paths)
    random.shuffle(shuffled_paths)
    return {path: publication.resolve(path) for path in shuffled_paths}


def random_edit(editor: RandomEditor, folder: Path) -> tuple[list[Article], list[Article]]:
    """Edit articles, and sometimes settings, the theme or the bytes of an image; return the removed and the added articles."""
    removed, added = editor.edit()
    if editor.random.random() < 0.2:
        site = replace(editor.content.site, title=f"Daily {editor.random.randrange(9)}")
        editor.content = replace(editor.content, **editor.random.choice(({"site": site}, {"theme": {"static/feed.css": b"a{}"}})))
    if editor.random.random() < 0.3:
        path = editor.random.choice(MEDIA[:2])
        newsrooms.write(folder, {path: newsrooms.picture(1000, editor.random.randrange(300, 800))})
        length = (folder / path).stat().st_size
        editor.content = replace(
            editor.content, media={**editor.content.media, path: replace(editor.content.media[path], length=length)}
        )
        added_ids = {article.id for article in added}
        articles_with_image = [
            article for article in editor.content.articles if path in article.media and article.id not in added_ids
        ]
        removed, added = removed + articles_with_image, added + articles_with_image
    return removed, added


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True), preview=st.booleans(), is_full=st.booleans())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_edition_after_random_edits_equals_a_publication_built_from_the_start(
    folder: Path, random: Random, *, preview: bool, is_full: bool
) -> None:
    entries = {"tags": model_newsrooms.TAG_ENTRIES, "custom_feeds": model_newsrooms.CUSTOM_FEEDS} if is_full else {}
    content = model_newsrooms.snapshot(media=write_media(folder), **entries)
    editor = RandomEditor(random=random, content=content, max_articles=14)
    variant_store = VariantStore(folder / "state")
    now = Publication(build_catalog(editor.content, editor.now, is_preview=preview), variant_store=variant_store)
    former_resources: dict[str, Resource | None] = {}
    for _ in range(4):
        known_paths = set(now.paths_with_redirects())
        resolve_in_random_order(now, set(random.sample(sorted(known_paths), len(known_paths) // 2)), random)
        removed, added = random_edit(editor, folder)
        catalog = now.catalog.apply_changes(editor.content, editor.now, removed=removed, added=added)
        before, now = now, now.next_edition(catalog)
        fresh = Publication(build_catalog(editor.content, editor.now, is_preview=preview), variant_store=variant_store)
        paths = known_paths | set(fresh.paths_with_redirects())
        expected = resolve_in_random_order(fresh, paths, random)
        assert resolve_in_random_order(now, paths, random) == expected
        changed = now.changed_since(before)
        if former_resources:
            unreported = {path for path in paths - changed if former_resources.get(path) != expected[path]}
            # The variants of an image whose bytes were replaced are covered by the path of the image itself.
            assert {
                path for path in unreported if f"/media/{path.rpartition('/')[2]}" not in changed or "/sized/" not in path
            } == set()
        former_resources = expected


def editions_around_an_edit(index: int, count: int = 1000, **keys: object) -> tuple[Publication, Publication]:
    """Return the editions before and after an edit of one of `count` articles; index 0 is the newest."""
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(count, categories=3, authors=3, tags=40), entries=10)
    article = content.articles[index]
    changed_article = replace(article, **keys)  # type: ignore[arg-type]
    after = replace(content, articles=tuple(changed_article if each is article else each for each in content.articles))
    before = Publication(build_catalog(content, START))
    return before, before.next_edition(before.catalog.apply_changes(after, START, removed=(article,), added=(changed_article,)))


def test_a_changed_text_of_an_old_article_changes_only_its_page_and_its_archives() -> None:
    before, after = editions_around_an_edit(500, text=model_newsrooms.store_text("Another word."))
    year = before.catalog.visible["a500"].day[:4]
    changed = {path for path in after.changed_since(before) if f"/archive/{year}" not in path}
    assert changed == {"/articles/a500/"}


def test_other_dimensions_of_an_image_in_the_text_or_of_the_logo_change_the_page(folder: Path) -> None:
    content = model_newsrooms.snapshot((), media=write_media(folder))
    body, logo = model_newsrooms.store_text("![](/media/a.jpg)"), f"{BASE}/media/a.jpg"
    with_image = model_newsrooms.article(1, START - timedelta(days=1), text=body, media=("media/a.jpg",))
    without_image = model_newsrooms.article(2, START - timedelta(days=1))
    site = replace(content.site, logo=logo, media=("media/a.jpg",))
    for path, current_site in (("/articles/a1/", content.site), ("/articles/a2/", site)):
        newsrooms.write(folder, {"media/a.jpg": newsrooms.picture(1000, 500)})
        before = Publication(build_catalog(replace(content, site=current_site, articles=(with_image, without_image)), START))
        page = before.resolve(path)
        newsrooms.write(folder, {"media/a.jpg": newsrooms.picture(1000, 400)})
        after = before.next_edition(before.catalog.apply_changes(before.catalog.content, START))
        assert after.resolve(path) != page


def random_changes(random: Random, articles: tuple[Article, ...]) -> tuple[list[Article], list[Article]]:
    """Return articles to remove and articles to add: changed ones and new ones."""
    removed = random.sample(articles, random.randrange(4))
    days = [START - timedelta(days=random.randrange(3, 3650)) for _ in range(8)]
    kinds = random.choices(
        ({}, {"title": "Other"}, {"text": model_newsrooms.store_text("Other.")}, {"tags": ()}, {"published": days[0]}),
        k=len(removed),
    )
    changed = [replace(article, **keys) for article, keys in zip(removed, kinds, strict=True) if random.random() < 0.8]
    tags = (Tag(id="t0", title="T0"), Tag(id="t1", title="T1"))
    new = [
        model_newsrooms.article(500 + number, day, tags=tags[number % 2 :])
        for number, day in enumerate(days[: random.randrange(4)])
    ]
    return removed, changed + new


@pytest.mark.slow
@given(random=st.randoms(use_true_random=True))
@settings(max_examples=8, deadline=None)
def test_all_changed_pages_are_reported_if_more_articles_share_a_tag_than_are_considered(random: Random) -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(120, categories=2, authors=1, tags=3), entries=10)
    before = Publication(build_catalog(content, START))
    removed, added = random_changes(random, content.articles)
    unchanged = [article for article in content.articles if article not in removed]
    content = replace(content, articles=(*unchanged, *added))
    after = before.next_edition(before.catalog.apply_changes(content, START, removed=removed, added=added))
    fresh, changed = Publication(build_catalog(content, START)), after.changed_since(before)
    pages = {path for path in {*before.paths(), *fresh.paths()} if path.startswith("/articles/")}
    former_resources, expected = resolve_in_random_order(before, pages, random), resolve_in_random_order(fresh, pages, random)
    assert resolve_in_random_order(after, pages, random) == expected
    assert {path for path in pages - changed if former_resources[path] != expected[path]} == set()


def test_a_new_article_changes_only_the_page_of_the_previous_article_in_its_category() -> None:
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(1000, categories=3, authors=3, tags=4), entries=10)
    newest = content.articles[0]
    new = model_newsrooms.article(5000, START - timedelta(hours=1), categories=newest.categories, tags=newest.tags)
    before = Publication(build_catalog(content, START))
    catalog = before.catalog.apply_changes(replace(content, articles=(*content.articles, new)), START, added=(new,))
    changed = {path for path in before.next_edition(catalog).changed_since(before) if path.startswith("/articles/")}
    assert changed == {"/articles/a5000/", "/articles/a0/"}


@pytest.mark.slow
def test_a_changed_title_reports_the_pages_that_show_it_and_at_most_two_others() -> None:
    """Every page that might have linked to the article was rendered again: about ninety instead of a few."""
    content = model_newsrooms.snapshot(model_newsrooms.ten_years_of_articles(1000, categories=3, authors=3, tags=4), entries=10)
    old = next(article for article in content.articles if article.slug == "a500")
    new = replace(old, title="Mended")
    before = Publication(build_catalog(content, START))
    content_after = replace(content, articles=tuple(new if article is old else article for article in content.articles))
    after = before.next_edition(before.catalog.apply_changes(content_after, START, removed=(old,), added=(new,)))
    pages = [path for path in after.paths() if path.startswith("/articles/")]
    different = {path for path in pages if before.resolve(path) != after.resolve(path)}
    changed = {path for path in after.changed_since(before) if path.startswith("/articles/")}
    assert different <= changed
    assert 3 < len(different) < 20
    assert len(changed - different) <= 2, "only the neighbours on the site may be reported although they did not change"


@pytest.mark.slow
def test_warming_up_before_a_change_does_not_change_the_result() -> None:
    results = []
    for warm in (True, False):
        before, after = editions_around_an_edit(30, count=60, title="Another title")
        assert not warm or len([*before.warm_up()]) > len(before.catalog.listings)
        results.append((after.changed_since(before), [after.resolve(path) for path in after.paths()]))
    assert results[0] == results[1]


def test_a_save_renders_only_the_custom_feeds_digests_and_private_feeds_that_hold_the_article(tmp_path: Path) -> None:
    kinds = {"list": "", "wire": ", access: private", "daily": ", digest: {every: day, at: 06:00}"}
    feeds = (
        f"{name}-{place}: {{title: {name} {place}, include: {{categories: {place}}}{keys}}}\n"
        for name, keys in kinds.items()
        for place in ("asia", "africa")
    )
    newsrooms.write(tmp_path, {"site.yaml": SITE, "categories.yaml": "asia: {title: A}\nafrica: {title: B}\n"})
    newsrooms.write(tmp_path, {"feeds.yaml": "".join(feeds)})
    for stem, day, place in (("a", 2, "asia"), ("b", 4, "asia"), ("c", 2, "africa")):
        newsrooms.write(tmp_path, newsrooms.article(stem, f"2026-01-0{day}T12:00:00Z", category=place))
    folder = ContentFolder(tmp_path)
    before = Publication(build_catalog(folder.read().content, START))
    former = {path: before.resolve(path) for path in before.paths_with_redirects() if path.startswith("/feeds/")}

    newsrooms.write(tmp_path, newsrooms.article("a", "2026-01-02T12:00:00Z", category="asia", title="New"))
    change = folder.read()
    after = before.next_edition(before.catalog.apply_changes(change.content, START, removed=change.removed, added=change.added))
    rendered = {path for path, document in former.items() if after.resolve(path) is not document}
    names = ("", "feed.rss", "feed.atom", "feed.json")
    assert rendered == {f"/feeds/{kind}-asia/{name}" for kind in ("list", "daily") for name in names} | {
        "/feeds/daily-asia/2026-01-03/"
    }
    listings = before.catalog.private_listings
    assert [name for name, listing in after.catalog.private_listings.items() if listing is not listings[name]] == ["wire-asia"]
