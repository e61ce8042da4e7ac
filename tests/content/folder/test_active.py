"""Conflicts are resolved among the files in dispute only, with the result of a resolution among all files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random

import pytest

from feedsvc.content.folder.active import ActiveArticles, ArticleChange, candidate
from feedsvc.content.folder.conflicts import claim_keys, resolve_conflicts
from feedsvc.content.reading.article import ParseResult
from feedsvc.content.store import Record
from feedsvc.errors import Problem
from feedsvc.model import Article, ArticleStatus

PATHS = [f"articles/{name}.yaml" for name in "abcdefg"]
NAMES = "abcdefghijk"


class CompleteResolution(ActiveArticles):
    """Active articles whose conflicts are resolved among all candidates."""

    def _load_undisputed(self, *_: object) -> bool:
        return False

    def _resolve_conflicts(self, records: Mapping[str, Record], is_new: Callable[[str], bool]) -> dict[str, ArticleChange]:
        paths = self.articles.keys() | self._inactive_candidates.keys()
        candidates = {path: candidate(records[path]) for path in paths if self._candidate(path)}
        winners, problems = resolve_conflicts(candidates.values())
        winning = {article.path: candidates[article.path] for article in winners}
        losing_paths = {path for path in candidates.keys() - winning.keys() if records[path].reading.article}
        claimed = {key for article in winners for key in claim_keys(article)}
        last_valid = {path: article for path in losing_paths if (article := records[path].last_valid) and not is_new(path)}
        replacements = {
            path: ParseResult(article, ()) for path, article in last_valid.items() if claimed.isdisjoint(claim_keys(article))
        }
        active, _ = resolve_conflicts([*winning.values(), *replacements.values()], replacements.keys())
        self.conflicts = tuple(problem for problem in problems if problem.path in losing_paths)
        by_path: dict[str, Article | None] = {article.path: article for article in active}
        return self._activate({path: by_path.get(path) for path in paths})


def random_article(path: str, random: Random) -> Article:
    """Return an article that probably claims what others claim, or translates one of them."""
    own, share = path[9], random.choice((0.05, 0.3))

    def name() -> str:
        return random.choice(NAMES) if random.random() < share else own

    slug = name()
    moment = datetime(2026, 1, random.randrange(1, 9), tzinfo=UTC)
    id_, guid, target = f"id:{name()}", f"id:{random.choice(NAMES)}", f"id:{random.choice(NAMES)}"
    return Article(
        path=path,
        id=id_,
        slug=slug,
        title=str(random.random()),
        published=moment,
        updated=moment,
        guid=guid if random.random() < share and guid != id_ else "",
        aliases=tuple(sorted({random.choice(NAMES) for _ in range(2)} - {slug})) if random.random() < share else (),
        translation_of=target if random.random() < share * 2 and target != id_ else "",
        language=random.choice(("", "ko", "ja")),
        status=random.choice((ArticleStatus.PUBLISHED, ArticleStatus.PUBLISHED, ArticleStatus.DRAFT, ArticleStatus.WITHDRAWN)),
    )


def random_record(path: str, random: Random, previous: Record | None) -> Record:
    is_broken = random.random() < 0.15
    problems = (Problem(path=path, message="a fault"),) if is_broken else ()
    reading = ParseResult(None if is_broken else random_article(path, random), problems, positions=(1, 2, 3, 4))
    return Record(signature=b"1", digest=b"1", reading=reading, last_active=previous.last_valid if previous else None)


def update_states(records: dict[str, Record], active: ActiveArticles, new: set[str]) -> None:
    for path, record in records.items():
        is_active = record.reading.article is not None and active.articles.get(path) is record.reading.article
        if not is_active and path in new:
            records[path] = record.as_never_active()
        else:
            records[path] = record.with_active_state(is_active=is_active)


@pytest.mark.parametrize("seed", range(40))
def test_conflicts_are_resolved_as_among_all_files(seed: int) -> None:
    random = Random(seed)
    active, complete = ActiveArticles({}), CompleteResolution({})
    restarted: list[ActiveArticles] = []  # from a state without conflicts
    records: dict[str, Record] = {}
    for step in range(40):
        changed = random.sample(PATHS, random.choice((1, 1, 2, 5) if step else (5, 7)))
        new = {path for path in changed if path not in records}
        for path in changed:
            if random.random() < 0.15:
                records.pop(path, None)
            else:
                records[path] = random_record(path, random, records.get(path))
        expected = active.update(records, changed, new.__contains__)
        for item in (complete, *restarted):
            assert item.update(records, changed, new.__contains__) == expected
            assert item.articles == active.articles
            assert item.conflicts == active.conflicts
            assert item.are_all_active == active.are_all_active
        update_states(records, active, new)
        loaded, completely_loaded = ActiveArticles(records), CompleteResolution(records)
        assert loaded.articles == completely_loaded.articles
        assert loaded.conflicts == completely_loaded.conflicts
        restarted = [ActiveArticles(records)] if active.are_all_active else []
