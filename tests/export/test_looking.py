"""A look at a tree from before a build: as good as one's own, or not believed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from feedsvc.cli.build import _LIST
from feedsvc.errors import FeedsvcError
from feedsvc.export.looking import Seen, known, look
from feedsvc.export.names import FORMER, MANIFEST, file_name, path_at
from feedsvc.export.notes import Note, spelled, told
from feedsvc.export.tree import Tree
from feedsvc.publication import Publication
from tests import newsrooms

ODD = ("media/a b.png", "media/new\nline.png", "media/back\\slash", "media/\udce9.png", "articles/é/index.html")


@pytest.fixture
def publication(content: Path) -> Publication:
    return newsrooms.published(content)


@pytest.fixture
def out(tmp_path: Path, publication: Publication) -> Path:
    with Tree(tmp_path / "out", processes=1) as tree:
        tree.whole(publication)
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
    found = known(nullcontext(lambda: look(out)), root)
    assert found
    assert found.told == told(root)
    assert found.spoilt == {"index.html", "feed.rss", "feed.atom"}


def test_whatever_a_file_is_called_its_note_passes_from_process_to_process(tmp_path: Path) -> None:
    root = os.open(tmp_path, os.O_RDONLY)
    notes = {
        name: Note("" if number % 2 else f"{number:024x}", number, -number, (0, -1, number)) for number, name in enumerate(ODD)
    }
    lines = ["= common", *(spelled(*note) for note in notes.items()), ". edition", ""]
    (tmp_path / MANIFEST).write_bytes("\n".join(lines).encode("utf-8", "surrogateescape"))
    found = known(nullcontext(lambda: look(tmp_path)), root)
    assert found
    assert found.told == told(root)
    assert found.told.notes == notes
    os.close(root)


def test_a_list_of_nothing_is_known_too(tmp_path: Path) -> None:
    root = os.open(tmp_path, os.O_RDONLY)
    (tmp_path / MANIFEST).write_text(".\n")
    found = known(nullcontext(lambda: look(tmp_path)), root)
    assert found
    assert found.told.notes == {}
    os.close(root)


@pytest.mark.parametrize(
    "text",
    [
        "= common\n+ index.html\n",  # a build is at work, or was killed
        ".\n+ index.ht",  # cut short
        f"{'0' * 24} {2**64} 1 0 index.html\n.\n",  # nobody's figures
    ],
)
def test_a_list_that_is_not_at_rest_is_left_to_the_build_itself(tmp_path: Path, text: str) -> None:
    root = os.open(tmp_path, os.O_RDONLY)
    (tmp_path / MANIFEST).write_text(text)
    assert known(nullcontext(lambda: look(tmp_path)), root) is None
    os.close(root)


def test_a_list_beside_that_of_an_earlier_version_is_left_to_the_build_itself(out: Path, root: int) -> None:
    (out / FORMER).write_text('{"files": ["old.html"]}')
    assert known(nullcontext(lambda: look(out)), root) is None


def test_where_there_is_no_tree_there_is_nothing_to_tell(tmp_path: Path, root: int) -> None:
    assert known(nullcontext(lambda: look(tmp_path / "nowhere")), root) is None
    assert known(nullcontext(lambda: look(tmp_path)), root) is None


def test_a_look_from_before_another_build_is_not_believed(out: Path, root: int, publication: Publication) -> None:
    seen = look(out)
    assert known(nullcontext(lambda: seen), root)
    (out / "index.html").unlink()
    with Tree(out, processes=1) as tree:
        tree.whole(publication)
    assert known(nullcontext(lambda: seen), root) is None


def test_a_look_that_was_ended_costs_nothing_but_time(root: int) -> None:
    def killed() -> Seen:
        raise FeedsvcError("a process that was at work ended by itself")

    assert known(nullcontext(killed), root) is None


@pytest.fixture
def run(content: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """A build that looks ahead at a tree of any size."""
    program = "from feedsvc.cli import build; build._MANY = 1; from feedsvc.__main__ import program; program()"
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
    assert _LIST == MANIFEST


def test_each_file_of_a_tree_tells_its_path(publication: Publication) -> None:
    paths = [*publication.paths(), "/404.html", "/articles/gone/410.html", "/media/photos/index.html", "/media/index.html"]
    assert [path_at(file_name(path)) for path in paths] == paths
