"""Random changes here and at the source: no change of an editor is lost, and each other file follows the source."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from feedsvc.importing.source import SourcePost
from tests.importing.writer.memory_source import OLD, files, post, run_import

COUNT = 24


def changed(number: int, version: int) -> SourcePost:
    """Return an article, or of each fifth number a page, at a version of its source."""
    link = f'<p><a href="{OLD}/?p={(number + 1) % COUNT}">next</a> version {version}</p>'
    facts = {"is_page": True, "address": f"{OLD}/page-{number}/"} if number % 5 == 0 else {}
    return post(number, title=f"Title {number}.{version}", body=link, **facts)


def content(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in files(root).items() if path.endswith(".md")}


@pytest.mark.parametrize("seed", range(2))
def test_files_that_nobody_changed_follow_the_source_and_all_others_stay(tmp_path: Path, seed: int) -> None:
    chance, root = random.Random(seed), tmp_path / "newsroom"
    versions, edited, deleted = dict.fromkeys(range(COUNT), 0), dict[str, bytes](), set[str]()
    run_import(root, *(changed(*item) for item in versions.items()))
    for number in range(4):
        imported = content(root)
        for path in chance.sample([*imported], 4):
            if chance.random() < 0.3:
                (root / path).unlink()
                deleted.add(path)
                edited.pop(path, None)
            else:
                edited[path] = imported[path].replace(b"version", b"my version %d," % number)
                (root / path).write_bytes(edited[path])
        for key in chance.sample([*versions], 6):
            versions[key] += 1
        posts = [changed(*item) for item in versions.items()]
        report = run_import(root, *posts)
        run_import(tmp_path / f"fresh-{number}", *posts)
        expected = content(tmp_path / f"fresh-{number}")
        assert content(root) == {path: edited.get(path, data) for path, data in expected.items() if path not in deleted}
        assert {*report.kept} <= {*edited}
        assert {*report.deleted} == deleted
        before = files(root)
        again = run_import(root, *posts)
        assert (again.created, again.changed, files(root)) == ([], [], before)
