"""/metrics counts what was answered, by kind, format and status."""

import re

import pytest

from tests.http.client import ask
from tests.http.newsroom import write_newsroom
from tests.http.running import serving


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
    }
    assert "feedsvc_request_seconds_count 11.0" in told
    assert 'feedsvc_request_seconds_bucket{le="+Inf"} 11.0' in told
    assert "feedsvc_documents_ready_total 2.0" in told
    assert "feedsvc_documents_sought_total 6.0" in told
