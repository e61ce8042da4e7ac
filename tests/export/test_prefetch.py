"""A look at a tree from before a build: as good as one's own, or not believed."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from random import Random

import pytest

from feedsvc.cli.build import _MANIFEST_NAME
from feedsvc.errors import FeedsvcError
from feedsvc.export.file_table import FileState, FileTable
from feedsvc.export.layout import LEGACY_MANIFEST_FILE, MANIFEST_FILE, file_name, path_of_file
from feedsvc.export.manifest_format import format_line, read_manifest
from feedsvc.export.prefetch import TreeState, check_tree, prefetch_result
from feedsvc.export.static_tree import StaticTree
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms

ODD = ("media/a b.png", "media/new\nline.png", "media/back\\slash", "media/\udce9.png", "articles/é/index.html")


@pytest.fixture
def publication(content: Path) -> Publication:
    return newsrooms.load_publication(content)


@pytest.fixture
def out(tmp_path: Path, publication: Publication) -> Path:
    with StaticTree(tmp_path / "out", processes=1) as tree:
        tree.build(publication)
    return tmp_path / "out"


@pytest.fixture
def root(out: Path) -> Iterator[int]:
    descriptor = os.open(out, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def test_a_look_tells_what_the_list_does_and_which_files_are_spoilt(out: Path, root: int) -> None:
    (out / "index.html").write_text("somebody else's")
    (out / "feed.rss.gz").unlink()
    (out / "feed.atom").unlink()
    (out / "feed.atom").mkdir()
    found = prefetch_result(nullcontext(lambda: check_tree(out)), root)
    assert found
    assert found.manifest == read_manifest(root)
    assert found.modified_files == {"index.html", "feed.rss", "feed.atom"}


@pytest.mark.parametrize("size", [7, 2**64])  # nobody's figures are nobody's trouble
def test_whatever_a_file_is_called_its_note_passes_from_process_to_process(tmp_path: Path, size: int) -> None:
    root = os.open(tmp_path, os.O_RDONLY)
    notes = {
        name: FileState("" if number % 2 else f"{number:024x}", number, -number, (0, -1, number))
        for number, name in enumerate(ODD)
    }
    notes["feed.rss"] = FileState("0", size, 2 * size, (size, -1, 0))
    lines = ["= common", *(format_line(*note) for note in notes.items()), ". edition", ""]
    (tmp_path / MANIFEST_FILE).write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    found = prefetch_result(nullcontext(lambda: pickle.loads(pickle.dumps(check_tree(tmp_path)))), root)
    assert found
    assert found.manifest == read_manifest(root)
    assert found.manifest.files == notes
    os.close(root)


def test_what_is_known_of_files_is_as_in_any_mapping_whatever_comes_and_goes_and_is_told_again() -> None:
    notes, plain, random = FileTable(), dict[str, FileState](), Random(5)
    for number in range(2000):
        name = f"{random.randrange(40)}.html"
        if random.random() < 0.4:
            assert notes.pop(name, None) == plain.pop(name, None)
        else:
            notes[name] = plain[name] = FileState(random.choice(["", "0a"]), number, -number, (0, number, 0))
        if number % 100 == 50:
            notes = pickle.loads(pickle.dumps(notes))
        if number == 1000:
            notes.clear_fingerprints()
            plain = {name: note._replace(fingerprint="") for name, note in plain.items()}
        assert notes == plain
        assert sorted(notes.names_without_fingerprint()) == sorted(name for name, note in plain.items() if not note.fingerprint)
        assert sorted(notes.file_stats()) == sorted((name, *note[1:]) for name, note in plain.items())
        assert (len(notes), name in notes) == (len(plain), name in plain)


def test_a_list_of_nothing_is_known_too(tmp_path: Path) -> None:
    root = os.open(tmp_path, os.O_RDONLY)
    (tmp_path / MANIFEST_FILE).write_text(".\n")
    found = prefetch_result(nullcontext(lambda: check_tree(tmp_path)), root)
    assert found
    assert found.manifest.files == {}
    os.close(root)


@pytest.mark.parametrize(
    "text",
    [
        "= common\n+ index.html\n",  # a build is at work, or was killed
        ".\n+ index.ht",  # cut short
    ],
)
def test_a_list_that_is_not_at_rest_is_left_to_the_build_itself(tmp_path: Path, text: str) -> None:
    root = os.open(tmp_path, os.O_RDONLY)
    (tmp_path / MANIFEST_FILE).write_text(text)
    assert prefetch_result(nullcontext(lambda: check_tree(tmp_path)), root) is None
    os.close(root)


def test_a_list_beside_that_of_an_earlier_version_is_left_to_the_build_itself(out: Path, root: int) -> None:
    (out / LEGACY_MANIFEST_FILE).write_text('{"files": ["old.html"]}')
    assert prefetch_result(nullcontext(lambda: check_tree(out)), root) is None


def test_where_there_is_no_tree_there_is_nothing_to_tell(tmp_path: Path, root: int) -> None:
    assert prefetch_result(nullcontext(lambda: check_tree(tmp_path / "nowhere")), root) is None
    assert prefetch_result(nullcontext(lambda: check_tree(tmp_path)), root) is None


def test_a_look_from_before_another_build_is_not_believed(out: Path, root: int, publication: Publication) -> None:
    seen = check_tree(out)
    assert prefetch_result(nullcontext(lambda: seen), root)
    (out / "index.html").unlink()
    with StaticTree(out, processes=1) as tree:
        tree.build(publication)
    assert prefetch_result(nullcontext(lambda: seen), root) is None


def test_a_look_that_was_ended_costs_nothing_but_time(root: int) -> None:
    def killed() -> TreeState:
        raise FeedsvcError("a process that was at work ended by itself")

    assert prefetch_result(nullcontext(killed), root) is None


@pytest.fixture
def run(content: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A build that looks ahead at a tree of any size."""
    program = "from feedsvc.cli import build; build._LARGE_MANIFEST_SIZE = 1; from feedsvc.__main__ import program; program()"
    command = [sys.executable, "-c", program, "build", str(tmp_path / "built"), str(content), "--state", str(tmp_path / "state")]

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *words], capture_output=True, text=True, check=False, timeout=60)

    return run


def test_builds_that_look_ahead_do_what_the_others_do(
    content: Path, tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    first = run()
    assert first.returncode == 0, first.stderr
    written = int(first.stderr.partition(" files written")[0].rpartition(" ")[2])
    for words in ((), ("--processes", "1")):
        assert f": 0 files written, {written} unchanged, 0 removed" in run(*words).stderr
    (tmp_path / "built/index.html").unlink()
    file = content / "articles/december.yaml"
    text = file.read_text()
    file.write_text("title: [")
    assert run().returncode == 1  # and the look ends with the build
    assert not (tmp_path / "built/index.html").exists()
    file.write_text(text)
    assert f": 1 files written, {written - 1} unchanged, 0 removed" in run().stderr
    file.unlink()
    assert run().returncode == 0
    assert not (tmp_path / "built/articles/december").exists()


def test_a_command_line_knows_the_list_by_its_name() -> None:
    """It would look at no tree if it did not, and nobody would notice."""
    assert _MANIFEST_NAME == MANIFEST_FILE


def test_each_file_of_a_tree_tells_its_path(publication: Publication) -> None:
    paths = [*publication.paths(), "/404.html", "/articles/gone/410.html", "/media/photos/index.html", "/media/index.html"]
    assert [path_of_file(file_name(path)) for path in paths] == paths
