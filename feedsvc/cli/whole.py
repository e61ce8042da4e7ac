"""The newsroom as it is now, read once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from feedsvc import pages
from feedsvc.cli.newsroom import check_base
from feedsvc.content.folder import Content, load


def newsroom(content: Path, base_url: str) -> Content:
    check_base(base_url)
    found = load(content, base_url)
    unusable = pages.problems(found.theme)
    theme = {path: data for path, data in found.theme.items() if path not in unusable}
    return replace(found, theme=theme, problems=tuple(sorted((*found.problems, *unusable.values()))))
