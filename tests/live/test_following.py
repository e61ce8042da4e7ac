"""Saves of every kind on real files, seen through a Live that a Watcher keeps in step."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.publication.document import Document
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.publication.publication import Publication
from tests.audience.waiting import until
from tests.helpers.newsrooms import SITE, article, picture, write


def slugs(live: Live) -> set[str]:
    return set(live.current(live.clock()).catalog.visible)


def lines(live: Live) -> list[str]:
    return [str(problem) for problem in live.edition.content.errors]


def page(live: Live, path: str) -> str:
    found = live.current(live.clock()).resolve(path)
    return found.body.decode() if isinstance(found, Document) else ""


@contextlib.contextmanager
def watched(root: Path) -> Iterator[Live]:
    ledger = LastModifiedStore(None)
    live = Live(ContentFolder(root), ledger)
    watcher = Watcher(root, live)
    watcher.start()
    try:
        yield live
    finally:
        watcher.stop()
        ledger.close()


@contextlib.contextmanager
def seen(live: Live, look: Callable[[], object]) -> Iterator[list[object]]:
    """What a reader who looks all the time saw, each thing once and in order."""
    found: list[object] = []
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            now = look()
            if not found or found[-1] != now:
                found.append(now)
            time.sleep(0.0005)

    reader = threading.Thread(target=run, daemon=True)
    reader.start()
    try:
        yield found
    finally:
        over.set()
        reader.join()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    files = {**SITE, **article("one", category="asia", author="ritesh"), **article("two", body="First words.")}
    return write(tmp_path / "content", files)


def assert_like_a_fresh_start(live: Live, root: Path) -> None:
    def same() -> bool:
        now = live.clock()
        fresh, running = Publication(build_catalog(load_content(root), now)), live.current(now)
        paths = [path for path in fresh.paths() if isinstance(fresh.resolve(path), Document)]
        return set(paths) <= set(running.paths()) and all(_body(fresh, path) == _body(running, path) for path in paths)

    until(same)


def _body(publication: Publication, path: str) -> bytes:
    found = publication.resolve(path)
    return found.body if isinstance(found, Document) else b""


def test_a_renamed_file_is_never_missing(root: Path) -> None:
    write(root, {"articles/one.yaml": (root / "articles/one.yaml").read_text() + "slug: kept\n"})
    with watched(root) as live, seen(live, lambda: "kept" in slugs(live)) as found:
        for number in range(12):
            old, new = (root / f"articles/{name}.yaml" for name in (number or "one", number + 1))
            old.rename(new)
            until(lambda new=new: any(one.path.endswith(f"/{new.name}") for one in live.edition.content.articles))
    assert found == [True]


def test_a_file_that_an_editor_saves_by_way_of_another_name_is_never_missing(root: Path) -> None:
    file = root / "articles/two.yaml"
    with watched(root) as live, seen(live, lambda: "two" in slugs(live)) as found:
        for number in range(12):
            file.rename(f"{file}~")
            time.sleep(0.012)
            write(root, article("two", body=f"Words {number}."))
            (root / "articles/two.yaml~").unlink()
            until(lambda number=number: f"Words {number}." in page(live, "/articles/two/"))
    assert found == [True]


def test_no_reader_sees_half_an_article(root: Path) -> None:
    whole = b"id: tag:news.example,2026:two\ntitle: two\npublished: 2026-01-01\nbody: |\n  First half.\n  Second half.\n"
    half = whole.index(b"  Second")
    write(root, {"articles/two.yaml": whole})
    with watched(root) as live, seen(live, lambda: "Second half." in page(live, "/articles/two/")) as found:
        for number in range(12):
            with open(root / "articles/two.yaml", "wb", buffering=0) as file:
                file.write(whole[:half])
                time.sleep(0.005)
                file.write(whole[half:] + f"  Save {number}.\n".encode())
            until(lambda number=number: f"Save {number}." in page(live, "/articles/two/"))
    assert found == [True]


def test_no_reader_sees_half_of_the_authors(root: Path) -> None:
    whole = (root / "authors.yaml").read_bytes()
    half = whole.index(b"jia")
    write(root, article("three", author="jia"))
    with watched(root) as live, seen(live, lambda: (len(lines(live)), "three" in slugs(live))) as found:
        for number in range(12):
            with open(root / "authors.yaml", "wb", buffering=0) as file:
                file.write(whole[:half])
                time.sleep(0.005)
                file.write(whole[half:] + f"more-{number}: {{name: More}}\n".encode())
            until(lambda number=number: f"more-{number}" in live.edition.content.authors)
    assert found == [(0, True)]


def test_settings_saved_after_an_article_do_not_show_before_it(root: Path) -> None:
    def shown() -> tuple[bool, bool]:
        content = live.edition.content
        return any(one.path == "articles/two-moved.yaml" for one in content.articles), content.site.title == "Other"

    with watched(root) as live, seen(live, shown) as found:
        (root / "articles/two.yaml").rename(root / "articles/two-moved.yaml")
        write(root, {"site.yaml": str(SITE["site.yaml"]).replace("The Daily & Co", "Other")})
        until(lambda: shown() == (True, True))
    assert (False, True) not in found


def test_a_burst_of_five_hundred_files_is_seen_whole(root: Path) -> None:
    with watched(root) as live:
        for number in range(500):
            write(root, article(f"n{number}"))
        until(lambda: len(slugs(live)) == 502)
        assert lines(live) == []


def test_a_folder_moved_in_renamed_and_deleted(root: Path, tmp_path: Path) -> None:
    write(tmp_path / "outside", article("three") | article("four"))
    with watched(root) as live:
        (tmp_path / "outside/articles").rename(root / "articles/new")
        until(lambda: {"three", "four"} <= slugs(live))
        (root / "articles/new").rename(root / "articles/newer")
        until(lambda: any(one.path == "articles/newer/three.yaml" for one in live.edition.content.articles))
        shutil.rmtree(root / "articles/newer")
        until(lambda: slugs(live) == {"one", "two"})
        until(lambda: lines(live) == [])


def test_the_folder_of_all_articles_deleted_is_no_problem(root: Path) -> None:
    with watched(root) as live:
        shutil.rmtree(root / "articles")
        until(lambda: slugs(live) == set())
        until(lambda: lines(live) == [])


def test_a_link_switched_to_the_next_release(root: Path, tmp_path: Path) -> None:
    releases = tmp_path / "releases"
    shutil.copytree(root, releases / "1")
    shutil.copytree(root, releases / "2")
    write(releases / "2", article("three"))
    current = tmp_path / "current"
    current.symlink_to("releases/1")
    with watched(current) as live:
        (tmp_path / "next").symlink_to("releases/2")
        (tmp_path / "next").rename(current)
        until(lambda: slugs(live) == {"one", "two", "three"})
        write(releases / "2", article("four"))
        until(lambda: "four" in slugs(live))
        assert_like_a_fresh_start(live, current)


def test_a_folder_that_vanishes_is_served_on_and_followed_once_it_is_back(root: Path, tmp_path: Path) -> None:
    with watched(root) as live:
        root.rename(tmp_path / "away")
        until(lambda: lines(live))
        assert slugs(live) == {"one", "two"}
        shutil.copytree(tmp_path / "away", root)
        until(lambda: lines(live) == [])
        write(root, article("three"))
        until(lambda: slugs(live) == {"one", "two", "three"})


def test_a_picture_changed_in_place_and_one_that_mends_its_article(root: Path) -> None:
    write(root, article("three", image="{src: media/three.png, alt: A}"))
    with watched(root) as live:
        assert "three" not in slugs(live)
        write(root, {"media/three.png": picture(40, 30, "PNG")})
        until(lambda: 'width="40" height="30"' in page(live, "/articles/three/"))
        write(root, {"media/three.png": picture(50, 60, "PNG")})
        until(lambda: 'width="50" height="60"' in page(live, "/articles/three/"))
        assert lines(live) == []


@pytest.mark.parametrize("folder", [".", "../content", "articles/.."])
def test_media_and_themes_of_a_folder_that_is_named_by_a_dot_are_live_at_once(
    root: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    write(root, {"media/talk.mp3": bytes(900), **article("three", enclosures="[{src: media/talk.mp3}]")})
    monkeypatch.chdir(root)
    with watched(Path(folder)) as live:
        until(lambda: live.last_reload.total_reloads > 1)  # the first turn of the watcher looks at everything
        write(root, {"media/talk.mp3": bytes(1234)})
        until(lambda: 'length="1234"' in page(live, "/feed.rss"))
        write(root, {"theme/static/looks.css": "b {}"})
        until(lambda: "static/looks.css" in live.edition.content.theme)


def test_an_attachment_that_grows_is_told_with_its_new_length(root: Path) -> None:
    write(root, {"media/talk.mp3": bytes(900), **article("three", enclosures="[{src: media/talk.mp3}]")})
    with watched(root) as live:
        write(root, {"media/talk.mp3": bytes(1234)})
        until(lambda: 'length="1234"' in page(live, "/feed.rss"))


def test_a_picture_that_returns_shows_in_an_article_that_stands_in(root: Path) -> None:
    picture_file = {"media/three.png": picture(40, 30, "PNG")}
    write(root, {**picture_file, **article("three", image="{src: media/three.png, alt: A}")})
    with watched(root) as live:
        write(root, article("three", image="{src: media/three.png, alt: A}", nonsense="1"))
        until(lambda: lines(live))
        (root / "media/three.png").unlink()
        until(lambda: live.current(live.clock()).resolve("/media/three.png") is None)
        write(root, picture_file)
        until(lambda: live.current(live.clock()).resolve("/media/three.png") is not None)
        assert "three" in slugs(live)


def test_authors_added_removed_unparsable_and_mended(root: Path) -> None:
    authors = str(SITE["authors.yaml"])
    write(root, article("three", author="mina"))
    with watched(root) as live:
        assert "three" not in slugs(live)
        write(root, {"authors.yaml": f"{authors.rstrip()}\n        mina: {{name: Mina Park}}\n"})
        until(lambda: "Mina Park" in page(live, "/articles/three/"))
        write(root, {"authors.yaml": "a: [\n"})
        until(lambda: lines(live))
        assert "Mina Park" in page(live, "/articles/three/")
        write(root, {"authors.yaml": authors})
        until(lambda: any("no author 'mina'" in line for line in lines(live)))
        assert "Mina Park" in page(live, "/articles/three/")
        write(root, article("three", author="ritesh"))
        until(lambda: lines(live) == [])
        assert_like_a_fresh_start(live, root)


def test_a_broken_site_stays_as_it_was_until_it_is_mended(root: Path) -> None:
    with watched(root) as live:
        write(root, {"site.yaml": "title: [\n"})
        until(lambda: lines(live))
        assert "The Daily" in page(live, "/")
        write(root, {"site.yaml": str(SITE["site.yaml"]).replace("The Daily & Co", "Other")})
        until(lambda: "Other" in page(live, "/"))
        assert lines(live) == []


def test_two_files_that_swap_their_slugs(root: Path) -> None:
    write(root, article("one", slug="left") | article("two", slug="right"))
    with watched(root) as live:
        write(root, article("one", slug="right") | article("two", slug="left"))
        until(lambda: "<h1>one</h1>" in page(live, "/articles/right/") or "Text of one." in page(live, "/articles/right/"))
        until(lambda: lines(live) == [])
        assert_like_a_fresh_start(live, root)


def test_a_copy_takes_nothing_down_and_is_told_what_to_change(root: Path) -> None:
    with watched(root) as live, seen(live, lambda: "one" in slugs(live)) as found:
        shutil.copy(root / "articles/one.yaml", root / "articles/b.yaml")
        until(lambda: lines(live))
        (line,) = lines(live)
        assert line.startswith("articles/b.yaml:1:5: id: 'tag:news.example,2026:one' is already the id of articles/one.yaml:1")
        write(root, article("b", title="Edited"))
        until(lambda: lines(live) == [])
        until(lambda: slugs(live) == {"one", "two", "b"})
    assert found == [True]
