"""Create a content folder in a git repository that is independent of the settings of this machine, and compare it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from feedsvc.content.folder.folder import load_content
from feedsvc.editing.comparison import Comparison, compare
from tests.conftest import SETTINGS
from tests.helpers import newsrooms

_GIT_SETTINGS: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Mina",
    "GIT_AUTHOR_EMAIL": "mina@news.example",
    "GIT_COMMITTER_NAME": "Mina",
    "GIT_COMMITTER_EMAIL": "mina@news.example",
}

ARTICLE_A: Final = """\
id: tag:news.example,2026:a
title: A bridge
published: 2026-01-02T09:30:00+05:30
category: asia
author: mina-park
tags: [bridges]
slug: a
status: published
body: Text.
"""
FILES: Final = {
    "articles/a.yaml": ARTICLE_A,
    "articles/b.yaml": "id: tag:news.example,2026:b\ntitle: B\npublished: 2026-01-03\naliases: [bee]\n",
    "articles/plain.yaml": "title: Plain\npublished: 2026-01-01\n",
    "articles/taken.yaml": "id: tag:news.example,2026:taken\ntitle: Taken\npublished: 2026-01-04\nstatus: withdrawn\n",
    "articles/draft.yaml": "id: tag:news.example,2026:draft\ntitle: Draft\npublished: 2026-01-05\nstatus: draft\n",
    "articles/later.yaml": "id: tag:news.example,2026:later\ntitle: Later\npublished: 2026-12-05\n",
}


def git(folder: Path, *arguments: str) -> str:
    hook_variables = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
    environment = {key: value for key, value in os.environ.items() if key not in hook_variables} | _GIT_SETTINGS
    result = subprocess.run(["git", *arguments], check=True, cwd=folder, env=environment, capture_output=True, text=True)
    return result.stdout.strip()


def commit(top: Path) -> None:
    git(top, "add", "--all", "--force")
    git(top, "commit", "--quiet", "--allow-empty", "--message", "x")


def create_repository(top: Path, files: Mapping[str, str | bytes], subfolder: str = "content") -> Path:
    """Create a repository at `top` with one commit, and return the content folder in it."""
    root = newsrooms.write(top / subfolder, {**SETTINGS, **files})
    git(top, "init", "--quiet", "--initial-branch", "main")
    commit(top)
    return root


def compare_with_revision(root: Path, revision: str = "HEAD") -> Comparison:
    return compare(root, load_content(root), revision, newsrooms.NOW)


def compare_problems(root: Path) -> list[str]:
    """Return the problems of the comparison with HEAD as text."""
    return [str(problem) for problem in compare_with_revision(root).problems]


def feed_changes(root: Path) -> dict[str, list[str]]:
    """Return for each feed the entries that its subscribers see as changed, as "kind: title", or ["ended"]."""
    return {
        feed.name: [f"{change.kind.value}: {change.title}" for change in feed.changes] or ["ended"]
        for feed in compare_with_revision(root).feeds
    }


def edit(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text
    (root / path).write_text(text.replace(old, new))
