"""The archive of all months: what its pages show, and that exactly those change whose bytes change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.catalog import build_catalog
from feedsvc.catalog import periods as catalog_periods
from feedsvc.content.folder.folder import load_content
from feedsvc.model import Article, ArticleStatus, Image
from feedsvc.publication.dependencies import has_changed
from feedsvc.publication.document import Redirect
from feedsvc.publication.publication import Publication
from feedsvc.routes import ArchiveAt, ListingRef, path_of, place_of
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.model_newsrooms import START, next_edition
from tests.helpers.newsrooms import text_of

ARCHIVE: Final = "/archive/"


def _article(number: int, published: datetime, **fields: Any) -> Article:
    base = Article(
        path=f"articles/{number}.yaml",
        id=f"tag:news.example,2026:{number}",
        slug=f"a{number}",
        title=f"Title {number}",
        published=published,
        updated=published,
        categories=("c0",),
    )
    return replace(base, **fields)


ARTICLES: Final = (
    _article(1, datetime(2024, 5, 3, tzinfo=UTC)),
    _article(2, datetime(2026, 1, 2, tzinfo=UTC)),
    _article(3, datetime(2026, 1, 2, 5, tzinfo=UTC)),
    _article(4, datetime(2026, 1, 20, tzinfo=UTC)),
    _article(5, datetime(2026, 2, 9, tzinfo=UTC)),
    _article(6, datetime(2026, 2, 10, tzinfo=UTC), status=ArticleStatus.WITHDRAWN, withdrawn_at=START),
)


def _publication(articles: tuple[Article, ...] = ARTICLES) -> Publication:
    return Publication(build_catalog(model_newsrooms.snapshot(articles), START))


def _archive_paths(publication: Publication) -> list[str]:
    return [path for path in publication.paths() if isinstance(place_of(path), ArchiveAt)]


@pytest.fixture
def small_months(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Divide each month with over two articles by day."""
    with monkeypatch.context() as patch:
        patch.setattr(catalog_periods, "MAX_MONTH_ENTRIES", 2)
        yield


def test_archive_links_to_every_month_with_its_number_of_articles() -> None:
    body = text_of(_publication(), ARCHIVE)
    assert "<h2>2026 " in body
    assert "<h2>2024 " in body
    assert '<a href="/daily/archive/2026/01/">January</a> <span class="meta">3 articles</span>' in body
    assert '<a href="/daily/archive/2026/02/">February</a> <span class="meta">1 article</span>' in body
    assert '<a href="/daily/archive/2024/05/">May</a> <span class="meta">1 article</span>' in body


def test_archive_begins_with_the_headlines_of_the_latest_month_and_has_months_newest_first() -> None:
    articles = (*ARTICLES, *(_article(number, datetime(2026, 2, 8, number, tzinfo=UTC)) for number in range(7, 20)))
    body = text_of(_publication(articles), ARCHIVE)
    assert re.findall(r"Title (\d+)", body) == ["5", *map(str, range(19, 8, -1))]
    assert body.index(">February<") < body.index(">January<") < body.index(">May<")


def test_month_lists_its_articles_by_day_and_links_to_the_months_beside_it() -> None:
    body = text_of(_publication(), "/archive/2026/01/")
    titles = [f"Title {number}" for number in (4, 3, 2)]
    assert sorted(titles, key=body.index) == titles
    assert body.count("<h2>") == 2
    assert "<h2>Tue 20</h2>" in body
    assert 'rel="next" href="/daily/archive/2024/05/">Older: May 2024' in body
    assert 'rel="prev" href="/daily/archive/2026/02/">Newer: February 2026' in body


def test_bars_of_the_archive_show_which_month_has_the_most_articles() -> None:
    body = text_of(_publication(), ARCHIVE)
    assert [body.count(f'd="M0 0H{share}V1H0"') for share in (100, 33)] == [1, 2]


def test_month_shows_a_picture_for_each_day_but_not_below_the_same_one() -> None:
    image = Image(url="https://elsewhere.example/a.jpg", width=1600, height=900, alt="A")
    other = replace(image, url="https://elsewhere.example/b.jpg")
    days = ((1, image), (2, image), (3, other), (4, None))
    articles = tuple(_article(day, datetime(2026, 1, day, tzinfo=UTC), image=picture) for day, picture in days)
    body = text_of(_publication(articles), "/archive/2026/01/")
    assert (body.count("a.jpg"), body.count("b.jpg")) == (1, 1)
    assert body.index("b.jpg") < body.index("a.jpg") < body.index("Title 1")


def test_month_is_built_again_if_the_file_of_a_picture_is_replaced(tmp_path: Path) -> None:
    catalogs = []
    for ending in (b"", b"\0"):
        files = newsrooms.article("a", "2026-01-02", image="{src: media/a.jpg, alt: A}")
        newsrooms.write(tmp_path, {**newsrooms.SITE, **files, "media/a.jpg": newsrooms.picture(1600, 900) + ending})
        catalogs.append(build_catalog(load_content(tmp_path), newsrooms.NOW))
    assert has_changed(*catalogs, ArchiveAt("2026-01"))


