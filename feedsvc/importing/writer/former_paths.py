"""Paths of the new site for addresses that no post of the source has any more: of gone and renamed posts, and of redirects.

Without them, a link in an unchanged post would lead to the former host as soon as its target is missing from an export.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from feedsvc.free_places import StaticPageAt
from feedsvc.importing.writer.base import ARTICLES, ImportBase
from feedsvc.importing.writer.existing import ExistingArticles, ExistingPages
from feedsvc.importing.writer.index import SourceIndex
from feedsvc.importing.writer.plans import PostPlan, is_page_path
from feedsvc.redirects import normalize_address
from feedsvc.routes import ArticleAt, place_of


class FormerPaths:
    """Look-up of articles and pages by address. `old_path` returns an address as the key of a rule, "" for other hosts.

    `rules` are exact ones, old address -> target; `paths` are root-relative paths of articles and pages (`earlier_paths`).
    """

    def __init__(self, old_path: Callable[[str], str], rules: Mapping[str, str], paths: frozenset[str]) -> None:
        self._old_path, self._rules, self._paths = old_path, rules, paths

    def find(self, address: str) -> str:
        """Return the root-relative path of the article or page to which an address of the source leads, "" if there is none.

        An address with a query is looked up with it, then without.
        """
        old = self._old_path(address)
        if not old:
            return ""
        return next(filter(None, map(self._find, dict.fromkeys((old, old.partition("?")[0])))), "")

    def _find(self, old: str) -> str:
        try:
            path = normalize_address(old)
        except ValueError:
            return ""
        target = self._rules.get(path, path if path in self._paths else "")
        return target if isinstance(place_of(target), ArticleAt | StaticPageAt) else ""


def earlier_paths(index: SourceIndex, base: ImportBase, articles: ExistingArticles, pages: ExistingPages) -> Iterator[str]:
    """Yield the root-relative paths of pages in `index` that no editor deleted, and of posts of earlier imports not in `index`.

    Such a post is yielded also if an editor deleted its file, so that a link to it stays as it was.
    """
    yield from (plan.site_path for plan in index.plans.values() if plan.is_page and not plan.is_deleted)
    for key in base.keys(ARTICLES):
        path = base.get(ARTICLES, key)[0]
        if key not in index.plans:
            slugs = pages.slugs if is_page_path(path) else articles.slugs
            yield PostPlan("", slugs.get(path, PurePosixPath(path).stem), path).site_path
