"""newsboat, a reader for terminals; its items are read from its database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.subscribers.program import Item, run

_ITEMS = "SELECT title, url, author, pubDate, enclosure_description || content FROM rss_item WHERE deleted = 0"


class Newsboat:
    """newsboat with a separate folder for each feed.

    With a common folder, an article belongs only to the last feed that contained it.
    """

    def __init__(self, home: Path) -> None:
        self.home = home

    def subscribe(self, name: str, address: str) -> None:
        folder = self.home / name
        folder.mkdir()
        (folder / "urls").write_text(f"{address}\n")
        (folder / "config").write_text('download-retries 1\nerror-log ""\n')

    def refresh(self, minutes: int) -> None:
        for folder in sorted(self.home.glob("*/urls")):
            files = ("-u", folder, "-C", folder.with_name("config"), "-c", folder.with_name("cache.db"))
            run(self.home, "newsboat", *files, "-x", "reload")

    def items(self, name: str) -> list[Item]:
        with closing(sqlite3.connect(self.home / name / "cache.db")) as database:
            rows = database.execute(_ITEMS).fetchall()
        return [
            Item(title=title, link=link, byline=author, date=datetime.fromtimestamp(date, UTC), text=text)
            for title, link, author, date, text in rows
        ]


@contextmanager
def newsboat(home: Path) -> Iterator[Newsboat]:
    yield Newsboat(home)
