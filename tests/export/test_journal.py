"""What a killed build wrote is the next one's own: to change, to remove, and to sweep where it is half written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.export.journal import Journal
from feedsvc.export.names import MANIFEST
from feedsvc.export.notes import Note
from feedsvc.export.tree import Tree

OTHERS = (".br", ".zst")  # twins that a build with gzip alone has none of


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_a_file_that_was_only_claimed_with_gzip_alone_is_ours_after_a_kill(root: int) -> None:
    journal = Journal(root)
    journal.begin("common")
    journal.claim(["index.html"], alone={f"index.html{end}" for end in OTHERS})
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
    journal.claim(names, alone={f"{name}{end}" for name in names for end in OTHERS})
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
    journal.claim(["articles/a/index.html"], alone={f"articles/a/index.html{end}" for end in (*OTHERS, ".gz")})
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
