"""Items that programs show as unread since a moment. Each program has its own way; e-mail and sfeed show what is added."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing

from tests.subscribers.library import Library
from tests.subscribers.miniflux import Miniflux
from tests.subscribers.newsboat import Newsboat
from tests.subscribers.program import Item, Program

Titles = Counter[str]


def mark_read(program: Program, names: Iterable[str]) -> Callable[[str], Titles]:
    """Mark every item of these feeds as read; return a function that returns the titles of a feed that are unread later."""
    names = list(names)
    if isinstance(program, Newsboat):
        return _newsboat(program, names)
    if isinstance(program, Miniflux):
        return _miniflux(program, names)
    if isinstance(program, Library):
        return _library(program, names)
    before: dict[str, Counter[Item]] = {name: Counter(program.items(name)) for name in names}
    return lambda name: Counter(item.title for item in (Counter(program.items(name)) - before[name]).elements())


def _newsboat(program: Newsboat, names: list[str]) -> Callable[[str], Titles]:
    def run(name: str, statement: str) -> list[tuple[str]]:
        with closing(sqlite3.connect(program.home / name / "cache.db")) as database, database:
            return database.execute(statement).fetchall()

    for name in names:
        run(name, "UPDATE rss_item SET unread = 0")
    return lambda name: Counter(title for (title,) in run(name, "SELECT title FROM rss_item WHERE unread = 1"))


def _miniflux(program: Miniflux, names: list[str]) -> Callable[[str], Titles]:
    for name in names:
        program.request("PUT", f"/v1/feeds/{program.feeds[name]}/mark-all-as-read")

    def unread(name: str) -> Titles:
        entries = program.request("GET", f"/v1/feeds/{program.feeds[name]}/entries?status=unread&limit=100")["entries"]
        return Counter(entry["title"] for entry in entries)

    return unread


def _library(program: Library, names: list[str]) -> Callable[[str], Titles]:
    for name in names:
        for entry in list(program.reader.get_entries(feed=program.addresses[name])):
            program.reader.mark_entry_as_read(entry)

    def unread(name: str) -> Titles:
        return Counter(entry.title for entry in program.reader.get_entries(feed=program.addresses[name], read=False))

    return unread
