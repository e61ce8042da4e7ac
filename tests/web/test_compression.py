"""Codings, kept ready: only to those that take them, one entity tag for all, and the same bytes when unpacked."""

import gzip
import random
from typing import TYPE_CHECKING

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.publication.document_cache import DocumentCache
from feedsvc.support.compression import CODINGS, compress
from tests.helpers.http_client import ask, call
from tests.helpers.running_server import ServerProcess
from tests.web.example_documents import document

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

UNPACKED = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br, gzip;q=0.1", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("*", "br"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("identity;q=0, gzip;q=0.001", "gzip"),
        ("identity;q=0.5, *;q=0.6", "br"),
        ("", ""),
        ("identity", ""),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, zstd", "zstd"),
        ("br;q=0.5, zstd;q=0.5, gzip", "gzip"),
        ("br;q=0, *", "zstd"),
        ("gzip;q=0.2, identity;q=0.5, zstd;q=0.6", "zstd"),
        ("gzip;q=0", ""),
        ("gzip;q=0.0", ""),
        ("gzip;q=0, *", "br"),
        ("*;q=0", ""),
        ("identity, gzip;q=0.5", ""),
        ("identity;q=0, *;q=0", ""),
        ("x-unknown, compress", ""),
        ("gzip;q=nan", ""),
        (";;,=,\x00", ""),
    ],
)
@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom", "/feed.json", "/", "/static/feed.css"])
def test_a_coding_only_where_it_is_accepted(app: "WSGIApplication", path: str, accepted: str, coding: str) -> None:
    plain, got = call(app, path), call(app, path, {"Accept-Encoding": accepted})
    assert got["Content-Encoding"] == coding
    assert UNPACKED[coding](got.body) == plain.body
    assert got["ETag"] == plain["ETag"]
    assert "Accept-Encoding" in got["Vary"]
    assert int(got["Content-Length"]) == len(got.body) <= len(plain.body)
    assert call(app, path, {"Accept-Encoding": accepted, "If-None-Match": plain["ETag"]}).status == 304


def test_over_the_wire(server: ServerProcess) -> None:
    plain, packed = ask(server.url, "/feed.rss"), ask(server.url, "/feed.rss", {"Accept-Encoding": "gzip"})
    assert not plain["Content-Encoding"]
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert ask(server.url, "/feed.rss", {"Accept-Encoding": "gzip"}, "HEAD")["Content-Length"] == packed["Content-Length"]


@pytest.mark.parametrize("name", CODINGS)
def test_what_a_coding_makes_no_smaller_stays_as_it_is(name: str) -> None:
    assert document("/x", b"short", "text/plain").encode(name) == b""
    assert document("/x", random.Random(1).randbytes(500), "text/plain").encode(name) == b""
    text = document("/x", b"x" * 500, "text/plain")
    assert UNPACKED[name](text.encode(name)) == text.body
    assert text.encode(name) is text.encode(name)
    assert len(text.encode(name)) < text.size_in_bytes() - 500 + 1


@pytest.mark.parametrize("name", CODINGS)
@given(body=st.binary(max_size=3000))
def test_any_bytes_come_out_as_they_went_in(name: str, body: bytes) -> None:
    packed = CODINGS[name].compress(body)
    assert UNPACKED[name](packed) == body
    assert CODINGS[name].compress(body) == packed
    assert compress(body, name) in (b"", packed)


def test_codings_count_in_what_the_shelf_holds() -> None:
    shelf = DocumentCache(2000)
    large, small = (document(f"/{size}", random.Random(size).randbytes(size // 2) * 2, "text/plain") for size in (1200, 600))
    for one in (large, small):
        shelf.put(one.path, one, None)
    assert shelf.get("/1200") is large
    for name in CODINGS:
        assert large.encode(name)
    assert large.derived_data.has_grown
    shelf.update_size("/1200")
    assert not large.derived_data.has_grown
    assert shelf.get("/600") is None
    assert shelf.get("/1200") is large
    shelf.update_size("/nowhere")


def test_media_is_not_coded(app: "WSGIApplication") -> None:
    assert not call(app, "/media/talk.mp3", {"Accept-Encoding": "gzip"})["Content-Encoding"]
