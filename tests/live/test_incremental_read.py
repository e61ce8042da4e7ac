"""Incremental reads of a content folder equal a full read after any change without errors."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.model import Article
from tests.helpers.newsrooms import SITE, article, picture, write

STEMS = [f"n{number}" for number in range(8)]
FOLDERS = ["articles", "articles/x", "articles/x/y", "articles/z"]


def content_values(content: ContentSnapshot) -> tuple[object, ...]:
    articles = {article.path: article for article in content.articles}
    other_values = (
        content.site,
        content.categories,
        content.authors,
        content.media,
        content.theme,
        content.problems,
        content.last_valid_paths,
    )
    return articles, *other_values


def article_files(root: Path) -> list[Path]:
    return sorted(path for path in (root / "articles").rglob("*.*") if path.is_file())


def save(root: Path, random: Random) -> list[str]:
    stem, folder = random.choice(STEMS), random.choice(FOLDERS)
    for old in (root / "articles").rglob(f"{stem}.yaml"):
        return _write_article(root, str(old.relative_to(root)), stem, random)
    return _write_article(root, f"{folder}/{stem}.yaml", stem, random)


def _write_article(root: Path, path: str, stem: str, random: Random) -> list[str]:
    keys = random.choice([{}, {"author": "ritesh"}, {"category": "east"}, {"image": "{src: media/a.png, alt: A}"}])
    write(root, {path: article(stem, body=f"Words {random.random()}.", **keys)[f"articles/{stem}.yaml"]})
    return [path]


def delete(root: Path, random: Random) -> list[str]:
    path = random.choice(article_files(root) or [None])
    if path is None:
        return []
    path.unlink()
    return [str(path.relative_to(root))]


def move_folder(root: Path, random: Random) -> list[str]:
    old, new = root / random.choice(FOLDERS[1:]), root / "articles" / f"moved-{random.randrange(3)}"
    if not old.is_dir() or new.exists():
        return []
    old.rename(new)
    return [str(path.relative_to(root)) for path in (old, new)]


def delete_folder(root: Path, random: Random) -> list[str]:
    folders = [path for path in sorted((root / "articles").rglob("*")) if path.is_dir()] + [root / "articles"] * (
        random.random() < 0.2
    )
    folder = random.choice(folders or [None])
    if folder is None or not folder.exists():
        return []
    # The operating system reports each deleted file, and the folder itself only sometimes.
    reported_paths = [path for path in folder.rglob("*") if path.is_file()] + [folder] * (random.random() < 0.5)
    shutil.rmtree(folder)
    return [str(path.relative_to(root)) for path in reported_paths] or [str(folder.relative_to(root))]


def change_image(root: Path, random: Random) -> list[str]:
    write(root, {"media/a.png": picture(random.randrange(10, 90), 10, "PNG")})
    return ["media/a.png"]


def change_site_title(root: Path, random: Random) -> list[str]:
    write(root, {"site.yaml": str(SITE["site.yaml"]).replace("The Daily & Co", f"The Daily {random.random()}")})
    return ["site.yaml"]


CHANGES: list[Callable[[Path, Random], list[str]]] = (
    [save] * 8 + [delete] * 3 + [change_image, change_site_title, move_folder, delete_folder]
)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("is_full_scan", [False, True])
def test_incremental_read_equals_full_read_and_reports_its_changes(tmp_path: Path, seed: int, *, is_full_scan: bool) -> None:
    random, root = Random(seed), write(tmp_path / "content", SITE)
    change_image(root, random)
    folder, articles = ContentFolder(root), dict[str, Article]()
    folder.read(now=datetime.now(UTC))
    for _ in range(60):
        changed_paths = [path for _ in range(random.randrange(1, 4)) for path in random.choice(CHANGES)(root, random)]
        change = folder.read(None if is_full_scan else changed_paths, datetime.now(UTC))
        assert content_values(change.content) == content_values(load_content(root)), changed_paths
        assert all(articles.pop(article.path) == article for article in change.removed)
        articles |= {article.path: article for article in change.added}
        assert articles == {article.path: article for article in change.content.articles}
    assert os.path.isdir(root)
