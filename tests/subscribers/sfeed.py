"""sfeed, which stores a table of fields for each feed; its items are read by its own sfeed_json."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.subscribers.program import Item, run


def _item(fields: dict[str, Any]) -> Item:
    return Item(
        title=fields["title"],
        link=fields.get("url", ""),
        byline=", ".join(author["name"] for author in fields.get("authors", ())),
        date=datetime.fromisoformat(fields["date_published"]),
        text=fields.get("content_html", "") or fields.get("content_text", ""),
    )


class Sfeed:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.addresses: dict[str, str] = {}

    def subscribe(self, name: str, address: str) -> None:
        self.addresses[name] = address
        feeds = "".join(f"\tfeed {feed} {feed_address}\n" for feed, feed_address in self.addresses.items())
        (self.home / "sfeedrc").write_text(f"sfeedpath={self.home}/feeds\nfeeds() {{\n{feeds}}}\n")

    def refresh(self, minutes: int) -> None:
        # Statuses 1 and 123 (from xargs): one of the feeds could not be fetched.
        run(self.home, "sfeed_update", self.home / "sfeedrc", statuses=(0, 1, 123))

    def items(self, name: str) -> list[Item]:
        file = self.home / "feeds" / name
        if not file.exists():
            return []
        document = json.loads(run(self.home, "sh", "-c", 'exec sfeed_json <"$0"', file))
        return [_item(item) for item in document["items"]]


@contextmanager
def sfeed(home: Path) -> Iterator[Sfeed]:
    yield Sfeed(home)
