"""What a killed build wrote is the next one's own: to change, to remove, and to sweep where it is half written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.export.file_table import Note
from feedsvc.export.layout import MANIFEST, TEMPORARY, TWINS
from feedsvc.export.manifest import Journal
from feedsvc.export.manifest_format import told
from feedsvc.export.static_tree import Tree

OTHERS = (".br", ".zst")  # twins that a build with gzip alone has none of


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_a_file_that_was_only_claimed_with_gzip_alone_is_ours_after_a_kill(root: int) -> None:
    journal = Journal(root)
    journal.begin("common")
    journal.claim(["index.html"], ["gzip"], alone=())
    journal.close()
    again = Journal(root)
    assert again.notes == {"index.html": Note(packed=(0, 0, -1))}
    again.close()


def test_a_file_of_which_nobody_can_tell_what_it_was_made_from_is_ours_after_a_kill(root: int) -> None:
    journal = Journal(root)
    journal.note([("media/a.jpg", Note("", 5, 7, (0, 0, 0)))])
    journal.close()
    again = Journal(root)
    assert again.notes == {"media/a.jpg": Note("", 5, 7, (0, 0, 0))}
    again.close()


def test_what_a_killed_build_left_half_written_is_swept_by_the_next(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    root = os.open(out, os.O_RDONLY)
    journal = Journal(root)
    names = [f"articles/{slug}/index.html" for slug in "ab"]
    journal.claim(names, TWINS, alone={f"{name}{end}" for name in names for end in OTHERS})
    journal.close()
    os.close(root)
    for slug, file in (("a", "index.html"), ("b", ".feedsvc-new-1")):
        (out / "articles" / slug).mkdir(parents=True)
        (out / "articles" / slug / file).write_text("old")
    with Tree(out):
        assert not (out / "articles/b/.feedsvc-new-1").exists()
        assert (out / "articles/a/index.html").exists()


def test_what_was_half_written_is_swept_though_the_killed_build_had_no_new_names(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "articles/a").mkdir(parents=True)
    root = os.open(out, os.O_RDONLY)
    journal = Journal(root)
    journal.note([("articles/a/index.html", Note("", 5, 7, (0, 0, 0)))])
    journal.end()
    journal.claim(["articles/a/index.html"], (), alone=())
    journal.close()
    os.close(root)
    (out / "articles/a/.feedsvc-new-1").write_text("ha")
    with Tree(out):
        assert not (out / "articles/a/.feedsvc-new-1").exists()


def test_a_list_that_is_only_read_keeps_its_time(root: int, tmp_path: Path) -> None:
    """Whoever copies trees by time sent it again."""
    Journal(root).close()
    os.utime(tmp_path / MANIFEST, ns=(1, 1))
    Journal(root).close()
    assert (tmp_path / MANIFEST).stat().st_mtime_ns == 1


def test_lines_that_say_nothing_cost_no_other_line(root: int, tmp_path: Path) -> None:
    good = [f"{number:024x} {number} 7 {number} {number}/index.html" for number in range(5)]
    bad = [
        "1 2 3",
        f"0a {'9' * 5000} 1 0 long",
        "0a 1 1 1/1 two",
        "0a 1 1 0 ../out",
        "0a x 1 0 a.html",
        "0a 1 1 0 ",
        "q",
        "+ /etc/x",
    ]
    lines = ["= common", *(line for pair in zip(good, bad[:5], strict=True) for line in pair), *bad[5:], good[0]]
    (tmp_path / MANIFEST).write_text("\n".join([*lines, ".", ""]))
    found = told(root)
    assert found.notes == {f"{number}/index.html": Note(f"{number:024x}", number, 7, (0, 0, number)) for number in range(5)}
    assert (found.common, found.ended, found.length) == ("common", True, (tmp_path / MANIFEST).stat().st_size)


def test_the_last_word_on_a_file_counts_and_what_was_made_from_something_else_is_void(root: int, tmp_path: Path) -> None:
    lines = ["= one", "0a 1 1 0 a.html", "0a 1 1 0 b.html", "+ a.html", "+ c.html", "= two", "0b 2 2 0 b.html", "0c 3 3 0 b.html"]
    (tmp_path / MANIFEST).write_text("\n".join([*lines, ""]))
    assert told(root).notes == {"a.html": Note(), "b.html": Note("0c", 3, 3, (0, 0, 0)), "c.html": Note()}
    assert not told(root).ended


def test_a_long_list_is_told_without_its_claims_once_a_build_has_ended(root: int, tmp_path: Path) -> None:
    """Whoever starts next reads all of it."""
    names = [f"articles/{number}/index.html" for number in range(6000)]
    journal = Journal(root)
    journal.begin("common")
    journal.claim(names, TWINS, alone=())
    journal.note((name, Note("0a", 1, 1, (0, 0, 0))) for name in names)
    journal.end()
    journal.close()
    assert len((tmp_path / MANIFEST).read_text().splitlines()) == len(names) + 2
    assert told(root).notes == dict.fromkeys(names, Note("0a", 1, 1, (0, 0, 0)))


def test_a_build_that_is_done_does_not_fail_where_there_is_no_room_for_a_shorter_list(root: int, tmp_path: Path) -> None:
    names = [f"articles/{number}/index.html" for number in range(6000)]
    journal = Journal(root)
    journal.claim(names, TWINS, alone=())
    journal.note((name, Note("0a", 1, 1, (0, 0, 0))) for name in names)
    (tmp_path / f"{TEMPORARY}list").mkdir()  # where the shorter one would be written
    journal.end()
    journal.close()
    assert told(root).ended
    assert len(told(root).notes) == len(names)
