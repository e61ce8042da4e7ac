"""A folder in which editors save without a pause: each snapshot is a state of one moment, and no save waits for long.

After one second and ten scans without a pause, only the files that still change are postponed. Most tests save one file
for longer than that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentFolder, ContentSnapshot, load_content
from tests.broken_files.case import HEAD
from tests.conftest import Newsroom

pytestmark = pytest.mark.timing

TIMEOUT: Final = 60.0  # seconds
SETTLE_TIME: Final = timedelta(milliseconds=20)
CATEGORIES: Final = "asia: {title: Asia}\ngone: {title: Gone}\n"


def article_text(name: str, lines: str = "") -> str:
    return f"{HEAD}id: tag:news.example,2026:{name}\n{lines}"


class Editor:
    """An editor of a content folder, and the folder as feedsvc reads it."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, ContentFolder(root)
        self.folder.read()

    def save(self, path: str, text: str) -> None:
        (self.root / "aside").write_text(text)
        (self.root / "aside").rename(self.root / path)

    def snapshot(self) -> ContentSnapshot:
        return self.folder.read(now=datetime.now(UTC), settle_time=SETTLE_TIME).content

    def snapshots_while_saving(self, seconds: float) -> Iterator[ContentSnapshot]:
        """Save one article again and again; yield the snapshot after each save."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.save("articles/busy.yaml", article_text("busy", f"summary: At {time.monotonic()}\n"))
            yield self.snapshot()
            time.sleep(0.002)

    def snapshots_until(self, is_visible: Callable[[ContentSnapshot], bool]) -> Iterator[ContentSnapshot]:
        """Save one article again and again until a snapshot shows what was changed before; yield each snapshot.

        A slow machine needs longer than the usual tenth of a second. Fails after TIMEOUT seconds.
        """
        for content in self.snapshots_while_saving(TIMEOUT):
            yield content
            if is_visible(content):
                return
        pytest.fail(f"the change is not visible after {TIMEOUT} seconds of saves")

    def warm_up(self) -> None:
        for _ in self.snapshots_while_saving(1.2):
            pass


@pytest.fixture
def editor(newsroom: Newsroom) -> Editor:
    names = ("busy", *(f"{what}-{number}" for number in range(12) for what in ("first", "then")))
    files = {f"articles/{name}.yaml": article_text(name) for name in names}
    return Editor(newsroom({**files, "authors.yaml": "mina: {name: Old}\n", "categories.yaml": CATEGORIES}))


def article_stems(content: ContentSnapshot) -> set[str]:
    return {Path(article.path).stem for article in content.articles}


def _lacks_article(content: ContentSnapshot, stem: str) -> bool:
    return stem not in article_stems(content)


def test_with_few_scans_a_save_is_not_visible_before_earlier_saves(editor: Editor) -> None:
    """Five scans, 0.3 seconds apart, each just after a save of the same article, although there were pauses between them."""
    for number in range(5):
        editor.save("articles/busy.yaml", article_text("busy", f"summary: Save {2 * number}\n"))
        time.sleep(0.1)
        editor.save(f"articles/new-{number}.yaml", article_text(f"new-{number}"))
        time.sleep(0.2)
        editor.save("articles/busy.yaml", article_text("busy", f"summary: Save {2 * number + 1}\n"))
        assert f"new-{number}" not in article_stems(editor.snapshot())  # it must not be visible before "Save {2 * number}"
    time.sleep(0.03)
    assert {f"new-{number}" for number in range(5)} < article_stems(editor.snapshot())


def test_with_one_scan_per_second_a_changing_file_delays_others_by_three_scans(editor: Editor) -> None:
    editor.save("articles/new.yaml", article_text("new"))
    is_visible = []
    for number in range(4):
        editor.save("articles/busy.yaml", article_text("busy", f"summary: Save {number}\n"))
        is_visible.append("new" in article_stems(editor.snapshot()))
        time.sleep(1.02)
    assert is_visible == [False, False, False, True]


def test_a_deletion_is_not_visible_before_earlier_renames(editor: Editor) -> None:
    editor.warm_up()
    articles = editor.root / "articles"
    for number in range(12):
        (articles / f"first-{number}.yaml").rename(articles / f"renamed-{number}.yaml")
        time.sleep(0.008)
        (articles / f"then-{number}.yaml").unlink()
        for content in editor.snapshots_until(partial(_lacks_article, stem=f"then-{number}")):
            assert {f"renamed-{number}", f"then-{number}"} & article_stems(content)
    assert article_stems(editor.folder.read().content) == {"busy", *(f"renamed-{number}" for number in range(12))}


def _has_author(content: ContentSnapshot, name: str) -> bool:
    return content.authors["mina"].name == name


def rename_an_author(editor: Editor, number: int) -> None:
    editor.save("authors.yaml", f"mina: {{name: Name {number}}}\n")


def remove_categories_file(editor: Editor, number: int) -> None:
    editor.save("categories.yaml", CATEGORIES)
    list(editor.snapshots_until(lambda content: "gone" in content.categories))
    editor.save(f"articles/first-{number}.yaml", article_text(f"first-{number}", "summary: Before\n"))
    time.sleep(0.002)
    (editor.root / "categories.yaml").unlink()  # removes the category "gone", which no article refers to


def test_a_save_is_not_visible_before_earlier_deletions(editor: Editor) -> None:
    editor.warm_up()
    for number in range(12):
        (editor.root / f"articles/then-{number}.yaml").unlink()
        rename_an_author(editor, number)
        is_renamed = partial(_has_author, name=f"Name {number}")
        for content in editor.snapshots_until(is_renamed):
            assert not is_renamed(content) or f"then-{number}" not in article_stems(content)


def test_deleted_settings_are_not_visible_before_earlier_saves(editor: Editor) -> None:
    editor.warm_up()
    for number in range(6):
        remove_categories_file(editor, number)
        for content in editor.snapshots_until(lambda content: "gone" not in content.categories):
            summary = {Path(article.path).stem: article.summary for article in content.articles}[f"first-{number}"]
            assert "gone" in content.categories or summary == "Before"


def test_continuous_deletions_do_not_delay_saves(editor: Editor) -> None:
    for number in range(200):
        editor.save(f"articles/old-{number}.yaml", article_text(f"old-{number}"))
    editor.folder.read()
    editor.warm_up()
    start = time.monotonic()
    editor.save("articles/new.yaml", article_text("new"))
    delay = None
    for number, content in zip(range(200), editor.snapshots_while_saving(2), strict=False):
        (editor.root / f"articles/old-{number}.yaml").unlink()
        if delay is None and "new" in article_stems(content):
            delay = time.monotonic() - start
    assert delay is not None
    assert delay < 0.5  # an earlier version took one second


def act_during_scan(editor: Editor, action: Callable[[], None]) -> None:
    """Call `action` during a scan: many categories take long to read, and the authors are read after them."""
    reader = threading.Thread(target=editor.snapshot)
    reader.start()
    time.sleep(0.03)
    action()
    reader.join()


def test_a_renamed_author_is_not_visible_before_earlier_saves(editor: Editor) -> None:
    editor.save("categories.yaml", "".join(f"section-{number}: {{title: Section {number}}}\n" for number in range(3000)))
    renames, stop = 10, threading.Event()

    def edit() -> None:
        for number in range(-3, renames):
            end = time.monotonic() + 0.4
            while time.monotonic() < end:
                editor.save("articles/busy.yaml", article_text("busy", f"summary: At {time.monotonic()}\n"))
                time.sleep(0.004)
            if number >= 0:
                editor.save(f"articles/before-{number}.yaml", article_text(f"before-{number}"))
                time.sleep(0.004)
                rename_an_author(editor, number)
        stop.set()

    editing_thread = threading.Thread(target=edit)
    editing_thread.start()
    while not stop.is_set():
        content = editor.snapshot()
        name = content.authors["mina"].name
        assert name == "Old" or f"before-{name[5:]}" in article_stems(content)
    editing_thread.join()
    assert editor.folder.read().content.authors["mina"].name == f"Name {renames - 1}"


def test_a_changed_enclosure_is_visible_after_settings_were_changed_and_restored(editor: Editor) -> None:
    categories = "".join(f"section-{number}: {{title: Section {number}}}\n" for number in range(3000))
    audio_file = editor.root / "media/a.mp3"
    audio_file.parent.mkdir(exist_ok=True)
    audio_file.write_bytes(b"x" * 10)
    editor.save("categories.yaml", categories)
    editor.save("articles/sound.yaml", article_text("sound", "enclosures: [{src: media/a.mp3}]\n"))
    editor.folder.read()
    audio_file.write_bytes(b"x" * 99)
    time.sleep(0.03)
    act_during_scan(editor, lambda: editor.save("authors.yaml", "mina: {name: Other}\n"))
    editor.save("authors.yaml", "mina: {name: Old}\n")
    for _ in range(5):
        time.sleep(0.03)
        content = editor.snapshot()
    assert content.articles
    lengths = {article.enclosures[0].length for article in content.articles if article.enclosures}
    assert (
        lengths == {article.enclosures[0].length for article in load_content(editor.root).articles if article.enclosures} == {99}
    )
