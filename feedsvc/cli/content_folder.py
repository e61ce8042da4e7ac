"""The newsroom as it is followed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from feedsvc.content.cache.store import Records
from feedsvc.content.folder.folder import Folder
from feedsvc.content.folder.prefetch import Look
from feedsvc.content.schema.field_types import is_base
from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Troubles


def folder(content: Path, base_url: str, state: Path, troubles: Troubles | None = None, look: Look | None = None) -> Folder:
    """The folder with what is remembered of it, for one base_url: links in articles are absolute."""
    check_base(base_url)
    name = f"articles-{hashlib.sha256(base_url.encode()).hexdigest()[:8]}.sqlite" if base_url else "articles.sqlite"
    return Folder(content, base_url, Records(state / name, troubles=troubles), look)


def check_base(base_url: str) -> None:
    if base_url and not is_base(base_url):
        raise FeedsvcError(
            f"--base-url '{base_url}' is no web address; write it like https://example.org or https://example.org/news"
        )
