"""What a preview answers, and to whom; and that a site that is served for readers has nothing of it."""

from __future__ import annotations

import http.client
import os
import re
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.test_serve import refused
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom


def first_event(stream: http.client.HTTPResponse) -> str:
    lines = []
    while line := stream.readline().decode().strip():
        lines.append(line)
    return "\n".join(lines)


def listening(server: ServerProcess) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)
    connection.request("GET", "/.preview/events")
    return connection, connection.getresponse()


def called(server: ServerProcess, host: str) -> tuple[int, bytes]:
    """The home page's status and body, asked for by another name."""
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)) as connection:
        connection.putrequest("GET", "/", skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        got = connection.getresponse()
        return got.status, got.read()


def test_the_first_line_says_that_it_is_a_preview(preview: ServerProcess, content: Path) -> None:
    articles = len(list((content / "articles").iterdir()))
    counts = f"{articles} articles, 1 draft and 1 scheduled among them,"
    assert preview.stderr == f"feedsvc: previewing {counts} of {content} at {preview.url}\n"


def test_nothing_of_it_is_kept(asked: ServerProcess) -> None:
    got = ask(asked.url, "/articles/unfinished/", {"Accept-Encoding": "gzip"})
    assert (got.status, got["Cache-Control"], got["X-Robots-Tag"]) == (200, "no-store", "noindex")
    assert int(got["Content-Length"]) == len(got.body)
    assert not {"etag", "last-modified", "content-encoding", "access-control-allow-origin"} & got.headers.keys()
    again = ask(asked.url, "/articles/unfinished/", {"If-None-Match": "*"})
    assert (again.status, again.body) == (200, got.body)


def test_head_is_a_page_without_its_body(asked: ServerProcess) -> None:
    for path in ("/", "/feed.rss", "/media/talk.mp3", "/nothing/"):
        got, head = ask(asked.url, path), ask(asked.url, path, method="HEAD")
        assert (head.status, head["Content-Length"], head.body) == (got.status, str(len(got.body)), b"")


def test_media_come_in_parts(asked: ServerProcess) -> None:
    got = ask(asked.url, "/media/talk.mp3", {"Range": "bytes=0-9"})
    assert (got.status, len(got.body), got["Cache-Control"]) == (206, 10, "no-store")


def test_the_files_of_drafts_are_there(asked: ServerProcess) -> None:
    assert ask(asked.url, "/media/draft.pdf").status == 200


def test_feeds_lead_into_the_preview(asked: ServerProcess) -> None:
    feed = ask(asked.url, "/feed.json").body.decode()
    assert f'"{asked.url}articles/someday/"' in feed
    assert "https://news.example/" not in feed


def test_a_draft_does_not_leave_through_a_proxy(asked: ServerProcess) -> None:
    got = ask(asked.url, "/articles/unfinished/", {"X-Forwarded-For": "192.0.2.1"})
    assert (got.status, b"--preview-anywhere" in got.body) == (403, True)


def test_a_stream_tells_the_state_at_once_and_when_it_changes(preview: ServerProcess, content: Path) -> None:
    connection, stream = listening(preview)
    with closing(connection), stream:
        assert stream.getheader("Content-Type", "").startswith("text/event-stream")
        first = first_event(stream)
        [state] = re.findall(r"data: (1-\w+)", first)
        page = ask(preview.url, "/").body.decode()
        assert f'data-state="{state}"' in page
        (content / "articles" / "bay.yaml").write_text("title: [")
        told = first_event(stream)
        while told == ":":
            told = first_event(stream)
        assert re.search(r"data: 1-\w+", told)
        assert told != first


def test_one_stream_too_many_is_told_the_state_and_ends(preview: ServerProcess) -> None:
    several = [listening(preview) for _ in range(8)]
    try:
        assert all("data: 1-" in first_event(stream) for _, stream in several)
        got = ask(preview.url, "/.preview/events")
        assert got.body.startswith(b"retry: 2000\ndata: 1-")
        assert ask(preview.url, "/").status == 200
    finally:
        for connection, stream in several:
            stream.close()
            connection.close()


def test_it_stops_at_once_while_streams_are_open(preview: ServerProcess) -> None:
    connection, stream = listening(preview)
    with closing(connection), stream:
        first_event(stream)
        preview.terminate()
        stream.read()
        assert preview.wait() == 0
        assert preview.stderr.count("\n") == 1, preview.stderr


def test_a_site_below_a_path(content: Path, tmp_path: Path) -> None:
    with serving(content, tmp_path / "state", "--preview", "--base-url", "http://127.0.0.1:1/news") as server:
        assert server.url.endswith("/news/")
        page = ask(server.url, "/news/articles/unfinished/").body.decode()
        assert "This article is a draft" in page
        [events] = re.findall(r'data-events="([^"]+)"', page)
        assert events == "/news/.preview/events"
        for name in ("preview.css", "preview.js"):
            assert ask(server.url, f"/news/.preview/{name}").status == 200
        assert ask(server.url, "/news/.preview/other").status == 404


@pytest.mark.parametrize("host", ["preview.attacker.example", "preview.attacker.example:8000", "192.0.2.1", ""])
def test_a_name_that_was_pointed_here_gets_nothing(asked: ServerProcess, host: str) -> None:
    status, body = called(asked, host)
    assert status == 403
    assert b"--preview-anywhere" in body


def test_what_is_no_name_gets_nothing_either(asked: ServerProcess) -> None:
    assert called(asked, "[::")[0] == 400


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "127.1.2.3:80", "[::1]:80", "news.localhost"])
def test_this_machine_has_many_names(asked: ServerProcess, host: str) -> None:
    assert called(asked, host)[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_that_others_reach_is_refused(content: Path, host: str) -> None:
    said = refused(content, "--preview", "--port", "0", "--host", host)
    assert said == (
        f"feedsvc: error: --host {host}: other machines may reach this address, but a preview shows drafts; "
        "omit --host, or add --preview-anywhere\n"
    )


def test_anywhere_is_anywhere(content: Path, tmp_path: Path) -> None:
    options = ("--preview", "--preview-anywhere", "--host", "0.0.0.0")
    with serving(content, tmp_path / "state", *options) as server:
        port = urlsplit(server.url).port
        got = ask(f"http://127.0.0.1:{port}", "/articles/unfinished/")
        assert (got.status, got["X-Robots-Tag"]) == (200, "noindex")
        # Nobody can follow a link to all interfaces.
        assert b"https://news.example/articles/unfinished/" in got.body


def test_a_taken_port_is_told(content: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refused(content, "--preview", "--port", port)
    assert said.startswith(f"feedsvc: error: cannot listen on 127.0.0.1:{port} ")


def test_a_free_port_leaves_nothing_behind(content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    server = ServerProcess(content, None, "--preview")
    try:
        assert ask(server.url, "/").status == 200
        server.terminate()
        assert server.wait() == 0
    finally:
        server.kill()
    assert not (tmp_path / "home").exists()
    assert os.listdir(tmp_path / "temporary") == []


def test_readers_see_nothing_of_it(tmp_path: Path) -> None:
    with serving(write_newsroom(tmp_path / "content"), tmp_path / "state") as server:
        assert ask(server.url, "/articles/unfinished/").status == 404
        assert ask(server.url, "/articles/someday/").status == 404
        for name in ("", "events", "preview.js", "preview.css"):
            assert ask(server.url, f"/.preview/{name}").status == 404
        for path in ("/", "/articles/bay/", "/subscribe/", "/static/site.css", "/static/site.js", "/nothing/"):
            assert b"preview" not in ask(server.url, path).body
        assert not ask(server.url, "/")["X-Robots-Tag"]
