"""A folder in which editors save without a pause: what is read of it was there at one moment, and nothing waits for long.

After a second and ten looks without a quiet moment the busy files alone are left for later: most tests keep one busy for longer.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentFolder, ContentSnapshot, load_content
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom

pytestmark = pytest.mark.alone

QUIET: Final = timedelta(milliseconds=20)
SECTIONS: Final = "asia: {title: Asia}\ngone: {title: Gone}\n"


def article(name: str, rest: str = "") -> str:
    return f"{HEAD}id: tag:news.example,2026:{name}\n{rest}"


class Desk:
    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, ContentFolder(root)
        self.folder.read()

    def save(self, path: str, text: str) -> None:
        (self.root / "aside").write_text(text)
        (self.root / "aside").rename(self.root / path)

    def shown(self) -> ContentSnapshot:
        return self.folder.read(now=datetime.now(UTC), settle_time=QUIET).content

    def busy(self, seconds: float) -> Iterator[ContentSnapshot]:
        """What is shown after each save of one article."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.save("articles/busy.yaml", article("busy", f"summary: At {time.monotonic()}\n"))
            yield self.shown()
            time.sleep(0.002)

    def warm_up(self) -> None:
        for _ in self.busy(1.2):
            pass


@pytest.fixture
def desk(newsroom: Newsroom) -> Desk:
    names = ("busy", *(f"{what}-{number}" for number in range(12) for what in ("first", "then")))
    files = {f"articles/{name}.yaml": article(name) for name in names}
    return Desk(newsroom({**files, "authors.yaml": "mina: {name: Old}\n", "categories.yaml": SECTIONS}))


def names(content: ContentSnapshot) -> set[str]:
    return {Path(one.path).stem for one in content.articles}


def test_on_a_machine_too_busy_to_look_often_nothing_shows_before_what_was_saved_earlier(desk: Desk) -> None:
    """Five looks, 0.3 seconds apart, and each comes upon a save of the same article: between them there were pauses."""
    for number in range(5):
        desk.save("articles/busy.yaml", article("busy", f"summary: Save {2 * number}\n"))
        time.sleep(0.1)
        desk.save(f"articles/new-{number}.yaml", article(f"new-{number}"))
        time.sleep(0.2)
        desk.save("articles/busy.yaml", article("busy", f"summary: Save {2 * number + 1}\n"))
        assert f"new-{number}" not in names(desk.shown())  # nor may it, before "Save {2 * number}"
    time.sleep(0.03)
    assert {f"new-{number}" for number in range(5)} < names(desk.shown())


def test_where_a_folder_is_looked_at_once_a_second_a_busy_file_holds_up_no_other_for_long(desk: Desk) -> None:
    desk.save("articles/new.yaml", article("new"))
    seen = []
    for number in range(4):
        desk.save("articles/busy.yaml", article("busy", f"summary: Save {number}\n"))
        seen.append("new" in names(desk.shown()))
        time.sleep(1.02)
    assert seen == [False, False, False, True]


def test_no_deletion_shows_before_what_was_done_earlier(desk: Desk) -> None:
    desk.warm_up()
    articles = desk.root / "articles"
    for number in range(12):
        (articles / f"first-{number}.yaml").rename(articles / f"renamed-{number}.yaml")
        time.sleep(0.008)
        (articles / f"then-{number}.yaml").unlink()
        for content in desk.busy(0.08):
            assert {f"renamed-{number}", f"then-{number}"} & names(content)
    assert names(desk.folder.read().content) == {"busy", *(f"renamed-{number}" for number in range(12))}


def rename_an_author(desk: Desk, number: int) -> None:
    desk.save("authors.yaml", f"mina: {{name: Name {number}}}\n")


def remove_the_sections(desk: Desk, number: int) -> None:
    desk.save("categories.yaml", SECTIONS)
    list(desk.busy(0.08))
    desk.save(f"articles/first-{number}.yaml", article(f"first-{number}", "summary: Before\n"))
    time.sleep(0.002)
    (desk.root / "categories.yaml").unlink()  # "gone" goes, and no article misses it


