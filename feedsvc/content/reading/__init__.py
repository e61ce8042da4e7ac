"""Parsers of single files: an article file to an Article, a file of pages/ to a StaticPage, a settings file to its objects.

A parser takes the bytes of a file, and the settings and media that the file may refer to. It returns what the file says, with
the problems of the file.
`content.folder` reads files with this package; `content.lint`, `editing`, `importing`, `migration` and `cli` use its parts.
"""

__all__ = ["article", "body", "context", "entries", "files", "page", "redirects", "site"]
