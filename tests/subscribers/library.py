"""reader, a Python library for feed readers."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.subscribers.program import Item, run

_UPDATE = "import sys; from reader import make_reader; make_reader(sys.argv[1]).update_feeds()"


def _item(entry: Any) -> Item:
    content = entry.get_content(prefer_summary=False)
    return Item(
        title=entry.title,
        link=entry.link,
        byline=entry.authors_str or "",
        date=entry.published,
        text=content.value if content else "",
    )


class Library:
    def __init__(self, file: Path, reader: Any) -> None:
        self.file, self.reader = file, reader
        self.addresses: dict[str, str] = {}

    def subscribe(self, name: str, address: str) -> None:
        self.addresses[name] = address
        self.reader.add_feed(address)

    def refresh(self, minutes: int) -> None:
        # It requests a feed once an hour at most, so that its clock is set forward, which needs a separate process.
        run(self.file.parent, "faketime", "-f", f"+{minutes}m", sys.executable, "-c", _UPDATE, self.file)

    def items(self, name: str) -> list[Item]:
        return [_item(entry) for entry in self.reader.get_entries(feed=self.addresses[name])]


@contextmanager
def library(home: Path) -> Iterator[Library]:
    file = home / "reader.sqlite"
    with closing(import_module("reader").make_reader(str(file))) as reader:
        yield Library(file, reader)
