"""A real server reveals nothing through symbolic links that leave the content folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.http_client import ask
from tests.helpers.newsrooms import write
from tests.helpers.running_server import ServerProcess

LINK_PATHS: Final = (
    "media/secret.txt",
    "articles/secret.yaml",
    "theme/static/secret.css",
    "theme/templates/page.html",
    "authors.yaml",
)


@pytest.mark.parametrize(
    ("link_path", "link_kind"),
    [
        (link_path, link_kind)
        for link_path in LINK_PATHS
        for link_kind in ("file", "folder")
        if link_kind == "file" or "/" in link_path
    ],
)
def test_symbolic_link_reveals_nothing_outside_the_content_folder(tmp_path: Path, link_path: str, link_kind: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    secret = "title: SECRET\npublished: 2026-01-02\nSECRET: {name: SECRET}\n"
    (outside / Path(link_path).name).write_text(secret)
    content = write(
        tmp_path / "content",
        {
            "site.yaml": "title: A\nbase_url: https://a.example\n",
            "articles/b.yaml": "title: B\npublished: 2026-01-02\nenclosures: [{src: media/secret.txt}]\n",
        },
    )
    target = content / link_path
    if link_kind == "file":
        target.parent.mkdir(parents=True, exist_ok=True)
        os.symlink(outside / target.name, target)
    else:
        target.parent.parent.mkdir(parents=True, exist_ok=True)
        if target.parent.exists():
            (target.parent / "b.yaml").unlink()
            target.parent.rmdir()
        os.symlink(outside, target.parent, target_is_directory=True)
    server = ServerProcess(content, tmp_path / "state")
    try:
        for path in (
            "/",
            "/feed.rss",
            "/feeds.opml",
            f"/{link_path}",
            "/media/secret.txt",
            "/static/secret.css",
            "/articles/secret/",
            "/author/SECRET/",
        ):
            assert b"SECRET" not in ask(server.url, path).body, path
    finally:
        server.kill()
