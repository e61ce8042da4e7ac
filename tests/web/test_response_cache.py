"""What was answered a moment ago is told again: only as long as it is what would be answered now."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.support.compression import CODINGS
from feedsvc.web.app import application
from feedsvc.web.request_stats import OTHER
from feedsvc.web.response_cache import CachedResponse, ResponseMicrocache
from feedsvc.web.reusable_headers import ReusableHeaders
from tests.helpers.http_client import call, environ_of
from tests.web.conftest import Clock, Office
from tests.web.newsroom import NOON, SOON, write_newsroom
from tests.web.test_caching import longest

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
    ledger = LastModifiedStore(folder / "modified.sqlite")
    yield Live(ContentFolder(write_newsroom(folder / "content", timed=True)), ledger, Clock())
    ledger.close()


@pytest.fixture(scope="module")
def asked_all_day(live: Live) -> "WSGIApplication":
    return application(live)


@given(
    path=st.sampled_from(_PATHS),
    method=st.sampled_from(["GET", "GET", "HEAD", "OPTIONS", "POST"]),
    headers=_HEADERS,
)
def test_what_is_told_again_is_what_would_be_answered(
    live: Live, asked_all_day: "WSGIApplication", path: str, method: str, headers: dict[str, str]
) -> None:
    if path == "/feed.rss" and "If-None-Match" in headers:
        headers["If-None-Match"] += call(application(live), path)["ETag"]
    first, again = (call(asked_all_day, f"{path}?a=b", headers, method) for _ in range(2))
    assert first == again == call(application(live), path, headers, method)


@pytest.mark.parametrize("passed", [0.0, 0.999])
def test_a_saved_file_is_seen_in_the_same_second(office: Office, passed: float) -> None:
    live = Live(ContentFolder(office.content), LastModifiedStore(None), office.clock)
    app = application(live)
    before = call(app, "/feed.rss")
    assert call(app, "/feed.rss") == before
    article = next(office.content.rglob("fish.yaml"))
    article.write_text(article.read_text("utf-8").replace("title: ", "title: Never before "), "utf-8")
    office.clock.tick(passed)
    live.reload()
    assert b"Never before" not in before.body
    assert b"Never before" in call(app, "/feed.rss").body


@pytest.mark.parametrize("begin", [0, 1, 999])
def test_whatever_is_told_again_is_over_in_the_second_of_a_change(office: Office, begin: int) -> None:
    """`begin` are the milliseconds at which each second is asked about first."""
    app = office.start()
    for left in range(4000 - begin, -1000, -333):
        office.clock.now = SOON - timedelta(milliseconds=left)
        got = call(app, "/category/culture/feed.rss")
        assert (b"Later today" in got.body) == (left <= 0)
        assert left <= 0 or longest(got["Cache-Control"]) * 1000 < left


def test_a_clock_that_is_put_back_takes_back_what_it_brought(office: Office) -> None:
    app = office.start()
    office.clock.now = SOON
    assert call(app, "/articles/later/").status == 200
    office.clock.now = SOON - timedelta(seconds=1)
    assert call(app, "/articles/later/").status == 404


def test_a_server_may_do_with_headers_what_it_likes(app: "WSGIApplication") -> None:
    def start_response(_: str, sent: list[tuple[str, str]], _error: object = None) -> Any:
        sent.clear()

    before = call(app, "/feed.rss")
    for _ in range(2):
        list(app(environ_of("/feed.rss", "GET", {}), start_response))
    assert call(app, "/feed.rss") == before


def test_clients_cannot_fill_the_memory(live: Live) -> None:
    second, told = ResponseMicrocache(live, NOON), CachedResponse("200 OK", ReusableHeaders(), (), OTHER, 200)
    for number in range(300):
        second.put(environ_of("/", "GET", {"If-None-Match": str(number)}), told)
    assert second.get(environ_of("/", "GET", {"If-None-Match": "0"}), NOON) is told
    assert second.get(environ_of("/", "GET", {"If-None-Match": "299"}), NOON) is None
