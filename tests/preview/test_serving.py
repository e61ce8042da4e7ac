"""A running preview: its responses, its event streams and its access control, and a site without preview."""

from __future__ import annotations

import http.client
import os
import re
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.command_line import failed_serve_stderr
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom


def first_event(stream: http.client.HTTPResponse) -> str:
    lines = []
    while line := stream.readline().decode().strip():
        lines.append(line)
    return "\n".join(lines)


def open_event_stream(server: ServerProcess) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)
    connection.request("GET", "/.preview/events")
    return connection, connection.getresponse()


def request_with_host(server: ServerProcess, host: str) -> tuple[int, bytes]:
    """Return the status and body of the home page for a request with this Host header."""
    with closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=SECONDS)) as connection:
        connection.putrequest("GET", "/", skip_host=True)
        connection.putheader("Host", host)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.read()


def test_first_log_line_counts_drafts_and_scheduled_articles(preview: ServerProcess, content: Path) -> None:
    articles = len(list((content / "articles").iterdir()))
    counts = f"{articles} articles, 1 draft and 1 scheduled among them,"
    assert preview.stderr == f"feedsvc: previewing {counts} of {content} at {preview.url}\n"


def test_preview_responses_cannot_be_cached(shared_preview: ServerProcess) -> None:
    response = ask(shared_preview.url, "/articles/unfinished/", {"Accept-Encoding": "gzip"})
    assert (response.status, response["Cache-Control"], response["X-Robots-Tag"]) == (200, "no-store", "noindex")
    assert int(response["Content-Length"]) == len(response.body)
    assert not {"etag", "last-modified", "content-encoding", "access-control-allow-origin"} & response.headers.keys()
    conditional_response = ask(shared_preview.url, "/articles/unfinished/", {"If-None-Match": "*"})
    assert (conditional_response.status, conditional_response.body) == (200, response.body)


def test_head_has_the_status_and_length_of_get(shared_preview: ServerProcess) -> None:
    for path in ("/", "/feed.rss", "/media/talk.mp3", "/nothing/"):
        response, head = ask(shared_preview.url, path), ask(shared_preview.url, path, method="HEAD")
        assert (head.status, head["Content-Length"], head.body) == (response.status, str(len(response.body)), b"")


def test_range_request_for_media_gets_206(shared_preview: ServerProcess) -> None:
    response = ask(shared_preview.url, "/media/talk.mp3", {"Range": "bytes=0-9"})
    assert (response.status, len(response.body), response["Cache-Control"]) == (206, 10, "no-store")


def test_media_of_drafts_are_served(shared_preview: ServerProcess) -> None:
    assert ask(shared_preview.url, "/media/draft.pdf").status == 200


def test_feeds_link_to_the_preview(shared_preview: ServerProcess) -> None:
    feed = ask(shared_preview.url, "/feed.json").body.decode()
    assert f'"{shared_preview.url}articles/someday/"' in feed
    assert "https://news.example/" not in feed


def test_event_stream_sends_the_state_and_its_change(preview: ServerProcess, content: Path) -> None:
    connection, stream = open_event_stream(preview)
    with closing(connection), stream:
        assert stream.getheader("Content-Type", "").startswith("text/event-stream")
        first = first_event(stream)
        [state] = re.findall(r"data: (1-\w+)", first)
        page = ask(preview.url, "/").body.decode()
        assert f'data-state="{state}"' in page
        (content / "articles" / "bay.yaml").write_text("title: [")
        event = first_event(stream)
        while event == ":":
            event = first_event(stream)
        assert re.search(r"data: 1-\w+", event)
        assert event != first


def test_event_stream_beyond_the_limit_ends_after_the_state(preview: ServerProcess) -> None:
    streams = [open_event_stream(preview) for _ in range(8)]
    try:
        assert all("data: 1-" in first_event(stream) for _, stream in streams)
        response = ask(preview.url, "/.preview/events")
        assert response.body.startswith(b"retry: 2000\ndata: 1-")
        assert ask(preview.url, "/").status == 200
    finally:
        for connection, stream in streams:
            stream.close()
            connection.close()


def test_preview_stops_while_event_streams_are_open(preview: ServerProcess) -> None:
    connection, stream = open_event_stream(preview)
    with closing(connection), stream:
        first_event(stream)
        preview.terminate()
        stream.read()
        assert preview.wait() == 0
        assert preview.stderr.count("\n") == 2, preview.stderr


def test_preview_below_a_path_serves_its_own_files_there(content: Path, tmp_path: Path) -> None:
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
def test_foreign_host_name_gets_403(shared_preview: ServerProcess, host: str) -> None:
    status, body = request_with_host(shared_preview, host)
    assert status == 403
    assert b"--preview-anywhere" in body


def test_malformed_host_gets_400(shared_preview: ServerProcess) -> None:
    assert request_with_host(shared_preview, "[::")[0] == 400


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1", "127.1.2.3:80", "[::1]:80", "news.localhost"])
def test_local_host_names_get_200(shared_preview: ServerProcess, host: str) -> None:
    assert request_with_host(shared_preview, host)[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_preview_refuses_to_listen_on_a_public_address(content: Path, host: str) -> None:
    stderr = failed_serve_stderr(content, "--preview", "--port", "0", "--host", host)
    assert stderr == (
        f"feedsvc: --host {host}: other machines may reach this address, but a preview shows drafts; "
        "omit --host, or add --preview-anywhere\n"
    )


def test_preview_anywhere_listens_on_all_interfaces(content: Path, tmp_path: Path) -> None:
    options = ("--preview", "--preview-anywhere", "--host", "0.0.0.0")
    with serving(content, tmp_path / "state", *options) as server:
        port = urlsplit(server.url).port
        response = ask(f"http://127.0.0.1:{port}", "/articles/unfinished/")
        assert (response.status, response["X-Robots-Tag"]) == (200, "noindex")
        # Links have the base_url, since an address of all interfaces cannot be opened.
        assert b"https://news.example/articles/unfinished/" in response.body


def test_preview_without_state_folder_leaves_no_files(content: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_server_without_preview_option_has_no_preview_resources(tmp_path: Path) -> None:
    with serving(write_newsroom(tmp_path / "content"), tmp_path / "state") as server:
        assert ask(server.url, "/articles/unfinished/").status == 404
        assert ask(server.url, "/articles/someday/").status == 404
        for name in ("", "events", "preview.js", "preview.css"):
            assert ask(server.url, f"/.preview/{name}").status == 404
        for path in ("/", "/articles/bay/", "/subscribe/", "/static/site.css", "/static/site.js", "/nothing/"):
            assert b"preview" not in ask(server.url, path).body.replace(b"max-image-preview", b"")
        assert not ask(server.url, "/")["X-Robots-Tag"]
