"""The response cache repeats a response within a second, and only while it equals a newly computed one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.support.compression import CODINGS
from feedsvc.web.app import create_app
from feedsvc.web.request_stats import OTHER, RequestStats
from feedsvc.web.response_cache import CachedResponse, ResponseCache
from tests.helpers.http_client import call, environ_of
from tests.web.conftest import FakeClock, SiteFixture
from tests.web.newsroom import NEXT_CHANGE, NOON, write_newsroom
from tests.web.test_caching import max_staleness

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_PATHS = ("/feed.rss", "/feed.atom", "/", "/articles/fish/", "/articles/recalled/", "/media/talk.mp3", "/feed", "/nothing")
_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Accept-Encoding": st.sampled_from([*CODINGS, "gzip, br", "identity", "x"]),
        "If-None-Match": st.sampled_from(["*", '"x"', ""]),
        "If-Modified-Since": st.sampled_from(["Sun, 01 Mar 2026 12:00:00 GMT", "x"]),
        "Sec-Fetch-Dest": st.sampled_from(["document", "empty"]),
        "Range": st.just("bytes=0-9"),
        "User-Agent": st.text("ab", max_size=2),
    },
)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    folder = tmp_path_factory.mktemp("second")
    store = LastModifiedStore(folder / "modified.sqlite")
    yield Live(ContentFolder(write_newsroom(folder / "content", with_scheduled=True)), store, FakeClock())
    store.close()


@pytest.fixture(scope="module")
def app_with_cache(live: Live) -> "WSGIApplication":
    return create_app(live)


@given(
    path=st.sampled_from(_PATHS),
    method=st.sampled_from(["GET", "GET", "HEAD", "OPTIONS", "POST"]),
    headers=_HEADERS,
)
def test_repeated_response_equals_a_newly_computed_one(
    live: Live, app_with_cache: "WSGIApplication", path: str, method: str, headers: dict[str, str]
) -> None:
    if path == "/feed.rss" and "If-None-Match" in headers:
        headers["If-None-Match"] += call(create_app(live), path)["ETag"]
    first, second = (call(app_with_cache, f"{path}?a=b", headers, method) for _ in range(2))
    assert first == second == call(create_app(live), path, headers, method)


def test_saved_file_is_served_within_the_same_second(site: SiteFixture) -> None:
    live = Live(ContentFolder(site.content), LastModifiedStore(None), site.clock)
    app, article = create_app(live), site.content / "articles" / "fish.yaml"
    for title, elapsed in (("One", 0.0), ("Two", 0.999)):
        assert title not in call(app, "/feed.rss").body.decode()
        article.write_text(article.read_text("utf-8").replace("title: ", f"title: {title} "), "utf-8")
        site.clock.advance(elapsed)
        live.reload()
        assert title in call(app, "/feed.rss").body.decode()


def test_cached_response_ends_in_the_second_of_a_scheduled_change(site: SiteFixture) -> None:
    for offset in (0, 1, 999):  # milliseconds: when in each second the first request is sent
        app = site.start_app()
        for milliseconds_left in range(4000 - offset, -1000, -333):
            site.clock.now = NEXT_CHANGE - timedelta(milliseconds=milliseconds_left)
            response = call(app, "/category/culture/feed.rss")
            assert (b"Later today" in response.body) == (milliseconds_left <= 0)
            assert milliseconds_left <= 0 or max_staleness(response["Cache-Control"]) * 1000 < milliseconds_left
    assert call(app, "/articles/later/").status == 200
    site.clock.now = NEXT_CHANGE - timedelta(seconds=1)
    assert call(app, "/articles/later/").status == 404, "the clock was set back"


def test_combined_feed_is_not_kept_in_memory(site: SiteFixture) -> None:
    stats = RequestStats()
    app = create_app(Live(ContentFolder(site.content), LastModifiedStore(None), site.clock), stats=stats)
    responses = [call(app, "/feed/category:business+category:culture.rss") for _ in range(2)]
    assert (responses[0], stats.cache_hits) == (responses[1], 0)
    assert [call(app, "/feed.rss").status for _ in range(2)] == [200, 200]
    assert stats.cache_hits == 1


def test_server_that_modifies_headers_does_not_change_later_responses(app: "WSGIApplication") -> None:
    def start_response(_: str, sent: list[tuple[str, str]], _error: object = None) -> Any:
        sent.clear()

    before = call(app, "/feed.rss")
    for _ in range(2):
        list(app(environ_of("/feed.rss", "GET", {}), start_response))
    assert call(app, "/feed.rss") == before


def test_number_and_size_of_cached_responses_are_bounded(live: Live) -> None:
    cache, response = ResponseCache(create_app(live), live, RequestStats()), CachedResponse("200 OK", (), (b"",), OTHER, 200)
    for number in range(5000):
        cache.store(("/", "GET", str(number)), NOON, live.edition, response)
    cache.store(("/", "GET", "a" * 2000), NOON, live.edition, response)
    assert len(cache._second[2]) == 4096
    for edition, second in ((replace(live.edition), NOON), (live.edition, NOON + timedelta(seconds=1))):
        cache.store(("/", "GET", ""), second, edition, response)
        assert len(cache._second[2]) == 1
