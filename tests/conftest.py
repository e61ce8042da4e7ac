"""What every test of the reading shares: a newsroom, which is a content folder in tmp_path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

SETTINGS = {
    "site.yaml": "title: Asia Daily\nbase_url: https://news.example\nid_domain: news.example\ntimezone: Asia/Kolkata\n",
    "categories.yaml": "asia:\n  title: Asia\nsport:\n  title: Sport\n",
    "authors.yaml": "mina-park:\n  name: Mina Park\nritesh-nambiar:\n  name: Ritesh Nambiar\n",
}

Newsroom = Callable[[Mapping[str, str | bytes]], Path]


@pytest.fixture
def newsroom(tmp_path: Path) -> Newsroom:
    """Writes a content folder, path -> text or bytes; the settings files are small and valid unless given."""

    def write(files: Mapping[str, str | bytes]) -> Path:
        root = tmp_path / "content"
        for path, content in {**SETTINGS, **files}.items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return write
