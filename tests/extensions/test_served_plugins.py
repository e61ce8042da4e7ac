"""Plug-ins under `feedsvc serve`: what subscribers get, and what an operator reads if one fails."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped]
import pytest

from tests.audience.waiting import wait_until
from tests.cli.command_line import run_feedsvc
from tests.extensions.distribution import FORMATS, HOOKS, NAMESPACES, install, install_acme, variables
from tests.helpers import newsrooms
from tests.helpers.http_client import NO_HEADERS, Response, ask
from tests.helpers.newsrooms import article, write
from tests.helpers.running_server import ServerProcess
from tests.other_servers.other_server import serving_with
from tests.validators import objections

ADDRESSES = {"rss": "https://news.example/daily/feed.rss", "json": "https://news.example/daily/feed.json"}


@pytest.fixture
def content(tmp_path: Path) -> Path:
    root = newsrooms.write_sample(tmp_path / "content")
    site = (root / "site.yaml").read_text()
    (root / "site.yaml").write_text(site.replace("hubs: [https://hub.example/]\n", "").replace("<small> ", ""))
    return root


@contextmanager
def serving(content: Path, site: Path, *options: str, **others: str) -> Iterator[ServerProcess]:
    server = ServerProcess(content, content.parent / "state", *options, variables=variables(site, **others))
    try:
        yield server
    finally:
        server.terminate()
        status = server.wait()
    assert status == 0, server.stderr


def fetch(server: ServerProcess, path: str, headers: Mapping[str, str] = NO_HEADERS) -> Response:
    return ask(server.url, f"/daily/{path}", headers)


def events(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def test_a_format_for_one_listing_has_no_other_address_and_no_link(content: Path, tmp_path: Path) -> None:
    extra = {'media_type="text/csv",': 'media_type="text/csv", listings=("category:asia",), is_linked=False,'}
    with serving(content, install_acme(tmp_path / "site", replacements=extra), ACME_LOG=str(tmp_path / "log")) as server:
        paths = ("category/asia/feed.csv", "feed.csv", "feed/category:asia+category:money.csv", "feed.acme")
        assert [fetch(server, path).status for path in paths] == [200, 404, 404, 200]
        assert b"csv" not in fetch(server, "subscribe/").body


def test_formats_of_a_plugin_are_served_beside_every_feed_and_linked_from_pages(content: Path, tmp_path: Path) -> None:
    with serving(content, install_acme(tmp_path / "site"), ACME_LOG=str(tmp_path / "log")) as server:
        table = fetch(server, "feed.csv")
        assert (table.status, table["Content-Type"]) == (200, "text/csv; charset=utf-8")
        assert table.body.startswith(b"id,published,title,url\r\n")
        assert table.body.count(b"\r\n") > 1
        again = fetch(server, "feed.csv", {"If-None-Match": table["ETag"]})
        assert again.status == 304
        assert fetch(server, "feed.csv", {"Sec-Fetch-Dest": "document"})["Content-Type"] == "text/csv; charset=utf-8"
        assert fetch(server, "category/asia/feed.csv").status == 200
        assert fetch(server, "feed/category:asia+category:money.csv").status == 200
        assert fetch(server, "feed.tsv").status == 404
        page = fetch(server, "").body.decode()
        assert 'type="text/csv"' in page
        assert "feed.csv" in fetch(server, "subscribe/").body.decode()
        status = json.loads(fetch(server, "status").body)
        assert status["plugins"] == {"acme-feeds 1.2.0": ["edition hook log", "format acme", "format csv", "namespace acme"]}


def test_a_namespace_extends_items_and_feeds_and_leaves_them_valid(content: Path, tmp_path: Path) -> None:
    with serving(content, install_acme(tmp_path / "site"), ACME_LOG=str(tmp_path / "log")) as server:
        rss = fetch(server, "feed.rss").body
        faults = [fault for fault in objections(rss, "rss", ADDRESSES["rss"]) if "acme" not in fault]
        assert faults == []
        parsed = feedparser.parse(rss)
        assert not parsed.bozo
        assert parsed.feed["acme_edition"] == "2026-03-02"
        assert all(int(entry["acme_words"]) > 0 for entry in parsed.entries)
        assert rss.count(b'xmlns:acme="https://acme.example/ns/1"') == 1
        assert b"acme" not in fetch(server, "feed.atom").body
        feed = fetch(server, "feed.json").body
        assert objections(feed, "json", ADDRESSES["json"]) == []
        assert all(item["_acme"]["words"] > 0 for item in json.loads(feed)["items"])
        partner = fetch(server, "feed.acme").body
        assert b"<partner:shortTitle>" in partner
        assert b"acme:" not in partner


def test_a_subscriber_gets_the_new_elements_after_an_update_of_the_plugin(content: Path, tmp_path: Path) -> None:
    """The state folder outlives the restart: nothing in it may bring back the bytes of the former version."""
    site = install_acme(tmp_path / "site")
    with serving(content, site, ACME_LOG=str(tmp_path / "log")) as server:
        before = fetch(server, "feed.rss")
    install_acme(site, version="1.3.0", replacements={"acme:words": "acme:count"})
    with serving(content, site, ACME_LOG=str(tmp_path / "log")) as server:
        conditions = {"If-None-Match": before["ETag"], "If-Modified-Since": before["Last-Modified"]}
        after = fetch(server, "feed.rss", conditions)
        assert (after.status, b"<acme:count>" in after.body) == (200, True)
        date_only = fetch(server, "feed.rss", {"If-Modified-Since": before["Last-Modified"]})
        assert date_only.status == 200 or after["Last-Modified"] == before["Last-Modified"]  # within one second


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_hook_is_called_once_for_a_save_with_the_feeds_that_changed(content: Path, tmp_path: Path, workers: str) -> None:
    log = tmp_path / "log"
    with serving(content, install_acme(tmp_path / "site"), "--workers", workers, ACME_LOG=str(log)) as server:
        assert fetch(server, "feed.csv").status == 200
        assert events(log) == []
        write(content, article("late", "2026-06-01"))
        wait_until(lambda: events(log))
        assert b"late" in fetch(server, "feed.csv").body
    (event,) = events(log)
    assert event["by"] == "serve"
    assert str(event["newest"]).lower().startswith("late")
    feeds = event["feeds"]
    assert isinstance(feeds, list)
    assert {f"https://news.example/daily/feed.{suffix}" for suffix in ("rss", "atom", "json", "csv", "acme")} <= {*feeds}


def test_a_hook_is_called_once_by_all_processes_of_another_server(content: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    own = variables(install_acme(tmp_path / "site"), ACME_LOG=str(log))
    with serving_with("gunicorn", content, tmp_path / "state", 2, own) as server:
        server.responses("/daily/feed.csv", lambda response: response.status == 200)
        assert events(log) == []
        write(content, article("late", "2026-06-01"))
        server.responses("/daily/feed.csv", lambda response: b"late" in response.body)
        wait_until(lambda: events(log))
    (event,) = events(log)
    assert (event["by"], "https://news.example/daily/feed.rss" in event["feeds"]) == ("serve", True)


def test_hooks_are_not_called_for_a_copy_that_announces_nothing(content: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with serving(content, install_acme(tmp_path / "site"), "--no-announce", ACME_LOG=str(log)) as server:
        write(content, article("late", "2026-06-01"))
        wait_until(lambda: fetch(server, "articles/late/").status == 200)
    assert events(log) == []


def fails_once(log: str, *parts: str) -> bool:
    return [all(part in line for part in parts) for line in log.splitlines()].count(True) == 1


def test_feeds_of_a_failing_namespace_are_unavailable_and_its_fault_is_logged_once(content: Path, tmp_path: Path) -> None:
    code = (
        "from feedsvc.api import Namespace\n"
        "N = Namespace(prefix='bad', uri='https://bad.example/', entry_elements=lambda entry: entry.rating)\n"
    )
    site = install(tmp_path / "site", "bad-plugin", code, {NAMESPACES: {"bad": "bad_plugin:N"}}, version="3.4")
    with serving(content, site) as server:
        for _ in range(2):
            feeds = [fetch(server, f"feed.{suffix}") for suffix in ("rss", "atom")]
            assert [(feed.status, feed["Retry-After"]) for feed in feeds] == [(503, "300")] * 2
        assert [fetch(server, path).status for path in ("", "feed.json")] == [200, 200]
    assert fails_once(server.stderr, "the plug-in bad-plugin 3.4 (namespace bad)", "AttributeError", "bad_plugin.py, line 2"), (
        server.stderr
    )
    assert "Traceback" not in server.stderr


def test_a_failing_format_is_unavailable_and_takes_nothing_else_down(content: Path, tmp_path: Path) -> None:
    code = (
        "from feedsvc.api import Format\n"
        "F = Format(suffix='bad', name='Bad', media_type='text/plain', render=lambda feed: 1 // 0)\n"
    )
    site = install(tmp_path / "site", "bad-plugin", code, {FORMATS: {"bad": "bad_plugin:F"}})
    with serving(content, site) as server:
        for _ in range(3):
            broken = fetch(server, "feed.bad")
            assert (broken.status, broken["Retry-After"]) == (503, "300")
            assert "no-store" in broken["Cache-Control"]
        assert [fetch(server, path).status for path in ("", "feed.rss", "subscribe/")] == [200, 200, 200]
    assert fails_once(server.stderr, "bad-plugin 1.0 (format bad)", "ZeroDivisionError"), server.stderr


@pytest.mark.parametrize(
    ("code", "group", "reason"),
    [
        ("import nothing_of_this_name\n", FORMATS, "ModuleNotFoundError"),
        ("raise SystemError('half installed')\n", FORMATS, "half installed"),
        ("F = 3\n", FORMATS, "expected feedsvc.api.Format"),
        ("F = 3\n", NAMESPACES, "expected feedsvc.api.Namespace"),
        ("F = 3\n", HOOKS, "expected a function"),
        (
            "from feedsvc.api import Format\nF = Format(suffix='rss', name='R', media_type='a/b', render=str)\n",
            FORMATS,
            "same name",
        ),
        ("from feedsvc.api import Namespace\nF = Namespace(prefix='dc', uri='https://x.example/')\n", NAMESPACES, "'dc'"),
        (
            "from feedsvc.api import Namespace\nF = Namespace(prefix='A b', uri='https://x.example/')\n",
            NAMESPACES,
            "Namespace.prefix",
        ),
    ],
)
def test_the_service_does_not_start_with_a_plugin_that_cannot_be_loaded(
    content: Path, tmp_path: Path, code: str, group: str, reason: str
) -> None:
    site = install(tmp_path / "site", "bad-plugin", code, {group: {"bad": "bad_plugin:F"}})
    for workers in ("1", "2"):
        arguments = ("serve", content, "--state", tmp_path / "state", "--port", "0", "--workers", workers)
        result = run_feedsvc(*arguments, **variables(site))
        assert result.returncode == 2, result.stderr
        assert fails_once(result.stderr, "the plug-in bad-plugin 1.0", reason), result.stderr
        assert "Traceback" not in result.stderr


def test_a_hook_that_raises_is_an_alert_until_it_works_again(content: Path, tmp_path: Path) -> None:
    switch = tmp_path / "switch"
    code = f"import os\ndef hook(event):\n    assert os.path.exists({str(switch)!r}), 'no switch'\n"
    site = install(tmp_path / "site", "bad-plugin", code, {HOOKS: {"bad": "bad_plugin:hook"}})

    def alerts(server: ServerProcess) -> Callable[[], bool]:
        return lambda: "no switch" in fetch(server, "status").body.decode()

    with serving(content, site) as server:
        for number in range(2):
            write(content, article(f"late-{number}", "2026-02-25"))
            wait_until(lambda path=f"articles/late-{number}/": fetch(server, path).status == 200)
            wait_until(alerts(server))
        switch.touch()
        write(content, article("later", "2026-02-26"))
        wait_until(lambda: not alerts(server)())
    assert fails_once(server.stderr, "bad-plugin 1.0 (edition hook bad) failed", "AssertionError: no switch"), server.stderr
    assert "works again" in server.stderr


def test_a_slow_hook_delays_no_save_and_no_shutdown_for_long(content: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = f"import time\ndef hook(event):\n    open({str(log)!r}, 'a').write('called\\n')\n    time.sleep(3600)\n"
    site = install(tmp_path / "site", "slow-plugin", code, {HOOKS: {"slow": "slow_plugin:hook"}})
    with serving(content, site) as server:
        for number in range(3):
            write(content, article(f"late-{number}", "2026-02-25"))
            wait_until(lambda path=f"articles/late-{number}/": fetch(server, path).status == 200)
    assert log.read_text() == "called\n"
    assert "slow-plugin 1.0 (edition hook slow) was still running after 5 seconds" in server.stderr
