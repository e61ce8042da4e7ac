"""Active articles: the articles that snapshots contain, at most one for each file.

No two have the same id, guid or address. No two of one work (see `translations`) are in the same language.

A file's candidate is its own article, or its last valid version if the file is broken. It is active unless it loses a conflict
with another candidate; then the file's last valid version may be active instead. A claim is an id, guid or address (slug or
former slug) of a candidate. It is disputed if several candidates have it. The language of a work is disputed if several of the
work's candidates are in it, withdrawn ones not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Final

from feedsvc.content.cache import Record, RecordMap
from feedsvc.content.folder.conflicts import ClaimKey, claim_keys, resolve_conflicts
from feedsvc.content.folder.translations import WorkIndex, disputed_languages, find_conflicts
from feedsvc.content.reading import ParseResult
from feedsvc.errors import Problem
from feedsvc.model import Article

_NO_ARTICLES: Final[Mapping[str, Article]] = {}
_id, _slug = attrgetter("id"), attrgetter("slug")

ArticleChange = tuple[Article | None, Article | None]  # former and new article of a path; None for no article


class ActiveArticles:
    """Active article of each file that has one (`articles`, by path), and the problems of lost conflicts (`conflicts`).

    `update` changes both from records. Without conflicts, its cost grows with the changed files only.
    """

    def __init__(self) -> None:
        self.articles: dict[str, Article] = {}
        self.conflicts: tuple[Problem, ...] = ()
        # Candidates that are not active. For all other paths the active article is the candidate.
        self._inactive_candidates: dict[str, Article | None] = {}
        self._claims = _ClaimIndex()
        self._works = WorkIndex(self._candidates_with_id)
        # Path -> key of the language that other candidates of the same work are in, too.
        self._disputed_languages: dict[str, ClaimKey] = {}

    @property
    def are_all_active(self) -> bool:
        """True if each file's candidate is active, so that no article has lost a conflict."""
        return not self._inactive_candidates

    def update(
        self,
        records: RecordMap,
        changed: Iterable[str] | None,
        is_new: Callable[[str], bool] = lambda _: False,
    ) -> dict[str, ArticleChange]:
        """Update `articles` and `conflicts`.

        Return the changes of active articles, path -> (former article or None, new one or None). A path is in the result if the
        two are different objects. `records` has the records of all files by path, `changed` the paths of the changed, new and
        deleted files, None for all. Paths outside `changed` are in the result, too, if a conflict began or ended for them.
        `is_new` returns whether a path's article was never active, although its record may already state that it is: if that
        article loses a conflict, it is not used as last valid version.
        """
        changed_paths = None if changed is None else tuple(changed)
        if not self.articles and not self._inactive_candidates and self._load_undisputed(changed_paths, records):
            return {path: (None, article) for path, article in self.articles.items()}
        paths, disputed_before = tuple(records) if changed_paths is None else changed_paths, self._disputed_keys()
        # A last valid version in place of a loser is no candidate. A changed article may claim what it has.
        has_replacements = any(path in self.articles for path in self._inactive_candidates)
        changes = self._update_claims(paths, records)
        self._update_disputed_languages(changes)
        disputed = self._disputed_keys()
        if not disputed and not disputed_before:
            return self._activate({path: self._candidate(path) for path in paths})
        changed_keys = {key for change in changes for article in change if article for key in claim_keys(article)}
        changed_keys.update(key for path in paths if (key := self._disputed_languages.get(path)))
        if disputed == disputed_before and not has_replacements and not changed_keys & disputed_before:
            return self._activate({path: self._candidate(path) for path in paths})
        return self._resolve_conflicts(records, is_new)

    def _load_undisputed(self, paths: Collection[str] | None, records: RecordMap) -> bool:
        """Activate the candidates of these paths, of all for None, and return True, if no two are in conflict.

        Otherwise change nothing and return False; also if one has a former slug.
        """
        candidates = records.candidates()
        if paths is not None:
            candidates = {path: candidates[path] for path in paths if path in candidates}
        linked = [item for item in candidates.values() if item.guid or item.aliases or item.translation_of]
        if any(article.aliases for article in linked):
            return False
        claims, translations = _ClaimIndex(candidates, linked), [article for article in linked if article.translation_of]
        if not claims.are_disjoint or (translations and find_conflicts(candidates.values())):
            return False
        self._claims, self.articles = claims, candidates
        for article in translations:
            self._works.add(article)
        return True

    def _disputed_keys(self) -> frozenset[ClaimKey]:
        return self._claims.disputed_keys().union(self._disputed_languages.values())

    def _candidate(self, path: str) -> Article | None:
        """Return the candidate of a path as of the last update; None if there is none."""
        return self._inactive_candidates[path] if path in self._inactive_candidates else self.articles.get(path)

    def _candidates_with_id(self, id_: str) -> Iterator[Article]:
        candidates = map(self._candidate, self._claims.paths_with_id(id_))
        return (candidate for candidate in candidates if candidate and candidate.id == id_)

    def _update_claims(self, paths: Iterable[str], records: RecordMap) -> list[ArticleChange]:
        """Update candidates and claims of these paths.

        Return (former candidate, new candidate) of each path, even if they are equal.
        """
        changes: list[ArticleChange] = []
        for path in paths:
            old, new = self._candidate(path), records.candidate(path)
            changes.append((old, new))
            if old is new:
                continue
            if old:
                self._claims.remove(path, old)
                self._works.remove(old)
            if new:
                self._claims.add(path, new)
                self._works.add(new)
            self._inactive_candidates[path] = new
        return changes

    def _update_disputed_languages(self, changes: Iterable[ArticleChange]) -> None:
        """Find the disputed languages again in the works of changed candidates. `changes` is the result of `_update_claims`."""
        articles = [article for change in changes for article in change if article]
        for article in articles:
            self._disputed_languages.pop(article.path, None)
        members = filter(self._works.is_member, articles)
        for work in self._works.works(id_ for article in members for id_ in (article.id, article.translation_of) if id_):
            for article in work:
                self._disputed_languages.pop(article.path, None)
            for disputing in disputed_languages(work):
                paths = sorted(article.path for article in disputing)
                self._disputed_languages |= dict.fromkeys(paths, ("language", "\n".join(paths)))

    def _resolve_conflicts(self, records: RecordMap, is_new: Callable[[str], bool]) -> dict[str, ArticleChange]:
        """Resolve all conflicts again, and set `conflicts`. A file whose own article loses one gets its last valid version.

        The file gets no active article if it has no last valid version, if `is_new` returns True for its path (its article was
        never active), or if that version conflicts with another article, too. Return the changes of active articles by path.
        """
        paths = self.articles.keys() | self._inactive_candidates.keys()
        candidates = {path: candidate(record) for path, record in records.items() if self._candidate(path)}
        winners, problems = resolve_conflicts(candidates.values())
        winning_candidates = {article.path: candidates[article.path] for article in winners}
        losing_paths = {path for path in candidates.keys() - winning_candidates.keys() if records[path].reading.article}
        replacements = {
            path: ParseResult(article, ()) for path in losing_paths if (article := records[path].last_valid) and not is_new(path)
        }
        active, _ = resolve_conflicts([*winning_candidates.values(), *replacements.values()], replacements.keys())
        self.conflicts = tuple(problem for problem in problems if problem.path in losing_paths)
        active_by_path: dict[str, Article | None] = {article.path: article for article in active}
        return self._activate({path: active_by_path.get(path) for path in paths})

    def _activate(self, active: Mapping[str, Article | None]) -> dict[str, ArticleChange]:
        """Make the articles `active`, by path, the active ones of these paths; None for no article.

        Return the changes of active articles by path.
        """
        for path, article in active.items():
            if (path_candidate := self._candidate(path)) is not article:
                self._inactive_candidates[path] = path_candidate
            else:
                self._inactive_candidates.pop(path, None)
        before = self.articles
        changes = {path: (old, new) for path, new in active.items() if (old := before.get(path)) is not new}
        for path, (_, new) in changes.items():
            if new:
                self.articles[path] = new
            else:
                del self.articles[path]
        return changes


