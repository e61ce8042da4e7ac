"""Work on the content folder: new articles, ids, and comparisons with a git revision.

Input: a folder and a command's arguments. Output: changed files, or reports. Only the command line uses this package.
"""

from feedsvc.editing.assign_ids import apply_assignment, delete_temporary_files, plan_assignments
from feedsvc.editing.compare import COMPARISON_FORMATTERS, Comparison, compare
from feedsvc.editing.new_article import create_file, draft, render_draft
from feedsvc.editing.schema_files import SCHEMA_FOLDER, build_schema_of, format_schema, modeline, vscode_settings, write_schemas

__all__ = [
    "COMPARISON_FORMATTERS",
    "SCHEMA_FOLDER",
    "Comparison",
    "apply_assignment",
    "build_schema_of",
    "compare",
    "create_file",
    "delete_temporary_files",
    "draft",
    "format_schema",
    "modeline",
    "plan_assignments",
    "render_draft",
    "vscode_settings",
    "write_schemas",
]
