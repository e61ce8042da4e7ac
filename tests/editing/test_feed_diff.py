"""feedsvc check --against: what the subscribers of each feed will see."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

from tests.cli.test_cli import run
from tests.editing.repository import compared, edit, repository, seen
from tests.helpers.newsrooms import write


def test_every_feed_of_an_article_is_told_what_its_subscribers_see(root: Path) -> None:
    edit(root, "articles/a.yaml", "body: Text.", "updated: 2026-01-05\nbody: Corrected.")
    changed = ["updated: A bridge"]
    assert seen(root) == {"site": changed, "category/asia": changed, "author/mina-park": changed, "tag/bridges": changed}


def test_new_silent_and_gone_are_told_apart(root: Path) -> None:
    edit(root, "articles/a.yaml", "body: Text.", "body: Other.")
    write(root, {"articles/new.yaml": "id: tag:news.example,2026:new\ntitle: New\npublished: 2026-02-01\ncategory: sport\n"})
    edit(root, "articles/b.yaml", "aliases", "status: withdrawn\naliases")
    silent = ["changed silently: A bridge"]
    assert seen(root) == {
        "site": ["new: New", *silent, "gone: B"],
        "category/asia": silent,
        "category/sport": ["new: New"],
        "author/mina-park": silent,
        "tag/bridges": silent,
    }


GOING: Final[Mapping[str, Callable[[Path], None]]] = {
    "withdrawn": lambda root: edit(root, "articles/a.yaml", "status: published", "status: withdrawn"),
    "expired": lambda root: edit(root, "articles/a.yaml", "body:", "expires: 2026-02-01\nbody:"),
    "no article any more": lambda root: (root / "articles/a.yaml").unlink(),
}


@pytest.mark.parametrize("reason", GOING)
def test_why_an_entry_is_gone_is_told(root: Path, reason: str) -> None:
    GOING[reason](root)
    assert {change.reason for feed in compared(root).feeds for change in feed.changes} == {reason}


def test_an_article_moved_to_another_category_goes_from_one_feed_and_comes_in_the_other(root: Path) -> None:
    edit(root, "articles/a.yaml", "category: asia", "category: sport")
    found = seen(root)
    assert (found["category/asia"], found["category/sport"]) == (["gone: A bridge"], ["new: A bridge"])
    assert found["site"] == ["changed silently: A bridge"]
    (gone,) = (feed.changes[0].reason for feed in compared(root).feeds if feed.name == "category/asia")
    assert gone == "no longer in this feed"


def test_a_feed_that_is_gone_is_told_and_one_that_moved_is_followed(root: Path) -> None:
    edit(root, "articles/a.yaml", "tags: [bridges]", "")
    assert seen(root)["tag/bridges"] == ["ended"]
    edit(root, "categories.yaml", "sport:\n  title: Sport", "sports:\n  title: Sport\n  aliases: [sport]")
    assert "category/sport" not in seen(root)


def test_what_slides_into_the_archive_or_back_is_nothing(tmp_path: Path) -> None:
    site = "title: T\nbase_url: https://news.example\nid_domain: news.example\nfeed: {entries: 2}\n"
    days = {
        f"articles/{day}.yaml": f"id: tag:news.example,2026:{day}\ntitle: Day {day}\npublished: 2026-01-0{day}\n"
        for day in range(1, 5)
    }
    root = repository(tmp_path, {"site.yaml": site, **days})
    write(root, {"articles/5.yaml": "id: tag:news.example,2026:5\ntitle: Day 5\npublished: 2026-01-05\n"})
    assert seen(root) == {"site": ["new: Day 5"]}
    (root / "articles/5.yaml").unlink()
    (root / "articles/1.yaml").unlink()
    write(root, {"articles/0.yaml": "id: tag:news.example,2026:0\ntitle: Backdated\npublished: 2025-01-05\n"})
    assert seen(root) == {}
    edit(root, "articles/4.yaml", "title", "status: withdrawn\ntitle")
    assert seen(root) == {"site": ["gone: Day 4"]}


# --- The command ------------------------------------------------------------------------------------------------


def test_the_command_prints_warnings_then_feeds(root: Path) -> None:
    edit(root, "articles/b.yaml", "title: B", "title: C")
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    done = run("check", root, "--against", "main")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert (
        "articles/b.yaml:1:5: warning: id: 'tag:news.example,2026:c' was 'tag:news.example,2026:b' at main; "
        "readers would show the article a second time; put back id: tag:news.example,2026:b"
    ) in lines
    assert lines[-3:] == ["site: 1 new, 1 gone", "  + C", "  - B (no article any more)"]


def test_what_subscribers_would_feel_fails_where_warnings_do(root: Path) -> None:
    assert run("stamp", root).returncode == 0
    (root / "articles/b.yaml").unlink()
    done = run("check", root, "--against", "HEAD", "--strict")
    assert done.returncode == 1
    assert "articles/b.yaml:1:1: warning: 'B' was public at HEAD and is gone" in done.stdout


def test_no_change_is_told_too(root: Path) -> None:
    assert run("check", root, "--against", "HEAD").stdout.splitlines()[-1] == "no feed changes for its subscribers"


def test_a_long_list_of_entries_is_cut(root: Path) -> None:
    write(root, {f"articles/n{n}.yaml": f"title: N{n}\npublished: 2026-02-01\n" for n in range(20)})
    lines = run("check", root, "--against", "HEAD").stdout.splitlines()
    assert lines[-14] == "site: 20 new"
    assert lines[-1] == "  and 8 more"


def test_programs_get_the_feeds_beside_the_problems(root: Path) -> None:
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    told = json.loads(run("check", root, "--against", "HEAD", "--format", "json").stdout)
    assert [problem["line"] for problem in told["problems"] if "at HEAD" in problem["message"]] == [1]
    assert (told["feeds"], told["not_compared"]) == (
        [
            {
                "feed": "site",
                "ended": False,
                "entries": [
                    {"change": "new", "id": "tag:news.example,2026:c", "title": "B", "reason": ""},
                    {"change": "gone", "id": "tag:news.example,2026:b", "title": "B", "reason": "no article any more"},
                ],
            }
        ],
        [],
    )


def test_a_pull_request_gets_the_warnings_and_its_log_the_feeds(root: Path) -> None:
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    lines = run("check", root, "--against", "HEAD", "--format", "github").stdout.splitlines()
    assert {line.partition(" ")[0] for line in lines[:-3]} == {"::warning"}
    assert sum("at HEAD" in line for line in lines) == 1
    assert lines[-3:] == ["site: 1 new, 1 gone", "  + B", "  - B (no article any more)"]


def test_a_title_that_turns_the_line_round_is_shown_as_it_is_written(root: Path) -> None:
    edit(root, "articles/b.yaml", "title: B", "title: B\u202ec")
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    assert "  + B<U+202E>c" in run("check", root, "--against", "HEAD").stdout.splitlines()


def test_a_broken_site_yaml_is_told_before_anything_is_compared(root: Path) -> None:
    (root / "site.yaml").write_text("title: T\n")
    done = run("check", root, "--against", "HEAD")
    assert done.returncode == 1
    assert done.stdout.startswith("site.yaml:1:1: error: base_url: is missing\n")
    assert "subscribers" not in done.stdout
    assert (
        done.stderr.splitlines()[0]
        == "feedsvc: error: the folder was not compared with the revision 'HEAD', because it has errors; correct them first"
    )
    told = json.loads(run("check", root, "--against", "HEAD", "--format", "json").stdout)
    assert (told["feeds"], told["not_compared"]) == ([], [])


def test_a_hooks_variables_do_not_mislead(root: Path) -> None:
    edit(root, "articles/b.yaml", "2026:b", "2026:c")
    done = run(
        "check", "content", "--against", "HEAD", cwd=root.parent, GIT_DIR=".git", GIT_INDEX_FILE=".git/index", GIT_PREFIX=""
    )
    assert "was 'tag:news.example,2026:b' at HEAD" in done.stdout, done.stderr
