"""One program's days with a newsroom: what it asked of the server at each refresh, and what it then held."""

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
from tests.subscribers.newsroom import AFTER_MOVE, CHANGES, IN_SECTION, NEWS, Desk
from tests.subscribers.program import Item, Program, Subscriber

_OURS: Final = "the-test/"
# The test's name for a feed -> where a program subscribes, and where that may lead.
FEEDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "rss": ("/feed.rss",),
        "atom": ("/feed.atom",),
        "json": ("/feed.json",),
        "section": ("/category/business/feed.rss", "/category/trade/feed.rss"),
        "former": ("/category/culture/rss.xml", "/category/culture/feed.rss"),
    }
)
# The minutes that have passed at each refresh: more than the five that the server allows caches, and than an hour.
REFRESHES: Final[Mapping[str, int]] = MappingProxyType(
    {
        "first": 0,
        "at once": 1,
        "later": 120,
        "later still": 240,
        "changes": 360,
        "moved": 480,
        "after the move": 600,
        "at last": 720,
    }
)


@dataclass(frozen=True, kw_only=True)
class Told:
    """Of a program: (refresh, feed) -> the statuses that the server answered, and the items held afterwards."""

    url: str
    asked: Mapping[tuple[str, str], tuple[int, ...]]
    held: Mapping[tuple[str, str], tuple[Item, ...]]


def feeds_of(subscriber: Subscriber) -> tuple[str, ...]:
    return (*subscriber.formats, "section", "former")


class _Story:
    def __init__(self, url: str, desk: Desk, program: Program, names: tuple[str, ...]) -> None:
        self.url, self.desk, self.program, self.names = url, desk, program, names
        self.held: dict[tuple[str, str], tuple[Item, ...]] = {}

    def refresh(self, name: str) -> None:
        ask(self.url, "/healthz", {"User-Agent": f"{_OURS}{name}"})
        self.program.refresh(REFRESHES[name])
        self.held |= {(name, feed): tuple(self.program.items(feed)) for feed in self.names}
        ask(self.url, "/healthz", {"User-Agent": _OURS})

    def until(self, path: str, status: int, words: str) -> None:
        """Wait for an edition that answers so. AssertionError: it does not come."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            got = ask(self.url, path, {"User-Agent": _OURS})
            if got.status == status and words in got.body.decode():
                return
            time.sleep(0.02)
        raise AssertionError(f"{path}: {got.status} {got.body.decode()}")

    def move_section(self, old: str, new: str) -> None:
        self.desk.add_section()
        self.until(new, 200, "")
        self.desk.move_articles()
        for slug in IN_SECTION[1:]:
            self.until(new, 200, f"/articles/{slug}/")
        self.desk.retire_section()
        self.until(old, 301, "")

    def tell(self) -> None:
        ask(self.url, "/healthz", {"User-Agent": f"{_OURS}first"})
        for name in self.names:
            self.program.subscribe(name, self.url + FEEDS[name][0])
        for name in ("first", "at once", "later", "later still"):
            self.refresh(name)
        self.desk.save(*reversed(CHANGES))
        self.until("/feed.json", 200, NEWS.title)
        self.refresh("changes")
        self.move_section(*FEEDS["section"])
        self.refresh("moved")
        self.desk.save(AFTER_MOVE)
        self.until("/feed.json", 200, AFTER_MOVE.title)
        self.refresh("after the move")
        self.refresh("at last")


def _asked(log: Path) -> dict[tuple[str, str], tuple[int, ...]]:
    """Of the access log: what was answered between our own requests, which say which refresh comes next."""
    known = {path: feed for feed, paths in FEEDS.items() for path in paths}
    found: dict[tuple[str, str], tuple[int, ...]] = {}
    refresh = ""
    for line in map(json.loads, log.read_text().splitlines()):
        if line["agent"].startswith(_OURS):
            refresh = line["agent"].removeprefix(_OURS) if line["path"] == "/healthz" else refresh
        elif line["path"] in known:
            key = refresh, known[line["path"]]
            found[key] = (*found.get(key, ()), line["status"])
    return found


def told(subscriber: Subscriber, folder: Path) -> Told:
    """The whole story in a new folder. AssertionError: the program or the server failed."""
    desk, log, port = Desk(folder / "content"), folder / "log", free_port()
    url = f"http://127.0.0.1:{port}"
    options = ("--port", str(port), "--base-url", url, "--access-log", "json")
    (folder / "home").mkdir()
    with (
        log.open("wb") as lines,
        serving(desk.root, folder / "state", *options, log=lines),
        subscriber.opened(folder / "home") as program,
    ):
        story = _Story(url, desk, program, feeds_of(subscriber))
        story.tell()
    return Told(url=url, asked=_asked(log), held=story.held)
