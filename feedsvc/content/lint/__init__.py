"""Warnings of what serves well enough but could be better, for `check` alone.

In comes a `ContentSnapshot`; out come problems with severity "warning". Only the command line uses it.
"""

from feedsvc.content.lint.articles import BODY_PLACEHOLDER, lint_content

__all__ = [
    "BODY_PLACEHOLDER",
    "lint_content",
]
