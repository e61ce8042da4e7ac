"""The watcher thread reads new, changed, moved and deleted files, settings and media, and serves the result."""

from __future__ import annotations

import os
import re
import shutil
import time
from itertools import chain
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder, open_content_folder
from feedsvc.live import watcher as watcher_module
from feedsvc.live.live import Live
from tests.audience.waiting import wait_until
from tests.helpers.newsrooms import SITE, article, picture, write
from tests.live.watched_folder import (
    assert_equals_fresh_edition,
    html_of,
    problem_lines,
    visible_slugs,
    watch,
)

LOGO = "<svg xmlns='http://www.w3.org/2000/svg' width='8' height='8'><rect width='8' height='8' fill='red'/></svg>"


def test_five_hundred_new_files_become_visible(root: Path) -> None:
    with watch(root) as live:
        for number in range(500):
            write(root, article(f"n{number}"))
        wait_until(lambda: len(visible_slugs(live)) == 502)
        assert problem_lines(live) == []


def test_articles_of_a_subfolder_follow_its_move_rename_and_deletion(root: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside", article("three") | article("four"))
    with watch(root) as live:
        (tmp_path / "outside/articles").rename(root / "articles/new")
        wait_until(lambda: {"three", "four"} <= visible_slugs(live))
        (root / "articles/new").rename(root / "articles/newer")
        wait_until(
            lambda: any(article_read.path == "articles/newer/three.yaml" for article_read in live.edition.content.articles)
        )
        shutil.rmtree(root / "articles/newer")
        wait_until(lambda: visible_slugs(live) == {"one", "two"})
        wait_until(lambda: problem_lines(live) == [])


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_save_in_a_folder_that_came_back_under_its_old_name_is_shown_at_once(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_deleted: bool
) -> None:
    """The save was shown only after the scan once a minute: a draft or a withdrawn article stayed public until then."""
    monkeypatch.setattr(watcher_module, "_FIRST_SCAN_DELAY", 3600.0)
    folder, away = root / "articles/y/z", tmp_path / "away"
    write(folder, {"three.yaml": article("three")["articles/three.yaml"]})
    with watch(root) as live:
        wait_until(lambda: os.stat(folder).st_ino in watched_inodes())
        (root / "articles/y").rename(away)
        wait_until(lambda: "three" not in visible_slugs(live))
        if is_deleted:
            write(folder, {"three.yaml": article("three")["articles/three.yaml"]})
        else:
            away.rename(root / "articles/y")
        wait_until(lambda: "three" in visible_slugs(live))
        time.sleep(0.5)  # until the folders are watched anew
        (folder / "three.yaml").unlink()
        wait_until(lambda: "three" not in visible_slugs(live))


def test_a_link_to_articles_in_another_folder_does_not_delay_saves(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A save was shown after up to a minute: the system notified of the link's path only."""
    monkeypatch.setattr(watcher_module, "_FIRST_SCAN_DELAY", 3600.0)
    (root / "media").mkdir(exist_ok=True)
    (root / "media/arts").symlink_to("../articles")
    with watch(root) as live:
        wait_until(lambda: os.stat(root / "articles").st_ino in watched_inodes())
        for name in ("three", "four"):
            write(root, article(name))
            wait_until(lambda name=name: name in visible_slugs(live))
        (root / "media/arts").unlink()
        write(root, article("five"))
        wait_until(lambda: "five" in visible_slugs(live))


def test_a_folder_that_was_created_while_the_server_started_is_watched(root: Path) -> None:
    live = Live(ContentFolder(root), None)
    write(root, {path.replace("articles/", "articles/new/"): text for path, text in article("three").items()})
    write(root, {"media/new/one.txt": "1"})
    with watch(root, live):
        wait_until(lambda: "three" in visible_slugs(live))
        wait_until(lambda: watched_inodes() >= {os.stat(root / name).st_ino for name in ("articles/new", "media/new")})


def test_a_conflict_right_after_a_restart_is_reported(root: Path, tmp_path: Path) -> None:
    for _ in range(2):  # the second start knows that no articles were in conflict
        live = Live(open_content_folder(root, "", tmp_path / "state"), None)
    with watch(root, live):
        write(root, {"articles/copy.yaml": article("one")["articles/one.yaml"], **article("three")})
        wait_until(lambda: "three" in visible_slugs(live) and len(problem_lines(live)) == 1)
        (line,) = problem_lines(live)
        assert line.startswith("articles/copy.yaml:")
        assert visible_slugs(live) == {"one", "two", "three"}
        (root / "articles/one.yaml").unlink()
        wait_until(lambda: problem_lines(live) == [])
        assert visible_slugs(live) == {"copy", "two", "three"}


def test_folders_that_are_created_shortly_after_each_other_are_all_watched(root: Path) -> None:
    with watch(root) as live:
        for number in range(12):
            write(root, {f"articles/f{number}/n{number}.yaml": article(f"n{number}")[f"articles/n{number}.yaml"]})
            time.sleep(0.02)
        wait_until(lambda: len(visible_slugs(live)) == 14)
        wait_until(lambda: watched_inodes() >= {os.stat(root / f"articles/f{number}").st_ino for number in range(12)})


def watched_inodes() -> set[int]:
    """Return the inodes of all files and folders that this process watches with inotify."""
    lines = chain.from_iterable(_lines_of(file) for file in Path("/proc/self/fdinfo").iterdir())
    return {int(match[1], 16) for line in lines if (match := re.match(r"inotify .*?\bino:([0-9a-f]+)", line))}


def _lines_of(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:  # the file was closed meanwhile
        return []


def test_deleting_the_articles_folder_reports_no_problem(root: Path) -> None:
    with watch(root) as live:
        shutil.rmtree(root / "articles")
        wait_until(lambda: visible_slugs(live) == set())
        wait_until(lambda: problem_lines(live) == [])


def test_content_symlink_switched_to_another_folder_is_read_again(root: Path, tmp_path: Path) -> None:
    releases = tmp_path / "releases"
    shutil.copytree(root, releases / "1")
    shutil.copytree(root, releases / "2")
    write(releases / "2", article("three"))
    current = tmp_path / "current"
    current.symlink_to("releases/1")
    with watch(current) as live:
        (tmp_path / "next").symlink_to("releases/2")
        (tmp_path / "next").rename(current)
        wait_until(lambda: visible_slugs(live) == {"one", "two", "three"})
        write(releases / "2", article("four"))
        wait_until(lambda: "four" in visible_slugs(live))
        assert_equals_fresh_edition(live, current)


def test_missing_content_folder_is_served_from_memory_and_watched_after_its_return(root: Path, tmp_path: Path) -> None:
    with watch(root) as live:
        root.rename(tmp_path / "away")
        wait_until(lambda: problem_lines(live))
        assert visible_slugs(live) == {"one", "two"}
        shutil.copytree(tmp_path / "away", root)
        wait_until(lambda: problem_lines(live) == [])
        write(root, article("three"))
        wait_until(lambda: visible_slugs(live) == {"one", "two", "three"})


def test_other_bytes_of_the_same_length_of_a_file_that_only_a_page_or_the_settings_name_are_a_change(root: Path) -> None:
    site = (root / "site.yaml").read_text()
    files = {
        "pages/about.md": "---\ntitle: About\n---\n\n[Prices](media/prices.csv)\n",
        "media/prices.csv": "a,1\n",
        "media/logo.svg": LOGO,
        "site.yaml": site.replace("logo: media/logo.png", "logo: media/logo.svg", 1),
    }
    write(root, files)
    with watch(root) as live:
        for path, data in (("media/prices.csv", "a,2\n"), ("media/logo.svg", LOGO.replace("red", "tan"))):
            before = live.edition.publication
            time.sleep(0.01)
            write(root, {path: data})
            wait_until(lambda before=before: live.edition.publication is not before)
            assert f"/{path}" in live.edition.publication.changed_since(before)


def test_added_or_changed_image_updates_the_article_that_shows_it(root: Path) -> None:
    write(root, article("three", image="{src: media/three.png, alt: A}"))
    with watch(root) as live:
        assert "three" not in visible_slugs(live)
        write(root, {"media/three.png": picture(40, 30, "PNG")})
        wait_until(lambda: 'width="40" height="30"' in html_of(live, "/articles/three/"))
        write(root, {"media/three.png": picture(50, 60, "PNG")})
        wait_until(lambda: 'width="50" height="60"' in html_of(live, "/articles/three/"))
        assert problem_lines(live) == []


@pytest.mark.parametrize("folder", [".", "../content", "articles/.."])
def test_media_and_theme_are_watched_in_a_folder_given_as_relative_path(
    root: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    write(root, {"media/talk.mp3": bytes(900), **article("three", enclosures="[{src: media/talk.mp3}]")})
    monkeypatch.chdir(root)
    with watch(Path(folder)) as live:
        wait_until(lambda: live.last_reload.total_reloads > 1)  # the watcher's first scan reads every file
        write(root, {"media/talk.mp3": bytes(1234)})
        wait_until(lambda: 'length="1234"' in html_of(live, "/feed.rss"))
        write(root, {"theme/static/looks.css": "b {}"})
        wait_until(lambda: "static/looks.css" in live.edition.content.theme)


def test_restored_image_is_served_while_its_article_is_broken(root: Path) -> None:
    image_file = {"media/three.png": picture(40, 30, "PNG")}
    write(root, {**image_file, **article("three", image="{src: media/three.png, alt: A}")})
    with watch(root) as live:
        write(root, article("three", image="{src: media/three.png, alt: A}", nonsense="1"))
        wait_until(lambda: problem_lines(live))
        (root / "media/three.png").unlink()
        wait_until(lambda: live.current(live.clock()).resolve("/media/three.png") is None)
        write(root, image_file)
        wait_until(lambda: live.current(live.clock()).resolve("/media/three.png") is not None)
        assert "three" in visible_slugs(live)


def test_article_follows_added_broken_and_removed_authors(root: Path) -> None:
    authors = str(SITE["authors.yaml"])
    write(root, article("three", author="mina"))
    with watch(root) as live:
        assert "three" not in visible_slugs(live)
        write(root, {"authors.yaml": f"{authors.rstrip()}\n        mina: {{name: Mina Park}}\n"})
        wait_until(lambda: "Mina Park" in html_of(live, "/articles/three/"))
        write(root, {"authors.yaml": "a: [\n"})
        wait_until(lambda: problem_lines(live))
        assert "Mina Park" in html_of(live, "/articles/three/")
        write(root, {"authors.yaml": authors})
        wait_until(lambda: any("no author 'mina'" in line for line in problem_lines(live)))
        assert "Mina Park" in html_of(live, "/articles/three/")
        write(root, article("three", author="ritesh"))
        wait_until(lambda: problem_lines(live) == [])
        assert_equals_fresh_edition(live, root)
