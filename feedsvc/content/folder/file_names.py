"""Names of files: tells which files are articles, and finds files that are not read although their names suggest it."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc.content.reading import SETTINGS_FILES
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.errors import Problem

_ARTICLE_SUFFIXES: Final = (".yaml", ".md")
_SUFFIX_CORRECTIONS: Final = {".yaml": ".yaml", ".yml": ".yaml", ".md": ".md", ".markdown": ".md", ".mdown": ".md"}


def paths_within(scope: frozenset[str] | None, folder: str) -> frozenset[str] | None:
    """Return the paths of the scope that are at or below this top-level folder; None, for everything, if the scope is None."""
    return None if scope is None else frozenset(path for path in scope if top_folder(path) == folder)


def top_folder(path: str) -> str:
    """Return the first part of a path; "" if it is the content folder itself."""
    return next(iter(PurePosixPath(path).parts), "")


def is_article_path(path: str) -> bool:
    """Return True if a file below articles/ is read as an article: if its name ends in .yaml or .md."""
    return path.endswith(_ARTICLE_SUFFIXES)


def misnamed_file_problems(path: str) -> tuple[Problem, ...]:
    """Return a problem if a file below articles/ is not read but its suffix, like .yml or .MD, suggests an article; else ()."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _SUFFIX_CORRECTIONS:
        return ()
    hint = f"rename it to end in {_SUFFIX_CORRECTIONS[suffix]}"
    return (Problem(path=path, message=f"articles end in {' or '.join(_ARTICLE_SUFFIXES)}", hint=hint),)


def unread_file_problems(root: Path) -> tuple[Problem, ...]:
    """Return a warning for each file directly in `root` that is not read although its suffix is that of an article or settings.

    Most are articles outside articles/, or settings with another suffix. Hidden files and READMEs are ignored.
    """
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return ()  # the folder was removed meanwhile
    similar = (name for name in names if os.path.splitext(name)[1].lower() in _SUFFIX_CORRECTIONS)
    return tuple(
        Problem(path=name, message="this file is not read", hint=_hint(name), severity="warning")
        for name in similar
        if name not in SETTINGS_FILES
        and name.isprintable()
        and not name.startswith(".")
        and not name.upper().startswith("README")
    )


def _hint(name: str) -> str:
    stem = os.path.splitext(name)[0].lower()
    return f"rename it to {stem}.yaml" if f"{stem}.yaml" in SETTINGS_FILES else f"articles lie in {ARTICLES_FOLDER}/"