class _ClaimIndex:
    """Index of claims: from each id, guid and address to the path of a file that claims it, from each disputed one to all."""

    def __init__(self, articles: Mapping[str, Article] = _NO_ARTICLES, with_guids: Iterable[Article] = ()) -> None:
        """Start with `articles` by path, without former slugs. The index is valid only if `are_disjoint` is True.

        `with_guids` are those of them that have a guid, and any others of them.
        """
        guids = [(article.guid, article.path) for article in with_guids if article.guid]
        self._holders: dict[str, dict[str, str]] = {
            "id": {**dict(zip(map(_id, articles.values()), articles, strict=True)), **dict(guids)},
            "address": dict(zip(map(_slug, articles.values()), articles, strict=True)),
        }
        self._disputed: dict[ClaimKey, set[str]] = {}
        # True if no two articles of the start have one id, guid or slug.
        counts = len(self._holders["id"]) - len(guids), len(self._holders["address"])
        self.are_disjoint = counts == (len(articles), len(articles))

    def disputed_keys(self) -> frozenset[ClaimKey]:
        return frozenset(self._disputed)

    def paths_with_id(self, id_: str) -> Iterable[str]:
        """Return the paths of the candidates that have this text as their id or guid."""
        if paths := self._disputed.get(("id", id_)):
            return paths
        path = self._holders["id"].get(id_)
        return () if path is None else (path,)

    def add(self, path: str, article: Article) -> None:
        ids, addresses = self._holders["id"], self._holders["address"]
        is_only_holder = ids.setdefault(article.id, path) == path and addresses.setdefault(article.slug, path) == path
        if is_only_holder and not article.aliases and not article.guid:
            return
        for namespace, value in claim_keys(article):
            holder = self._holders[namespace].setdefault(value, path)
            if holder != path:
                self._disputed.setdefault((namespace, value), {holder}).add(path)

    def remove(self, path: str, article: Article) -> None:
        for namespace, value in claim_keys(article):
            other_holders = self._disputed.get((namespace, value), set()) - {path}
            if other_holders:
                self._holders[namespace][value] = min(other_holders)
                self._disputed[namespace, value] = other_holders
            else:
                del self._holders[namespace][value]
            if len(other_holders) <= 1:
                self._disputed.pop((namespace, value), None)


def candidate(record: Record) -> ParseResult:
    """Return a result with the candidate of a file: its own article, else its last valid version, else no article.

    In the last two cases, the result has no problems and positions.
    """
    return record.reading if record.reading.article else ParseResult(record.good, ())
