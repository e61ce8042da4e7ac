"""Test that the trees of the sample and of the benchmark's articles are the recorded ones, and the comparison of trees."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.trees.building import MOMENT, NEWSROOMS, build, content_folder, environment
from tests.trees.comparison import RECORD, differences, digests


@pytest.mark.slow
@pytest.mark.parametrize("name", NEWSROOMS)
def test_readers_get_the_recorded_bytes(name: str, tmp_path: Path) -> None:
    recorded = json.loads(RECORD.read_text())[name]
    found = digests(build(content_folder(name, tmp_path), tmp_path / "tree"))
    changed = sorted(folder for folder in recorded.keys() | found.keys() if recorded.get(folder) != found.get(folder))
    assert not changed, (
        f"The tree of {name} has other files in: {', '.join(changed)}. See them with: make trees ARGS='{name} --diff'. "
        "If the change is meant, name it in CHANGELOG.md and run: make trees ARGS=--write"
    )


def test_builds_read_the_fixed_clock(tmp_path: Path) -> None:
    program = "from feedsvc.support.clock import wall_clock; print(wall_clock().isoformat())"
    command = [sys.executable, "-c", program]
    output = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path, ROOT), capture_output=True, text=True, check=True)
    assert output.stdout.strip() == MOMENT.isoformat()


def test_comparison_lists_added_removed_and_changed_files() -> None:
    before = {"a.html": b"<p>\nold\n", "b.jpg": b"\xff", "c.html": b"c", "d.html": b"d"}
    after = {"a.html": b"<p>\nnew\n", "b.jpg": b"\xfe", "c.html": b"c", "e.html": b"e"}
    names = ["changed  a.html", "changed  b.jpg", "removed  d.html", "added    e.html"]
    assert [*differences(before, after)] == names
    assert [*differences(before, after, 2)] == [names[0], "    @@ -2 +2 @@", "    -old", *names[1:]]


def test_digests_depend_on_names_of_copies_and_on_decompressed_text() -> None:
    first = digests({"sized/1/a.jpg": b"1", "a/b": b"1", "a/b.gz": gzip.compress(b"text", 1, mtime=1), "c": b"1"})
    assert first == digests({"sized/1/a.jpg": b"2", "a/b": b"1", "a/b.gz": gzip.compress(b"text", 9, mtime=2), "c": b"1"})
    second = digests({"sized/2/a.jpg": b"1", "a/b": b"2", "c": b"1"})
    assert {folder for folder in first if first[folder] != second[folder]} == {"sized", "a"}
