"""Editors as in tests/live, who also paint their newsroom; it stays of one size, so that nothing has to grow with it."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import Final

import feedsvc.pages
from tests.live.editors import SimulatedEditors

_LEAST, _MOST = 30, 60  # articles
_OWN: Final = Path(feedsvc.pages.__file__).parent
_SHEET: Final = "theme/static/site.css"
_TEMPLATE: Final = "theme/templates/message.html"
_PATIENCE: Final = 60.0  # seconds
_UNUSABLE: Final = b"{% if nobody %} closes this"


class SoakDesk(SimulatedEditors):
    def __init__(self, root: Path, random: Random) -> None:
        super().__init__(root, random)
        self._spoiled = False
        self._tried: set[bytes] = set()
        self._actions |= {self.retouch: 2, self.retell: 1, self.spoil: 1}

    def create(self) -> bool:
        return self._count_articles() < _MOST and super().create()

    def delete(self) -> bool:
        return self._count_articles() > _LEAST and super().delete()

    def copy(self) -> bool:
        return self._count_articles() < _MOST and super().copy()

    def schedule(self) -> bool:
        """An article that comes, or goes, in its second."""
        return self._count_articles() < _MOST and super().schedule()

    def retouch(self) -> bool:
        """Another sheet: its address and bytes change on every page."""
        return self._save("retouch", _SHEET, self._signed("static/site.css", "/* {} */\n"), self._save_atomically)

    def retell(self) -> bool:
        self._spoiled = False
        return self._save("retell", _TEMPLATE, self._signed("templates/message.html", "<!-- {} -->\n"), self._retheme)

    def spoil(self) -> bool:
        """A template that cannot be used: it stands as it last did."""
        if self._spoiled or _TEMPLATE not in self.files_on_disk:
            return False
        self._retheme(self.root / _TEMPLATE, _UNUSABLE)
        self._spoiled = True
        self._record_state("spoil")
        return True

    def _retheme(self, file: Path, data: bytes) -> None:
        """Until the server has tried a template, it shows later saves with the one before: so there are none."""
        before, end = self._verdicts(), time.monotonic() + _PATIENCE
        self._save_atomically(file, data)
        while data not in self._tried and self._verdicts() == before:
            assert time.monotonic() < end
            time.sleep(0.01)
        self._tried.add(data)

    def _verdicts(self) -> set[tuple[str, int]]:
        files = (self.root.parent / "state/themes").glob("*.json")
        return {(file.name, file.stat().st_mtime_ns) for file in files}

    def fix_everything(self) -> None:
        if self._spoiled:
            self.retell()
        super().fix_everything()

    def _signed(self, name: str, comment: str) -> bytes:
        return (_OWN / name).read_bytes() + comment.format(self._word()).encode()

    def _count_articles(self) -> int:
        return sum(path.startswith("articles/") for path in self.files_on_disk)
