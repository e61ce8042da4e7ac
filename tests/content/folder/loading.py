"""Texts of small articles, and the result of loading a content folder."""

from __future__ import annotations

from pathlib import Path

from feedsvc.content.folder.folder import load_content
from tests.broken_files.case import HEAD

LINK_MESSAGE = "a symbolic link that leaves the content folder is not followed; put the file itself there, or take the link away"


def article_text(name: str, lines: str = "") -> str:
    return f"{HEAD}id: tag:news.example,2026:{name}\n{lines}"


def messages(root: Path) -> list[str]:
    return [str(problem) for problem in load_content(root).problems]


def article_paths(root: Path) -> set[str]:
    return {article.path for article in load_content(root).articles}
