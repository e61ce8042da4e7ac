"""Real feed readers subscribe to a private feed: they show its articles, poll it with validators, and keep them after its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.cli.command_line import run_feedsvc
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import serving
from tests.readers.tool import require
from tests.subscribers.miniflux import free_port
from tests.subscribers.newsroom import INITIAL_ARTICLES, NEWS, Editor
from tests.subscribers.table import SUBSCRIBERS

FEEDS: Final = "wire: {title: The wire, include: {categories: [business]}, access: private}\n"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("name", list(SUBSCRIBERS))
def test_program_reads_a_private_feed(name: str, tmp_path: Path) -> None:
    subscriber = SUBSCRIBERS[name]
    require(subscriber)
    editor, log, port = Editor(tmp_path / "content"), tmp_path / "log", free_port()
    (editor.root / "feeds.yaml").write_text(FEEDS)
    options = ("--port", str(port), "--base-url", f"http://127.0.0.1:{port}", "--access-log", "json")
    state = ("--state", tmp_path / "state")
    (tmp_path / "home").mkdir()
    with (
        log.open("wb") as log_file,
        serving(editor.root, tmp_path / "state", *options, log=log_file) as server,
        subscriber.open_program(tmp_path / "home") as program,
    ):
        address = run_feedsvc(
            "token", "add", "wire", "alice", editor.root, "--base-url", server.url.rstrip("/"), *state
        ).stdout.strip()
        addresses = {suffix: address.replace("feed.rss", f"feed.{suffix}") for suffix in subscriber.formats}
        for suffix, feed in addresses.items():
            program.subscribe(suffix, feed)

        def titles(minutes: int) -> dict[str, list[str]]:
            program.refresh(minutes)
            return {suffix: sorted(item.link for item in program.items(suffix)) for suffix in addresses}

        expected = sorted(f"{server.url}articles/{a.slug}/" for a in INITIAL_ARTICLES if a.section == "business")
        assert titles(0) == dict.fromkeys(addresses, expected)
        assert titles(120) == dict.fromkeys(addresses, expected)
        assert titles(240) == dict.fromkeys(addresses, expected)
        editor.save(NEWS)
        wait_until(lambda: NEWS.title in ask(server.url, "/feed.json").body.decode())
        expected = sorted((*expected, f"{server.url}articles/{NEWS.slug}/"))
        assert titles(360) == dict.fromkeys(addresses, expected)
        run_feedsvc("token", "revoke", "alice", editor.root, *state)
        with suppress(AssertionError):  # some programs report the 410 as a failure
            program.refresh(480)
        assert {suffix: sorted(item.link for item in program.items(suffix)) for suffix in addresses} == dict.fromkeys(
            addresses, expected
        )
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    private = [line for line in lines if line["path"].startswith("/private/")]
    assert {line["path"] for line in private} == {f"/private/alice/feed.{suffix}" for suffix in addresses}
    statuses = {line["status"] for line in private}
    assert {200, 410} <= statuses
    # feed2exec's cache stores nothing of a response with no-store, so it has no validators.
    assert (304 in statuses) == (subscriber.is_conditional and name != "feed2exec")
    assert urlsplit(address).path.split("/")[2] not in log.read_text()
