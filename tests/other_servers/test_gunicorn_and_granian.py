"""`feedsvc.wsgi:app` does under gunicorn and granian what `feedsvc serve` does, in each process."""

from __future__ import annotations

import json
import os
import re
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import pytest

from tests.audience.waiting import wait_until
from tests.cli.command_line import run_feedsvc
from tests.helpers.http_client import ask
from tests.helpers.unix_client import ask_unix
from tests.other_servers.other_server import COMMANDS, OtherServer, failure_of, serving_with, wait_for_start
from tests.web.newsroom import TALK, write_article, write_newsroom
from tests.web.test_forwarded import READER_HEADERS
from tests.websub.hub import run_hub

GALE: Final = "title: A gale\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return write_newsroom(tmp_path / "content")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", COMMANDS)
def test_every_process_follows_saves_and_the_clock_and_reads_are_stored(
    tmp_path: Path, content: Path, name: str, workers: int
) -> None:
    state = tmp_path / "state"
    with serving_with(name, content, state, workers) as server:
        assert len(server.responses("/feed.rss", lambda response: response.status == 200)) == workers
        soon = (datetime.now(UTC) + timedelta(seconds=3)).replace(microsecond=0).isoformat()
        write_article(content, "gale", GALE)
        write_article(content, "soon", f"title: Soon\npublished: {soon}\ncategory: culture\nauthor: tuan-le")
        server.responses("/feed.rss", lambda response: b"A gale" in response.body)
        assert ask(server.url, "/articles/soon/").status == 404
        for agent in ("Firefox/140.0", "Firefox/141.0", "Firefox/142.0"):
            headers = {**READER_HEADERS, "User-Agent": f"{READER_HEADERS['User-Agent']} {agent}"}
            assert ask(server.url, "/articles/bay/views", headers, "POST").status == 204
        server.responses("/feed.atom", lambda response: b"Soon" in response.body)
        assert {response.status for response in server.responses("/articles/soon/").values()} == {200}
    views = run_feedsvc("views", content, "--state", state, "--json")
    assert [row["views"] for row in json.loads(views.stdout)["articles"] if "bay" in json.dumps(row)] == [3], views.stdout


@pytest.mark.parametrize("name", ["gunicorn", "granian"])
def test_responses_are_those_of_serve(tmp_path: Path, content: Path, name: str) -> None:
    with serving_with(name, content, tmp_path / "state") as server:
        part = ask(server.url, "/media/talk.mp3", {"Range": "bytes=100-199"})
        assert (part.status, part.body, part["Content-Range"]) == (206, TALK[100:200], f"bytes 100-199/{len(TALK)}")
        assert ask(server.url, "/media/talk.mp3").body == TALK
        feed = ask(server.url, "/feed.rss", {"Accept-Encoding": "gzip"})
        assert feed["Content-Encoding"] == "gzip"
        unchanged = ask(server.url, "/feed.rss", {"If-None-Match": feed["ETag"]})
        assert (unchanged.status, unchanged.body, unchanged["ETag"]) == (304, b"", feed["ETag"])
        head = ask(server.url, "/feed.rss", method="HEAD")
        assert (head.status, head.body, int(head["Content-Length"]) > 0) == (200, b"", True)
        assert ask(server.url, f"/tag/{quote('서울')}/").status == 200
        assert ask(server.url, "/rss.xml")["Location"] == "/feed.rss"
        assert ask(server.url, "/nothing").status == 404
        assert ask(server.url, "/feed.rss", method="POST").status == 405
        assert ask(server.url, "/status", {"Via": "1.1 proxy"}).status == 403
        assert b"feedsvc_requests_total" in ask(server.url, "/metrics").body
        assert server.status()["push"]["announcing"] is False


def test_variables_of_serve_have_their_effect_and_those_of_its_server_are_named(tmp_path: Path, content: Path) -> None:
    variables = {
        "FEEDSVC_BASE_URL": "https://news.example/daily",
        "FEEDSVC_NO_LAST_MODIFIED": "1",
        "FEEDSVC_ACCESS_LOG": "json",
        "FEEDSVC_TRUSTED_PROXY": "127.0.0.1",
        "FEEDSVC_OPEN_STATUS": "198.51.100.7",
        "FEEDSVC_PORT": "1",
        "FEEDSVC_NONSENSE": "1",
    }
    with serving_with("gunicorn", content, tmp_path / "state", 1, variables) as server:
        headers = {"X-Forwarded-For": "198.51.100.7"}
        feed = ask(server.url, "/daily/feed.rss", headers)
        assert (feed.status, feed["Last-Modified"]) == (200, "")
        assert ask(server.url, "/daily/status", headers).status == 200
        assert ask(server.url, "/feed.rss", headers).status == 404
    assert "FEEDSVC_PORT has no effect on feedsvc.wsgi:app, because another program is the server" in server.log
    assert "no option has the environment variable FEEDSVC_NONSENSE" in server.log
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    assert {"198.51.100.7"} == {line["client"] for line in lines if line["path"] == "/daily/feed.rss"}


def test_settings_file_in_the_current_folder_is_read(tmp_path: Path, content: Path) -> None:
    (tmp_path / "feedsvc.toml").write_text('base-url = "https://news.example/toml"\n[serve]\nport = 1\n')
    with serving_with("gunicorn", content, tmp_path / "state") as server:
        assert ask(server.url, "/toml/feed.rss").status == 200
    assert "has no effect" not in server.log


