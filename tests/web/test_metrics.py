"""/metrics counts what was answered, by kind, format and status."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import feedsvc
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import application
from tests.helpers.http_client import Response, ask, call
from tests.helpers.running_server import serving
from tests.web.conftest import Clock
from tests.web.newsroom import SOON, write_article, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def test_answers_are_counted(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("counted")
    with serving(write_newsroom(folder / "content"), folder / "state") as server:
        tag = ask(server.url, "/feed.rss")["ETag"]
        for path in (
            "/feed.atom",
            "/",
            "/articles/fish/",
            "/media/talk.mp3",
            "/static/feed.css",
            "/rss",
            "/nothing",
            "/robots.txt",
            "/articles/fish/views",
        ):
            ask(server.url, path)
        for _ in range(2):
            ask(server.url, "/feed.rss", {"If-None-Match": tag})
        told = ask(server.url, "/metrics").body.decode()
    found = re.findall(r'feedsvc_requests_total\{format="(.*?)",kind="(.*?)",status="(\d+)"\} (\d+)\.0', told)
    assert {(kind, form, status): int(number) for form, kind, status, number in found} == {
        ("feed", "rss", "200"): 1,
        ("feed", "rss", "304"): 2,
        ("feed", "atom", "200"): 1,
        ("page", "", "200"): 1,
        ("article", "", "200"): 1,
        ("file", "", "200"): 2,
        ("directory", "", "200"): 1,
        ("redirect", "", "301"): 1,
        ("other", "", "404"): 1,
        ("views", "", "200"): 1,
    }
    assert "feedsvc_request_duration_seconds_count 12.0" in told
    assert f'feedsvc_build_info{{version="{feedsvc.__version__}"}} 1.0' in told
    assert re.search(r"^process_resident_memory_bytes [1-9]", told, re.MULTILINE)
    assert re.search(r"^process_cpu_seconds_total [0-9]", told, re.MULTILINE)
    assert 'feedsvc_request_duration_seconds_bucket{le="+Inf"} 12.0' in told
    assert "feedsvc_document_cache_hits_total 2.0" in told
    assert "feedsvc_document_cache_misses_total 6.0" in told
    assert float(found_in(told, "feedsvc_document_cache_bytes")) > 1000


def found_in(told: str, name: str) -> str:
    [line] = [line for line in told.splitlines() if line.startswith(f"{name} ")]
    return line.rpartition(" ")[2]


def test_everything_that_an_operator_watches_is_told(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content", timed=True)
    clock = Clock()
    live = Live(ContentFolder(content), LastModifiedStore(None), clock)
    app = application(live)

    def told(name: str) -> float:
        return float(found_in(ask_here(app, "/metrics").body.decode(), name))

    assert told("feedsvc_document_cache_bytes") == 0
    whole = call(app, "/feed.rss").body
    assert told("feedsvc_document_cache_bytes") == len(whole)
    coded = call(app, "/feed.rss", {"Accept-Encoding": "gzip"}).body
    assert told("feedsvc_document_cache_bytes") == len(whole) + len(coded)
    assert told("feedsvc_next_change_timestamp_seconds") == SOON.timestamp()
    assert (told("feedsvc_edition"), told("feedsvc_reloads_total")) == (1, 1)
    spent = told("feedsvc_reload_duration_seconds_total")
    assert spent > 0
    write_article(content, "new", "title: [")
    clock.tick()
    live.reload()
    write_article(content, "newer", "title: New\npublished: 2026-02-27")
    clock.tick()
    live.reload()
    assert (told("feedsvc_edition"), told("feedsvc_reloads_total")) == (2, 3)
    assert told("feedsvc_reload_duration_seconds_total") > spent
    assert told('feedsvc_problems{severity="error"}') == 1


def ask_here(app: "WSGIApplication", path: str) -> Response:
    return call(lambda environ, start: app({**environ, "REMOTE_ADDR": "127.0.0.1"}, start), path)
