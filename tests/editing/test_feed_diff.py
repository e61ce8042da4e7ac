"""The command `feedsvc check --against` lists the changed entries of each feed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.cli.command_line import run_feedsvc
from tests.editing.repository import FILES, compare_with_revision, create_repository, edit, feed_changes
from tests.helpers.newsrooms import write


def test_changed_article_is_listed_for_each_of_its_feeds(root: Path) -> None:
    edit(root, "articles/a.yaml", "body: Text.", "updated: 2026-01-05\nbody: Corrected.")
    changes = ["updated: A bridge"]
    assert feed_changes(root) == {"site": changes, "category/asia": changes, "author/mina-park": changes, "tag/bridges": changes}


def test_new_silently_changed_and_removed_entries_are_distinguished(root: Path) -> None:
    edit(root, "articles/a.yaml", "body: Text.", "body: Other.")
    write(root, {"articles/new.yaml": "id: tag:news.example,2026:new\ntitle: New\npublished: 2026-02-01\ncategory: sport\n"})
    edit(root, "articles/b.yaml", "aliases", "status: withdrawn\naliases")
    silent = ["changed without updated: A bridge"]
    assert feed_changes(root) == {
        "site": ["new: New", *silent, "gone: B"],
        "category/asia": silent,
        "category/sport": ["new: New"],
        "author/mina-park": silent,
        "tag/bridges": silent,
    }


def test_license_changes_no_entry(root: Path) -> None:
    site = root / "site.yaml"
    site.write_text(f"{site.read_text()}license: {{prohibits: [ai-train]}}\n")
    assert feed_changes(root) == {}


REMOVALS: Final[Mapping[str, Callable[[Path], None]]] = {
    "its article was withdrawn": lambda root: edit(root, "articles/a.yaml", "status: published", "status: withdrawn"),
    "its article has expired": lambda root: edit(root, "articles/a.yaml", "body:", "expires: 2026-02-01\nbody:"),
    "its article is hidden until its withdrawal": lambda root: edit(
        root, "articles/a.yaml", "status: published", "status: withdrawn\nwithdrawn: {date: 2026-12-31, notice: Wrong.}"
    ),
    "its article is a draft": lambda root: edit(root, "articles/a.yaml", "status: published", "status: draft"),
    "its article is published later": lambda root: edit(root, "articles/a.yaml", "2026-01-02T09:30:00+05:30", "2026-12-31"),
    "its article file is gone": lambda root: (root / "articles/a.yaml").unlink(),
}


@pytest.mark.parametrize("reason", REMOVALS)
def test_removed_entry_has_a_reason(root: Path, reason: str) -> None:
    REMOVALS[reason](root)
    assert {change.reason for feed in compare_with_revision(root).feeds for change in feed.changes} == {reason}


def test_feeds_that_stay_as_they_are_because_a_file_is_broken_are_not_reported_as_gone(tmp_path: Path) -> None:
    feeds = 'daily: {title: Daily, include: {all: true}, digest: {every: day, at: "06:00"}}\n'
    root = create_repository(tmp_path, {**FILES, "feeds.yaml": feeds})
    for path in ("articles/a.yaml", "feeds.yaml", "categories.yaml", "authors.yaml"):
        text = (root / path).read_text()
        (root / path).write_text(f"{text}x: [\n")
        assert feed_changes(root) == {}
        (root / path).write_text(text)


def test_article_in_another_category_is_removed_from_one_feed_and_new_in_the_other(root: Path) -> None:
    edit(root, "articles/a.yaml", "category: asia", "category: sport")
    changes = feed_changes(root)
    assert (changes["category/asia"], changes["category/sport"]) == (["gone: A bridge"], ["new: A bridge"])
    assert changes["site"] == ["changed without updated: A bridge"]
    (reason,) = (feed.changes[0].reason for feed in compare_with_revision(root).feeds if feed.name == "category/asia")
    assert reason == "it is no longer in this feed"


def test_removed_feed_has_ended_and_renamed_feed_has_not(root: Path) -> None:
    edit(root, "articles/a.yaml", "tags: [bridges]", "")
    assert feed_changes(root)["tag/bridges"] == ["ended"]
    edit(root, "categories.yaml", "sport:\n  title: Sport", "sports:\n  title: Sport\n  aliases: [sport]")
    assert "category/sport" not in feed_changes(root)


def test_feed_of_a_language_whose_address_redirects_to_another_feed_has_not_ended(tmp_path: Path) -> None:
    english = "id: tag:news.example,2026:english\ntitle: A\npublished: 2026-01-01\n"
    korean = "id: tag:news.example,2026:korean\ntitle: K\npublished: 2026-01-02\nlanguage: ko\n"
    root = create_repository(tmp_path, {"articles/english.yaml": english, "articles/korean.yaml": korean})
    edit(root, "articles/korean.yaml", "language: ko", "language: ko-KR")
    silent = ["changed without updated: K"]
    assert feed_changes(root) == {"site": silent, "language/ko": silent}
    (root / "articles/korean.yaml").unlink()
    # Subscribers of the English feed are led to the feed of the site, which holds the same.
    assert feed_changes(root) == {"site": ["gone: K"], "language/ko": ["ended"]}


def test_entries_moved_between_feed_and_archive_are_no_change(tmp_path: Path) -> None:
    site = "title: T\nbase_url: https://news.example\nid_domain: news.example\nfeed: {entries: 2}\n"
    days = {
        f"articles/{day}.yaml": f"id: tag:news.example,2026:{day}\ntitle: Day {day}\npublished: 2026-01-0{day}\n"
        for day in range(1, 5)
    }
    root = create_repository(tmp_path, {"site.yaml": site, **days})
    write(root, {"articles/5.yaml": "id: tag:news.example,2026:5\ntitle: Day 5\npublished: 2026-01-05\n"})
    assert feed_changes(root) == {"site": ["new: Day 5"]}
    (root / "articles/5.yaml").unlink()
    (root / "articles/1.yaml").unlink()
    write(root, {"articles/0.yaml": "id: tag:news.example,2026:0\ntitle: Backdated\npublished: 2025-01-05\n"})
    assert feed_changes(root) == {}
    edit(root, "articles/4.yaml", "title", "status: withdrawn\ntitle")
    assert feed_changes(root) == {"site": ["gone: Day 4"]}


def test_check_prints_warnings_before_feeds(root: Path) -> None:
    edit(root, "articles/b.yaml", "title: B", "title: C")
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    result = run_feedsvc("check", root, "--against", "main")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert (
        "articles/b.yaml:1:5: warning: id: 'tag:news.example,2026:c' was 'tag:news.example,2026:b' at main; "
        "readers would show the article a second time; put back id: tag:news.example,2026:b [new-id]"
    ) in lines
    assert lines[-3:] == ["site: 1 new, 1 gone", "  + C", "  - B (its file has another id now)"]


def test_strict_check_fails_for_changes_that_affect_subscribers(root: Path) -> None:
    assert run_feedsvc("stamp", root).returncode == 0
    (root / "articles/b.yaml").unlink()
    result = run_feedsvc("check", root, "--against", "HEAD", "--strict")
    assert result.returncode == 1
    assert (
        "articles/b.yaml:1:1: warning: 'B' was public at HEAD and is gone; feed readers keep their copy; "
        "to withdraw it with a notice, keep the file and write status: withdrawn"
    ) in result.stdout


def test_a_new_slug_draws_one_advice(root: Path) -> None:
    edit(root, "articles/a.yaml", "slug: a", "slug: new")
    lines = run_feedsvc("check", root, "--against", "HEAD").stdout.splitlines()
    assert [line.rpartition("; ")[2] for line in lines if "slug:" in line and "warning" in line] == [
        "write aliases: [a] [missing-address]"
    ]
    assert lines[-1] == "  = A bridge (without a later updated:, many readers do not show the change)"
    edit(root, "articles/a.yaml", "slug: new", "slug: new\naliases: [a]")
    assert "slug:" not in run_feedsvc("check", root, "--against", "HEAD").stdout


def test_check_prints_that_no_feed_changes(root: Path) -> None:
    assert run_feedsvc("check", root, "--against", "HEAD").stdout.splitlines()[-1] == "no feed changes for its subscribers"


def test_long_list_of_entries_is_truncated(root: Path) -> None:
    write(root, {f"articles/n{n}.yaml": f"title: N{n}\npublished: 2026-02-01\n" for n in range(20)})
    lines = run_feedsvc("check", root, "--against", "HEAD").stdout.splitlines()
    assert lines[-14] == "site: 20 new"
    assert lines[-1] == "  + and 8 more; --all lists them"


def test_json_output_has_feeds_and_problems(root: Path) -> None:
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    document = json.loads(run_feedsvc("check", root, "--against", "HEAD", "--format", "json").stdout)
    assert [problem["line"] for problem in document["problems"] if "at HEAD" in problem["message"]] == [1]
    assert (document["feeds"], document["not_compared"]) == (
        [
            {
                "feed": "site",
                "ended": False,
                "entries": [
                    {"change": "new", "id": "tag:news.example,2026:c", "title": "B", "reason": ""},
                    {"change": "gone", "id": "tag:news.example,2026:b", "title": "B", "reason": "its file has another id now"},
                ],
            }
        ],
        [],
    )


def test_github_output_has_annotations_followed_by_feeds(root: Path) -> None:
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    lines = run_feedsvc("check", root, "--against", "HEAD", "--format", "github").stdout.splitlines()
    assert {line.partition(" ")[0] for line in lines[:-3]} == {"::warning"}
    assert sum("at HEAD" in line for line in lines) == 1
    assert lines[-3:] == ["site: 1 new, 1 gone", "  + B", "  - B (its file has another id now)"]


def test_direction_override_in_a_title_is_escaped(root: Path) -> None:
    edit(root, "articles/b.yaml", "title: B", "title: B\u202ec")
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    assert "  + B<U+202E>c" in run_feedsvc("check", root, "--against", "HEAD").stdout.splitlines()


def test_broken_site_yaml_is_reported_and_nothing_is_compared(root: Path) -> None:
    (root / "site.yaml").write_text("title: T\n")
    result = run_feedsvc("check", root, "--against", "HEAD")
    assert result.returncode == 1
    assert result.stdout.startswith("site.yaml:1:1: error: base_url: is missing\n")
    assert "subscribers" not in result.stdout
    assert (
        result.stderr.splitlines()[0] == "feedsvc: error: nothing was compared, because site.yaml has errors; correct them first"
    )
    document = json.loads(run_feedsvc("check", root, "--against", "HEAD", "--format", "json").stdout)
    assert (document["feeds"], document["not_compared"]) == ([], [])


def test_git_variables_of_a_hook_are_ignored(root: Path) -> None:
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    result = run_feedsvc(
        "check", "content", "--against", "HEAD", cwd=root.parent, GIT_DIR=".git", GIT_INDEX_FILE=".git/index", GIT_PREFIX=""
    )
    assert "was 'tag:news.example,2026:b' at HEAD" in result.stdout, result.stderr
