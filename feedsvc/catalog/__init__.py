"""Index of everything that is public at one moment.

Input: a `ContentSnapshot` and a time. Output: a `Catalog` of rows and listings, built anew or updated from the previous one.
Feeds, pages and every later stage may use it.
"""

from feedsvc.catalog.archive import ArchiveIndex, ArticleCalendar
from feedsvc.catalog.article_states import ArticleState, ListedFile, files_by_state
from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.catalog.change import CatalogChange, EditionLink
from feedsvc.catalog.combinations import (
    MAX_TERMS,
    CombinationError,
    build_combination,
    canonical_ref,
    combination_error,
    combine,
)
from feedsvc.catalog.derived_values import pages_by_slug
from feedsvc.catalog.listing import Listing, is_identical
from feedsvc.catalog.periodicals import count_articles, issues_of
from feedsvc.catalog.periods import MAX_MONTH_ENTRIES, Periods, index_range
from feedsvc.catalog.row import IssueRow, Row, RowKey, Translation, Visibility, is_visible, is_withdrawn_later, row_key
from feedsvc.catalog.tags import PAGE_SIZE, tag_aliases
from feedsvc.catalog.translations import by_hreflang, translation_url, work_of
from feedsvc.catalog.visibility import RowBuilder

__all__ = [
    "MAX_MONTH_ENTRIES",
    "MAX_TERMS",
    "PAGE_SIZE",
    "ArchiveIndex",
    "ArticleCalendar",
    "ArticleState",
    "Catalog",
    "CatalogChange",
    "CombinationError",
    "EditionLink",
    "IssueRow",
    "ListedFile",
    "Listing",
    "Periods",
    "Row",
    "RowBuilder",
    "RowKey",
    "Translation",
    "Visibility",
    "build_catalog",
    "build_combination",
    "by_hreflang",
    "canonical_ref",
    "combination_error",
    "combine",
    "count_articles",
    "files_by_state",
    "index_range",
    "is_identical",
    "is_visible",
    "is_withdrawn_later",
    "issues_of",
    "pages_by_slug",
    "row_key",
    "tag_aliases",
    "translation_url",
    "work_of",
]
