"""Media files: ranges (RFC 9110 section 14), sandboxed SVG, and files that change or are deleted."""

import os
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpers.http_client import ask, call, environ_of
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import SiteFixture
from tests.web.newsroom import MEDIA, SVG, TALK

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SIZE = len(TALK)
PATH = "/media/talk.mp3"


@pytest.mark.parametrize("name", ["photo.png", "talk.mp3", "notes.txt", "logo.svg"])
def test_public_media_file_is_sent_whole_with_a_strong_etag(server: ServerProcess, name: str) -> None:
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


@pytest.mark.parametrize("range_header", [f"bytes={SIZE}-", "bytes=99999999-", f"bytes={SIZE}-{SIZE + 5}"])
def test_range_beyond_the_end_gets_416(server: ServerProcess, range_header: str) -> None:
    response = ask(server.url, PATH, {"Range": range_header})
    assert (response.status, response.body, response["Content-Range"]) == (416, b"", f"bytes */{SIZE}")


@pytest.mark.parametrize(
    "range_header",
    [
        "bytes=0-1,5-6",
        "bytes=0-1, -1",
        "bytes=5-2",
        "bytes=",
        "bytes=-",
        "bytes=-0",
        "bytes=a-b",
        "bytes",
        "lines=0-5",
        "=0-5",
        "bytes=--5",
        "",
    ],
)
def test_invalid_or_multiple_ranges_get_the_whole_file(server: ServerProcess, range_header: str) -> None:
    response = ask(server.url, PATH, {"Range": range_header})
    assert (response.status, response.body, response["Content-Range"]) == (200, TALK, "")


def test_head_request_ignores_range(server: ServerProcess) -> None:
    response = ask(server.url, PATH, {"Range": "bytes=0-9"}, "HEAD")
    assert (response.status, response["Content-Length"], response.body) == (200, str(SIZE), b"")


def test_if_range_with_matching_etag_gets_206_otherwise_200(server: ServerProcess) -> None:
    tag = ask(server.url, PATH)["ETag"]
    headers = {"Range": "bytes=0-9"}
    assert ask(server.url, PATH, {**headers, "If-Range": tag}).status == 206
    for if_range in ('"other"', f"W/{tag}", "Sun, 01 Mar 2026 12:00:00 GMT", "nonsense"):
        assert ask(server.url, PATH, {**headers, "If-Range": if_range}).status == 200


def test_if_none_match_is_evaluated_before_range(server: ServerProcess) -> None:
    tag = ask(server.url, PATH)["ETag"]
    assert ask(server.url, PATH, {"Range": "bytes=0-9", "If-None-Match": tag}).status == 304
    assert ask(server.url, PATH, {"Range": "bytes=0-9", "If-None-Match": '"other"'}).status == 206


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}, {"Range": "bytes=99999-"}, {"Sec-Fetch-Dest": "document"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_svg_is_sent_with_a_sandbox_policy(server: ServerProcess, headers: dict[str, str], method: str) -> None:
    response = ask(server.url, "/media/logo.svg", headers, method)
    assert {word.strip() for word in response["Content-Security-Policy"].split(";")} >= {"sandbox", "default-src 'none'"}
    assert response.body in (SVG, SVG[:10], b"")


def test_other_images_have_no_content_security_policy(server: ServerProcess) -> None:
    assert not ask(server.url, "/media/photo.png")["Content-Security-Policy"]


@pytest.fixture
def media_file(site: SiteFixture) -> Path:
    return site.content / "media" / "talk.mp3"


@pytest.mark.parametrize("replace_by", [lambda _: None, os.mkdir, os.mkfifo, lambda file: file.symlink_to("/etc/passwd")])
def test_file_that_is_deleted_or_replaced_by_a_folder_fifo_or_link_gets_404(
    site: SiteFixture, media_file: Path, replace_by: Any
) -> None:
    app = site.start_app()
    media_file.unlink()
    replace_by(media_file)
    assert call(app, PATH).status == 404


def test_empty_file_gets_200_and_ranges_of_it_416(site: SiteFixture, media_file: Path) -> None:
    media_file.write_bytes(b"")
    app = site.start_app()
    assert (call(app, PATH).status, call(app, PATH).body) == (200, b"")
    assert call(app, PATH, {"Range": "bytes=0-"}).status == 416
    assert call(app, PATH, {"Range": "bytes=-5"}).status == 416


LARGE_FILE = TALK * 30  # more than one read of the file


@pytest.fixture
def app_with_large_file(site: SiteFixture, media_file: Path) -> "WSGIApplication":
    media_file.write_bytes(LARGE_FILE)
    return site.start_app()


def test_wsgi_file_wrapper_gets_the_file_at_the_range_start(app_with_large_file: "WSGIApplication") -> None:
    files: list[BufferedReader] = []

    def wrapper(file: BufferedReader, _: int) -> list[bytes]:
        files.append(file)
        return [file.read(10)]

    environ = environ_of(PATH, "GET", {"Range": "bytes=5-"})
    body = app_with_large_file({**environ, "wsgi.file_wrapper": wrapper}, lambda *_: lambda _: None)
    assert list(body) == [LARGE_FILE[5:15]]
    files[0].close()


@pytest.mark.parametrize("range_header", ["bytes=0-", "bytes=7-65541", "bytes=7-65542", "bytes=-65536", "bytes=-65537"])
def test_ranges_at_the_block_size_have_the_requested_bytes(app_with_large_file: "WSGIApplication", range_header: str) -> None:
    first, _, last = range_header.removeprefix("bytes=").partition("-")
    expected = LARGE_FILE[int(first) : int(last) + 1 if last else None] if first else LARGE_FILE[-int(last) :]
    assert call(app_with_large_file, PATH, {"Range": range_header}).body == expected


def is_open(folder: Path) -> bool:
    """Return True if this process has a file in the folder open."""
    return any(os.path.realpath(f"/proc/self/fd/{name}").startswith(str(folder)) for name in os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("range_header", ["", "bytes=0-0", "bytes=9-5000000", "bytes=9999999-"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_responses_leave_no_file_open(
    app_with_large_file: "WSGIApplication", site: SiteFixture, media_file: Path, range_header: str, method: str
) -> None:
    call(app_with_large_file, PATH, {"Range": range_header}, method)
    call(app_with_large_file, PATH, {"If-None-Match": call(app_with_large_file, PATH)["ETag"]}, method)
    media_file.unlink()
    media_file.mkdir()
    assert call(app_with_large_file, PATH).status == 404
    assert not is_open(site.content / "media")