def test_month_with_too_many_articles_links_to_its_days(small_months: None) -> None:
    publication = _publication()
    assert '<a href="/daily/archive/2026/01/02/">Fri, 02 Jan 2026</a>' in text_of(publication, "/archive/2026/01/")
    day = text_of(publication, "/archive/2026/01/02/")
    assert ("Title 2" in day, "Title 3" in day, "Title 4" in day) == (True, True, False)
    assert 'rel="prev" href="/daily/archive/2026/01/20/"' in day
    assert 'rel="next" href="/daily/archive/2024/05/"' in day
    assert {"/archive/", "/archive/2026/01/", "/archive/2026/01/02/", "/archive/2026/02/"} <= {*_archive_paths(publication)}


def test_addresses_without_articles_are_not_found() -> None:
    publication = _publication()
    assert publication.resolve("/archive") == Redirect(target=ARCHIVE)
    assert publication.resolve("/archive/2026/01") == Redirect(target="/archive/2026/01/")
    for path in ("/archive/2026/03/", "/archive/2026/03/02/", "/archive/2026/13/", "/archive/0000/01/", "/archive/2026/1/"):
        assert publication.resolve(path) is None, path


def test_day_of_a_month_that_is_not_divided_any_longer_redirects_to_the_month(small_months: None) -> None:
    before = _publication()
    assert before.resolve("/archive/2026/01/03/") is None
    after = next_edition(before, [ARTICLES[1]], [])
    assert after.resolve("/archive/2026/01/20/") == Redirect(target="/archive/2026/01/")
    assert after.resolve("/archive/2026/01/20") == Redirect(target="/archive/2026/01/")
    assert "/archive/2026/01/20/" in after.changed_since(before)


def test_archive_of_an_empty_site_says_that_nothing_is_there_yet() -> None:
    assert "Nothing here yet." in text_of(_publication(()), ARCHIVE)


def test_edit_of_a_title_changes_the_month_but_not_the_list_of_months() -> None:
    before = _publication()
    after = next_edition(before, [ARTICLES[3]], [replace(ARTICLES[3], title="Another title")])
    changed = {path for path in after.changed_since(before) if isinstance(place_of(path), ArchiveAt)}
    assert changed == {"/archive/2026/01/"}


def test_new_article_in_a_new_month_changes_the_months_beside_it() -> None:
    before = _publication()
    after = next_edition(before, [], [_article(7, datetime(2025, 7, 1, tzinfo=UTC))])
    changed = {path for path in after.changed_since(before) if isinstance(place_of(path), ArchiveAt)}
    assert changed == {ARCHIVE, "/archive/2025/07/", "/archive/2024/05/", "/archive/2026/01/"}


def test_archive_is_in_the_sitemap() -> None:
    assert "<loc>https://news.example/daily/archive/</loc>" in text_of(_publication(), "/sitemap.xml")


@given(random=st.randoms(use_true_random=True), limit=st.sampled_from([1, 2, 3, 500]))
@settings(max_examples=15)
def test_page_of_the_archive_is_reported_whenever_its_bytes_change(random: Random, limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog_periods, "MAX_MONTH_ENTRIES", limit)
        articles = tuple(_article(number, START - timedelta(days=random.randrange(1, 80))) for number in range(12))
        before = _publication(articles)
        for step in range(3):
            removed = random.sample(before.catalog.content.articles, random.randrange(3))
            moved = [replace(article, published=START - timedelta(days=random.randrange(1, 80))) for article in removed[1:]]
            added = [*moved, _article(100 + step, START - timedelta(days=random.randrange(1, 80)))]
            after = next_edition(before, removed, added)
            fresh = Publication(build_catalog(after.catalog.content, START))
            paths = {*_archive_paths(before), *_archive_paths(after)}
            assert _archive_paths(after) == _archive_paths(fresh)
            bodies = [{path: getattr(each.resolve(path), "body", None) for path in paths} for each in (before, after, fresh)]
            assert bodies[1] == bodies[2]
            differing = {path for path in paths if bodies[0][path] != bodies[1][path]}
            changed = {path for path in after.changed_since(before) if isinstance(place_of(path), ArchiveAt)}
            assert differing <= changed
            before = after


def test_calendar_counts_articles_that_another_site_published() -> None:
    article = replace(ARTICLES[0], link="https://elsewhere.example/story")
    calendar = _publication((article,)).catalog.listings[ListingRef()].calendar
    assert calendar.months == (("2024-05", 1),)
    assert path_of(ArchiveAt("2024-05")) == "/archive/2024/05/"
