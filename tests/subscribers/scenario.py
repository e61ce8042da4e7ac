"""Run a program through several days of a newsroom: its requests at each refresh, and its items after it."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.helpers.http_client import SECONDS, ask
from tests.helpers.running_server import serving
from tests.subscribers.miniflux import free_port
from tests.subscribers.newsroom import ARTICLE_AFTER_MOVE, CHANGES, NEWS, SLUGS_OF_SECTION, Editor
from tests.subscribers.program import Item, Program, Subscriber

_AGENT_PREFIX: Final = "the-test/"
# Name of a feed -> the path subscribed to, and the paths it may redirect to.
FEEDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "rss": ("/feed.rss",),
        "atom": ("/feed.atom",),
        "json": ("/feed.json",),
        "section": ("/category/business/feed.rss", "/category/trade/feed.rss"),
        "former": ("/category/culture/rss.xml", "/category/culture/feed.rss"),
    }
)
# Refresh -> minutes since the first one. The intervals exceed max-age (5 minutes) and the hour of reader.
REFRESHES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "first": 0,
        "after a minute": 1,
        "after two hours": 120,
        "after four hours": 240,
        "after the changes": 360,
        "during the move": 480,
        "after the next article": 600,
        "at the end": 720,
    }
)


@dataclass(frozen=True, kw_only=True)
class Observations:
    """Observations of a program: (refresh, feed) -> statuses of the server's responses, and items after the refresh."""

    url: str
    statuses: Mapping[tuple[str, str], tuple[int, ...]]
    items: Mapping[tuple[str, str], tuple[Item, ...]]


def feeds_of(subscriber: Subscriber) -> tuple[str, ...]:
    return (*subscriber.formats, "section", "former")


class _Scenario:
    def __init__(self, url: str, editor: Editor, program: Program, feed_names: tuple[str, ...]) -> None:
        self.url, self.editor, self.program, self.feed_names = url, editor, program, feed_names
        self.items: dict[tuple[str, str], tuple[Item, ...]] = {}

    def refresh(self, name: str) -> None:
        ask(self.url, "/healthz", {"User-Agent": f"{_AGENT_PREFIX}{name}"})
        self.program.refresh(REFRESHES[name])
        self.items |= {(name, feed): tuple(self.program.items(feed)) for feed in self.feed_names}
        ask(self.url, "/healthz", {"User-Agent": _AGENT_PREFIX})

    def wait_until_served(self, path: str, status: int, text: str) -> None:
        """Wait until a response has that status and contains `text`. Raises AssertionError after the timeout."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            response = ask(self.url, path, {"User-Agent": _AGENT_PREFIX})
            if response.status == status and text in response.body.decode():
                return
            time.sleep(0.02)
        raise AssertionError(f"{path}: {response.status} {response.body.decode()}")

    def move_section(self, old: str, new: str) -> None:
        self.editor.add_section()
        self.wait_until_served(new, 200, "")
        self.editor.move_articles()
        for slug in SLUGS_OF_SECTION[1:]:
            self.wait_until_served(new, 200, f"/articles/{slug}/")
        self.editor.retire_section()
        self.wait_until_served(old, 301, "")

    def run(self) -> None:
        ask(self.url, "/healthz", {"User-Agent": f"{_AGENT_PREFIX}first"})
        for name in self.feed_names:
            self.program.subscribe(name, self.url + FEEDS[name][0])
        for name in ("first", "after a minute", "after two hours", "after four hours"):
            self.refresh(name)
        self.editor.save(*reversed(CHANGES))
        self.wait_until_served("/feed.json", 200, NEWS.title)
        self.refresh("after the changes")
        self.move_section(*FEEDS["section"])
        self.refresh("during the move")
        self.editor.save(ARTICLE_AFTER_MOVE)
        self.wait_until_served("/feed.json", 200, ARTICLE_AFTER_MOVE.title)
        self.refresh("after the next article")
        self.refresh("at the end")


def _statuses_by_refresh(log: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    """Read the access log. Requests of the test itself separate the refreshes."""
    feeds_by_path = {path: feed for feed, paths in FEEDS.items() for path in paths}
    statuses: dict[tuple[str, str], tuple[int, ...]] = {}
    refresh = ""
    for line in map(json.loads, log.read_text().splitlines()):
        if line["agent"].startswith(_AGENT_PREFIX):
            refresh = line["agent"].removeprefix(_AGENT_PREFIX) if line["path"] == "/healthz" else refresh
        elif line["path"] in feeds_by_path:
            key = refresh, feeds_by_path[line["path"]]
            statuses[key] = (*statuses.get(key, ()), line["status"])
    return statuses


def observe(subscriber: Subscriber, folder: Path) -> Observations:
    """Run the whole scenario in a new folder. Raises AssertionError if the program or the server fails."""
    editor, log, port = Editor(folder / "content"), folder / "log", free_port()
    url = f"http://127.0.0.1:{port}"
    options = ("--port", str(port), "--base-url", url, "--access-log", "json")
    (folder / "home").mkdir()
    with (
        log.open("wb") as log_file,
        serving(editor.root, folder / "state", *options, log=log_file),
        subscriber.open_program(folder / "home") as program,
    ):
        scenario = _Scenario(url, editor, program, feeds_of(subscriber))
        scenario.run()
    return Observations(url=url, statuses=_statuses_by_refresh(log), items=scenario.items)
