"""Files of earlier imports that an editor renamed in media/."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.importing.source import SourcePost
from feedsvc.importing.writer import FolderMedia, ImportReport
from tests.helpers.newsrooms import picture
from tests.importing.writer.memory_source import OLD, files, load, post, run_import

_ADDRESS = f"{OLD}/wp-content/uploads/2020/01/a.png"


def _post(number: int) -> SourcePost:
    return post(number, body=f'<p><img src="{_ADDRESS}" alt="A pier"></p>')


@pytest.fixture
def uploads(tmp_path: Path) -> Path:
    file = tmp_path / "uploads/2020/01/a.png"
    file.parent.mkdir(parents=True)
    file.write_bytes(picture(8, 8, "PNG"))
    return tmp_path / "uploads"


def _import(root: Path, uploads: Path, *posts: SourcePost) -> ImportReport:
    return run_import(root, *posts, media=lambda hosts: FolderMedia(uploads, hosts))


def _rename(root: Path, new: str) -> None:
    """Rename the picture as an editor does who changes the text of the first article, too."""
    (root / "media/2020/01/a.png").rename(root / new)
    article = root / "articles/2020/01/title-1.md"
    text = article.read_text("utf-8")
    assert "media/2020/01/a.png" in text
    article.write_text(text.replace("media/2020/01/a.png", new), "utf-8")


def _media(root: Path) -> list[str]:
    return [path for path in files(root) if path.startswith("media/")]


def test_picture_that_an_editor_renamed_does_not_come_back(tmp_path: Path, uploads: Path) -> None:
    root = tmp_path / "newsroom"
    _import(root, uploads, _post(1))
    _rename(root, "media/pier.png")
    for _ in range(2):
        report = _import(root, uploads, _post(1))
        assert _media(root) == ["media/pier.png"]
        assert (report.changed, report.kept) == ([], [])
        assert (report.files.kept, report.files.total) == (1, 1)


def test_other_articles_show_a_picture_at_its_new_name(tmp_path: Path, uploads: Path) -> None:
    root = tmp_path / "newsroom"
    _import(root, uploads, _post(1), _post(2))
    _rename(root, "media/pier.png")
    _import(root, uploads, _post(1), _post(2), _post(3))
    for number in (1, 2, 3):
        assert "media/pier.png" in (root / f"articles/2020/01/title-{number}.md").read_text("utf-8")
    assert _media(root) == ["media/pier.png"]
    load(root)


def test_picture_that_is_no_longer_in_media_is_fetched_again(tmp_path: Path, uploads: Path) -> None:
    root = tmp_path / "newsroom"
    _import(root, uploads, _post(1))
    (root / "media/2020/01/a.png").unlink()
    (root / "media/other.png").write_bytes(picture(9, 9, "PNG"))
    (root / "media/notes.txt").write_bytes(picture(8, 8, "PNG"))
    _import(root, uploads, _post(1))
    assert sorted(_media(root)) == ["media/2020/01/a.png", "media/notes.txt", "media/other.png"]