def test_nothing_shows_before_a_deletion_that_came_earlier(desk: Desk) -> None:
    desk.warm_up()
    for number in range(12):
        (desk.root / f"articles/then-{number}.yaml").unlink()
        rename_an_author(desk, number)
        for content in desk.busy(0.08):
            assert content.authors["mina"].name != f"Name {number}" or f"then-{number}" not in names(content)
        assert content.authors["mina"].name == f"Name {number}"


def test_no_deleted_settings_show_before_what_was_saved_earlier(desk: Desk) -> None:
    desk.warm_up()
    for number in range(6):
        remove_the_sections(desk, number)
        for content in desk.busy(0.08):
            saved = {Path(one.path).stem: one.summary for one in content.articles}[f"first-{number}"]
            assert "gone" in content.categories or saved == "Before"
        assert "gone" not in content.categories


def test_who_deletes_one_article_after_the_other_does_not_hold_up_those_who_save(desk: Desk) -> None:
    for number in range(200):
        desk.save(f"articles/old-{number}.yaml", article(f"old-{number}"))
    desk.folder.read()
    desk.warm_up()
    since = time.monotonic()
    desk.save("articles/new.yaml", article("new"))
    seen = None
    for number, content in zip(range(200), desk.busy(2), strict=False):
        (desk.root / f"articles/old-{number}.yaml").unlink()
        if seen is None and "new" in names(content):
            seen = time.monotonic() - since
    assert seen is not None
    assert seen < 0.5  # it was a second


def saved_while_they_are_read(desk: Desk, act: Callable[[], None]) -> None:
    """Many sections take their time, and the authors are read after them."""
    reader = threading.Thread(target=desk.shown)
    reader.start()
    time.sleep(0.03)
    act()
    reader.join()


def test_no_author_is_renamed_before_what_was_done_earlier(desk: Desk) -> None:
    desk.save("categories.yaml", "".join(f"section-{number}: {{title: Section {number}}}\n" for number in range(3000)))
    renames, over = 10, threading.Event()

    def edit() -> None:
        for number in range(-3, renames):
            end = time.monotonic() + 0.4
            while time.monotonic() < end:
                desk.save("articles/busy.yaml", article("busy", f"summary: At {time.monotonic()}\n"))
                time.sleep(0.004)
            if number >= 0:
                desk.save(f"articles/before-{number}.yaml", article(f"before-{number}"))
                time.sleep(0.004)
                rename_an_author(desk, number)
        over.set()

    editor = threading.Thread(target=edit)
    editor.start()
    while not over.is_set():
        content = desk.shown()
        name = content.authors["mina"].name
        assert name == "Old" or f"before-{name[5:]}" in names(content)
    editor.join()
    assert desk.folder.read().content.authors["mina"].name == f"Name {renames - 1}"


def test_an_enclosure_that_changed_while_settings_were_saved_and_saved_back_is_seen(desk: Desk) -> None:
    many = "".join(f"section-{number}: {{title: Section {number}}}\n" for number in range(3000))
    sound = desk.root / "media/a.mp3"
    sound.parent.mkdir(exist_ok=True)
    sound.write_bytes(b"x" * 10)
    desk.save("categories.yaml", many)
    desk.save("articles/sound.yaml", article("sound", "enclosures: [{src: media/a.mp3}]\n"))
    desk.folder.read()
    sound.write_bytes(b"x" * 99)
    time.sleep(0.03)
    saved_while_they_are_read(desk, lambda: desk.save("authors.yaml", "mina: {name: Other}\n"))
    desk.save("authors.yaml", "mina: {name: Old}\n")
    for _ in range(5):
        time.sleep(0.03)
        content = desk.shown()
    assert content.articles
    lengths = {one.enclosures[0].length for one in content.articles if one.enclosures}
    assert lengths == {one.enclosures[0].length for one in load_content(desk.root).articles if one.enclosures} == {99}
