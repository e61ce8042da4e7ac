"""Files that somebody left where nobody reads them."""

from __future__ import annotations

import os
from pathlib import Path

from feedsvc.content.folder import articles
from feedsvc.content.reading import settings
from feedsvc.errors import Problem


def files(root: Path) -> tuple[Problem, ...]:
    """Files beside site.yaml that nobody reads, most often articles or names with another ending."""
    known = {settings.SITE, settings.CATEGORIES, settings.AUTHORS}
    try:
        names = sorted(os.listdir(root))
    except OSError:
        return ()  # gone meanwhile
    alike = (name for name in names if os.path.splitext(name)[1].lower() in articles.MEANT)
    return tuple(
        Problem(path=name, message="this file is not read", hint=_hint(name, known), severity="warning")
        for name in alike
        if name not in known and name.isprintable() and not name.startswith(".") and not name.upper().startswith("README")
    )


def _hint(name: str, known: set[str]) -> str:
    stem = os.path.splitext(name)[0].lower()
    return f"rename it to {stem}.yaml" if f"{stem}.yaml" in known else f"articles lie in {articles.FOLDER}/"
