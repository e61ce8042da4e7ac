"""Media files: ranges (RFC 9110 section 14), sandboxed SVG, and files that change or are deleted."""

import os
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.helpers.http_client import ask, call, environ_of
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import SiteFixture
from tests.web.newsroom import MEDIA, SVG, TALK

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SIZE = len(TALK)
PATH = "/media/talk.mp3"


def test_public_media_file_is_sent_whole_with_a_strong_etag(server: ServerProcess) -> None:
    for name in ("photo.png", "talk.mp3", "notes.txt", "logo.svg"):
        response = ask(server.url, f"/media/{name}")
        assert (response.status, response.body, response["Accept-Ranges"]) == (200, MEDIA[name], "bytes")
        assert response["ETag"].startswith('"')  # strong: equal tags mean equal bytes


@pytest.mark.parametrize(
    ("range_header", "first", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, SIZE),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE),
        ("bytes=0-", 0, SIZE),
        ("bytes=-10", SIZE - 10, SIZE),
        (f"bytes=-{SIZE}", 0, SIZE),
        (f"bytes=-{SIZE + 1}", 0, SIZE),
        ("bytes=-99999999", 0, SIZE),
        ("bytes=10-99999999", 10, SIZE),
        ("BYTES = 5-6", 5, 7),
    ],
)
def test_range_request_gets_206_with_the_requested_bytes(server: ServerProcess, range_header: str, first: int, stop: int) -> None:
    response = ask(server.url, PATH, {"Range": range_header})
    assert (response.status, response.body) == (206, TALK[first:stop])
    assert response["Content-Range"] == f"bytes {first}-{stop - 1}/{SIZE}"
    assert response["Content-Length"] == str(stop - first)
    assert response["ETag"] == ask(server.url, PATH)["ETag"]


def test_range_beyond_the_end_gets_416_and_an_invalid_or_multiple_one_the_whole_file(server: ServerProcess) -> None:
    for range_header in (f"bytes={SIZE}-", "bytes=99999999-", f"bytes={SIZE}-{SIZE + 5}"):
        response = ask(server.url, PATH, {"Range": range_header})
        assert (response.status, response.body, response["Content-Range"]) == (416, b"", f"bytes */{SIZE}")
    multiple, invalid = ("bytes=0-1,5-6", "bytes=0-1, -1"), ("bytes=5-2", "bytes=", "bytes=-", "bytes=-0", "bytes=a-b", "bytes")
    for range_header in (*multiple, *invalid, "lines=0-5", "=0-5", "bytes=--5", ""):
        response = ask(server.url, PATH, {"Range": range_header})
        assert (response.status, response.body, response["Content-Range"]) == (200, TALK, ""), range_header


def test_if_range_with_matching_etag_gets_206_otherwise_200_and_if_none_match_comes_first(server: ServerProcess) -> None:
    tag, headers = ask(server.url, PATH)["ETag"], {"Range": "bytes=0-9"}
    assert ask(server.url, PATH, {**headers, "If-Range": tag}).status == 206
    for if_range in ('"other"', f"W/{tag}", "Sun, 01 Mar 2026 12:00:00 GMT", "nonsense"):
        assert ask(server.url, PATH, {**headers, "If-Range": if_range}).status == 200
    assert ask(server.url, PATH, {**headers, "If-None-Match": tag}).status == 304
    assert ask(server.url, PATH, {**headers, "If-None-Match": '"other"'}).status == 206
    head = ask(server.url, PATH, headers, "HEAD")
    assert (head.status, head["Content-Length"], head.body) == (200, str(SIZE), b"")


def test_only_svg_is_sent_with_a_sandbox_policy(server: ServerProcess) -> None:
    for headers in ({}, {"Range": "bytes=0-9"}, {"Range": "bytes=99999-"}, {"Sec-Fetch-Dest": "document"}):
        for method in ("GET", "HEAD"):
            response = ask(server.url, "/media/logo.svg", headers, method)
            assert {word.strip() for word in response["Content-Security-Policy"].split(";")} >= {"sandbox", "default-src 'none'"}
            assert response.body in (SVG, SVG[:10], b"")
    assert not ask(server.url, "/media/photo.png")["Content-Security-Policy"]


def test_file_that_is_deleted_or_replaced_by_a_folder_fifo_or_link_gets_404(site: SiteFixture) -> None:
    file, app = site.content / "media" / "talk.mp3", site.start_app()
    file.write_bytes(b"")
    assert (call(app, PATH).status, call(app, PATH).body) == (200, b"")
    assert [call(app, PATH, {"Range": text}).status for text in ("bytes=0-", "bytes=-5")] == [416, 416]
    for replace_by in (lambda _: None, os.mkfifo, lambda file: file.symlink_to("/etc/passwd"), os.mkdir):
        file.unlink(missing_ok=True)
        replace_by(file)
        assert call(app, PATH).status == 404


LARGE_FILE = TALK * 30  # more than one read of the file


@pytest.fixture
def large_app(site: SiteFixture) -> "WSGIApplication":
    (site.content / PATH[1:]).write_bytes(LARGE_FILE)
    return site.start_app()


def test_wsgi_file_wrapper_gets_the_file_at_the_range_start(large_app: "WSGIApplication") -> None:
    files: list[BufferedReader] = []

    def wrapper(file: BufferedReader, _: int) -> list[bytes]:
        files.append(file)
        return [file.read(10)]

    environ = environ_of(PATH, "GET", {"Range": "bytes=5-"})
    body = large_app({**environ, "wsgi.file_wrapper": wrapper}, lambda *_: lambda _: None)
    assert list(body) == [LARGE_FILE[5:15]]
    files[0].close()


def test_ranges_at_the_block_size_have_the_requested_bytes_and_no_response_leaves_a_file_open(
    large_app: "WSGIApplication", site: SiteFixture
) -> None:
    ranges = {"bytes=0-": (0, None), "bytes=7-65541": (7, 65542), "bytes=7-65542": (7, 65543)}
    for text, (first, stop) in {**ranges, "bytes=-65536": (-65536, None), "bytes=-65537": (-65537, None)}.items():
        assert call(large_app, PATH, {"Range": text}).body == LARGE_FILE[first:stop]
    tag = call(large_app, PATH)["ETag"]
    for method in ("GET", "HEAD", "OPTIONS"):
        for headers in (
            {},
            {"Range": "bytes=0-0"},
            {"Range": "bytes=9-5000000"},
            {"Range": "bytes=9999999-"},
            {"If-None-Match": tag},
        ):
            call(large_app, PATH, headers, method)
            assert not is_open(site.content / "media"), (method, headers)
    (site.content / PATH[1:]).unlink()
    (site.content / PATH[1:]).mkdir()
    assert call(large_app, PATH).status == 404
    assert not is_open(site.content / "media")


def is_open(folder: Path) -> bool:
    """Return True if this process has a file in the folder open."""
    return any(os.path.realpath(f"/proc/self/fd/{name}").startswith(str(folder)) for name in os.listdir("/proc/self/fd"))
