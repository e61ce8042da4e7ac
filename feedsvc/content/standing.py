"""Which article of each file is in force: what the file holds, or its last valid version; never two with one address."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from feedsvc.content import claims
from feedsvc.content.reader import Reading
from feedsvc.content.records import Record
from feedsvc.errors import Problem
from feedsvc.model import Article

_NOTHING: Final = Reading(None, (), {})


class Standing:
    """Follows the records. Without a dispute the price is that of the files that changed."""

    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}
        self.disputes: tuple[Problem, ...] = ()
        self._candidates: dict[str, Reading] = {}
        self._claimants: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._disputed: set[tuple[str, str]] = set()

    def update(self, records: Mapping[str, Record], changed: Iterable[str]) -> dict[str, tuple[Article | None, Article | None]]:
        """Take in what changed; path -> the article that stood there and the one that does now, where they differ."""
        before = self._disputed.copy()
        touched = {path: self._enter(path, records.get(path)) for path in changed}
        if not self._disputed and not before:
            return self._stand({path: self._candidates.get(path, _NOTHING).article for path in touched})
        if before == self._disputed and not any(keys & before for keys in touched.values()):
            return self._stand({path: self._candidates.get(path, _NOTHING).article for path in touched})
        return self._settle(records)

    def _enter(self, path: str, record: Record | None) -> set[tuple[str, str]]:
        """Note what a file lays claim to; everything that it did or does."""
        old, new = self._candidates.pop(path, _NOTHING), _candidate(record)
        released = claims.keys(old.article) if old.article else frozenset()
        claimed = claims.keys(new.article) if new.article else frozenset()
        for key in released:
            self._claimants[key].discard(path)
        for key in claimed:
            self._claimants[key].add(path)
        if new.article:
            self._candidates[path] = new
        for key in released | claimed:
            self._note(key)
        return set(released | claimed)

    def _note(self, key: tuple[str, str]) -> None:
        several = len(self._claimants[key])
        if not several:
            del self._claimants[key]
        (self._disputed.add if several > 1 else self._disputed.discard)(key)

    def _settle(self, records: Mapping[str, Record]) -> dict[str, tuple[Article | None, Article | None]]:
        """Whoever loses a claim stands as he last did, if that takes nothing from anybody."""
        won, told = claims.settle(self._candidates.values())
        winners = {article.path: self._candidates[article.path] for article in won}
        lost = {path: records[path].last for path in self._candidates.keys() - winners.keys() if records[path].reading.article}
        former = {path: Reading(article, (), {}) for path, article in lost.items() if article}
        stand, _ = claims.settle([*winners.values(), *former.values()], former.keys())
        self.disputes = tuple(problem for problem in told if problem.path in lost)
        now: dict[str, Article | None] = {article.path: article for article in stand}
        return self._stand({path: now.get(path) for path in self.articles.keys() | self._candidates.keys()})

    def _stand(self, now: Mapping[str, Article | None]) -> dict[str, tuple[Article | None, Article | None]]:
        changes = {path: (self.articles.get(path), article) for path, article in now.items()}
        changes = {path: (old, new) for path, (old, new) in changes.items() if old is not new}
        for path, (_, new) in changes.items():
            if new:
                self.articles[path] = new
            else:
                del self.articles[path]
        return changes


def _candidate(record: Record | None) -> Reading:
    if record is None:
        return _NOTHING
    return record.reading if record.reading.article else Reading(record.good, (), {})
