"""Paths of the new site that have something after an import: a rule of a plug-in must lead to one of them."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, FEEDS_FILE, TAGS_FILE, known_names
from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.importing.writer.existing import ExistingArticles, ExistingPages, name_key
from feedsvc.importing.writer.terms import TermTable
from feedsvc.routes import ArticleAt, FeedAt, FileAt, ListingKind, PageAt, place_of

_FILES: Final[dict[ListingKind, str]] = {
    "category": CATEGORIES_FILE,
    "author": AUTHORS_FILE,
    "tag": TAGS_FILE,
    "custom": FEEDS_FILE,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SitePaths:
    """Look-up of what the site has after an import. `planned` are the site paths of the articles and pages of the source."""

    root: Path
    planned: Container[str]
    articles: ExistingArticles
    pages: ExistingPages
    terms: TermTable

    def has(self, path: str) -> bool:
        """Return whether the site has, or will have after the import, something at a root-relative path; redirects do not count.

        Drafts, scheduled articles and listings without articles count. So do all other paths of a form that the site uses,
        such as those of months in the archive, whether or not a document is there.
        """
        match place_of(path):
            case ArticleAt(slug):
                return path in self.planned or name_key(slug) in self.articles.names
            case StaticPageAt(slug):
                return path in self.planned or name_key(slug) in self.pages.paths
            case PageAt(ref) | FeedAt(ref) if ref.kind in _FILES:
                return self.terms.has_listing(ref.kind, ref.id) or ref.id in known_names(self.root, _FILES[ref.kind])
            case FileAt(file) | RootFileAt(file) as place:
                return (self.root / ("root" if isinstance(place, RootFileAt) else "") / file).is_file()
            case place:
                return place is not None
