"""Static pages and files of root/ in a tree: written with former addresses, updated after a save, removed with their file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from feedsvc import export
from feedsvc.content.folder.folder import open_content_folder
from feedsvc.export import StaticTree
from feedsvc.live.live import Live
from feedsvc.publication.publication import Publication
from tests.conftest import Newsroom
from tests.helpers.newsrooms import article, load_publication, picture, write
from tests.helpers.trees import contents

FILES = {
    "pages/about.md": "---\ntitle: About us\naliases: [who]\n---\n![](media/p.jpg) We write.\n",
    "media/p.jpg": picture(1000, 500),
    "root/ads.txt": "ads",
    "root/.well-known/security.txt": "Contact: a",
    **article("one"),
}


@pytest.fixture
def content(newsroom: Newsroom) -> Path:
    return newsroom(FILES)


def test_a_tree_has_pages_files_and_former_addresses(content: Path, tmp_path: Path) -> None:
    publication, out = load_publication(content), tmp_path / "out"
    export.build(publication, out)
    assert (out / "ads.txt").read_text() == "ads"
    assert (out / ".well-known/security.txt").read_text() == "Contact: a"
    about = publication.resolve("/about/")
    assert (out / "about/index.html").read_bytes() == getattr(about, "body", b"")
    assert 'url=/about/"' in (out / "who/index.html").read_text()
    redirects, headers = (out / "_redirects").read_text(), (out / "_headers").read_text()
    assert "/who/ /about/ 301\n" in redirects
    assert "/.well-known/security.txt\n  Content-Type: text/plain; charset=utf-8\n" in headers


def build_once(content: Path, home: Path) -> bool:
    """Build the tree of a content folder as a process of its own would; return whether it examined only what may differ."""
    examined: list[bool] = []

    class RecordingTree(StaticTree):
        def _possibly_stale_paths(self, publication: Publication, *arguments: Any) -> list[str] | None:
            paths = super()._possibly_stale_paths(publication, *arguments)
            examined.append(paths is not None)
            return paths

    folder = open_content_folder(content, "", home / "state")
    live = Live(folder, None)
    with RecordingTree(home / "out") as tree:
        tree.build(live.edition.publication, baseline=folder.baseline)
        tree.mark_complete(live.edition.publication, folder.state_name)
    return examined == [True]


@pytest.mark.parametrize(
    "edit",
    [
        {"pages/about.md": "---\ntitle: About us\n---\nWe read.\n"},
        {"pages/about.md": "---\ntitle: All of us\naliases: [who]\n---\n"},
        {"pages/new.md": "---\ntitle: New\n---\n"},
        {"media/p.jpg": picture(1000, 400)},
        {"root/ads.txt": "more"},
        {"root/favicon.ico": "x"},
        {"pages/about.md": None},
        {"root/ads.txt": None},
        # A folder takes the name of a file, and a file that of a folder.
        {"root/ads.txt": None, "root/ads.txt/a": "x"},
        {"pages/about.md": None, "root/about": "x"},
    ],
)
def test_a_later_build_equals_a_first_one(content: Path, tmp_path: Path, edit: dict[str, str | bytes | None]) -> None:
    build_once(content, tmp_path / "one")
    for path, text in edit.items():
        if text is None:
            (content / path).unlink()
        else:
            write(content, {path: text})
    assert not build_once(content, tmp_path / "one")
    build_once(content, tmp_path / "other")
    assert contents(tmp_path / "one/out") == contents(tmp_path / "other/out")
    assert build_once(content, tmp_path / "one")
