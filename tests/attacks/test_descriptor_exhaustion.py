"""A process without free file descriptors responds with 503 that is not cached, never with 404 for an existing document."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from feedsvc.cli.log import LogLimit
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.helpers.http_client import SECONDS, Response, call
from tests.web.conftest import FakeClock
from tests.web.in_process_server import no_free_descriptors
from tests.web.newsroom import write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

MEDIA_PATHS = ("/media/photo.png", "/media/talk.mp3", "/media/logo.svg")
DOCUMENT_PATHS = ("/", "/feed.rss", "/feed.json", "/articles/fish/", "/sitemap.xml", "/subscribe/", "/static/feed.css")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    content = write_newsroom(tmp_path / "content", talk=bytes(200_000))
    Image.new("RGB", (2400, 1200), "teal").save(content / "media/photo.png")
    return content


@pytest.fixture
def app(content: Path, tmp_path: Path) -> Iterator[WSGIApplication]:
    date_store = LastModifiedStore(tmp_path / "modified.sqlite")
    yield create_app(Live(ContentFolder(content), date_store, FakeClock(), variant_store=VariantStore(tmp_path / "pictures")))
    date_store.close()


def assert_503_not_cached(response: Response) -> None:
    assert (response.status, response["Cache-Control"]) == (503, "no-store")
    assert int(response["Retry-After"]) > 0


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-0"}, {"If-None-Match": '"x"'}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", MEDIA_PATHS)
def test_existing_media_file_is_503_and_never_404(app: WSGIApplication, path: str, method: str, headers: dict[str, str]) -> None:
    with no_free_descriptors():
        assert_503_not_cached(call(app, path, headers, method))
    assert call(app, path, headers, method).status in (200, 206)


def test_existing_image_variant_is_503_and_never_404(app: WSGIApplication) -> None:
    match = re.search(rb"/sized/[^ \"]+", call(app, "/articles/fish/").body)
    assert match
    path, deadline = match[0].decode(), time.monotonic() + SECONDS
    with no_free_descriptors():  # before it is created
        assert_503_not_cached(call(app, path))
    while call(app, path).status != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with no_free_descriptors():
        assert_503_not_cached(call(app, path))
    assert call(app, path).status == 200


@pytest.mark.parametrize("path", DOCUMENT_PATHS)
def test_document_is_200_or_503(app: WSGIApplication, path: str) -> None:
    with no_free_descriptors():
        response = call(app, path)
        if response.status != 200:
            assert_503_not_cached(response)
    assert call(app, path).status == 200


# --- The log


def test_summary_quotes_a_long_message_in_one_short_line() -> None:
    limit = LogLimit()
    record = logging.LogRecord("waitress", logging.WARNING, "server.py", 1, "x" * 500 + "\nsecond", (), None)
    for _ in range(1000):
        limit.admit(record, 0.0)
    [line] = limit.pop_summaries(60.0)
    assert line.startswith("feedsvc: 995 more log lines ")
    assert len(line) < 200
