"""Change of a catalog: the rows in which it differs from the one that it was updated from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from feedsvc.catalog.languages import Languages
from feedsvc.catalog.listings import group_by_listing
from feedsvc.catalog.row import Row
from feedsvc.catalog.selections import Selections
from feedsvc.routes import ListingRef

_NO_SELECTIONS: Final = Selections()
_NO_LANGUAGES: Final = Languages({}, "")


@dataclass(frozen=True)
class CatalogChange:
    """Rows in which a catalog differs from the one that it was updated from, by article id.

    `removed` are rows of the former catalog, `added` are rows of the updated one. A row that was replaced by another object is
    in `removed`, and the other object in `added`. `selections` are those of both catalogs, `languages` those of the former one,
    and `new_languages` those of the updated one.
    """

    removed: Mapping[str, Row]
    added: Mapping[str, Row]
    selections: Selections = field(default=_NO_SELECTIONS, repr=False, compare=False)
    languages: Languages = field(default=_NO_LANGUAGES, repr=False, compare=False)
    new_languages: Languages = field(default=_NO_LANGUAGES, repr=False, compare=False)

    @cached_property
    def rows_by_listing(self) -> Mapping[ListingRef, Sequence[Row]]:
        """Removed and added rows by listing; a row is in each of its listings.

        Listings of languages that only one catalog has are there, too, also without any of the rows. All other listings are the
        same objects in both catalogs.
        """
        before, now = self.languages.tags, self.new_languages.tags
        rows = (*self.removed.values(), *self.added.values())
        changed = {ListingRef("language", tag): () for tag in sorted(before ^ now)}
        return {**changed, **group_by_listing(rows, self.selections, self.new_languages.with_tags(before | now))}

    @property
    def inverse(self) -> CatalogChange:
        """The change from the updated catalog back to the former one."""
        return CatalogChange(self.added, self.removed, self.selections, self.new_languages, self.languages)

    def followed_by(self, later: CatalogChange) -> CatalogChange:
        """Return this change and the next one, `later`, as one change."""
        removed = {id_: row for id_, row in later.removed.items() if id_ not in self.added}
        added = {id_: row for id_, row in self.added.items() if id_ not in later.removed}
        languages = self.languages, later.new_languages
        return CatalogChange({**removed, **self.removed}, {**added, **later.added}, later.selections, *languages)
