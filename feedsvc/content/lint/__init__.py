"""Lint rules: warnings about valid content that could be better.

`lint_content` takes a ContentSnapshot, its folder and a moment. It returns problems with severity "warning". Only the command
`check` calls it.
"""

from feedsvc.content.lint.articles import BODY_PLACEHOLDER, lint_content

__all__ = [
    "BODY_PLACEHOLDER",
    "lint_content",
]
