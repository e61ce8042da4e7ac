"""Active articles: the articles that snapshots contain, at most one for each file.

No two have the same id, guid or address. No two of one work (see `translations`) are in the same language.

A file's candidate is its own article, or its last valid version if the file is broken. It is active unless it loses a conflict
with another candidate; then the file's last valid version may be active instead. A claim is an id, guid or address (slug or
former slug) of a candidate. It is disputed if several candidates have it. The language of a work is disputed if several of the
work's candidates are in it, withdrawn ones not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from feedsvc.content.folder.conflicts import ClaimKey, claim_keys, resolve_conflicts
from feedsvc.content.folder.translations import WorkIndex, disputed_languages, find_conflicts
from feedsvc.content.reading.article import ParseResult
from feedsvc.content.store import Record
from feedsvc.errors import Problem
from feedsvc.model import Article
from feedsvc.support.mapping import with_changes

ArticleChange = tuple[Article | None, Article | None]  # former and new article of a path; None for no article


def _is_never_new(_path: str) -> bool:
    return False


class ClaimIndex:
    """Index of claims: from each id, guid and address to the path of a file that claims it, from each disputed one to all."""

    def __init__(self, articles: Sequence[Article] = ()) -> None:
        """Start with `articles` of different files."""
        ids = {article.id: article.path for article in articles}
        addresses = {article.slug: article.path for article in articles}
        is_disputed = not len(ids) == len(addresses) == len(articles)
        self._holders: dict[str, dict[str, str]] = {"id": {}, "address": {}} if is_disputed else {"id": ids, "address": addresses}
        self._disputed: dict[ClaimKey, set[str]] = {}
        for article in articles:
            if is_disputed or article.aliases or article.guid:
                self.add(article.path, article)

    def disputed_keys(self) -> frozenset[ClaimKey]:
        return frozenset(self._disputed)

    def disputing_paths(self) -> set[str]:
        """Return the paths of all candidates that claim a disputed value."""
        return set().union(*self._disputed.values())

    def paths_with(self, key: ClaimKey) -> Collection[str]:
        """Return the paths of the candidates that claim a value."""
        namespace, value = key
        if paths := self._disputed.get(key):
            return paths
        path = self._holders[namespace].get(value)
        return () if path is None else (path,)

    def paths_with_claims_of(self, article: Article) -> Iterator[str]:
        """Yield the path of each candidate that claims a value that this article claims; a path may occur several times."""
        for key in claim_keys(article):
            yield from self.paths_with(key)

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


class ActiveArticles:
    """Active article of each file that has one (`articles`, by path), and the problems of lost conflicts (`conflicts`).

    `update` changes both from records. Without conflicts, its cost grows with the changed files only.
    """

    def __init__(self, records: Mapping[str, Record]) -> None:
        """Start with these records of an earlier run, each of which states whether its own article was active."""
        self.articles: dict[str, Article] = {}
        self.conflicts: tuple[Problem, ...] = ()
        # Candidates that are not active. For all other paths the active article is the candidate.
        self._inactive_candidates: dict[str, Article | None] = {}
        self._claims, self._works = ClaimIndex(), WorkIndex(self._candidates_with_id)
        # Path -> key of the language that other candidates of the same work are in, too.
        self._disputed_languages: dict[str, ClaimKey] = {}
        if not self._load_undisputed(_candidates(records)):
            self._apply_changes(tuple(records), records)

    @property
    def are_all_active(self) -> bool:
        """True if each file's candidate is active, so that no article has lost a conflict."""
        return not self._inactive_candidates

    def update(
        self,
        records: Mapping[str, Record],
        changed: Iterable[str],
        is_new: Callable[[str], bool] = _is_never_new,
    ) -> dict[str, ArticleChange]:
        """Update `articles` and `conflicts`.

        Return the changes of active articles, path -> (former article or None, new one or None). A path is in the result if the
        two are different objects. `records` has the records of all files by path, `changed` the paths of the changed, new and
        deleted files. Paths outside `changed` are in the result, too, if a conflict began or ended for them.
        `is_new` returns whether a path's article was never active, although its record may already state that it is: if that
        article loses a conflict, it is not used as last valid version.
        """
        if not self.articles and not self._inactive_candidates:
            candidates = _candidates(records)  # all are of changed paths
            if self._load_undisputed(candidates):
                return {article.path: (None, article) for article in candidates}
        return self._apply_changes(tuple(changed), records, is_new)

    def _apply_changes(
        self, paths: Sequence[str], records: Mapping[str, Record], is_new: Callable[[str], bool] = _is_never_new
    ) -> dict[str, ArticleChange]:
        """Do what `update` does for changed paths, also if there are articles already."""
        disputed_before = self._disputed_keys()
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

    def _load_undisputed(self, candidates: Sequence[Article]) -> bool:
        """Activate these candidates of different files, and return True, if no two are in conflict.

        Otherwise change nothing and return False.
        """
        claims, translations = ClaimIndex(candidates), [article for article in candidates if article.translation_of]
        if claims.disputed_keys() or (translations and find_conflicts(candidates)):
            return False
        self._claims, self.articles = claims, {article.path: article for article in candidates}
        for article in translations:
            self._works.add(article)
        return True

    def _disputed_keys(self) -> frozenset[ClaimKey]:
        return self._claims.disputed_keys().union(self._disputed_languages.values())

    def _candidate(self, path: str) -> Article | None:
        """Return the candidate of a path as of the last update; None if there is none."""
        return self._inactive_candidates[path] if path in self._inactive_candidates else self.articles.get(path)

    def _candidates_with_id(self, id_: str) -> Iterator[Article]:
        candidates = map(self._candidate, self._claims.paths_with(("id", id_)))
        return (candidate for candidate in candidates if candidate and candidate.id == id_)

    def _update_claims(self, paths: Iterable[str], records: Mapping[str, Record]) -> list[ArticleChange]:
        """Update candidates and claims of these paths.

        Return (former candidate, new candidate) of each path, even if they are equal.
        """
        changes: list[ArticleChange] = []
        for path in paths:
            record = records.get(path)
            old, new = self._candidate(path), record.candidate if record else None
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

    def _resolve_conflicts(self, records: Mapping[str, Record], is_new: Callable[[str], bool]) -> dict[str, ArticleChange]:
        """Resolve all conflicts again, and set `conflicts`. A file whose own article loses one gets its last valid version.

        The file gets no active article if it has no last valid version, if `is_new` returns True for its path (its article was
        never active), or if that version conflicts with another article, too. Return the changes of active articles by path.
        """
        disputing = self._disputing_paths()
        candidates = {path: candidate(records[path]) for path in disputing}
        winners, problems = resolve_conflicts(candidates.values())
        active: dict[str, Article | None] = {**dict.fromkeys(disputing), **{article.path: article for article in winners}}
        losing_paths = {path for path, article in active.items() if not article and records[path].reading.article}
        replacements = [article for path in losing_paths if (article := records[path].last_valid) and not is_new(path)]
        active |= self._undisputed(replacements, active)
        self.conflicts = tuple(problem for problem in problems if problem.path in losing_paths)
        # All other candidates are active. Those that were not until now have an entry in `_inactive_candidates`.
        return self._activate({path: self._candidate(path) for path in self._inactive_candidates} | active)

    def _disputing_paths(self) -> set[str]:
        """Return the paths of candidates that claim a disputed value, and of all members of works with a disputed language."""
        members = self._members_of_works(filter(None, map(self._candidate, self._disputed_languages)))
        return self._claims.disputing_paths() | {article.path for article in members}

    def _members_of_works(self, articles: Iterable[Article]) -> Iterator[Article]:
        """Return the candidates in the works of these articles, which need not be candidates."""
        ids = (id_ for item in articles for id_ in (item.id, item.translation_of) if id_)
        return chain.from_iterable(self._works.works(ids))

    def _undisputed(self, replacements: Sequence[Article], active: Mapping[str, Article | None]) -> dict[str, Article]:
        """Return those of `replacements`, by path, that are in no conflict with an active article or with each other.

        `active` has the active articles of the paths in dispute; of all other paths, the candidate is active.
        """
        paths = {path for article in replacements for path in self._claims.paths_with_claims_of(article)}
        paths |= {article.path for article in self._members_of_works(replacements)}
        rivals = [*filter(None, (active[path] if path in active else self._candidate(path) for path in paths))]
        claimed = {key for article in rivals for key in claim_keys(article)}
        free = {article.path: article for article in replacements if claimed.isdisjoint(claim_keys(article))}
        winners, _ = resolve_conflicts([ParseResult(article, ()) for article in (*rivals, *free.values())], free.keys())
        return {article.path: article for article in winners if article.path in free}

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
        if changes:
            self.articles = with_changes(before, changes, {path: new for path, (_, new) in changes.items() if new})
        return changes


def candidate(record: Record) -> ParseResult:
    """Return a result with the candidate of a file: its own article, else its last valid version, else no article.

    In the last two cases, the result has no problems and positions.
    """
    return record.reading if record.reading.article else ParseResult(record.last_active, ())


def _candidates(records: Mapping[str, Record]) -> list[Article]:
    return [article for record in records.values() if (article := record.candidate)]
