"""A newsroom with a draft and an unpublished image, symbolic links to them, and a search for their content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.app import create_app
from tests.helpers.http_client import Response, call
from tests.helpers.newsrooms import picture, write
from tests.web.conftest import FakeClock

SECRET: Final = "zqunpublished"  # a word that no response may contain
DRAFT_YAML: Final = f"title: {SECRET}\npublished: 2026-01-10\nstatus: draft\nbody: {SECRET}\n"
PHOTO_BYTES: Final = picture(64, 48, "PNG") + SECRET.encode()  # bytes after the end of a PNG are accepted


def write_newsroom(root: Path, article: str = "", site: str = "", files: Mapping[str, str | bytes] | None = None) -> Path:
    """Write a newsroom with a draft among the articles and an image in a folder that is not published."""
    return write(
        root,
        {
            "site.yaml": f"title: A\nbase_url: https://a.example\nid_domain: a.example\n{site}",
            "articles/draft.yaml": DRAFT_YAML,
            "articles/photo.png": PHOTO_BYTES,
            "drafts/photo.png": PHOTO_BYTES,
            "drafts/notes.txt": SECRET,
            "articles/a.yaml": f"id: tag:a.example,2026:a\ntitle: A\npublished: 2026-01-02\n{article}",
            "media/plain.txt": "a plain file",
            **(files or {}),
        },
    )


def replace_with_link(root: Path, path: str, target: str | Path) -> None:
    """Create a symbolic link; move a folder at its path away, delete a file there."""
    link_file = root / path
    link_file.parent.mkdir(parents=True, exist_ok=True)
    if link_file.is_dir() and not link_file.is_symlink():
        link_file.rename(root.parent / f"was-{link_file.name}")
    link_file.unlink(missing_ok=True)
    link_file.symlink_to(target)


def fetcher(root: Path) -> Callable[[str], Response]:
    """Return a function that requests a path from an application for this content folder."""
    live = Live(ContentFolder(root), LastModifiedStore(None), FakeClock(), VariantStore(root.parent / "pictures"))
    wsgi_app = create_app(live)
    return lambda path: call(wsgi_app, path)


def files_with_secret(out: Path) -> list[Path]:
    """Return the files of a static tree that contain the secret word."""
    return [file for file in out.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
