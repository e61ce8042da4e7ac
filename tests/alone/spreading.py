"""Work in several processes: all of it is done, and nothing is left behind however it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from multiprocessing import active_children
from pathlib import Path

import pytest

from feedsvc.errors import FeedsvcError
from feedsvc.export import MANIFEST, Tree
from feedsvc.spreading import spread
from tests import newsrooms

PIECES = [[number] for number in range(40)]


@pytest.fixture(autouse=True)
def nobody_is_left() -> None:
    yield
    assert active_children() == []


def doubled(piece: Sequence[int]) -> tuple[int, int]:
    return 2 * piece[0], os.getpid()


@pytest.mark.parametrize("processes", [1, 2, 5, 60])
def test_every_piece_is_worked_on_once(processes: int) -> None:
    made = list(spread(doubled, PIECES, processes))
    assert sorted(number for number, _ in made) == [2 * number for number in range(40)]
    assert len({process for _, process in made}) <= processes


def test_others_do_work_too() -> None:
    workers = {process for _, process in spread(doubled, PIECES, 3)}
    assert len(workers - {os.getpid()}) == 2


def elsewhere(piece: Sequence[int]) -> int:
    if os.getpid() != HERE:
        raise FeedsvcError("the disk is full")
    return 0


def unpicklable(piece: Sequence[int]) -> int:
    if os.getpid() != HERE:
        raise type("Local", (ValueError,), {})("odd")
    return 0


def killed(piece: Sequence[int]) -> int:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    return 0


HERE = os.getpid()


@pytest.mark.parametrize(
    ("work", "fault", "sentence"),
    [
        (elsewhere, FeedsvcError, "the disk is full"),
        (unpicklable, RuntimeError, "odd"),
        (killed, FeedsvcError, "ended by itself"),
    ],
)
def test_what_goes_wrong_elsewhere_is_told_here(work: object, fault: type[Exception], sentence: str) -> None:
    with pytest.raises(fault, match=sentence):
        list(spread(work, PIECES, 2))


def test_who_stops_asking_ends_the_others() -> None:
    for _ in spread(doubled, PIECES, 3):
        break


def interrupted(piece: Sequence[int]) -> int:
    if os.getpid() == HERE:
        raise KeyboardInterrupt
    return 0


def test_a_ctrl_c_ends_all_of_them() -> None:
    with pytest.raises(KeyboardInterrupt):
        list(spread(interrupted, PIECES, 3))


def test_a_tree_made_by_several_is_the_one_made_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedsvc.export.tree.TO_MAKE", 1)
    monkeypatch.setattr("feedsvc.export.tree.TO_CHECK", 1)
    monkeypatch.setattr("feedsvc.export.steps._LEAST", 4)
    content = newsrooms.rich(tmp_path / "content")
    trees = []
    for processes in (1, 3):
        out = tmp_path / f"out{processes}"
        for _ in range(2):
            with Tree(out, processes=processes) as tree:
                built = tree.whole(newsrooms.published(content))
        assert built.written == 0
        files = (file for file in out.rglob("*") if file.is_file() and file.name != MANIFEST)
        trees.append({str(file.relative_to(out)): file.read_bytes() for file in files})
    assert trees[0] == trees[1]
    assert len(trees[0]) > 150
