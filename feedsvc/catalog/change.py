"""Change of a catalog: the rows in which it differs from the one that it was updated from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Final, TypeVar

from feedsvc.catalog.listings import group_by_listing
from feedsvc.catalog.periodicals import IssueChange, with_issues
from feedsvc.catalog.row import IssueRow, Row
from feedsvc.catalog.selections import Selections
from feedsvc.routes import ListingRef

_NO_SELECTIONS: Final = Selections()
_NO_ISSUES: Final = IssueChange()
_R = TypeVar("_R", bound=Row)


@dataclass(frozen=True)
class CatalogChange:
    """Rows in which a catalog differs from the one that it was updated from, by article id.

    `removed` are rows of the former catalog, `added` are rows of the updated one. A row that was replaced by another object is
    in `removed`, and the other object in `added`. `selections` are those of both catalogs. `issues` are the issues of digest
    feeds in which the catalogs differ.
    """

    removed: Mapping[str, Row]
    added: Mapping[str, Row]
    selections: Selections = field(default=_NO_SELECTIONS, repr=False, compare=False)
    issues: IssueChange = _NO_ISSUES

    @cached_property
    def rows_by_listing(self) -> Mapping[ListingRef, Sequence[Row]]:
        """Removed and added rows by listing; a row is in each of its listings. Those of a digest feed are issues.

        Listings without any are the same objects in both catalogs.
        """
        grouped = group_by_listing((*self.removed.values(), *self.added.values()), self.selections)
        issues = chain(self.issues.removed.values(), self.issues.added.values())
        return with_issues(grouped, self.selections.periodicals, issues)

    @property
    def inverse(self) -> CatalogChange:
        """The change from the updated catalog back to the former one."""
        issues = IssueChange(removed=self.issues.added, added=self.issues.removed)
        return CatalogChange(self.added, self.removed, self.selections, issues)

    def followed_by(self, later: CatalogChange) -> CatalogChange:
        """Return this change and the next one, `later`, as one change."""
        removed, added = _join((self.removed, self.added), (later.removed, later.added))
        issues: tuple[dict[str, IssueRow], dict[str, IssueRow]] = _join(
            (self.issues.removed, self.issues.added), (later.issues.removed, later.issues.added)
        )
        return CatalogChange(removed, added, later.selections, IssueChange(removed=issues[0], added=issues[1]))


def _join(
    first: tuple[Mapping[str, _R], Mapping[str, _R]], later: tuple[Mapping[str, _R], Mapping[str, _R]]
) -> tuple[dict[str, _R], dict[str, _R]]:
    """Return the removed and the added rows of two successive changes, each given as (removed, added)."""
    removed = {id_: row for id_, row in later[0].items() if id_ not in first[1]}
    added = {id_: row for id_, row in first[1].items() if id_ not in later[0]}
    return {**removed, **first[0]}, {**added, **later[1]}
