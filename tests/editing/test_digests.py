"""The command `feedsvc check --against` names what subscribers of a digest see, and changes that give its entries other ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editing.repository import FILES, commit, compare_problems, create_repository, feed_changes

DIGEST = "daily:\n  title: Day\n  include: {all: true}\n  digest: {every: day, at: 06:00}\n"
OTHER_IDS = "its entries get other ids, so readers show all of them as new"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return create_repository(tmp_path / "repo", {**FILES, "feeds.yaml": DIGEST})


@pytest.mark.parametrize(
    ("old", "new", "id_"),
    [
        ("{every: day, at", "{every: week, on: friday, at", "daily"),
        ("  digest: {every: day, at: 06:00}\n", "", "daily"),
        ("daily:\n", "morning:\n  aliases: [daily]\n", "morning"),
    ],
)
def test_a_change_that_gives_the_entries_other_ids_is_a_warning(root: Path, old: str, new: str, id_: str) -> None:
    assert old in DIGEST
    (root / "feeds.yaml").write_text(DIGEST.replace(old, new))
    (problem,) = [problem for problem in compare_problems(root) if problem.startswith("feeds.yaml")]
    assert f"warning: {id_}: its digest was another at HEAD; {OTHER_IDS}; put back the id daily and digest:" in problem


def test_a_feed_that_becomes_a_digest_is_a_warning(root: Path) -> None:
    (root / "feeds.yaml").write_text(DIGEST.partition("  digest")[0])
    commit(root.parent)
    (root / "feeds.yaml").write_text(DIGEST)
    assert [problem for problem in compare_problems(root) if "its digest was another" in problem]


def test_another_time_is_no_warning(root: Path) -> None:
    (root / "feeds.yaml").write_text(DIGEST.replace("06:00", "18:00").replace("Day", "Evening"))
    assert compare_problems(root) == []


def test_changed_entries_of_a_digest_are_named_by_their_titles(root: Path) -> None:
    article = root / "articles/a.yaml"
    article.write_text(article.read_text().replace("A bridge", "Two bridges"))
    assert feed_changes(root)["custom/daily"] == ["changed without updated: Day, Sat, 03 Jan 2026"]
    for stem in ("a", "b"):
        (root / f"articles/{stem}.yaml").unlink()
    assert "gone: Day, Sat, 03 Jan 2026" in feed_changes(root)["custom/daily"]
