"""Watch a content folder and observe what a reader of it sees."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from tests.audience.waiting import wait_until


def visible_slugs(live: Live) -> set[str]:
    return set(live.current(live.clock()).catalog.visible)


def problem_lines(live: Live) -> list[str]:
    return [str(problem) for problem in live.edition.content.errors]


def html_of(live: Live, path: str) -> str:
    """Return the text of the document at the path in the current edition, "" if there is none."""
    document = live.current(live.clock()).resolve(path)
    return document.body.decode() if isinstance(document, Document) else ""


@contextlib.contextmanager
def watch(root: Path, live: Live | None = None) -> Iterator[Live]:
    """Run a watcher thread on the folder until the block ends, and yield its Live, which is `live` or a new one."""
    live = live or Live(ContentFolder(root), None)
    watcher = Watcher(root, live)
    watcher.start()
    try:
        yield live
    finally:
        watcher.stop()


@contextlib.contextmanager
def record_observations(live: Live, observe: Callable[[], object]) -> Iterator[list[object]]:
    """Call `observe` repeatedly in a thread; the list of its results grows by each result that differs from the one before."""
    observations: list[object] = []
    stop = threading.Event()

    def observe_until_stop() -> None:
        while not stop.is_set():
            observation = observe()
            if not observations or observations[-1] != observation:
                observations.append(observation)
            time.sleep(0.0005)

    reader = threading.Thread(target=observe_until_stop, daemon=True)
    reader.start()
    try:
        yield observations
    finally:
        stop.set()
        reader.join()


def assert_equals_fresh_edition(live: Live, root: Path) -> None:
    """Wait until every document of the current edition equals that of an edition newly built from the folder."""

    def is_equal() -> bool:
        now = live.clock()
        expected, current = Publication(build_catalog(load_content(root), now)), live.current(now)
        paths = [path for path in expected.paths() if isinstance(expected.resolve(path), Document)]
        return set(paths) <= set(current.paths()) and all(_body(expected, path) == _body(current, path) for path in paths)

    wait_until(is_equal)


def _body(publication: Publication, path: str) -> bytes:
    document = publication.resolve(path)
    return document.body if isinstance(document, Document) else b""
