"""What a killed build wrote is the next one's own: to change, to remove, and to sweep where it is half written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.export.file_table import FileState
from feedsvc.export.layout import COMPRESSED_SUFFIXES, MANIFEST_FILE, TEMPORARY_PREFIX
from feedsvc.export.manifest import Manifest
from feedsvc.export.manifest_format import read_manifest
from feedsvc.export.static_tree import StaticTree

OTHERS = (".br", ".zst")  # twins that a build with gzip alone has none of


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_a_file_that_was_only_claimed_with_gzip_alone_is_ours_after_a_kill(root: int) -> None:
    journal = Manifest(root)
    journal.set_build_fingerprint("common")
    journal.reserve(["index.html"], ["gzip"], foreign_names=())
    journal.close()
    again = Manifest(root)
    assert again.files == {"index.html": FileState(compressed_sizes=(0, 0, -1))}
    again.close()


def test_a_file_of_which_nobody_can_tell_what_it_was_made_from_is_ours_after_a_kill(root: int) -> None:
    journal = Manifest(root)
    journal.record([("media/a.jpg", FileState("", 5, 7, (0, 0, 0)))])
    journal.close()
    again = Manifest(root)
    assert again.files == {"media/a.jpg": FileState("", 5, 7, (0, 0, 0))}
    again.close()


def test_what_a_killed_build_left_half_written_is_swept_by_the_next(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    root = os.open(out, os.O_RDONLY)
    journal = Manifest(root)
    names = [f"articles/{slug}/index.html" for slug in "ab"]
    journal.reserve(names, COMPRESSED_SUFFIXES, foreign_names={f"{name}{end}" for name in names for end in OTHERS})
    journal.close()
    os.close(root)
    for slug, file in (("a", "index.html"), ("b", ".feedsvc-new-1")):
        (out / "articles" / slug).mkdir(parents=True)
        (out / "articles" / slug / file).write_text("old")
    with StaticTree(out):
        assert not (out / "articles/b/.feedsvc-new-1").exists()
        assert (out / "articles/a/index.html").exists()


def test_what_was_half_written_is_swept_though_the_killed_build_had_no_new_names(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "articles/a").mkdir(parents=True)
    root = os.open(out, os.O_RDONLY)
    journal = Manifest(root)
    journal.record([("articles/a/index.html", FileState("", 5, 7, (0, 0, 0)))])
    journal.finish()
    journal.reserve(["articles/a/index.html"], (), foreign_names=())
    journal.close()
    os.close(root)
    (out / "articles/a/.feedsvc-new-1").write_text("ha")
    with StaticTree(out):
        assert not (out / "articles/a/.feedsvc-new-1").exists()


def test_a_list_that_is_only_read_keeps_its_time(root: int, tmp_path: Path) -> None:
    """Whoever copies trees by time sent it again."""
    Manifest(root).close()
    os.utime(tmp_path / MANIFEST_FILE, ns=(1, 1))
    Manifest(root).close()
    assert (tmp_path / MANIFEST_FILE).stat().st_mtime_ns == 1


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
    (tmp_path / MANIFEST_FILE).write_text("\n".join([*lines, ".", ""]))
    found = read_manifest(root)
    assert found.files == {f"{number}/index.html": FileState(f"{number:024x}", number, 7, (0, 0, number)) for number in range(5)}
    assert (found.build_fingerprint, found.is_complete, found.size) == ("common", True, (tmp_path / MANIFEST_FILE).stat().st_size)


def test_the_last_word_on_a_file_counts_and_what_was_made_from_something_else_is_void(root: int, tmp_path: Path) -> None:
    lines = ["= one", "0a 1 1 0 a.html", "0a 1 1 0 b.html", "+ a.html", "+ c.html", "= two", "0b 2 2 0 b.html", "0c 3 3 0 b.html"]
    (tmp_path / MANIFEST_FILE).write_text("\n".join([*lines, ""]))
    assert read_manifest(root).files == {"a.html": FileState(), "b.html": FileState("0c", 3, 3, (0, 0, 0)), "c.html": FileState()}
    assert not read_manifest(root).is_complete


def test_a_long_list_is_told_without_its_claims_once_a_build_has_ended(root: int, tmp_path: Path) -> None:
    """Whoever starts next reads all of it."""
    names = [f"articles/{number}/index.html" for number in range(6000)]
    journal = Manifest(root)
    journal.set_build_fingerprint("common")
    journal.reserve(names, COMPRESSED_SUFFIXES, foreign_names=())
    journal.record((name, FileState("0a", 1, 1, (0, 0, 0))) for name in names)
    journal.finish()
    journal.close()
    assert len((tmp_path / MANIFEST_FILE).read_text().splitlines()) == len(names) + 2
    assert read_manifest(root).files == dict.fromkeys(names, FileState("0a", 1, 1, (0, 0, 0)))


def test_a_build_that_is_done_does_not_fail_where_there_is_no_room_for_a_shorter_list(root: int, tmp_path: Path) -> None:
    names = [f"articles/{number}/index.html" for number in range(6000)]
    journal = Manifest(root)
    journal.reserve(names, COMPRESSED_SUFFIXES, foreign_names=())
    journal.record((name, FileState("0a", 1, 1, (0, 0, 0))) for name in names)
    (tmp_path / f"{TEMPORARY_PREFIX}list").mkdir()  # where the shorter one would be written
    journal.finish()
    journal.close()
    assert read_manifest(root).is_complete
    assert len(read_manifest(root).files) == len(names)
