"""Conditional requests (RFC 9110 section 13): which ones get a 304, and the headers of a 304."""

from typing import TYPE_CHECKING

import pytest

from feedsvc.web.responses import validator_headers
from tests.audience.waiting import wait_until
from tests.helpers.http_client import ask, call, without_date
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import SiteFixture

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DOCUMENTS = (
    *("/feed.rss", "/feed.atom", "/feed.json", "/", "/category/business/feed.atom", "/tag/%EC%84%9C%EC%9A%B8/feed.rss"),
    *("/articles/fish/", "/static/feed.css", "/about/", "/ads.txt", "/.well-known/security.txt"),
)
HEADERS_OF_304 = (
    *("etag", "last-modified", "cache-control", "vary", "link", "access-control-allow-origin", "x-content-type-options"),
)


@pytest.mark.parametrize("path", [*DOCUMENTS, "/media/talk.mp3"])
def test_head_has_the_headers_of_get_and_304_repeats_those_for_caches(server: ServerProcess, path: str) -> None:
    response, head = ask(server.url, path), ask(server.url, path, method="HEAD")
    assert (response.status, head.status, head.body) == (200, 200, b"")
    assert int(response["Content-Length"]) == len(response.body) > 0
    wait_until(lambda: ask(server.url, path)["Last-Modified"])  # a date in the current second is not sent yet
    response, head = ask(server.url, path), ask(server.url, path, method="HEAD")
    assert without_date(response.headers) == without_date(head.headers)
    for condition, validator in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        for method in ("GET", "HEAD"):
            revalidation = ask(server.url, path, {condition: response[validator]}, method)
            assert (revalidation.status, revalidation.body) == (304, b"")
            assert [revalidation[name] for name in HEADERS_OF_304] == [response[name] for name in HEADERS_OF_304]
            assert not revalidation["Content-Type"]
            assert not revalidation["Content-Length"]


TAGS_OF_304 = (
    *('W/"{tag}"', '"{tag}"', "{tag}", '"{tag}-gzip"', 'W/"{tag}-gzip"', '"{tag};gzip"', 'W/"{tag}-br"', '"{tag}-zstd"', "*"),
    *('"other", W/"{tag}" , "third"', 'W/"other","{tag}-gzip"', '"*", "{tag}"'),
)
TAGS_OF_200 = (
    *('"other"', 'W/"other", "third"', 'W/"{tag}-xml"', '"{tag}-gzip-gzip"', '"{tag}x"', '""', 'W/"', ",,,", ""),
    *('"*"', 'W/"*"', '"a", "*"', '"*", "a"', '"a", *', "**"),  # a quoted asterisk is an ordinary entity tag
)


def test_if_none_match_decides_between_304_and_200(app: "WSGIApplication") -> None:
    for path in ("/feed.rss", "/articles/fish/", "/media/talk.mp3"):
        tag = call(app, path)["ETag"].removeprefix("W/").strip('"')
        for status, tags in ((304, TAGS_OF_304[:2] + TAGS_OF_304[-4:-3]), (200, TAGS_OF_200)):
            for text in tags:
                assert call(app, path, {"If-None-Match": text.format(tag=tag)}).status == status, (path, text)
    tag = call(app, "/feed.rss")["ETag"].removeprefix("W/").strip('"')
    for text in TAGS_OF_304:
        assert call(app, "/feed.rss", {"If-None-Match": text.format(tag=tag)}).status == 304, text


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


def test_if_none_match_takes_precedence_over_if_modified_since(app: "WSGIApplication") -> None:
    for path in ("/feed.rss", "/media/talk.mp3"):
        response = call(app, path)
        headers = {"If-None-Match": '"other"', "If-Modified-Since": response["Last-Modified"]}
        assert call(app, path, headers).status == 200
        headers = {"If-None-Match": response["ETag"], "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}
        assert call(app, path, headers).status == 304


def test_conditional_request_never_turns_404_410_or_301_into_304(app: "WSGIApplication") -> None:
    for path, status in (("/articles/recalled/", 410), ("/nothing", 404), ("/feed", 301)):
        response = call(app, path)
        headers = {"If-None-Match": response["ETag"] or "*", "If-Modified-Since": response["Last-Modified"]}
        assert call(app, path, headers).status == status


def test_entity_tags_are_distinct_and_equal_on_two_replicas(site: SiteFixture) -> None:
    first, second = site.start_app(), site.start_app()
    tags = [call(first, path)["ETag"] for path in DOCUMENTS]
    assert len({*tags}) == len(DOCUMENTS)
    assert [call(second, path)["ETag"] for path in reversed(DOCUMENTS)] == tags[::-1]


def test_document_without_date_has_an_etag_and_no_last_modified() -> None:
    assert validator_headers('"x"', None) == [("ETag", '"x"')]
