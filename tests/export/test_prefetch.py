"""The state of a tree that a child process reads before the build equals the build's own state, or is rejected."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feedsvc.cli.build import _MANIFEST_NAME
from feedsvc.export.layout import MANIFEST_FILE, file_name, path_of_file
from feedsvc.export.prefetch import check_tree, prefetched_modified_files
from feedsvc.export.static_tree import StaticTree
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms


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


def test_tree_state_from_before_another_build_is_rejected(out: Path, root: int, publication: Publication) -> None:
    state = check_tree(out)
    assert prefetched_modified_files(lambda: state, root) == frozenset()
    (out / "index.html").unlink()
    with StaticTree(out, processes=1) as tree:
        tree.build(publication)
    assert prefetched_modified_files(lambda: state, root) is None


@pytest.fixture
def run(content: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a build with a prefetch for a tree of any size."""
    program = "from feedsvc.cli import build; build._LARGE_MANIFEST_SIZE = 1; from feedsvc.__main__ import program; program()"
    command = [sys.executable, "-c", program, "build", str(tmp_path / "built"), str(content), "--state", str(tmp_path / "state")]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, timeout=120)

    return run


def test_build_with_prefetch_writes_the_same_files_as_one_without(
    content: Path, tmp_path: Path, run: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    first = run()
    assert first.returncode == 0, first.stderr
    written = int(first.stderr.partition(" files written")[0].rpartition(" ")[2])
    for arguments in ((), ("--processes", "1")):
        assert f": 0 files written, {written} unchanged, 0 removed" in run(*arguments).stderr
    (tmp_path / "built/index.html").unlink()
    file = content / "articles/december.yaml"
    text = file.read_text()
    file.write_text("title: [")
    assert run().returncode == 1  # and the prefetch process ends with the build
    assert not (tmp_path / "built/index.html").exists()
    file.write_text(text)
    assert f": 1 file written, {written - 1} unchanged, 0 removed" in run().stderr
    file.unlink()
    assert run().returncode == 0
    assert not (tmp_path / "built/articles/december").exists()


def test_command_line_uses_the_manifest_name_of_the_export_package() -> None:
    """A command with another name would never prefetch, without an error."""
    assert _MANIFEST_NAME == MANIFEST_FILE


def test_path_of_each_file_of_a_tree_is_the_path_of_its_document(publication: Publication) -> None:
    paths = [*publication.paths(), "/404.html", "/articles/gone/410.html", "/media/photos/index.html", "/media/index.html"]
    assert [path_of_file(file_name(path)) for path in paths] == paths
