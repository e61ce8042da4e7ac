"""gzip, kept ready: only to those that take it, one entity tag for both, and the same bytes when unpacked."""

import gzip
from typing import TYPE_CHECKING

import pytest

from feedsvc.document import document
from tests.http.client import ask, call
from tests.http.running import Running

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br, gzip;q=0.1", "gzip"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("*", "gzip"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.001", "gzip"),
        ("identity;q=0.5, *;q=0.6", "gzip"),
        ("", ""),
        ("identity", ""),
        ("br", ""),
        ("gzip;q=0", ""),
        ("gzip;q=0.0", ""),
        ("gzip;q=0, *", ""),
        ("*;q=0", ""),
        ("identity, gzip;q=0.5", ""),
        ("identity;q=0, *;q=0", ""),
        ("x-unknown, compress", ""),
        ("gzip;q=nan", ""),
        (";;,=,\x00", ""),
    ],
)
@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom", "/feed.json", "/", "/static/feed.css"])
def test_gzip_only_where_it_is_accepted(app: "WSGIApplication", path: str, accepted: str, coding: str) -> None:
    plain, got = call(app, path), call(app, path, {"Accept-Encoding": accepted})
    assert got["Content-Encoding"] == coding
    assert (gzip.decompress(got.body) if coding else got.body) == plain.body
    assert got["ETag"] == plain["ETag"]
    assert "Accept-Encoding" in got["Vary"]
    assert int(got["Content-Length"]) == len(got.body) <= len(plain.body)
    assert call(app, path, {"Accept-Encoding": accepted, "If-None-Match": plain["ETag"]}).status == 304


def test_over_the_wire(server: Running) -> None:
    plain, packed = ask(server.url, "/feed.rss"), ask(server.url, "/feed.rss", {"Accept-Encoding": "gzip"})
    assert not plain["Content-Encoding"]
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert ask(server.url, "/feed.rss", {"Accept-Encoding": "gzip"}, "HEAD")["Content-Length"] == packed["Content-Length"]


def test_what_gzip_makes_no_smaller_stays_as_it_is() -> None:
    assert document("/x", b"short", "text/plain").gzip == b""
    assert document("/x", bytes(range(256)), "text/plain").gzip == b""
    assert document("/x", b"x" * 500, "text/plain").gzip == gzip.compress(b"x" * 500, 6, mtime=0)


def test_media_is_not_coded(app: "WSGIApplication") -> None:
    assert not call(app, "/media/talk.mp3", {"Accept-Encoding": "gzip"})["Content-Encoding"]
