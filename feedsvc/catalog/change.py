"""Change of a catalog: the rows in which it differs from the one that it was updated from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Final, TypeVar

from feedsvc.catalog.languages import Languages
from feedsvc.catalog.listings import group_by_listing
from feedsvc.catalog.periodicals import IssueChange, with_issues
from feedsvc.catalog.row import IssueRow, Row, is_visible
from feedsvc.catalog.row_groups import RowGroups
from feedsvc.catalog.selections import Selections
from feedsvc.routes import ListingRef

_NO_SELECTIONS: Final = Selections()
_NO_ISSUES: Final = IssueChange()
_NO_LANGUAGES: Final = Languages({}, "")
_R = TypeVar("_R", bound=Row)


@dataclass(frozen=True)
class CatalogChange:
    """Rows of articles in which a catalog differs from the one that it was updated from, by article id.

    `removed` are rows of the former catalog, `added` are rows of the updated one. A row that was replaced by another object is
    in `removed`, and the other object in `added`. `selections` are those of the public custom feeds in both catalogs. `issues`
    are the issues of periodicals in which the catalogs differ. `languages` are those of the former catalog, `new_languages`
    those of the updated one.
    """

    removed: Mapping[str, Row]
    added: Mapping[str, Row]
    selections: Selections = field(default=_NO_SELECTIONS, repr=False, compare=False)
    issues: IssueChange = _NO_ISSUES
    languages: Languages = field(default=_NO_LANGUAGES, repr=False, compare=False)
    new_languages: Languages = field(default=_NO_LANGUAGES, repr=False, compare=False)

    @cached_property
    def rows_by_listing(self) -> Mapping[ListingRef, Sequence[Row]]:
        """Removed and then added rows by public listing; a row is in each of its listings.

        A periodical has its removed and added issues instead, newest first. The listings of languages that only one of the
        catalogs has are keys, too, even without such rows. A public listing that is no key is the same object in both catalogs.
        """
        before, now = self.languages.tags, self.new_languages.tags
        changed_languages = {ListingRef("language", tag): () for tag in sorted(before ^ now)}
        rows = (*self.removed.values(), *self.added.values())
        grouped = group_by_listing(RowGroups(rows), self.selections, self.new_languages.with_tags(before | now))
        issues = chain(self.issues.removed.values(), self.issues.added.values())
        return with_issues({**changed_languages, **grouped}, self.selections.periodicals, issues)

    @property
    def hidden_ids(self) -> frozenset[str]:
        """Ids of the articles that were visible and have no row any more, such as deleted and rescheduled ones."""
        return frozenset(id_ for id_, row in self.removed.items() if is_visible(row) and id_ not in self.added)

    @property
    def inverse(self) -> CatalogChange:
        """The change from the updated catalog back to the former one."""
        issues = IssueChange(removed=self.issues.added, added=self.issues.removed)
        return CatalogChange(self.added, self.removed, self.selections, issues, self.new_languages, self.languages)

    def followed_by(self, later: CatalogChange) -> CatalogChange:
        """Return this change and the next one, `later`, as one change, without rows that only the catalog between them had."""
        removed, added = _join((self.removed, self.added), (later.removed, later.added))
        issues: tuple[dict[str, IssueRow], dict[str, IssueRow]] = _join(
            (self.issues.removed, self.issues.added), (later.issues.removed, later.issues.added)
        )
        issue_change = IssueChange(removed=issues[0], added=issues[1])
        return CatalogChange(removed, added, later.selections, issue_change, self.languages, later.new_languages)


def _join(
    first: tuple[Mapping[str, _R], Mapping[str, _R]], later: tuple[Mapping[str, _R], Mapping[str, _R]]
) -> tuple[dict[str, _R], dict[str, _R]]:
    """Return two successive changes as one. Each is (removed, added), rows by article id.

    A row that `first` added and `later` removed is left out.
    """
    removed = {id_: row for id_, row in later[0].items() if id_ not in first[1]}
    added = {id_: row for id_, row in first[1].items() if id_ not in later[0]}
    return {**removed, **first[0]}, {**added, **later[1]}


@dataclass(slots=True, eq=False)
class EditionLink:
    """Link from an edition to the `next` one; `change` and `next` are None for the newest edition.

    `change` is the change of the catalog from this edition to the next, None if unknown. The link holds no catalog, so that an
    edition that is still in use keeps only the changed rows of later editions alive.
    """

    change: CatalogChange | None = None
    next: EditionLink | None = None

    def change_until(self, later: EditionLink) -> CatalogChange | None:
        """Return the change from this edition to `later`, empty for this edition itself.

        None if a change between them is unknown, or if `later` is no later edition of this one.
        """
        change: CatalogChange | None = None
        link = self
        while link is not later:
            if link.next is None or link.change is None:
                return None
            change, link = change.followed_by(link.change) if change else link.change, link.next
        return change or CatalogChange({}, {})
