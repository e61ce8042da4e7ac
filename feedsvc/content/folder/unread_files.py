"""Unread files: warnings about files that look like articles or settings but are not read."""

from __future__ import annotations

import os
from pathlib import Path

from feedsvc.content.folder import articles
from feedsvc.content.reading import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.errors import Problem


def unread_file_problems(root: Path) -> tuple[Problem, ...]:
    """Return warnings about unread files beside site.yaml: most often articles, or settings with another suffix."""
    known = {SITE_FILE, CATEGORIES_FILE, AUTHORS_FILE}
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return ()  # the folder was removed meanwhile
    alike = (name for name in names if os.path.splitext(name)[1].lower() in articles.SUFFIX_CORRECTIONS)
    return tuple(
        Problem(path=name, message="this file is not read", hint=_hint(name, known), severity="warning")
        for name in alike
        if name not in known and name.isprintable() and not name.startswith(".") and not name.upper().startswith("README")
    )


def _hint(name: str, known: set[str]) -> str:
    stem = os.path.splitext(name)[0].lower()
    return f"rename it to {stem}.yaml" if f"{stem}.yaml" in known else f"articles lie in {ARTICLES_FOLDER}/"
