"""Conflicts of one article or page: keys that changed both in its file and at the source, and the decisions about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple

from feedsvc.importing.writer.draft_dates import PUBLISHED, STATUS
from feedsvc.importing.writer.merge import MergeOutcome
from feedsvc.importing.writer.report import MergeConflict
from feedsvc.importing.writer.values import ArticleValues


class ConflictChoice(Enum):
    """Choice about one conflict. With SOURCE, the file gets the source's value. With MINE and LATER, the file stays.

    After MINE, the conflict is settled; after LATER, the next import lists it again.
    """

    MINE = "mine"
    SOURCE = "source"
    LATER = "later"


_OUTCOMES: Final = {
    ConflictChoice.MINE: MergeOutcome.EQUAL,
    ConflictChoice.SOURCE: MergeOutcome.TAKE,
    ConflictChoice.LATER: MergeOutcome.CONFLICT,
}


def keep_for_later(_conflict: MergeConflict) -> ConflictChoice:
    """Return LATER for every conflict."""
    return ConflictChoice.LATER


class Decisions(NamedTuple):
    """Outcomes by key after all choices, and the conflicts that are still open."""

    outcomes: dict[str, MergeOutcome]
    conflicts: list[MergeConflict]


def decide_conflicts(
    path: str,
    outcomes: Mapping[str, MergeOutcome],
    mine: ArticleValues,
    theirs: ArticleValues,
    decide: Callable[[MergeConflict], ConflictChoice],
) -> Decisions:
    """Ask `decide` about each conflict among the outcomes by key of the file at `path`, and return the decisions.

    Date and status of a draft that would become public are decided together: as long as one of them is open, both are.
    """
    conflicts = {
        key: MergeConflict(path, key, _shown(key, mine), _shown(key, theirs))
        for key, outcome in outcomes.items()
        if outcome is MergeOutcome.CONFLICT
    }
    decisions = dict(outcomes)
    is_pair = {PUBLISHED, STATUS} <= {*conflicts}
    for key, conflict in conflicts.items():
        is_waiting = is_pair and key == STATUS and decisions[PUBLISHED] is MergeOutcome.CONFLICT
        decisions[key] = MergeOutcome.CONFLICT if is_waiting else _OUTCOMES[decide(conflict)]
    if is_pair and decisions[STATUS] is MergeOutcome.CONFLICT:
        decisions[PUBLISHED] = MergeOutcome.CONFLICT
    return Decisions(decisions, [conflict for key, conflict in conflicts.items() if decisions[key] is MergeOutcome.CONFLICT])


def _shown(key: str, values: ArticleValues) -> Any:
    """Return the value of a key as a conflict shows it. An article without status is published."""
    return values.get(key, "published" if key == STATUS else None)
