"""Lint rules: warnings about valid content that could be better.

`lint_content` takes a ContentSnapshot, its folder and a moment. It returns problems with severity "warning". Only the command
`check` calls it. `is_reserved_name` is for names of new files.
"""

from feedsvc.content.lint.articles import lint_content
from feedsvc.content.lint.files import is_reserved_name

__all__ = [
    "is_reserved_name",
    "lint_content",
]
