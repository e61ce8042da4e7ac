"""A valid article, and the warnings of `check` about a content folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from feedsvc.content.folder.folder import load_content
from feedsvc.content.lint.articles import lint_content
from tests.broken_files.case import PNG
from tests.conftest import Newsroom

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
VALID_ARTICLE: Final = (
    "id: tag:news.example,2026:x\ntitle: A\npublished: 2026-01-02\nauthors: [mina-park, ritesh-nambiar]\nsummary: One.\n"
)


def warnings(root: Path, now: datetime = NOW) -> list[str]:
    """Return the warnings about a content folder without errors."""
    content = load_content(root)
    assert not content.errors
    return [str(problem) for problem in lint_content(content, root, now)]


def warnings_of_article(newsroom: Newsroom, text: str, path: str = "articles/a.yaml", **files: str | bytes) -> list[str]:
    """Return the warnings about a folder with this article."""
    return warnings(newsroom({"media/p.png": PNG, path: text, **files}))
