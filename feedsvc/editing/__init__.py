"""Work on the content folder: new newsrooms and articles, ids, schemas, comparisons with a git revision or a former feed.

Input: a folder and a command's arguments. Output: changed files, or reports. Only the command line uses this package. Import the
modules `comparison` and `former_feeds` where they are needed: other commands need neither feeds nor HTTP.
"""

from feedsvc.editing.article_files import (
    apply_assignment,
    create_file,
    delete_temporary_files,
    draft,
    plan_assignments,
    render_draft,
)
from feedsvc.editing.newsroom import (
    RESERVED_DOMAIN,
    SCHEMA_FOLDER,
    SiteAnswers,
    build_schema_of,
    check_is_free,
    create_newsroom,
    format_schema,
    git_ignore_text,
    modeline,
    starter_files,
    vscode_settings,
    write_schemas,
)

__all__ = [
    "RESERVED_DOMAIN",
    "SCHEMA_FOLDER",
    "SiteAnswers",
    "apply_assignment",
    "build_schema_of",
    "check_is_free",
    "comparison",
    "create_file",
    "create_newsroom",
    "delete_temporary_files",
    "draft",
    "format_schema",
    "former_feeds",
    "git_ignore_text",
    "modeline",
    "plan_assignments",
    "render_draft",
    "starter_files",
    "vscode_settings",
    "write_schemas",
]
