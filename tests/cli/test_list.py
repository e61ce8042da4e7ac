"""feedsvc list: articles by status."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.cli.command_line import run_feedsvc
from tests.helpers import newsrooms

SETTINGS = "title: T\nbase_url: https://t.example\nid_domain: t.example\ntimezone: Asia/Seoul\n"


def text(title: str, keys: str) -> str:
    return f"title: {title}\n{keys}\nsummary: S.\nbody: Text.\n"


def write(root: Path) -> Path:
    newsrooms.write(root, {"site.yaml": SETTINGS})
    return newsrooms.write(
        root,
        {
            "articles/old.yaml": text("Old", "published: 2026-01-01T09:00"),
            "articles/new.yaml": text("New", "published: 2026-01-02T09:00:30"),
            "articles/later.yaml": text("Later", "published: 2099-01-01T09:00"),
            "articles/draft.yaml": text("Draft", "published: 2026-01-03\nstatus: draft"),
            "articles/gone.yaml": text("Gone", "published: 2026-01-03\nexpires: 2026-01-04"),
            "articles/back.yaml": text("Back", "published: 2026-01-03\nstatus: withdrawn\nwithdrawn: {date: 2026-01-05}"),
        },
    )


def listed(content: Path, *options: str | Path) -> Any:
    return json.loads(run_feedsvc("list", content, "--json", *options).stdout)


def test_each_status_has_a_heading_with_its_number_and_a_line_for_each_article(tmp_path: Path) -> None:
    result = run_feedsvc("list", write(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    countdown = re.compile(r"in \d+ days \d+ h")
    assert countdown.sub("in N days", result.stdout).splitlines() == [
        "broken (no last valid version): 0",
        "broken (the last valid version is shown): 0",
        "scheduled: 1",
        "  2099-01-01 09:00+09:00  in N days  articles/later.yaml  Later",
        "drafts: 1",
        "  2026-01-03 00:00+09:00  articles/draft.yaml  Draft",
        "published: 2",
        "  2026-01-02 09:00:30+09:00  articles/new.yaml  New",
        "  2026-01-01 09:00+09:00     articles/old.yaml  Old",
        "expired: 1",
        "  2026-01-04 00:00+09:00  articles/gone.yaml  Gone",
        "withdrawn: 1",
        "  2026-01-05 00:00+09:00  articles/back.yaml  Back",
    ]


def test_countdown_of_the_next_article_is_in_minutes_and_seconds(tmp_path: Path) -> None:
    moment = datetime.now(UTC) + timedelta(minutes=50)
    newsrooms.write(write(tmp_path), {"articles/next.yaml": text("Next", f"published: {moment.isoformat()}")})
    lines = run_feedsvc("list", tmp_path, "--status", "scheduled").stdout.splitlines()
    assert lines[0] == "scheduled: 2"
    assert re.search(r"  in \d+ min \d+ s +articles/next.yaml +Next$", lines[1])


def test_a_broken_file_is_listed_with_its_error_and_gives_status_1(tmp_path: Path) -> None:
    newsrooms.write(write(tmp_path), {"articles/broken.yaml": "title: no\npublished: 2026-02-30\n", "tags.yaml": "a: [\n"})
    result = run_feedsvc("list", tmp_path, "--status", "broken")
    assert result.returncode == 1
    assert result.stdout.splitlines() == [
        "broken (no last valid version): 1",
        '  articles/broken.yaml:1:8: title: YAML reads no as false; put it in quotes: "no" (and 1 more)',
    ]
    assert result.stderr.startswith("tags.yaml:1:")
    assert "articles/broken.yaml" not in result.stderr
    assert "last valid versions are unknown, because no server has written " in result.stderr


def test_a_new_newsroom_is_listed_without_a_word_about_the_state_of_a_server(tmp_path: Path) -> None:
    result = run_feedsvc("list", write(tmp_path / "content"), "--state", tmp_path / "state")
    assert (result.returncode, result.stderr) == (0, "")


def test_a_broken_file_whose_last_valid_version_is_shown_is_listed_as_such(tmp_path: Path) -> None:
    content, state = write(tmp_path / "content"), tmp_path / "state"
    assert run_feedsvc("build", tmp_path / "out", content, "--state", state).returncode == 0
    newsrooms.write(content, {"articles/old.yaml": "title: no\npublished: 2026-01-01T09:00\n"})
    before = sorted((file.name, file.read_bytes()) for file in content.rglob("*.yaml"))
    result = run_feedsvc("list", content, "--state", state, "--status", "last-valid", "--status", "broken")
    assert (result.returncode, result.stderr) == (1, "")
    assert result.stdout.splitlines() == [
        "broken (no last valid version): 0",
        "broken (the last valid version is shown): 1",
        '  2026-01-01 09:00+09:00  published  articles/old.yaml:1:8: title: YAML reads no as false; put it in quotes: "no"',
    ]
    (row,) = listed(content, "--state", state, "--status", "last-valid")["articles"]
    assert (row["title"], row["status_of_version"], row["problems"][0]["line"]) == ("Old", "published", 1)
    # Without that state folder, the version is unknown.
    (row,) = listed(content, "--state", tmp_path / "other", "--status", "broken")["articles"]
    assert (row["path"], row["problems"][0]["column"]) == ("articles/old.yaml", 8)
    assert "last valid versions are unknown" in run_feedsvc("list", content, "--state", tmp_path / "other").stderr
    assert not (tmp_path / "other").exists()
    assert before == sorted((file.name, file.read_bytes()) for file in content.rglob("*.yaml"))


def test_json_has_counts_and_times_in_utc(tmp_path: Path) -> None:
    result = listed(write(tmp_path))
    assert list(result["counts"].items()) == [
        *(("broken", 0), ("last-valid", 0), ("scheduled", 1), ("draft", 1), ("published", 2), ("expired", 1), ("withdrawn", 1))
    ]
    rows = {row["slug"]: row for row in result["articles"]}
    assert rows["later"]["published"] == "2099-01-01T00:00:00Z"
    assert rows["later"]["seconds_until_published"] > 1_000_000_000
    assert rows["gone"]["expires"] == "2026-01-03T15:00:00Z"
    assert rows["back"]["withdrawn"] == "2026-01-04T15:00:00Z"
    assert rows["new"] == {
        "path": "articles/new.yaml",
        "status": "published",
        "id": "tag:t.example,2026:new",
        "slug": "new",
        "title": "New",
        "published": "2026-01-02T00:00:30Z",
        "updated": "2026-01-02T00:00:30Z",
        "expires": None,
        "withdrawn": None,
    }


def test_output_is_bounded_and_says_how_many_more_there_are(tmp_path: Path) -> None:
    files = {f"articles/a{number:02}.yaml": text("A", f"published: 2025-01-{number:02}") for number in range(1, 26)}
    newsrooms.write(write(tmp_path), files)
    lines = run_feedsvc("list", tmp_path, "--status", "published").stdout.splitlines()
    assert len(lines) == 22
    assert (lines[0], lines[-1]) == ("published: 27", "  ... and 7 more; --status published --limit 0 lists all")
    assert len(run_feedsvc("list", tmp_path, "--status", "published", "--limit", "0").stdout.splitlines()) == 28
    assert len(listed(tmp_path, "--status", "published")["articles"]) == 27
    assert len(listed(tmp_path, "--status", "published", "--limit", "3")["articles"]) == 3
