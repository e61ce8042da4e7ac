"""What the commands share: reading the newsroom."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from feedsvc import pages
from feedsvc.content.folder import Content, Folder, load
from feedsvc.content.looking import Look
from feedsvc.content.records import Records
from feedsvc.content.values import is_base
from feedsvc.errors import FeedsvcError
from feedsvc.troubles import Troubles


def folder(content: Path, base_url: str, state: Path, troubles: Troubles | None = None, look: Look | None = None) -> Folder:
    """The folder with what is remembered of it, for one base_url: links in articles are absolute."""
    _check_base(base_url)
    name = f"articles-{hashlib.sha256(base_url.encode()).hexdigest()[:8]}.sqlite" if base_url else "articles.sqlite"
    return Folder(content, base_url, Records(state / name, troubles=troubles), look)


def _check_base(base_url: str) -> None:
    if base_url and not is_base(base_url):
        raise FeedsvcError(
            f"--base-url '{base_url}' is no web address; write it like https://example.org or https://example.org/news"
        )


def newsroom(content: Path, base_url: str) -> Content:
    _check_base(base_url)
    found = load(content, base_url)
    unusable = pages.problems(found.theme)
    theme = {path: data for path, data in found.theme.items() if path not in unusable}
    return replace(found, theme=theme, problems=tuple(sorted((*found.problems, *unusable.values()))))
