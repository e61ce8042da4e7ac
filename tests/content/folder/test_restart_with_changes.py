"""A start with stored records, after changes of settings and files, gives the content that a running server has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from feedsvc.content.folder import loader
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.folder.snapshot import ContentSnapshot
from feedsvc.content.store import ContentStore
from tests.broken_files.case import HEAD, PNG
from tests.conftest import SETTINGS, Newsroom
from tests.helpers.newsrooms import picture

COUNT = 200
ALIAS = "asia:\n  title: Asia\n  aliases: [orient]\n"


def article_text(number: int) -> str:
    """Return an article: every third has an image, every fifth names a category by its alias, every seventh has a warning."""
    lines = f"id: tag:news.example,2026:{number}\nslug: a{number}\nauthor: mina-park\n"
    lines += f"image: {{src: media/{number}.png, alt: A}}\n" if number % 3 == 0 else ""
    lines += "category: orient\n" if number % 5 == 0 else "category: sport\n"
    lines += "body: |\n  Text.\n## Votes\n" if number % 7 == 0 else ""
    return HEAD + lines


def write(root: Path, path: str, data: str | bytes) -> None:
    (root / path).write_bytes(data.encode() if isinstance(data, str) else data)


def path_of(number: int) -> str:
    return f"articles/{number % 4}/{number}.yaml"


def take_slug_of_another(root: Path) -> None:
    write(root, path_of(3), article_text(3).replace("slug: a3\n", "slug: a150\n"))


def take_id_of_another(root: Path) -> None:
    write(root, "articles/new.yaml", article_text(77).replace("slug: a77", "slug: new"))


def translate(root: Path) -> None:
    for number in (8, 9):
        write(root, path_of(number), f"{article_text(number)}language: ko\ntranslation_of: tag:news.example,2026:150\n")


def break_files(root: Path) -> None:
    for number in (4, 5, 6, 190):
        write(root, path_of(number), "title: [\n")


def delete_folder(root: Path) -> None:
    for file in (root / "articles/2").iterdir():
        file.unlink()
    (root / "articles/2").rmdir()


CHANGES: dict[str, Callable[[Path], None]] = {
    "nothing": lambda _: None,
    "time zone": lambda root: write(root, "site.yaml", SETTINGS["site.yaml"].replace("Asia/Kolkata", "Asia/Seoul")),
    "category": lambda root: write(root, "categories.yaml", ALIAS),
    "alias": lambda root: write(root, "categories.yaml", SETTINGS["categories.yaml"]),
    "author": lambda root: write(root, "authors.yaml", "ritesh-nambiar:\n  name: Ritesh Nambiar\n"),
    "image": lambda root: write(root, "media/9.png", picture(640, 360, "PNG")),
    "missing image": lambda root: (root / "media/9.png").unlink(),
    "missing file": lambda root: (root / path_of(11)).unlink(),
    "missing folder": delete_folder,
    "same slug": take_slug_of_another,
    "same id": take_id_of_another,
    "translations in one language": translate,
    "renamed file": lambda root: (root / path_of(12)).rename(root / "articles/3/renamed.yaml"),
}


@pytest.fixture
def root(newsroom: Newsroom) -> Path:
    files: dict[str, str | bytes] = {path_of(number): article_text(number) for number in range(COUNT)}
    media = {f"media/{number}.png": PNG for number in range(0, COUNT, 3)}
    return newsroom({**files, **media, "categories.yaml": SETTINGS["categories.yaml"].replace("asia:\n  title: Asia\n", ALIAS)})


def read(root: Path, file: Path) -> ContentSnapshot:
    folder = ContentFolder(root, store=ContentStore(file))
    content = folder.read().content
    folder.save()
    return content


def read_in_several_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "PARALLEL_THRESHOLD", 1)
    monkeypatch.setattr(loader, "_MIN_CHUNK_SIZE", 16)


def by_path(content: ContentSnapshot) -> tuple[object, ...]:
    articles = sorted(content.articles, key=lambda article: article.path)
    return articles, content.problems, dict(content.media), content.categories, content.authors


@pytest.mark.parametrize("name", CHANGES)
def test_a_restart_after_a_change_gives_what_a_running_server_gives(root: Path, tmp_path: Path, name: str) -> None:
    read(root, tmp_path / "kept")
    running = ContentFolder(root, store=ContentStore(tmp_path / "other"))
    running.read()
    CHANGES[name](root)
    expected = by_path(running.read().content)
    for _ in range(2):
        assert by_path(read(root, tmp_path / "kept")) == expected


@pytest.mark.parametrize("name", CHANGES)
def test_a_first_start_in_several_processes_gives_what_one_process_gives(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    CHANGES[name](root)
    (root / "articles/dangling.yaml").symlink_to("nowhere.yaml")
    expected = by_path(load_content(root))
    read_in_several_processes(monkeypatch)
    for _ in range(2):
        assert by_path(read(root, tmp_path / "kept")) == expected


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_after_a_first_start_in_several_processes_is_read(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    running = ContentFolder(root, store=ContentStore(tmp_path / "one process"))
    running.read()
    read_in_several_processes(monkeypatch)
    other = ContentFolder(root, store=ContentStore(tmp_path / "several processes"))
    assert by_path(other.read().content) == by_path(load_content(root))
    CHANGES[name](root)
    assert by_path(other.read().content) == by_path(running.read().content)


def test_last_valid_versions_are_used_after_a_restart(root: Path, tmp_path: Path) -> None:
    before = read(root, tmp_path / "kept").articles
    break_files(root)
    for _ in range(2):
        content = read(root, tmp_path / "kept")
        assert set(content.articles) == set(before)
        assert len(content.errors) == 4


def test_a_conflict_shows_after_a_start_that_was_killed_before_it_was_complete(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "kept"
    read(root, file)
    read_in_several_processes(monkeypatch)
    for number in range(COUNT, 2 * COUNT):
        write(root, path_of(number), article_text(number).replace(f"slug: a{number}\n", f"slug: a{number % (COUNT + 3)}\n"))
    killed = ContentFolder(root, store=ContentStore(file))
    killed.read()  # stores the new records, but not which of them lost a conflict
    assert len(ContentStore(file).load_records()) > COUNT
    expected = by_path(load_content(root))
    for _ in range(2):
        assert by_path(read(root, file)) == expected
