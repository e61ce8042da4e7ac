"""HTML pages: a catalog and a theme go in (`PageLayout`), bytes come out.

`publication` renders pages with this package; `live`, `service` and `cli` use its themes.

Resources and links inside the site are root-relative. Addresses for other clients (canonical, Open Graph) are absolute.
"""

from __future__ import annotations

from typing import Final

from feedsvc.pages.archive import archive_rows, latest_rows, render_archive
from feedsvc.pages.article import find_linking_rows, find_related, render_article
from feedsvc.pages.home import select_home_rows
from feedsvc.pages.layout import PageLayout
from feedsvc.pages.listing import render_issue, render_listing, render_withdrawn_issue
from feedsvc.pages.static_page import render_static_page
from feedsvc.pages.status_pages import render_combination_error, render_gone, render_not_found, render_redirect_page
from feedsvc.pages.stylesheets import static_file
from feedsvc.pages.subscribe import render_subscribe_page
from feedsvc.pages.tags import render_tag_page, tag_page
from feedsvc.pages.theme import STATIC_TYPES, Theme, compile_builtin_templates
from feedsvc.pages.theme_selection import ThemeSelection

__all__ = [
    "MEDIA_TYPE",
    "STATIC_TYPES",
    "PageLayout",
    "Theme",
    "ThemeSelection",
    "archive_rows",
    "compile_builtin_templates",
    "find_linking_rows",
    "find_related",
    "latest_rows",
    "render_archive",
    "render_article",
    "render_combination_error",
    "render_gone",
    "render_issue",
    "render_listing",
    "render_not_found",
    "render_redirect_page",
    "render_static_page",
    "render_subscribe_page",
    "render_tag_page",
    "render_withdrawn_issue",
    "select_home_rows",
    "static_file",
    "tag_page",
]

MEDIA_TYPE: Final = "text/html"
