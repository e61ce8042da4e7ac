"""The table of reads for who starts a server: opened on first use, since its library is larger than what answers a feed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from feedsvc.audience.tally import Key

if TYPE_CHECKING:
    from feedsvc.audience.store import Views


class Store(Protocol):
    """What a counter needs of `feedsvc.audience.store.Views`, and as told there."""

    @property
    def writer(self) -> str: ...
    def add(self, reads: Mapping[Key, int], batch: int | None = None, *, writer: str = "") -> Mapping[Key, str]: ...
    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]: ...


class Later:
    """`Views` in a file of SQLite. To be used by one thread at a time."""

    def __init__(self, where: Path) -> None:
        self._where = where

    @cached_property
    def _views(self) -> Views:
        from feedsvc.audience.store import Views  # noqa: PLC0415 - SQLAlchemy with it

        return Views(self._where)

    @property
    def writer(self) -> str:
        return self._views.writer

    def add(self, reads: Mapping[Key, int], batch: int | None = None, *, writer: str = "") -> Mapping[Key, str]:
        return self._views.add(reads, batch, writer=writer)

    def totals(self, article_ids: Collection[str]) -> Mapping[str, int]:
        return self._views.totals(article_ids)

    def close(self) -> None:
        if "_views" in self.__dict__:
            self._views.close()
