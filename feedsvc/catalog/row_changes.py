"""Rows that differ between a catalog and the next one, for an update whose work grows with the change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from feedsvc.catalog.row import Row
from feedsvc.catalog.row_groups import RowGroups
from feedsvc.catalog.translations import Works, changed_translations, keep_translations
from feedsvc.catalog.visibility import RowBuilder
from feedsvc.model import Article, Site


class RowChanges:
    """Rows that the next catalog does not have any more (`removed`) and has instead or in addition (`added`), by article id.

    A row that another object replaces is in `removed`, and the other object in `added`. `find_row` returns the row of an
    article in the former catalog, None if it has none; `builder` builds rows of the next one.

    Call the methods in this order: `replace_articles`, `rebuild`, `copy`, `update_translations`; then perhaps `copy` again.
    """

    def __init__(self, find_row: Callable[[Article], Row | None], builder: RowBuilder) -> None:
        self.removed: dict[str, Row] = {}
        self.added: dict[str, Row] = {}
        self._find_row, self._builder = find_row, builder

    def replace_articles(self, removed: Iterable[Article], added: Iterable[Article]) -> None:
        """Remove the rows of `removed` articles and add those of `added` ones. An edited article is in both."""
        self.removed |= {article.id: row for article in removed if (row := self._find_row(article))}
        self.added |= {article.id: row for article in added if (row := self._builder.build(article))}

    def rebuild(self, due: Iterable[Article]) -> None:
        """Add to `removed` and `added` the former and new rows of `due` articles whose row differs at the builder's moment."""
        for article in due:
            former_row = self._find_row(article)
            row = keep_translations(self._builder.build(article), former_row)
            if former_row != row:
                self.removed |= {article.id: former_row} if former_row else {}
                self.added |= {article.id: row} if row else {}

    def copy(self, rows: Iterable[Row]) -> None:
        """Replace rows of the former catalog by copies, so that their listings count as changed. Skip those in `removed`."""
        for row in rows:
            if row.article.id not in self.removed:
                self.removed[row.article.id], self.added[row.article.id] = row, replace(row)

    def update_translations(self, former_works: Works, works: Works, changed: Iterable[Article], site: Site) -> None:
        """Replace the rows whose translations differ because of articles in `changed` or of rows in `removed` and `added`.

        `changed` are all removed and added articles, `former_works` and `works` the works before and after the change.
        """
        ids = {id_ for article in changed for id_ in (article.id, article.translation_of) if id_}
        ids |= self.removed.keys() | self.added.keys()
        for row, new_row in [*changed_translations(former_works, works, ids, site, self._find_next_row)]:
            if row.article.id not in self.added:
                self.removed[row.article.id] = row
            self.added[row.article.id] = new_row

    def groups(self) -> tuple[RowGroups, RowGroups]:
        """Return the rows in `removed` and those in `added` by category, author and tag."""
        return RowGroups([*self.removed.values()]), RowGroups([*self.added.values()])

    def _find_next_row(self, article: Article) -> Row | None:
        id_ = article.id
        return self.added.get(id_) if id_ in self.removed or id_ in self.added else self._find_row(article)
