"""A process that has no descriptor left says so: 503 that no cache keeps, never that what is there is not."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import application
from feedsvc.web.log_limit import LogLimit
from tests.helpers.http_client import SECONDS, Response, call
from tests.web.conftest import Clock
from tests.web.in_process_server import none_left
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MEDIA = ("/media/photo.png", "/media/talk.mp3", "/media/logo.svg")
DOCUMENTS = ("/", "/feed.rss", "/feed.json", "/articles/fish/", "/sitemap.xml", "/subscribe/", "/static/feed.css")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    content = write_newsroom(tmp_path / "content", talk=bytes(200_000))
    Image.new("RGB", (2400, 1200), "teal").save(content / "media/photo.png")
    return content


@pytest.fixture
def app(content: Path, tmp_path: Path) -> Iterator[WSGIApplication]:
    ledger = LastModifiedStore(tmp_path / "modified.sqlite")
    yield application(Live(ContentFolder(content), ledger, Clock(), variant_store=VariantStore(tmp_path / "pictures")))
    ledger.close()


def assert_busy(got: Response) -> None:
    assert (got.status, got["Cache-Control"]) == (503, "no-store")
    assert int(got["Retry-After"]) > 0


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-0"}, {"If-None-Match": '"x"'}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", MEDIA)
def test_a_medium_that_is_there_is_never_missing(app: WSGIApplication, path: str, method: str, headers: dict[str, str]) -> None:
    with none_left():
        assert_busy(call(app, path, headers, method))
    assert call(app, path, headers, method).status in (200, 206)


def test_a_narrower_picture_that_is_there_is_never_missing(app: WSGIApplication) -> None:
    found = re.search(rb"/sized/[^ \"]+", call(app, "/articles/fish/").body)
    assert found
    path, end = found[0].decode(), time.monotonic() + SECONDS
    with none_left():  # before it was made
        assert_busy(call(app, path))
    while call(app, path).status != 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    with none_left():
        assert_busy(call(app, path))
    assert call(app, path).status == 200


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_document_is_served_or_said_to_be_busy(app: WSGIApplication, path: str) -> None:
    with none_left():
        got = call(app, path)
        if got.status != 200:
            assert_busy(got)
    assert call(app, path).status == 200


# --- The log -----------------------------------------------------------------------------------------------------


def record(line: int, text: str = "server accept() threw an exception") -> logging.LogRecord:
    return logging.LogRecord("waitress", logging.WARNING, "server.py", line, text, (), None)


def test_five_lines_a_minute_of_one_kind_then_their_number() -> None:
    limit = LogLimit()
    assert [limit.admit(record(1, f"about /{number}"), 0.5) for number in range(8)] == [True] * 5 + [False] * 3
    assert limit.admit(record(2), 1.0)  # of another place
    assert limit.pop_summaries(59.0) == []
    assert limit.pop_summaries(61.0) == ["feedsvc: 3 more log lines like this one within 60 seconds: about /7"]
    assert limit.pop_summaries(62.0) == []
    assert limit.admit(record(1), 62.0)


def test_a_long_message_of_many_lines_is_quoted_in_one() -> None:
    limit = LogLimit()
    for _ in range(1000):
        limit.admit(record(1, "x" * 500 + "\nsecond"), 0.0)
    [line] = limit.pop_summaries(60.0)
    assert line.startswith("feedsvc: 995 more lines ")
    assert len(line) < 200
