"""Work on the content folder: new articles, ids, and comparisons with a git revision.

Input: a folder and a command's arguments. Output: changed files, or reports. Only the command line uses this package.
"""

from feedsvc.editing.assign_ids import apply_assignment, delete_temporary_files, plan_assignments
from feedsvc.editing.compare import COMPARISON_FORMATTERS, Comparison, compare
from feedsvc.editing.new_article import create_file, draft, render_draft
from feedsvc.editing.new_newsroom import check_is_free, complete_newsroom, create_newsroom
from feedsvc.editing.schema_files import SCHEMA_FOLDER, build_schema_of, format_schema, modeline, vscode_settings, write_schemas
from feedsvc.editing.starter_files import RESERVED_DOMAIN, SiteAnswers, starter_files

__all__ = [
    "COMPARISON_FORMATTERS",
    "RESERVED_DOMAIN",
    "SCHEMA_FOLDER",
    "Comparison",
    "SiteAnswers",
    "apply_assignment",
    "build_schema_of",
    "check_is_free",
    "compare",
    "complete_newsroom",
    "create_file",
    "create_newsroom",
    "delete_temporary_files",
    "draft",
    "format_schema",
    "modeline",
    "plan_assignments",
    "render_draft",
    "starter_files",
    "vscode_settings",
    "write_schemas",
]
