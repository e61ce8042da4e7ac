"""Problems of a theme, found in this process."""

from __future__ import annotations

from pathlib import Path

from feedsvc.content.folder.folder import load_content
from feedsvc.pages.theme_check import find_file_problems
from feedsvc.pages.theme_check_process import check_pages


def theme_problems(root: Path) -> list[str]:
    """Return the problems of the theme of a content folder, as `check` prints them, without those of its own articles."""
    files = load_content(root).theme
    problems = [*find_file_problems(files)]
    if not problems:
        check_pages(files, None, problems.append)
    return [*map(str, problems)]
