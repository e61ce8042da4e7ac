"""Scans of changed folders find what a scan of everything finds, and return exactly the changed files."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from feedsvc.content.file_signature import FileSignature
from feedsvc.content.scan.folder_files import FolderFiles
from feedsvc.content.scan.scanner import DirectoryScanner

TOP = "articles"
NAMES = ("a.yaml", "b.yaml", "정.md", ".hidden", "backup~", "#lock", "~$word", "line\nbreak")
FOLDERS = ("2025", "2026", "x")


def change_at_random(root: Path, random: Random) -> set[str]:
    """Create, rewrite, delete or rename a file or folder, or link a folder; return the paths that a watcher would report."""
    folders = [root / TOP, *(path for path in sorted((root / TOP).rglob("*")) if path.is_dir() and not path.is_symlink())]
    folder = random.choice(folders)
    action = random.choice((write, write, write, delete, create_folder, rename, link))
    return {str(path.relative_to(root)) for path in action(folder, folders, random)}


def write(folder: Path, _: list[Path], random: Random) -> list[Path]:
    path = folder / random.choice(NAMES)
    path.write_text(f"{path.read_text() if path.exists() else ''}{random.random()}")
    return [path]


def delete(folder: Path, _: list[Path], random: Random) -> list[Path]:
    path = random.choice([folder / "missing", *sorted(folder.iterdir())])
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return [path]


def create_folder(folder: Path, _: list[Path], random: Random) -> list[Path]:
    path = folder / random.choice(FOLDERS)
    path.mkdir(exist_ok=True)
    return [path]


def rename(folder: Path, folders: list[Path], random: Random) -> list[Path]:
    path = random.choice([folder / "missing", *sorted(folder.iterdir())])
    target = random.choice(folders) / f"moved-{random.randrange(3)}"
    if os.path.lexists(path) and not os.path.lexists(target) and not target.is_relative_to(path):
        path.rename(target)
    return [path, target]


def link(folder: Path, folders: list[Path], random: Random) -> list[Path]:
    path = folder / f"link-{random.randrange(2)}"
    path.unlink(missing_ok=True)
    path.symlink_to(random.choice(folders))
    return [path]


def differing(before: Mapping[str, FileSignature], after: Mapping[str, FileSignature]) -> set[str]:
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def files_by_folder(scanner: DirectoryScanner) -> dict[str, FolderFiles]:
    folders: dict[str, dict[str, FileSignature]] = {}
    for path, signature in scanner.files.items():
        folders.setdefault(path.rpartition("/")[0], {})[path] = signature
    return {
        folder: FolderFiles(sorted(files), b"".join(files[path] for path in sorted(files))) for folder, files in folders.items()
    }


@pytest.mark.parametrize("seed", range(12))
def test_scans_of_changed_folders_find_what_a_scan_of_everything_finds(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    (tmp_path / TOP).mkdir()
    scanner = DirectoryScanner(tmp_path, TOP)
    scanner.refresh()
    for _ in range(40):
        before = dict(scanner.files)
        changed = set().union(*(change_at_random(tmp_path, random) for _ in range(random.choice((1, 1, 3)))))
        result = scanner.refresh(changed if random.random() < 0.9 else None)
        complete = DirectoryScanner(tmp_path, TOP)
        complete.refresh()
        assert dict(scanner.files) == dict(complete.files)
        assert [path for path in before if path in scanner.files] == [path for path in before if path in dict(complete.files)]
        assert result == differing(before, scanner.files)
        assert scanner.folders == complete.folders
        assert sorted(scanner.problems) == sorted(complete.problems)


def test_the_first_scan_returns_what_changed_since_the_earlier_run(tmp_path: Path) -> None:
    random = Random(5)
    (tmp_path / TOP).mkdir()
    for _ in range(60):
        change_at_random(tmp_path, random)
        former = DirectoryScanner(tmp_path, TOP)
        assert former.refresh() == former.files.keys()
        change_at_random(tmp_path, random)
        scanner = DirectoryScanner(tmp_path, TOP, files_by_folder(former))
        assert scanner.refresh() == differing(former.files, scanner.files)
        assert scanner.refresh() == frozenset()
