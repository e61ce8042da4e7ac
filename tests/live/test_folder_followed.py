"""A folder that is followed reads as a fresh one does, whatever editors do to it, as long as nothing is broken."""

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


def facts(content: ContentSnapshot) -> tuple[object, ...]:
    articles = {one.path: one for one in content.articles}
    rest = (
        content.site,
        content.categories,
        content.authors,
        content.media,
        content.theme,
        content.problems,
        content.last_valid_paths,
    )
    return articles, *rest


def places(root: Path) -> list[Path]:
    return sorted(path for path in (root / "articles").rglob("*.*") if path.is_file())


def save(root: Path, random: Random) -> list[str]:
    stem, folder = random.choice(STEMS), random.choice(FOLDERS)
    for old in (root / "articles").rglob(f"{stem}.yaml"):
        return _written(root, str(old.relative_to(root)), stem, random)
    return _written(root, f"{folder}/{stem}.yaml", stem, random)


def _written(root: Path, path: str, stem: str, random: Random) -> list[str]:
    keys = random.choice([{}, {"author": "ritesh"}, {"category": "east"}, {"image": "{src: media/a.png, alt: A}"}])
    write(root, {path: article(stem, body=f"Words {random.random()}.", **keys)[f"articles/{stem}.yaml"]})
    return [path]


def delete(root: Path, random: Random) -> list[str]:
    path = random.choice(places(root) or [None])
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
    gone = random.choice(folders or [None])
    if gone is None or not gone.exists():
        return []
    # Of what lay in it, each file is told, as the system does; the folder itself is not always.
    told = [path for path in gone.rglob("*") if path.is_file()] + [gone] * (random.random() < 0.5)
    shutil.rmtree(gone)
    return [str(path.relative_to(root)) for path in told] or [str(gone.relative_to(root))]


def paint(root: Path, random: Random) -> list[str]:
    write(root, {"media/a.png": picture(random.randrange(10, 90), 10, "PNG")})
    return ["media/a.png"]


def settle(root: Path, random: Random) -> list[str]:
    write(root, {"site.yaml": str(SITE["site.yaml"]).replace("The Daily & Co", f"The Daily {random.random()}")})
    return ["site.yaml"]


DOINGS: list[Callable[[Path, Random], list[str]]] = [save] * 8 + [delete] * 3 + [paint, settle, move_folder, delete_folder]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("all_of_it", [False, True])
def test_every_look_finds_what_a_fresh_start_finds_and_tells_the_difference(
    tmp_path: Path, seed: int, *, all_of_it: bool
) -> None:
    random, root = Random(seed), write(tmp_path / "content", SITE)
    paint(root, random)
    followed, stood = ContentFolder(root), dict[str, Article]()
    followed.read(now=datetime.now(UTC))
    for _ in range(60):
        touched = [path for _ in range(random.randrange(1, 4)) for path in random.choice(DOINGS)(root, random)]
        change = followed.read(None if all_of_it else touched, datetime.now(UTC))
        assert facts(change.content) == facts(load_content(root)), touched
        assert all(stood.pop(one.path) == one for one in change.removed)
        stood |= {one.path: one for one in change.added}
        assert stood == {one.path: one for one in change.content.articles}
    assert os.path.isdir(root)


def test_a_folder_moved_into_another_keeps_its_articles(tmp_path: Path) -> None:
    root = write(tmp_path / "content", {**SITE, "articles/x/y/n1.yaml": article("n1")["articles/n1.yaml"]})
    followed = ContentFolder(root)
    followed.read()
    (root / "articles/x/y").rename(root / "articles/a")
    change = followed.read(["articles/a", "articles/x/y"])
    assert [one.path for one in change.content.articles] == ["articles/a/n1.yaml"]


def test_a_picture_that_no_article_shows_any_more_is_not_served(tmp_path: Path) -> None:
    shown = article("n1", image="{src: media/a.png, alt: A}")
    root = write(tmp_path / "content", {**SITE, "media/a.png": picture(9, 9, "PNG"), **shown})
    followed = ContentFolder(root)
    assert "media/a.png" in followed.read().content.media
    write(root, article("n1"))
    assert "media/a.png" not in followed.read(["articles/n1.yaml"]).content.media


def test_a_deleted_folder_of_which_only_the_files_are_told_is_no_problem(tmp_path: Path) -> None:
    root = write(tmp_path / "content", {**SITE, "articles/x/n1.yaml": article("n1")["articles/n1.yaml"]})
    followed = ContentFolder(root)
    followed.read()
    shutil.rmtree(root / "articles")
    content = followed.read(["articles/x/n1.yaml"]).content
    assert (content.articles, content.problems) == ((), ())
