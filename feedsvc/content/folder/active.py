"""Which article of each file is in force: what the file holds, or its last valid version; never two with one address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Final

from feedsvc.content.cache.record import Record
from feedsvc.content.folder import conflicts as claims
from feedsvc.content.folder.conflicts import Key
from feedsvc.content.reading.article import Reading
from feedsvc.errors import Problem
from feedsvc.model import Article

_NOTHING: Final = Reading(None, ())
_NOBODY: Final[Mapping[str, Article]] = {}
_id, _slug, _aliases = attrgetter("id"), attrgetter("slug"), attrgetter("aliases")

Change = tuple[Article | None, Article | None]


class Standing:
    """Follows the records. Without a dispute the price is that of the files that changed."""

    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}
        self.disputes: tuple[Problem, ...] = ()
        # Candidates that do not stand; of all others what stands is the candidate.
        self._aside: dict[str, Article | None] = {}
        self._claims = _Claims()

    @property
    def are_all_in_force(self) -> bool:
        """Whether what stands of each file is what it would put into force."""
        return not self._aside

    def update(
        self, records: Mapping[str, Record], changed: Iterable[str], is_new: Callable[[str], bool] = lambda _: False
    ) -> dict[str, Change]:
        """Take in what changed; path -> the article that stood there and the one that does now, where they differ.

        `is_new` tells of a file that never stood, though its record is that of one which is going to.
        """
        paths, before = tuple(changed), self._claims.disputed()
        if not self.articles and not self._aside and self._begin(paths, records):
            return {path: (None, article) for path, article in self.articles.items()}
        entered = self._enter(paths, records)
        now = self._claims.disputed()
        if not now and not before:
            return self._stand({path: self._candidate(path) for path in paths})
        touched = {key for pair in entered for article in pair if article for key in claims.each(article)}
        if now == before and not touched & before:
            return self._stand({path: self._candidate(path) for path in paths})
        return self._settle(records, is_new)

    def _begin(self, paths: Iterable[str], records: Mapping[str, Record]) -> bool:
        """Take in all there is at once, where it is plain that no two of it claim the same."""
        read = ((path, record) for path in paths if (record := records.get(path)))
        found = {path: article for path, record in read if (article := record.reading.article or record.good)}
        claims = _Claims(found)
        if not claims.are_apart(found):
            return False
        self._claims, self.articles = claims, found
        return True

    def _candidate(self, path: str) -> Article | None:
        return self._aside[path] if path in self._aside else self.articles.get(path)

    def _enter(self, paths: Iterable[str], records: Mapping[str, Record]) -> list[Change]:
        """Note what files lay claim to; what each held and holds."""
        entered: list[Change] = []
        for path in paths:
            record, old = records.get(path), self._candidate(path)
            new = (record.reading.article or record.good) if record else None
            entered.append((old, new))
            if old is new:
                continue
            if old:
                self._claims.release(path, old)
            if new:
                self._claims.lay(path, new)
            self._aside[path] = new
        return entered

    def _settle(self, records: Mapping[str, Record], is_new: Callable[[str], bool]) -> dict[str, Change]:
        """Whoever loses a claim stands as he last did, if that takes nothing from anybody."""
        paths = self.articles.keys() | self._aside.keys()
        readings = {path: candidate(records.get(path)) for path in paths if self._candidate(path)}
        won, told = claims.settle(readings.values())
        winners = {article.path: readings[article.path] for article in won}
        lost = {path: records[path].last for path in readings.keys() - winners.keys() if records[path].reading.article}
        former = {path: Reading(article, ()) for path, article in lost.items() if article and not is_new(path)}
        stand, _ = claims.settle([*winners.values(), *former.values()], former.keys())
        self.disputes = tuple(problem for problem in told if problem.path in lost)
        now: dict[str, Article | None] = {article.path: article for article in stand}
        return self._stand({path: now.get(path) for path in paths})

    def _stand(self, now: Mapping[str, Article | None]) -> dict[str, Change]:
        for path, article in now.items():
            if (own := self._candidate(path)) is not article:
                self._aside[path] = own
            else:
                self._aside.pop(path, None)
        was = self.articles
        changes = {path: (old, new) for path, new in now.items() if (old := was.get(path)) is not new}
        for path, (_, new) in changes.items():
            if new:
                self.articles[path] = new
            else:
                del self.articles[path]
        return changes


class _Claims:
    """Who claims what: most often one path does, and only where several do they are listed."""

    def __init__(self, alone: Mapping[str, Article] = _NOBODY) -> None:
        """`alone` are articles, by their paths, that `are_apart`."""
        self._holders: dict[str, dict[str, str]] = {
            "id": dict(zip(map(_id, alone.values()), alone, strict=True)),
            "address": dict(zip(map(_slug, alone.values()), alone, strict=True)),
        }
        self._several: dict[Key, set[str]] = {}

    def are_apart(self, alone: Mapping[str, Article]) -> bool:
        """Whether no two of the articles claim the same and none claims a former address."""
        counts = {len(alone), *map(len, self._holders.values())}
        return len(counts) == 1 and not any(map(_aliases, alone.values()))

    def disputed(self) -> frozenset[Key]:
        return frozenset(self._several)

    def lay(self, path: str, article: Article) -> None:
        ids, addresses = self._holders["id"], self._holders["address"]
        alone = ids.setdefault(article.id, path) == path and addresses.setdefault(article.slug, path) == path
        if alone and not article.aliases:
            return
        for space, value in claims.each(article):
            holder = self._holders[space].setdefault(value, path)
            if holder != path:
                self._several.setdefault((space, value), {holder}).add(path)

    def release(self, path: str, article: Article) -> None:
        for space, value in claims.each(article):
            left = self._several.get((space, value), set()) - {path}
            if left:
                self._holders[space][value] = min(left)
                self._several[space, value] = left
            else:
                del self._holders[space][value]
            if len(left) <= 1:
                self._several.pop((space, value), None)


def candidate(record: Record | None) -> Reading:
    """What a file would put into force: its own article, else its last valid one."""
    if record is None:
        return _NOTHING
    return record.reading if record.reading.article else Reading(record.good, ())
