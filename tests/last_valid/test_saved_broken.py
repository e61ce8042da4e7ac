"""A broken file saved into a running newsroom: it stays as it last was, everything else is served, and the editor is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.metrics import gauges, render_metrics
from feedsvc.web.status import render_status
from tests.broken_files.case import Case
from tests.helpers import newsrooms
from tests.last_valid import saved_files

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def started(root: Path) -> Live:
    """Each call is a start of its own, with what an earlier one remembered."""
    return Live(ContentFolder(root, "", ParseCache(root.parent / "state/articles.sqlite")), LastModifiedStore(None), lambda: NOW)


SETTINGS: Final = ("site.yaml", "authors.yaml", "categories.yaml")


@pytest.fixture(params=saved_files.CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param  # type: ignore[no-any-return]


def test_readers_see_the_last_valid_version_and_everything_else_and_the_editor_is_told(tmp_path: Path, case: Case) -> None:
    root = saved_files.write(tmp_path / "content", saved_files.before(case))
    live = started(root)
    assert live.edition.content.errors == ()
    was, dates = saved_files.served(live), saved_files.moments(live)

    saved_files.write(root, case.files)
    live.reload()
    now, then = saved_files.served(live), saved_files.moments(live)
    assert now == (was if saved_files.expected(case) == saved_files.before(case) else without_fault(tmp_path / "like", case))
    assert [path for path in now if now[path] == was.get(path) and then[path] != dates[path]] == []
    assert told(live) == saved_files.lines(case)
    assert saved_files.served(started(root)) == now, "another start shows something else"

    saved_files.only(root, saved_files.before(case))
    live.reload()
    assert saved_files.served(live) == was
    assert json.loads(render_status(live, NOW, {}))["problems"] == []


def without_fault(home: Path, case: Case) -> dict[str, object]:
    """What a start in a sound folder serves that looks to readers as this one should."""
    live = started(saved_files.write(home / "content", saved_files.expected(case)))
    assert live.edition.content.errors == ()
    return saved_files.served(live)


@pytest.mark.parametrize("path", SETTINGS)
def test_the_gauge_and_the_status_know_that_settings_stand_in_their_last_valid_version(tmp_path: Path, path: str) -> None:
    live = started(newsrooms.write_sample(tmp_path / "content"))
    saved_files.write(tmp_path / "content", {path: "a: ["})
    live.reload()
    assert [one["serving_last_valid"] for one in json.loads(render_status(live, NOW, {}))["problems"]] == [True]
    assert b"feedsvc_serving_last_valid 1.0" in render_metrics({}, {"": gauges(live)})


def told(live: Live) -> tuple[str, ...]:
    problems = json.loads(render_status(live, NOW, {}))["problems"]
    stand = {article.path for article in live.edition.content.articles} | live.edition.content.last_valid_paths & set(SETTINGS)
    assert all(one["serving_last_valid"] == (one["path"] in stand) for one in problems if one["severity"] == "error")
    return saved_files.told(problems)
