"""Active articles, which editions show: for each file its own article or its last valid version.

No two active articles have the same id or address. A file's candidate is the article that is active unless it loses a conflict
(see `candidate`). A claim is an id or address that an article has; it is disputed if several articles have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Final

from feedsvc.content.cache import Record
from feedsvc.content.folder import conflicts as claims
from feedsvc.content.folder.conflicts import ClaimKey
from feedsvc.content.reading import ParseResult
from feedsvc.errors import Problem
from feedsvc.model import Article

_NO_RESULT: Final = ParseResult(None, ())
_NO_ARTICLES: Final[Mapping[str, Article]] = {}
_id, _slug, _aliases = attrgetter("id"), attrgetter("slug"), attrgetter("aliases")

ArticleChange = tuple[Article | None, Article | None]


class ActiveArticles:
    """Active article of each file, updated from its record. Without conflicts, the cost grows with the changed files only."""

    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}
        self.conflicts: tuple[Problem, ...] = ()
        # Candidates that are not active. For all other paths the active article is the candidate.
        self._inactive_candidates: dict[str, Article | None] = {}
        self._claims = _ClaimIndex()

    @property
    def are_all_active(self) -> bool:
        """True if each file's candidate is active: its own article, or else its last valid version (see `candidate`)."""
        return not self._inactive_candidates

    def update(
        self, records: Mapping[str, Record], changed: Iterable[str], is_new: Callable[[str], bool] = lambda _: False
    ) -> dict[str, ArticleChange]:
        """Process the records of `changed` paths. Return the former and the new active article of each path where they differ.

        `is_new` returns whether a path's article was never active, although its record may already say so.
        """
        paths, before = tuple(changed), self._claims.disputed_keys()
        if not self.articles and not self._inactive_candidates and self._load_undisputed(paths, records):
            return {path: (None, article) for path, article in self.articles.items()}
        entered = self._update_claims(paths, records)
        now = self._claims.disputed_keys()
        if not now and not before:
            return self._activate({path: self._candidate(path) for path in paths})
        touched = {key for pair in entered for article in pair if article for key in claims.claim_keys(article)}
        if now == before and not touched & before:
            return self._activate({path: self._candidate(path) for path in paths})
        return self._resolve_conflicts(records, is_new)

    def _load_undisputed(self, paths: Iterable[str], records: Mapping[str, Record]) -> bool:
        """Activate the candidates of all paths and return True, unless two of them may claim the same id or address."""
        read = ((path, record) for path in paths if (record := records.get(path)))
        found = {path: article for path, record in read if (article := record.reading.article or record.good)}
        claims = _ClaimIndex(found)
        if not claims.are_disjoint(found):
            return False
        self._claims, self.articles = claims, found
        return True

    def _candidate(self, path: str) -> Article | None:
        return self._inactive_candidates[path] if path in self._inactive_candidates else self.articles.get(path)

    def _update_claims(self, paths: Iterable[str], records: Mapping[str, Record]) -> list[ArticleChange]:
        """Update the claims of these paths. Return the former and the new candidate of each."""
        entered: list[ArticleChange] = []
        for path in paths:
            record, old = records.get(path), self._candidate(path)
            new = (record.reading.article or record.good) if record else None
            entered.append((old, new))
            if old is new:
                continue
            if old:
                self._claims.remove(path, old)
            if new:
                self._claims.add(path, new)
            self._inactive_candidates[path] = new
        return entered

    def _resolve_conflicts(self, records: Mapping[str, Record], is_new: Callable[[str], bool]) -> dict[str, ArticleChange]:
        """Resolve all conflicts anew: a file whose article loses a conflict gets its last valid version instead.

        The file gets no active article if it has no last valid version, if `is_new(path)` (see `update`), or if that version
        conflicts with another article, too. Return the former and the new active article of each path where they differ.
        """
        paths = self.articles.keys() | self._inactive_candidates.keys()
        readings = {path: candidate(records.get(path)) for path in paths if self._candidate(path)}
        won, told = claims.resolve_conflicts(readings.values())
        winners = {article.path: readings[article.path] for article in won}
        lost = {path: records[path].last_valid for path in readings.keys() - winners.keys() if records[path].reading.article}
        former = {path: ParseResult(article, ()) for path, article in lost.items() if article and not is_new(path)}
        stand, _ = claims.resolve_conflicts([*winners.values(), *former.values()], former.keys())
        self.conflicts = tuple(problem for problem in told if problem.path in lost)
        now: dict[str, Article | None] = {article.path: article for article in stand}
        return self._activate({path: now.get(path) for path in paths})

    def _activate(self, now: Mapping[str, Article | None]) -> dict[str, ArticleChange]:
        for path, article in now.items():
            if (own := self._candidate(path)) is not article:
                self._inactive_candidates[path] = own
            else:
                self._inactive_candidates.pop(path, None)
        was = self.articles
        changes = {path: (old, new) for path, new in now.items() if (old := was.get(path)) is not new}
        for path, (_, new) in changes.items():
            if new:
                self.articles[path] = new
            else:
                del self.articles[path]
        return changes


class _ClaimIndex:
    """Index from each id and address to the path that has it, and from each disputed one to all paths that have it."""

    def __init__(self, alone: Mapping[str, Article] = _NO_ARTICLES) -> None:
        """Start with articles by path. The index is valid only if `are_disjoint` returns True for them."""
        self._holders: dict[str, dict[str, str]] = {
            "id": dict(zip(map(_id, alone.values()), alone, strict=True)),
            "address": dict(zip(map(_slug, alone.values()), alone, strict=True)),
        }
        self._disputed: dict[ClaimKey, set[str]] = {}

    def are_disjoint(self, alone: Mapping[str, Article]) -> bool:
        """Return whether no two of the initial articles share an id or slug and none has a former slug."""
        counts = {len(alone), *map(len, self._holders.values())}
        return len(counts) == 1 and not any(map(_aliases, alone.values()))

    def disputed_keys(self) -> frozenset[ClaimKey]:
        return frozenset(self._disputed)

    def add(self, path: str, article: Article) -> None:
        ids, addresses = self._holders["id"], self._holders["address"]
        alone = ids.setdefault(article.id, path) == path and addresses.setdefault(article.slug, path) == path
        if alone and not article.aliases:
            return
        for space, value in claims.claim_keys(article):
            holder = self._holders[space].setdefault(value, path)
            if holder != path:
                self._disputed.setdefault((space, value), {holder}).add(path)

    def remove(self, path: str, article: Article) -> None:
        for space, value in claims.claim_keys(article):
            left = self._disputed.get((space, value), set()) - {path}
            if left:
                self._holders[space][value] = min(left)
                self._disputed[space, value] = left
            else:
                del self._holders[space][value]
            if len(left) <= 1:
                self._disputed.pop((space, value), None)


def candidate(record: Record | None) -> ParseResult:
    """Return the result whose article is active unless it loses a conflict: the file's own article, or its last valid version."""
    if record is None:
        return _NO_RESULT
    return record.reading if record.reading.article else ParseResult(record.good, ())
