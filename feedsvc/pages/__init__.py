"""HTML pages: a catalog and a theme go in (`PageLayout`), bytes come out. `publication` calls this package.

Resources and links inside the site are root-relative. Addresses for other clients (canonical, Open Graph) are absolute.
"""

from __future__ import annotations

from typing import Final

from feedsvc.pages.article import render_article, render_articles
from feedsvc.pages.issue import render_issue, render_withdrawn_issue
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.listing import render_listing, render_subscribe_page
from feedsvc.pages.related import MAX_CANDIDATES, find_linking_rows, find_related
from feedsvc.pages.status_pages import render_combination_error, render_gone, render_not_found, render_redirect_page
from feedsvc.pages.tags import render_tag_list, tag_page
from feedsvc.pages.theme import STATIC_TYPES, Theme, compile_builtin_templates
from feedsvc.pages.theme_adoption import ThemeAdoption

__all__ = [
    "MAX_CANDIDATES",
    "MEDIA_TYPE",
    "STATIC_TYPES",
    "PageLayout",
    "Theme",
    "ThemeAdoption",
    "compile_builtin_templates",
    "find_linking_rows",
    "find_related",
    "render_article",
    "render_articles",
    "render_combination_error",
    "render_gone",
    "render_issue",
    "render_listing",
    "render_not_found",
    "render_redirect_page",
    "render_subscribe_page",
    "render_tag_list",
    "render_withdrawn_issue",
    "tag_page",
]

MEDIA_TYPE: Final = "text/html"
