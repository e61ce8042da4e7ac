"""Files of a killed build belong to the next build, which may change and remove them and deletes temporary files."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.export.layout import COMPRESSED_SUFFIXES, MANIFEST_FILE, TEMPORARY_PREFIX
from feedsvc.export.manifest import Manifest
from feedsvc.export.manifest_format import FileState, read_manifest
from feedsvc.export.static_tree import StaticTree

OTHER_SUFFIXES = (".br", ".zst")  # of compressed files that a build with gzip alone does not write


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_file_reserved_with_gzip_alone_is_in_the_manifest_after_a_kill(root: int) -> None:
    manifest = Manifest(root)
    manifest.set_build_fingerprint("common")
    manifest.reserve(["index.html"], ["gzip"], foreign_names=())
    manifest.close()
    reopened = Manifest(root)
    assert reopened.files == {"index.html": FileState(compressed_sizes=(0, 0, -1))}
    reopened.close()


def test_file_recorded_without_fingerprint_is_in_the_manifest_after_a_kill(root: int) -> None:
    manifest = Manifest(root)
    manifest.record([("media/a.jpg", FileState("", 5, 7, (0, 0, 0)))])
    manifest.close()
    reopened = Manifest(root)
    assert reopened.files == {"media/a.jpg": FileState("", 5, 7, (0, 0, 0))}
    reopened.close()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_folder_or_pipe_with_the_name_of_the_manifest_is_an_error(tmp_path: Path, make: Callable[[Path], object]) -> None:
    """Before the fix, a folder led to a traceback, and a build waited forever for a writer of the pipe."""
    make(tmp_path / MANIFEST_FILE)
    message = f"{tmp_path / MANIFEST_FILE} cannot be written (not a regular file; move it away)"
    with pytest.raises(FeedsvcError, match=re.escape(message)), StaticTree(tmp_path):
        pass


def test_next_build_deletes_temporary_files_of_a_killed_build(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    root = os.open(out, os.O_RDONLY)
    manifest = Manifest(root)
    names = [f"articles/{slug}/index.html" for slug in "ab"]
    manifest.reserve(names, COMPRESSED_SUFFIXES, foreign_names={f"{name}{suffix}" for name in names for suffix in OTHER_SUFFIXES})
    manifest.close()
    os.close(root)
    for slug, file in (("a", "index.html"), ("b", ".feedsvc-new-1")):
        (out / "articles" / slug).mkdir(parents=True)
        (out / "articles" / slug / file).write_text("old")
    with StaticTree(out):
        assert not (out / "articles/b/.feedsvc-new-1").exists()
        assert (out / "articles/a/index.html").exists()


def test_next_build_deletes_temporary_files_of_a_killed_build_without_new_names(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "articles/a").mkdir(parents=True)
    root = os.open(out, os.O_RDONLY)
    manifest = Manifest(root)
    manifest.record([("articles/a/index.html", FileState("", 5, 7, (0, 0, 0)))])
    manifest.finish()
    manifest.reserve(["articles/a/index.html"], (), foreign_names=())
    manifest.close()
    os.close(root)
    (out / "articles/a/.feedsvc-new-1").write_text("ha")
    with StaticTree(out):
        assert not (out / "articles/a/.feedsvc-new-1").exists()


def test_manifest_that_is_only_read_keeps_its_mtime(root: int, tmp_path: Path) -> None:
    """Before the fix, programs that copy trees by mtime copied it again."""
    Manifest(root).close()
    os.utime(tmp_path / MANIFEST_FILE, ns=(1, 1))
    Manifest(root).close()
    assert (tmp_path / MANIFEST_FILE).stat().st_mtime_ns == 1


def test_invalid_manifest_lines_are_ignored_and_other_lines_remain(root: int, tmp_path: Path) -> None:
    valid_lines = [f"{number:024x} {number} 7 {number} {number}/index.html" for number in range(5)]
    invalid_lines = [
        "1 2 3",
        f"0a {'9' * 5000} 1 0 long",
        "0a 1 1 1/1 two",
        "0a 1 1 0 ../out",
        "0a x 1 0 a.html",
        "0a 1 1 0 ",
        "q",
        "+ /etc/x",
    ]
    lines = [
        "= common",
        *(line for pair in zip(valid_lines, invalid_lines[:5], strict=True) for line in pair),
        *invalid_lines[5:],
        valid_lines[0],
    ]
    (tmp_path / MANIFEST_FILE).write_text("\n".join([*lines, ".", ""]))
    manifest = read_manifest(root)
    assert manifest.files == {
        f"{number}/index.html": FileState(f"{number:024x}", number, 7, (0, 0, number)) for number in range(5)
    }
    assert (manifest.build_fingerprint, manifest.is_complete, manifest.size) == (
        "common",
        True,
        (tmp_path / MANIFEST_FILE).stat().st_size,
    )


def test_last_manifest_line_of_a_file_counts_and_a_new_build_fingerprint_clears_earlier_ones(root: int, tmp_path: Path) -> None:
    lines = ["= one", "0a 1 1 0 a.html", "0a 1 1 0 b.html", "+ a.html", "+ c.html", "= two", "0b 2 2 0 b.html", "0c 3 3 0 b.html"]
    (tmp_path / MANIFEST_FILE).write_text("\n".join([*lines, ""]))
    assert read_manifest(root).files == {"a.html": FileState(), "b.html": FileState("0c", 3, 3, (0, 0, 0)), "c.html": FileState()}
    assert not read_manifest(root).is_complete


def test_long_manifest_is_compacted_when_a_build_ends(root: int, tmp_path: Path) -> None:
    """The next build reads the whole manifest."""
    names = [f"articles/{number}/index.html" for number in range(6000)]
    manifest = Manifest(root)
    manifest.set_build_fingerprint("common")
    manifest.reserve(names, COMPRESSED_SUFFIXES, foreign_names=())
    manifest.record((name, FileState("0a", 1, 1, (0, 0, 0))) for name in names)
    manifest.finish()
    manifest.close()
    assert len((tmp_path / MANIFEST_FILE).read_text().splitlines()) == len(names) + 2
    assert read_manifest(root).files == dict.fromkeys(names, FileState("0a", 1, 1, (0, 0, 0)))


def test_build_does_not_fail_if_the_manifest_cannot_be_compacted(root: int, tmp_path: Path) -> None:
    names = [f"articles/{number}/index.html" for number in range(6000)]
    manifest = Manifest(root)
    manifest.reserve(names, COMPRESSED_SUFFIXES, foreign_names=())
    manifest.record((name, FileState("0a", 1, 1, (0, 0, 0))) for name in names)
    (tmp_path / f"{TEMPORARY_PREFIX}list").mkdir()  # at the path of the compacted manifest
    manifest.finish()
    manifest.close()
    assert read_manifest(root).is_complete
    assert len(read_manifest(root).files) == len(names)
