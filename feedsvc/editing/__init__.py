"""Work on the content folder: new newsrooms and articles, ids, schemas, comparisons with a git revision or a former feed.

Input: a folder and a command's arguments. Output: changed files, or reports. Only the command line uses this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from feedsvc.editing.assign_ids import apply_assignment, delete_temporary_files, plan_assignments
    from feedsvc.editing.comparison import COMPARISON_FORMATTERS, Comparison, compare
    from feedsvc.editing.feed_replay import FeedReplay
    from feedsvc.editing.former_feeds import FormerFeed, compare_former_feeds, parse_former_feed
    from feedsvc.editing.new_article import create_file, draft, render_draft
    from feedsvc.editing.new_newsroom import check_is_free, complete_newsroom, create_newsroom
    from feedsvc.editing.replay_report import REPLAY_FORMATTERS
    from feedsvc.editing.schema_files import (
        SCHEMA_FOLDER,
        build_schema_of,
        format_schema,
        modeline,
        vscode_settings,
        write_schemas,
    )
    from feedsvc.editing.starter_newsroom import RESERVED_DOMAIN, SiteAnswers, git_ignore_text, starter_files

__all__ = [
    "COMPARISON_FORMATTERS",
    "REPLAY_FORMATTERS",
    "RESERVED_DOMAIN",
    "SCHEMA_FOLDER",
    "Comparison",
    "FeedReplay",
    "FormerFeed",
    "SiteAnswers",
    "apply_assignment",
    "build_schema_of",
    "check_is_free",
    "compare",
    "compare_former_feeds",
    "complete_newsroom",
    "create_file",
    "create_newsroom",
    "delete_temporary_files",
    "draft",
    "format_schema",
    "git_ignore_text",
    "modeline",
    "parse_former_feed",
    "plan_assignments",
    "render_draft",
    "starter_files",
    "vscode_settings",
    "write_schemas",
]

# Imported on first use: `check` and `new` need neither the readers of foreign feeds nor HTTP.
_MODULES: Final = {
    "COMPARISON_FORMATTERS": "comparison",
    "Comparison": "comparison",
    "FeedReplay": "feed_replay",
    "FormerFeed": "former_feeds",
    "REPLAY_FORMATTERS": "replay_report",
    "RESERVED_DOMAIN": "starter_newsroom",
    "SCHEMA_FOLDER": "schema_files",
    "SiteAnswers": "starter_newsroom",
    "apply_assignment": "assign_ids",
    "build_schema_of": "schema_files",
    "check_is_free": "new_newsroom",
    "compare": "comparison",
    "compare_former_feeds": "former_feeds",
    "complete_newsroom": "new_newsroom",
    "create_file": "new_article",
    "create_newsroom": "new_newsroom",
    "delete_temporary_files": "assign_ids",
    "draft": "new_article",
    "format_schema": "schema_files",
    "git_ignore_text": "starter_newsroom",
    "modeline": "schema_files",
    "parse_former_feed": "former_feeds",
    "plan_assignments": "assign_ids",
    "render_draft": "new_article",
    "starter_files": "starter_newsroom",
    "vscode_settings": "schema_files",
    "write_schemas": "schema_files",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
