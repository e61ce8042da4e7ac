"""The most read articles of the last days, which GET /views.json lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from werkzeug.test import Client, TestResponse

from feedsvc.audience import MostReadArticles, ViewCounter, ViewsMiddleware, Visitors
from feedsvc.audience.store import ViewStore
from feedsvc.catalog import Catalog, build_catalog
from feedsvc.content.folder import load_content
from feedsvc.support.alerts import Alerts
from tests.audience.conftest import FakeClock, StartCounter
from tests.audience.test_middleware import application
from tests.audience.waiting import wait_until
from tests.conftest import Newsroom

StartList = Callable[[str | Path], MostReadArticles]


def _article_id(slug: str) -> str:
    return f"tag:news.example,2026:{slug}"


def _article(slug: str, extra: str = "") -> dict[str, str]:
    return {f"articles/{slug}.yaml": f"id: {_article_id(slug)}\ntitle: Title of {slug}\npublished: 2026-01-02\n{extra}"}


@pytest.fixture
def catalog(newsroom: Newsroom, clock: FakeClock) -> Catalog:
    articles = {**_article("tea"), **_article("bridge", "language: ko\n"), **_article("rice"), **_article("late")}
    later = {"articles/late.yaml": articles["articles/late.yaml"].replace("2026-01-02", "2026-03-02")}
    return build_catalog(load_content(newsroom({**articles, **later})), clock.now)


@pytest.fixture
def start_list(catalog: Catalog, clock: FakeClock) -> Iterator[StartList]:
    """Return a function that starts the list of a database and its counter, which is closed when the test ends."""
    with ExitStack() as stack:

        def start(database: str | Path) -> MostReadArticles:
            articles = MostReadArticles(lambda _: catalog)
            stack.enter_context(closing(ViewCounter(database, clock, Alerts(), most_read=articles, write_interval=0.02)))
            return articles

        yield start


def _add_reads(database: str | Path, clock: FakeClock, days_ago: int = 0, **reads: int) -> None:
    day = (clock.now - timedelta(days=days_ago)).astimezone(UTC).date()
    with closing(ViewStore(database)) as store:
        store.add({(_article_id(slug), day): count for slug, count in reads.items()})


def _slugs(articles: MostReadArticles, now: datetime) -> list[str]:
    return [article["href"] for article in articles.articles(now)]


def _expect(articles: MostReadArticles, now: datetime, *hrefs: str) -> None:
    wait_until(lambda: _slugs(articles, now) == list(hrefs))


def test_visible_articles_are_listed_the_most_read_first(database_url: str, clock: FakeClock, start_list: StartList) -> None:
    _add_reads(database_url, clock, tea=2, bridge=5, rice=1, late=9, deleted=9)
    _add_reads(database_url, clock, days_ago=8, rice=100)
    articles = start_list(database_url)
    _expect(articles, clock.now, "/articles/bridge/", "/articles/tea/", "/articles/rice/")
    assert [article["language"] for article in articles.articles(clock.now)] == ["ko", "", ""]


def test_list_is_empty_without_reads_and_fills_within_five_minutes(
    sqlite_file: Path, clock: FakeClock, start_list: StartList
) -> None:
    articles = start_list(sqlite_file)
    assert articles.articles(clock.now) == []
    sqlite_file.parent.mkdir(parents=True)
    _add_reads(sqlite_file, clock, tea=2)
    clock.advance(minutes=5)
    _expect(articles, clock.now, "/articles/tea/")


@pytest.fixture
def client(
    sqlite_file: Path, clock: FakeClock, start_counter: StartCounter, start_list: StartList
) -> Callable[..., TestResponse]:
    sqlite_file.parent.mkdir(parents=True)
    _add_reads(sqlite_file, clock, tea=2)
    articles = start_list(sqlite_file)
    _expect(articles, clock.now, "/articles/tea/")
    base_url = "https://news.example/daily"
    middleware = ViewsMiddleware(
        application,
        start_counter(f"sqlite:///{sqlite_file.with_name('other')}"),
        Visitors(),
        lambda _, __: None,
        base_url=lambda: base_url,
        clock=clock,
        most_read=articles,
    )
    return Client(middleware).open


def test_get_views_lists_articles_that_no_shared_cache_may_keep(client: Callable[..., TestResponse]) -> None:
    response = client("/daily/views.json")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(response.data) == {
        "counted": True,
        "articles": [{"title": "Title of tea", "href": "/articles/tea/", "language": ""}],
    }
    assert response.headers["Cache-Control"] == "private, max-age=60"
    head = client("/daily/views.json", method="HEAD")
    assert (head.status_code, head.data, head.headers) == (200, b"", response.headers)


def test_other_methods_and_paths_of_views_are_not_the_list(client: Callable[..., TestResponse]) -> None:
    response = client("/daily/views.json", method="POST")
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")
    for path in ("/views.json", "/daily/views.json/", "/daily/a/views.json", "/daily/articles/views.json"):
        assert client(path).status_code == 418, path
