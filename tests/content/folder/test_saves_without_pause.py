"""A folder in which editors save without a pause: no save waits for long, and no article is missing meanwhile."""

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


def article_text(name: str, lines: str = "") -> str:
    return f"{HEAD}id: tag:news.example,2026:{name}\n{lines}"


class Editor:
    """An editor of a content folder, and the folder as feedsvc reads it."""

    def __init__(self, root: Path) -> None:
        self.root, self.folder = root, ContentFolder(root)
        self.folder.read()

    def save(self, path: str, text: str) -> None:
        aside = self.root.with_name("aside")  # in the content folder, it would change the folder of the settings files
        aside.write_text(text)
        aside.rename(self.root / path)

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
    names = ("busy", *(f"first-{number}" for number in range(12)))
    files = {f"articles/{name}.yaml": article_text(name) for name in names}
    return Editor(newsroom({**files, "authors.yaml": "mina: {name: Old}\n"}))


def article_stems(content: ContentSnapshot) -> set[str]:
    return {Path(article.path).stem for article in content.articles}


def _has_article(content: ContentSnapshot, stem: str) -> bool:
    return stem in article_stems(content)


def test_saves_without_a_pause_delay_neither_other_files_nor_themselves(editor: Editor) -> None:
    summaries = set()
    for number in range(5):
        editor.save(f"articles/new-{number}.yaml", article_text(f"new-{number}"))
        start = time.monotonic()
        for content in editor.snapshots_while_saving(1.2):
            summaries |= {article.summary for article in content.articles if article.path == "articles/busy.yaml"}
            if time.monotonic() - start > 0.5:
                assert f"new-{number}" in article_stems(content)
    assert len(summaries) > 3


def test_a_renamed_article_is_in_each_snapshot(editor: Editor) -> None:
    editor.warm_up()
    articles = editor.root / "articles"
    for number in range(12):
        (articles / f"first-{number}.yaml").rename(articles / f"renamed-{number}.yaml")
        for content in editor.snapshots_until(partial(_has_article, stem=f"renamed-{number}")):
            assert {f"renamed-{number}", f"first-{number}"} & article_stems(content)
    assert article_stems(editor.folder.read().content) >= {f"renamed-{number}" for number in range(12)}


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
