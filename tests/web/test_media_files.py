"""Media from disk: ranges (RFC 9110 section 14), sandboxed pictures, files that change or go."""

import os
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpers.http_client import ask, call, environ_of
from tests.helpers.running_server import ServerProcess
from tests.web.conftest import Office
from tests.web.newsroom import MEDIA, SVG, TALK

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SIZE = len(TALK)
PATH = "/media/talk.mp3"


@pytest.mark.parametrize("name", ["photo.png", "talk.mp3", "notes.txt", "logo.svg"])
def test_what_is_public(server: ServerProcess, name: str) -> None:
    got = ask(server.url, f"/media/{name}")
    assert (got.status, got.body, got["Accept-Ranges"]) == (200, MEDIA[name], "bytes")
    assert got["ETag"].startswith('"')  # strong: the bytes are these and no others


@pytest.mark.parametrize(
    ("asked", "first", "stop"),
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
def test_a_part(server: ServerProcess, asked: str, first: int, stop: int) -> None:
    got = ask(server.url, PATH, {"Range": asked})
    assert (got.status, got.body) == (206, TALK[first:stop])
    assert got["Content-Range"] == f"bytes {first}-{stop - 1}/{SIZE}"
    assert got["Content-Length"] == str(stop - first)
    assert got["ETag"] == ask(server.url, PATH)["ETag"]


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=99999999-", f"bytes={SIZE}-{SIZE + 5}"])
def test_a_part_that_it_has_not(server: ServerProcess, asked: str) -> None:
    got = ask(server.url, PATH, {"Range": asked})
    assert (got.status, got.body, got["Content-Range"]) == (416, b"", f"bytes */{SIZE}")


@pytest.mark.parametrize(
    "asked",
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
def test_what_is_no_single_range_gets_the_whole(server: ServerProcess, asked: str) -> None:
    got = ask(server.url, PATH, {"Range": asked})
    assert (got.status, got.body, got["Content-Range"]) == (200, TALK, "")


def test_head_has_no_parts(server: ServerProcess) -> None:
    got = ask(server.url, PATH, {"Range": "bytes=0-9"}, "HEAD")
    assert (got.status, got["Content-Length"], got.body) == (200, str(SIZE), b"")


def test_if_range(server: ServerProcess) -> None:
    tag = ask(server.url, PATH)["ETag"]
    asked = {"Range": "bytes=0-9"}
    assert ask(server.url, PATH, {**asked, "If-Range": tag}).status == 206
    for other in ('"other"', f"W/{tag}", "Sun, 01 Mar 2026 12:00:00 GMT", "nonsense"):
        assert ask(server.url, PATH, {**asked, "If-Range": other}).status == 200


def test_a_condition_comes_before_a_range(server: ServerProcess) -> None:
    tag = ask(server.url, PATH)["ETag"]
    assert ask(server.url, PATH, {"Range": "bytes=0-9", "If-None-Match": tag}).status == 304
    assert ask(server.url, PATH, {"Range": "bytes=0-9", "If-None-Match": '"other"'}).status == 206


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}, {"Range": "bytes=99999-"}, {"Sec-Fetch-Dest": "document"}])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_svg_is_a_picture_and_no_page(server: ServerProcess, headers: dict[str, str], method: str) -> None:
    got = ask(server.url, "/media/logo.svg", headers, method)
    assert {word.strip() for word in got["Content-Security-Policy"].split(";")} >= {"sandbox", "default-src 'none'"}
    assert got.body in (SVG, SVG[:10], b"")


def test_other_media_have_no_policy(server: ServerProcess) -> None:
    assert not ask(server.url, "/media/photo.png")["Content-Security-Policy"]


@pytest.fixture
def talk(office: Office) -> Path:
    return office.content / "media" / "talk.mp3"


def test_a_file_that_went(office: Office, talk: Path) -> None:
    app = office.start()
    talk.unlink()
    assert call(app, PATH).status == 404


def test_a_file_that_became_a_link_out_of_the_folder(office: Office, talk: Path) -> None:
    app = office.start()
    talk.unlink()
    talk.symlink_to("/etc/passwd")
    assert call(app, PATH).status == 404


@pytest.mark.parametrize("become", [os.mkdir, os.mkfifo])
def test_a_file_that_became_something_else(office: Office, talk: Path, become: Any) -> None:
    app = office.start()
    talk.unlink()
    become(talk)
    assert call(app, PATH).status == 404


def test_an_empty_file(office: Office, talk: Path) -> None:
    talk.write_bytes(b"")
    app = office.start()
    assert (call(app, PATH).status, call(app, PATH).body) == (200, b"")
    assert call(app, PATH, {"Range": "bytes=0-"}).status == 416
    assert call(app, PATH, {"Range": "bytes=-5"}).status == 416


def test_other_methods(app: "WSGIApplication") -> None:
    assert call(app, PATH, method="HEAD").headers == call(app, PATH).headers
    assert call(app, PATH, method="PUT").status == 405
    assert call(app, PATH, method="OPTIONS").status == 204


LARGE = TALK * 30  # more than is read at once


@pytest.fixture
def large(office: Office, talk: Path) -> "WSGIApplication":
    talk.write_bytes(LARGE)
    return office.start()


def test_a_server_that_sends_files_itself_gets_a_large_one(large: "WSGIApplication") -> None:
    given: list[BufferedReader] = []

    def wrapper(file: BufferedReader, _: int) -> list[bytes]:
        given.append(file)
        return [file.read(10)]

    environ = environ_of(PATH, "GET", {"Range": "bytes=5-"})
    body = large({**environ, "wsgi.file_wrapper": wrapper}, lambda *_: lambda _: None)
    assert list(body) == [LARGE[5:15]]
    given[0].close()


def test_an_answer_that_nobody_reads_closes_its_file(large: "WSGIApplication") -> None:
    body: Any = large(environ_of(PATH, "GET", {}), lambda *_: lambda _: None)
    assert next(body)
    body.close()
    assert body.file.closed


@pytest.mark.parametrize("asked", ["bytes=0-", "bytes=7-65541", "bytes=7-65542", "bytes=-65536", "bytes=-65537"])
def test_parts_around_what_is_read_at_once(large: "WSGIApplication", asked: str) -> None:
    first, _, last = asked.removeprefix("bytes=").partition("-")
    part = LARGE[int(first) : int(last) + 1 if last else None] if first else LARGE[-int(last) :]
    assert call(large, PATH, {"Range": asked}).body == part


def is_open(folder: Path) -> bool:
    """Whether this process has a file in the folder open."""
    return any(os.path.realpath(f"/proc/self/fd/{name}").startswith(str(folder)) for name in os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("asked", ["", "bytes=0-0", "bytes=9-5000000", "bytes=9999999-"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_answers_leave_no_file_open(large: "WSGIApplication", office: Office, talk: Path, asked: str, method: str) -> None:
    call(large, PATH, {"Range": asked}, method)
    call(large, PATH, {"If-None-Match": call(large, PATH)["ETag"]}, method)
    talk.unlink()
    talk.mkdir()
    assert call(large, PATH).status == 404
    assert not is_open(office.content / "media")
