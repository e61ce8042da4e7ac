"""Cached responses of a document equal the responses of a new document, for any request at any time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.feed_model import Link
from feedsvc.publication.document import Document
from feedsvc.support.compression import CODINGS
from feedsvc.web.responses import respond
from tests.web.example_documents import build_document

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
_BODY = b"A bridge over the bay. " * 40


def _documents() -> tuple[Document, ...]:
    link = (Link(rel="self", href="https://news.example/feed.rss"),)
    return (
        build_document("/feed.rss", _BODY, "application/rss+xml", modified=_NOON, links=link, browser_type="text/xml"),
        build_document("/", _BODY, "text/html", modified=_NOON),
        build_document("/robots.txt", b"short", "text/plain"),
        build_document("/gone/", _BODY, "text/html", status=410),
        build_document("", _BODY, "text/html", status=404),
    )


_DOCUMENTS_WITH_CACHE = _documents()
_TAG = _DOCUMENTS_WITH_CACHE[0].etag
_WORDS = st.sampled_from([*CODINGS, "identity", "*", "deflate", "GZIP", "x"])
_QUALITIES = st.sampled_from(["", ";q=0", ";q=0.0", ";q=0.5", ";q=1", ";q=x", ";Q=0.3"])
_ACCEPTED = st.lists(st.tuples(_WORDS, _QUALITIES).map("".join), max_size=5).map(", ".join)
_MATCHES = st.sampled_from(
    ["", "*", _TAG, f'"{_TAG}"', f'W/"{_TAG}-br", "x"', f'W/"{_TAG}-xml"', f'"{_TAG}-xml-gzip"', "x" * 400]
)
_SINCE = st.sampled_from(["", "Sun, 01 Mar 2026 12:00:00 GMT", "Sun Mar  1 12:00:00 2026", "Sun, 01 Mar 2026 12:00:01 GMT", "x"])
_HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_ACCEPT_ENCODING": _ACCEPTED | st.text(max_size=20),
        "HTTP_IF_NONE_MATCH": _MATCHES | st.text(max_size=20),
        "HTTP_IF_MODIFIED_SINCE": _SINCE | st.text(max_size=20),
        "HTTP_SEC_FETCH_DEST": st.sampled_from(["document", "empty", ""]),
        "HTTP_X_UNKNOWN": st.text(max_size=5),
        "QUERY_STRING": st.text(max_size=5),
    },
)
_MOMENTS = st.timedeltas(min_value=-timedelta(days=2), max_value=timedelta(days=2)).map(lambda ahead: _NOON + ahead)


@given(
    index=st.integers(0, len(_DOCUMENTS_WITH_CACHE) - 1),
    method=st.sampled_from(["GET", "HEAD", "OPTIONS", "POST"]),
    headers=_HEADERS,
    now=_MOMENTS,
    delay=st.none() | st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)),
)
def test_cached_response_equals_a_newly_computed_one(
    index: int, method: str, headers: dict[str, str], now: datetime, delay: timedelta | None
) -> None:
    next_change = None if delay is None else now + delay
    cached_response = respond(_DOCUMENTS_WITH_CACHE[index], (method, headers), now, next_change)
    known_headers = {name: value for name, value in headers.items() if name not in ("HTTP_X_UNKNOWN", "QUERY_STRING")}
    assert cached_response == respond(_documents()[index], (method, known_headers), now, next_change)
    assert len(_DOCUMENTS_WITH_CACHE[index].derived_data.cache) <= 100  # bounded, whatever clients send


def test_responses_share_no_mutable_headers() -> None:
    for method in ("GET", "HEAD", "GET"):
        response = respond(_DOCUMENTS_WITH_CACHE[0], (method, {}), _NOON, None)
        assert isinstance(response.headers, tuple)
        assert bool(response.body) == (method == "GET")
