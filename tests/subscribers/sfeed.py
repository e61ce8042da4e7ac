"""sfeed, which keeps a table of fields for each feed; read through its own sfeed_json."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.subscribers.program import Item, run


def _item(told: dict[str, Any]) -> Item:
    return Item(
        title=told["title"],
        link=told.get("url", ""),
        byline=", ".join(author["name"] for author in told.get("authors", ())),
        date=datetime.fromisoformat(told["date_published"]),
        text=told.get("content_html", "") or told.get("content_text", ""),
    )


class Sfeed:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.addresses: dict[str, str] = {}

    def subscribe(self, name: str, address: str) -> None:
        self.addresses[name] = address
        feeds = "".join(f"\tfeed {one} {where}\n" for one, where in self.addresses.items())
        (self.home / "sfeedrc").write_text(f"sfeedpath={self.home}/feeds\nfeeds() {{\n{feeds}}}\n")

    def refresh(self, later: int) -> None:
        # 1 and 123 (of xargs): one of the feeds could not be had.
        run(self.home, "sfeed_update", self.home / "sfeedrc", statuses=(0, 1, 123))

    def items(self, name: str) -> list[Item]:
        file = self.home / "feeds" / name
        if not file.exists():
            return []
        told = json.loads(run(self.home, "sh", "-c", 'exec sfeed_json <"$0"', file))
        return [_item(item) for item in told["items"]]


@contextmanager
def sfeed(home: Path) -> Iterator[Sfeed]:
    yield Sfeed(home)
