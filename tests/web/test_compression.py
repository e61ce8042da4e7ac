"""Content codings: sent only if accepted, with one entity tag for all, and the same bytes after decoding."""

import gzip
import random
from typing import TYPE_CHECKING

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.publication.document import Document
from feedsvc.support.compression import CODINGS, compress
from tests.helpers.http_client import call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

DECODERS = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


CODINGS_BY_ACCEPT_ENCODING = {
    **dict.fromkeys(("gzip", "GZIP", "identity;q=0.5, gzip;q=0.5", "identity;q=0, gzip;q=0.001"), "gzip"),
    "br;q=0.5, zstd;q=0.5, gzip": "gzip",
    **dict.fromkeys(("br", "br, gzip;q=0.1", "gzip, deflate, br, zstd", "*", "identity;q=0.5, *;q=0.6", "gzip;q=0, *"), "br"),
    **dict.fromkeys(("zstd", "gzip, zstd", "br;q=0, *", "gzip;q=0.2, identity;q=0.5, zstd;q=0.6"), "zstd"),
    **dict.fromkeys(("", "identity", "gzip;q=0", "gzip;q=0.0", "*;q=0", "identity, gzip;q=0.5", "identity;q=0, *;q=0"), ""),
    **dict.fromkeys(("x-unknown, compress", "gzip;q=nan", ";;,=,\x00"), ""),
}


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom", "/feed.json", "/", "/static/feed.css"])
def test_content_coding_follows_accept_encoding(app: "WSGIApplication", path: str) -> None:
    identity = call(app, path)
    for accept_encoding, coding in CODINGS_BY_ACCEPT_ENCODING.items():
        response = call(app, path, {"Accept-Encoding": accept_encoding})
        assert response["Content-Encoding"] == coding, accept_encoding
        assert DECODERS[coding](response.body) == identity.body
        assert response["ETag"] == identity["ETag"]
        assert "Accept-Encoding" in response["Vary"]
        assert int(response["Content-Length"]) == len(response.body) <= len(identity.body)
        assert call(app, path, {"Accept-Encoding": accept_encoding, "If-None-Match": identity["ETag"]}).status == 304


@pytest.mark.parametrize("name", CODINGS)
def test_document_that_a_coding_does_not_shrink_is_sent_as_it_is(name: str) -> None:
    for body in (b"short", random.Random(1).randbytes(500)):
        assert Document(path="/x", body=body, media_type="text/plain").encode(name) == b""
    text = Document(path="/x", body=b"x" * 500, media_type="text/plain")
    assert DECODERS[name](text.encode(name)) == text.body
    assert text.encode(name) is text.encode(name)
    assert len(text.encode(name)) < text.size_in_bytes() - 500 + 1


@pytest.mark.parametrize("name", CODINGS)
@given(body=st.binary(max_size=3000))
def test_coding_of_any_bytes_is_reversible_and_deterministic(name: str, body: bytes) -> None:
    compressed_bytes = CODINGS[name](body)
    assert DECODERS[name](compressed_bytes) == body
    assert CODINGS[name](body) == compressed_bytes
    assert compress(body, name) in (b"", compressed_bytes)


def test_media_files_are_sent_without_content_coding(app: "WSGIApplication") -> None:
    assert not call(app, "/media/talk.mp3", {"Accept-Encoding": "gzip"})["Content-Encoding"]
