"""The watcher thread never shows a missing or half-written file while an editor saves."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.audience.waiting import wait_until
from tests.helpers.newsrooms import article, write
from tests.live.watched_folder import (
    assert_equals_fresh_edition,
    html_of,
    problem_lines,
    record_observations,
    visible_slugs,
    watch,
)


def test_renamed_article_file_stays_visible(root: Path) -> None:
    write(root, {"articles/one.yaml": (root / "articles/one.yaml").read_text() + "slug: kept\n"})
    with watch(root) as live, record_observations(live, lambda: "kept" in visible_slugs(live)) as observations:
        for number in range(12):
            old, new = (root / f"articles/{name}.yaml" for name in (number or "one", number + 1))
            old.rename(new)
            wait_until(lambda new=new: any(article.path.endswith(f"/{new.name}") for article in live.edition.content.articles))
    assert observations == [True]


@pytest.mark.timing  # a file that changed 20 ms ago counts as complete
def test_article_saved_via_backup_file_stays_visible(root: Path) -> None:
    file = root / "articles/two.yaml"
    with watch(root) as live, record_observations(live, lambda: "two" in visible_slugs(live)) as observations:
        for number in range(12):
            file.rename(f"{file}~")
            time.sleep(0.012)
            write(root, article("two", body=f"Words {number}."))
            (root / "articles/two.yaml~").unlink()
            wait_until(lambda number=number: f"Words {number}." in html_of(live, "/articles/two/"))
    assert observations == [True]


@pytest.mark.timing  # a file that changed 20 ms ago counts as complete
def test_half_written_article_is_never_served(root: Path) -> None:
    data = b"id: tag:news.example,2026:two\ntitle: two\npublished: 2026-01-01\nbody: |\n  First half.\n  Second half.\n"
    middle = data.index(b"  Second")
    write(root, {"articles/two.yaml": data})
    with (
        watch(root) as live,
        record_observations(live, lambda: "Second half." in html_of(live, "/articles/two/")) as observations,
    ):
        for number in range(12):
            with open(root / "articles/two.yaml", "wb", buffering=0) as file:
                file.write(data[:middle])
                time.sleep(0.005)
                file.write(data[middle:] + f"  Save {number}.\n".encode())
            wait_until(lambda number=number: f"Save {number}." in html_of(live, "/articles/two/"))
    assert observations == [True]


@pytest.mark.timing  # a file that changed 20 ms ago counts as complete
def test_half_written_authors_file_is_never_used(root: Path) -> None:
    data = (root / "authors.yaml").read_bytes()
    middle = data.index(b"jia")
    write(root, article("three", author="jia"))
    with (
        watch(root) as live,
        record_observations(live, lambda: (len(problem_lines(live)), "three" in visible_slugs(live))) as observations,
    ):
        for number in range(12):
            with open(root / "authors.yaml", "wb", buffering=0) as file:
                file.write(data[:middle])
                time.sleep(0.005)
                file.write(data[middle:] + f"more-{number}: {{name: More}}\n".encode())
            wait_until(lambda number=number: f"more-{number}" in live.edition.content.authors)
    assert observations == [(0, True)]


def test_two_articles_that_swap_slugs_are_served_without_conflict(root: Path) -> None:
    write(root, article("one", slug="left") | article("two", slug="right"))
    with watch(root) as live:
        write(root, article("one", slug="right") | article("two", slug="left"))
        wait_until(
            lambda: "<h1>one</h1>" in html_of(live, "/articles/right/") or "Text of one." in html_of(live, "/articles/right/")
        )
        wait_until(lambda: problem_lines(live) == [])
        assert_equals_fresh_edition(live, root)


def test_copied_article_file_reports_its_duplicate_id_and_hides_no_article(root: Path) -> None:
    with watch(root) as live, record_observations(live, lambda: "one" in visible_slugs(live)) as observations:
        shutil.copy(root / "articles/one.yaml", root / "articles/b.yaml")
        wait_until(lambda: problem_lines(live))
        (line,) = problem_lines(live)
        assert line.startswith("articles/b.yaml:1:5: id: 'tag:news.example,2026:one' is already the id of articles/one.yaml:1")
        write(root, article("b", title="Edited"))
        wait_until(lambda: problem_lines(live) == [])
        wait_until(lambda: visible_slugs(live) == {"one", "two", "b"})
    assert observations == [True]
