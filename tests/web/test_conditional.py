"""Conditional requests (RFC 9110 section 13): which ones get a 304, and the headers of a 304."""

from typing import TYPE_CHECKING

import pytest

from feedsvc.web.responses import validator_headers
from tests.helpers.http_client import Response, ask, call, without_date
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import SiteFixture

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FEEDS = ("/feed.rss", "/feed.atom", "/feed.json")
DOCUMENTS = (
    *FEEDS,
    "/",
    "/category/business/feed.atom",
    "/tag/%EC%84%9C%EC%9A%B8/feed.rss",
    "/articles/fish/",
    "/static/feed.css",
    "/about/",
    "/ads.txt",
    "/.well-known/security.txt",
)
HEADERS_OF_304 = (
    "etag",
    "last-modified",
    "cache-control",
    "vary",
    "link",
    "access-control-allow-origin",
    "x-content-type-options",
)


@pytest.mark.parametrize("path", [*DOCUMENTS, "/media/talk.mp3"])
def test_head_has_the_headers_of_get(server: ServerProcess, path: str) -> None:
    response, head = ask(server.url, path), ask(server.url, path, method="HEAD")
    assert (response.status, head.status, head.body) == (200, 200, b"")
    assert without_date(response.headers) == without_date(head.headers)
    assert int(response["Content-Length"]) == len(response.body) > 0
    assert response["ETag"]
    assert response["Last-Modified"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [*DOCUMENTS, "/media/talk.mp3"])
@pytest.mark.parametrize(("condition", "validator"), [("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")])
def test_304_repeats_the_caching_headers_of_the_200(
    server: ServerProcess, path: str, condition: str, validator: str, method: str
) -> None:
    response = ask(server.url, path)
    revalidation = ask(server.url, path, {condition: response[validator]}, method)
    assert (revalidation.status, revalidation.body) == (304, b"")
    assert [revalidation[name] for name in HEADERS_OF_304] == [response[name] for name in HEADERS_OF_304]
    assert not revalidation["Content-Type"]
    assert not revalidation["Content-Length"]


@pytest.fixture
def full_response(app: "WSGIApplication") -> Response:
    return call(app, "/feed.rss")


@pytest.mark.parametrize(
    ("if_none_match", "status"),
    [
        ('W/"{tag}"', 304),
        ('"{tag}"', 304),
        ("{tag}", 304),
        ('"{tag}-gzip"', 304),
        ('W/"{tag}-gzip"', 304),
        ('"{tag};gzip"', 304),
        ('W/"{tag}-br"', 304),
        ('"{tag}-zstd"', 304),
        ('"other", W/"{tag}" , "third"', 304),
        ('W/"other","{tag}-gzip"', 304),
        ("*", 304),
        ('"other"', 200),
        ('W/"other", "third"', 200),
        ('W/"{tag}-xml"', 200),
        ('"{tag}-gzip-gzip"', 200),
        ('"{tag}x"', 200),
        ('""', 200),
        ('W/"', 200),
        (",,,", 200),
        ("", 200),
    ],
)
def test_if_none_match_decides_between_304_and_200(
    app: "WSGIApplication", full_response: Response, if_none_match: str, status: int
) -> None:
    tag = full_response["ETag"].removeprefix("W/").strip('"')
    assert call(app, "/feed.rss", {"If-None-Match": if_none_match.format(tag=tag)}).status == status


@pytest.mark.parametrize(
    ("if_modified_since", "status"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", 304),
        ("Sunday, 01-Mar-26 12:00:00 GMT", 304),  # RFC 850
        ("Sun Mar  1 12:00:00 2026", 304),  # asctime
        ("Sun, 01 Mar 2026 11:59:59 GMT", 200),
        ("Sun, 01 Mar 2026 12:00:01 GMT", 200),
        ("Fri, 31 Dec 2099 23:59:59 GMT", 200),
        ("yesterday", 200),
        ("Sun, 99 Foo 2026 12:00:00 GMT", 200),
        ("Mon, 01 Jan 2024 00:00:00 +9999999999999999", 200),
        ("", 200),
    ],
)
def test_if_modified_since_matches_only_the_exact_date(app: "WSGIApplication", if_modified_since: str, status: int) -> None:
    assert call(app, "/feed.rss", {"If-Modified-Since": if_modified_since}).status == status


@pytest.mark.parametrize("path", ["/feed.rss", "/media/talk.mp3"])
def test_if_none_match_takes_precedence_over_if_modified_since(app: "WSGIApplication", path: str) -> None:
    response = call(app, path)
    old_date, last_modified = "Thu, 01 Jan 2026 00:00:00 GMT", response["Last-Modified"]
    assert call(app, path, {"If-None-Match": '"other"', "If-Modified-Since": last_modified}).status == 200
    assert call(app, path, {"If-None-Match": response["ETag"], "If-Modified-Since": old_date}).status == 304


@pytest.mark.parametrize(("path", "status"), [("/articles/recalled/", 410), ("/nothing", 404), ("/feed", 301)])
def test_conditional_request_never_turns_404_410_or_301_into_304(app: "WSGIApplication", path: str, status: int) -> None:
    response = call(app, path)
    headers = {"If-None-Match": response["ETag"] or "*", "If-Modified-Since": response["Last-Modified"]}
    assert call(app, path, headers).status == status


def test_entity_tags_of_documents_are_distinct(app: "WSGIApplication") -> None:
    assert len({call(app, path)["ETag"] for path in DOCUMENTS}) == len(DOCUMENTS)


def test_two_replicas_send_equal_entity_tags(site: SiteFixture) -> None:
    first, second = site.start_app(), site.start_app()
    assert [call(first, path)["ETag"] for path in DOCUMENTS] == [call(second, path)["ETag"] for path in reversed(DOCUMENTS)][::-1]


def test_document_without_date_has_an_etag_and_no_last_modified() -> None:
    assert validator_headers('"x"', None) == [("ETag", '"x"')]
