"""Warnings about valid content that could be better, for the command `check` alone.

In comes a `ContentSnapshot`; out come problems with severity "warning". Only the command line uses this package.
"""

from feedsvc.content.lint.articles import BODY_PLACEHOLDER, lint_content

__all__ = [
    "BODY_PLACEHOLDER",
    "lint_content",
]