def test_private_feed_is_served_and_its_token_is_not_logged(tmp_path: Path, content: Path) -> None:
    feeds = "wire: {title: The wire, include: {categories: [business]}, access: private}\n"
    (content / "feeds.yaml").write_text(feeds)
    state = tmp_path / "state"
    with serving_with("gunicorn", content, state, 2, {"FEEDSVC_ACCESS_LOG": "logfmt"}) as server:
        added = run_feedsvc("token", "add", "wire", "alice", content, "--state", state)
        path = urlsplit(added.stdout.strip()).path
        server.responses(path, lambda response: response.status == 200)
        assert ask(server.url, "/private/wrong/feed.rss").status == 404
    assert "/private/" in server.log
    assert path.split("/")[2] not in server.log


@pytest.mark.parametrize("name", COMMANDS)
def test_one_process_of_several_notifies_hubs_once_of_each_feed(tmp_path: Path, content: Path, name: str) -> None:
    with run_hub() as hub:
        site = (content / "site.yaml").read_text()
        (content / "site.yaml").write_text(site.partition("hubs:")[0] + f"hubs: ['{hub.url}']\n")
        with serving_with(name, content, tmp_path / "state", 2, {"FEEDSVC_ANNOUNCE": "yes"}) as server:
            server.responses("/readyz")
            wait_until(lambda: hub.requests and server.status()["push"]["hubs"][0]["waiting"] == 0)
            hub.requests.clear()
            write_article(content, "gale", GALE)
            wait_until(lambda: any(request.topic.endswith("/feed.rss") for request in hub.requests))
            wait_until(lambda: server.status()["push"]["hubs"][0]["waiting"] == 0)
            topics = Counter(request.topic for request in hub.requests)
            assert set(topics.values()) == {1}
            announcing = [json.loads(response.body)["push"]["announcing"] for response in server.responses("/status").values()]
            assert announcing == [True, True]  # each process shows the status of the one that notifies


def test_metrics_are_the_sums_of_all_processes(tmp_path: Path, content: Path) -> None:
    with serving_with("gunicorn", content, tmp_path / "state", 2) as server:
        server.responses("/feed.rss", lambda response: response.status == 200)
        counts = re.compile(r'^feedsvc_requests_total\{.*format="rss".*\} (\S+)$', re.MULTILINE)
        # Each process writes its counters once a second.
        wait_until(lambda: sum(map(float, counts.findall(ask(server.url, "/metrics").body.decode()))) >= 2)
        text = ask(server.url, "/metrics").body.decode()
        assert {'worker="1"', 'worker="2"'} <= set(re.findall(r'worker="\d+"', text))
        processes = server.status()["process"]
        assert (len(processes["all"]), processes["id"] in processes["all"]) == (2, True)


def test_process_that_replaces_a_killed_one_follows_saves(tmp_path: Path, content: Path) -> None:
    with serving_with("gunicorn --preload", content, tmp_path / "state", 2) as server:
        killed, *_ = server.responses("/feed.rss")
        os.kill(killed, signal.SIGKILL)
        write_article(content, "gale", GALE)
        wait_until(lambda: killed not in server.responses("/feed.rss", lambda response: b"A gale" in response.body))


def test_gunicorn_on_a_unix_socket_knows_clients_by_the_header_of_a_trusted_proxy(tmp_path: Path, content: Path) -> None:
    path = tmp_path / "http.sock"
    variables = {"FEEDSVC_ACCESS_LOG": "json", "FEEDSVC_TRUSTED_PROXY": "unix"}
    server = OtherServer("gunicorn", content, tmp_path / "state", 1, variables, "--bind", f"unix:{path}")
    try:
        wait_for_start(lambda: "in process" in server.log)
        assert ask_unix(path, "/feed.rss", {"X-Forwarded-For": "192.0.2.1"}).status == 200
        assert ask_unix(path, "/status").status == 403
        assert server.stop() == 0
        assert '"client": "192.0.2.1"' in server.log
    finally:
        server.kill()


FAULTS: Final = {
    "number": ({"FEEDSVC_LIMIT_POLLS": "many"}, "Invalid value for '--limit-polls'"),
    "address": ({"FEEDSVC_TRUSTED_PROXY": "nginx"}, "--trusted-proxy 'nginx' is no IP address and no network"),
    "base_url": ({"FEEDSVC_BASE_URL": "news"}, "--base-url 'news' is not the address of a site"),
    "content": ({"FEEDSVC_CONTENT": "nowhere"}, "no folder nowhere"),
    "database": ({"FEEDSVC_DATABASE": "nonsense"}, "the database URL is invalid"),
    "purge": ({"FEEDSVC_PURGE": "'open"}, "is not a command line"),
}


@pytest.mark.parametrize(
    ("name", "fault"),
    [*(("gunicorn", fault) for fault in FAULTS), *((name, "content") for name in COMMANDS if name != "gunicorn")],
)
def test_server_ends_with_one_sentence_if_a_setting_is_wrong(tmp_path: Path, content: Path, name: str, fault: str) -> None:
    assert content.is_dir()
    variables, sentence = FAULTS[fault]
    status, log = failure_of(name, tmp_path / "state", variables)
    assert status != 0
    assert " ERROR feedsvc: " in log or "feedsvc: error: " in log  # the latter before there is a log
    assert sentence in log
    assert "Traceback" not in log


def test_error_in_the_settings_file_names_the_key_and_the_file(tmp_path: Path, content: Path) -> None:
    assert content.is_dir()
    (tmp_path / "feedsvc.toml").write_text("[serve]\nlimit-polls = true\n")
    status, log = failure_of("gunicorn", tmp_path / "state", {})
    assert status == 3
    assert "Invalid value for '--limit-polls' (feedsvc.toml): 'true' is not a whole number from 0 to 100000" in log
    assert "Traceback" not in log
