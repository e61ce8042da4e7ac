"""A broken file saved into a watched folder: readers see its last valid version, and the editor sees the problem."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.content.store import ContentStore
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.web.metrics import gauges, render_metrics
from feedsvc.web.service_endpoints import render_status
from tests.broken_files.case import Case
from tests.helpers import newsrooms
from tests.last_valid import saved_files

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)


def start(root: Path, version: int = 0) -> Live:
    """Start with the state that an earlier start left, with another `version` of the code unless it is 0."""
    store = ContentStore(root.parent / "state/articles.sqlite", version)
    return Live(ContentFolder(root, "", store), LastModifiedStore(None), lambda: NOW)


SETTINGS: Final = ("site.yaml", "authors.yaml", "categories.yaml")


@pytest.fixture(params=saved_files.CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    return request.param  # type: ignore[no-any-return]


def test_readers_see_the_last_valid_version_of_a_broken_file_and_the_editor_sees_the_problem(tmp_path: Path, case: Case) -> None:
    root = saved_files.write(tmp_path / "content", saved_files.before(case))
    live = start(root)
    assert live.edition.content.errors == ()
    former_resources, former_dates = saved_files.resources_and_dates(live)

    saved_files.write(root, case.files)
    live.reload()
    resources, dates = saved_files.resources_and_dates(live)
    assert resources == (
        former_resources
        if saved_files.expected(case) == saved_files.before(case)
        else resources_without_problem(tmp_path / "like", case)
    )
    assert [
        path for path in resources if resources[path] == former_resources.get(path) and dates[path] != former_dates[path]
    ] == []
    assert reported_messages(live) == saved_files.expected_messages(case)
    assert saved_files.resources_by_path(start(root)) == resources, "another start serves other resources"

    saved_files.write_only(root, saved_files.before(case))
    live.reload()
    assert saved_files.resources_by_path(live) == former_resources
    assert json.loads(render_status(live, NOW, {}))["problems"] == []


def resources_without_problem(folder: Path, case: Case) -> dict[str, object]:
    """Return the resources of a valid folder that must look the same to readers."""
    live = start(saved_files.write(folder / "content", saved_files.expected(case)))
    assert live.edition.content.errors == ()
    return saved_files.resources_by_path(live)


def test_last_valid_versions_survive_a_start_with_another_version_of_the_code(tmp_path: Path) -> None:
    root = saved_files.write(tmp_path / "content", saved_files.before(saved_files.CASES[0]))
    resources = saved_files.resources_by_path(start(root))
    broken = {"articles/sound.yaml", *SETTINGS}
    saved_files.write(root, dict.fromkeys(broken, "a: ["))
    for version in (7, 0, 7):  # 0: today's
        live = start(root, version)
        assert (saved_files.resources_by_path(live), live.edition.content.last_valid_paths) == (resources, broken)


@pytest.mark.parametrize("path", SETTINGS)
def test_the_status_and_the_gauge_show_that_settings_are_served_in_their_last_valid_version(tmp_path: Path, path: str) -> None:
    live = start(newsrooms.write_sample(tmp_path / "content"))
    saved_files.write(tmp_path / "content", {path: "a: ["})
    live.reload()
    assert [problem["serving_last_valid"] for problem in json.loads(render_status(live, NOW, {}))["problems"]] == [True]
    assert b"feedsvc_serving_last_valid 1.0" in render_metrics({}, {"": gauges(live)})


def reported_messages(live: Live) -> tuple[str, ...]:
    """Return the messages of /status; check that they name the files that are served in their last valid version."""
    problems = json.loads(render_status(live, NOW, {}))["problems"]
    settings_paths = {*SETTINGS, "tags.yaml", "feeds.yaml"}
    content = live.edition.content
    served_paths = {article.path for article in content.articles} | content.last_valid_paths & settings_paths
    assert all(
        problem["serving_last_valid"] == (problem["path"] in served_paths)
        for problem in problems
        if problem["severity"] == "error"
    )
    return saved_files.messages(problems)
