"""Conditional requests (RFC 9110 section 13): what gets a 304, and what a 304 says."""

from typing import TYPE_CHECKING

import pytest

from feedsvc.web.responses import validator_headers
from tests.helpers.http_client import Response, ask, call, without_date
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import Office

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
)
KEPT = ("etag", "last-modified", "cache-control", "vary", "link", "access-control-allow-origin", "x-content-type-options")


@pytest.mark.parametrize("path", [*DOCUMENTS, "/media/talk.mp3"])
def test_get_and_head_have_the_same_headers(server: ServerProcess, path: str) -> None:
    got, head = ask(server.url, path), ask(server.url, path, method="HEAD")
    assert (got.status, head.status, head.body) == (200, 200, b"")
    assert without_date(got.headers) == without_date(head.headers)
    assert int(got["Content-Length"]) == len(got.body) > 0
    assert got["ETag"]
    assert got["Last-Modified"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [*DOCUMENTS, "/media/talk.mp3"])
@pytest.mark.parametrize(("asked", "told"), [("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")])
def test_a_304_says_what_the_200_says_of_its_caching(
    server: ServerProcess, path: str, asked: str, told: str, method: str
) -> None:
    got = ask(server.url, path)
    again = ask(server.url, path, {asked: got[told]}, method)
    assert (again.status, again.body) == (304, b"")
    assert [again[name] for name in KEPT] == [got[name] for name in KEPT]
    assert not again["Content-Type"]
    assert not again["Content-Length"]


@pytest.fixture
def fresh(app: "WSGIApplication") -> Response:
    return call(app, "/feed.rss")


@pytest.mark.parametrize(
    ("asked", "status"),
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
def test_if_none_match(app: "WSGIApplication", fresh: Response, asked: str, status: int) -> None:
    tag = fresh["ETag"].removeprefix("W/").strip('"')
    assert call(app, "/feed.rss", {"If-None-Match": asked.format(tag=tag)}).status == status


@pytest.mark.parametrize(
    ("since", "status"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", 304),
        ("Sunday, 01-Mar-26 12:00:00 GMT", 304),  # RFC 850
        ("Sun Mar  1 12:00:00 2026", 304),  # asctime
        ("Sun, 01 Mar 2026 11:59:59 GMT", 200),
        ("Sun, 01 Mar 2026 12:00:01 GMT", 200),
        ("Fri, 31 Dec 2099 23:59:59 GMT", 200),
        ("yesterday", 200),
        ("Sun, 99 Foo 2026 12:00:00 GMT", 200),
        ("", 200),
    ],
)
def test_if_modified_since_counts_by_equality(app: "WSGIApplication", since: str, status: int) -> None:
    assert call(app, "/feed.rss", {"If-Modified-Since": since}).status == status


@pytest.mark.parametrize("path", ["/feed.rss", "/media/talk.mp3"])
def test_if_none_match_wins_over_if_modified_since(app: "WSGIApplication", path: str) -> None:
    got = call(app, path)
    old, day = "Thu, 01 Jan 2026 00:00:00 GMT", got["Last-Modified"]
    assert call(app, path, {"If-None-Match": '"other"', "If-Modified-Since": day}).status == 200
    assert call(app, path, {"If-None-Match": got["ETag"], "If-Modified-Since": old}).status == 304


@pytest.mark.parametrize(("path", "status"), [("/articles/recalled/", 410), ("/nothing", 404), ("/feed", 301)])
def test_only_what_is_there_can_be_unmodified(app: "WSGIApplication", path: str, status: int) -> None:
    got = call(app, path)
    asked = {"If-None-Match": got["ETag"] or "*", "If-Modified-Since": got["Last-Modified"]}
    assert call(app, path, asked).status == status


def test_every_document_has_a_tag_of_its_own(app: "WSGIApplication") -> None:
    assert len({call(app, path)["ETag"] for path in DOCUMENTS}) == len(DOCUMENTS)


def test_two_replicas_agree_on_tags(office: Office) -> None:
    one, other = office.start(), office.start()
    assert [call(one, path)["ETag"] for path in DOCUMENTS] == [call(other, path)["ETag"] for path in reversed(DOCUMENTS)][::-1]


def test_no_date_without_a_moment() -> None:
    assert validator_headers('"x"', None) == [("ETag", '"x"')]
