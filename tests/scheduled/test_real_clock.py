"""The same by the real clock: a server and a static tree that are left alone while an article falls due."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from tests.helpers.http_client import SECONDS, ask
from tests.helpers.newsrooms import article, write
from tests.helpers.running_server import command, environment, serving
from tests.leaks.newsroom import SITE, VISIBLE

_PATHS: Final = ("/articles/due/", "/", "/feed.rss", "/feed.atom", "/feed.json", "/tag/sudden/feed.atom", "/sitemap.xml")
_SECOND: Final = timedelta(seconds=1)


def newsroom(root: Path) -> Path:
    return write(root, {**SITE, **VISIBLE})


def schedule(root: Path) -> datetime:
    """Save an article that is due in some seconds, on the second."""
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    write(root, article("due", due.isoformat(), title="Dueword", tags="[sudden]", body="Dueword."))
    return due


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


class Look(NamedTuple):
    asked: datetime
    answered: datetime
    holds: bool


def look(url: str, path: str) -> Look:
    asked = datetime.now(UTC)
    body = ask(url, path).body
    return Look(asked, datetime.now(UTC), (b"articles/due/" if path == "/sitemap.xml" else b"Dueword") in body)


def test_an_article_is_served_from_its_second_on_by_a_server_that_nobody_touches(tmp_path: Path) -> None:
    root = newsroom(tmp_path / "content")
    with serving(root, tmp_path / "state") as server:
        due = schedule(root)
        looks: list[Look] = []

        def ask_all() -> bool:
            looks.extend(look(server.url, path) for path in _PATHS)
            return looks[-len(_PATHS)].asked > due + _SECOND

        until(ask_all)
    # Server and test read one clock: what was answered before the moment is without it, what was asked from then on has it.
    early, late = [one.holds for one in looks if one.answered < due], [one.holds for one in looks if one.asked >= due]
    assert early
    assert not any(early)
    assert len(late) >= len(_PATHS)
    assert all(late)


def test_a_static_tree_that_is_kept_in_step_holds_it_when_it_is_due_and_no_earlier(tmp_path: Path) -> None:
    root, out = newsroom(tmp_path / "content"), tmp_path / "out"
    building = subprocess.Popen(
        command("build", out, root, "--watch", "--state", tmp_path / "state"),
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        until((out / "feed.atom").exists)
        due = schedule(root)
        until((out / "articles/due/index.html").exists)
        # File systems keep times by a clock of their own that lags by some milliseconds.
        assert (out / "articles/due/index.html").stat().st_mtime > due.timestamp() - 0.05
        until(lambda: all("Dueword" in (out / name).read_text() for name in ("feed.rss", "feed.atom", "feed.json", "index.html")))
        # What only search engines follow is written after the feeds.
        until(lambda: "/articles/due/" in (out / "sitemap.xml").read_text())
        building.terminate()
        _, said = building.communicate(timeout=SECONDS)
        assert building.returncode == 0, said
        assert "Traceback" not in said
    finally:
        if building.returncode is None:
            building.kill()
            building.communicate()
