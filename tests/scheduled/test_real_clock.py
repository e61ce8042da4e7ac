"""Scheduled changes with the real clock: a server and `build --watch` publish an article at its time without a save."""

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


def write_content(root: Path) -> Path:
    return write(root, {**SITE, **VISIBLE})


def schedule(root: Path) -> datetime:
    """Save an article that is published in about four seconds, at a full second, and return this time."""
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=4)
    write(root, article("due", due.isoformat(), title="Dueword", tags="[sudden]", body="Dueword."))
    return due


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


class Observation(NamedTuple):
    requested_at: datetime
    received_at: datetime
    has_article: bool


def observe(url: str, path: str) -> Observation:
    requested_at = datetime.now(UTC)
    body = ask(url, path).body
    return Observation(requested_at, datetime.now(UTC), (b"articles/due/" if path == "/sitemap.xml" else b"Dueword") in body)


def test_server_serves_a_scheduled_article_from_its_second_on(tmp_path: Path) -> None:
    root = write_content(tmp_path / "content")
    with serving(root, tmp_path / "state") as server:
        due = schedule(root)
        observations: list[Observation] = []

        def observe_all() -> bool:
            observations.extend(observe(server.url, path) for path in _PATHS)
            return observations[-len(_PATHS)].requested_at > due + _SECOND

        wait_until(observe_all)
    # Server and test read one clock: responses received before the time lack the article, requests after it get the article.
    early, late = (
        [observation.has_article for observation in observations if observation.received_at < due],
        [observation.has_article for observation in observations if observation.requested_at >= due],
    )
    assert early
    assert not any(early)
    assert len(late) >= len(_PATHS)
    assert all(late)


def test_build_watch_writes_a_scheduled_article_at_its_time_and_no_earlier(tmp_path: Path) -> None:
    root, out = write_content(tmp_path / "content"), tmp_path / "out"
    process = subprocess.Popen(
        command("build", out, root, "--watch", "--state", tmp_path / "state"),
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        wait_until((out / "feed.atom").exists)
        due = schedule(root)
        wait_until((out / "articles/due/index.html").exists)
        # The clock of file times is some milliseconds late.
        assert (out / "articles/due/index.html").stat().st_mtime > due.timestamp() - 0.05
        wait_until(
            lambda: all("Dueword" in (out / name).read_text() for name in ("feed.rss", "feed.atom", "feed.json", "index.html"))
        )
        # Sitemaps are written after the feeds.
        wait_until(lambda: "/articles/due/" in (out / "sitemap.xml").read_text())
        process.terminate()
        _, stderr = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, stderr
        assert "Traceback" not in stderr
    finally:
        if process.returncode is None:
            process.kill()
            process.communicate()
