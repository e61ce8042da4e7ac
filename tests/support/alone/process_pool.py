"""Work in several processes: all of it is done, and nothing is left behind however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from multiprocessing import active_children
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from feedsvc.content.cache.store import ParseCache
from feedsvc.content.folder.folder import ContentFolder, ContentSnapshot
from feedsvc.content.scan import scanner
from feedsvc.content.scan.scanner import ScanResult
from feedsvc.errors import FeedsvcError
from feedsvc.export import MANIFEST_FILE, StaticTree
from feedsvc.export.prefetch import start_prefetch
from feedsvc.export.progress import Parallelism
from feedsvc.support.process_pool import BackgroundTask, map_chunks
from tests.helpers import former_files, newsrooms

NUMBERS = range(40)


@pytest.fixture(autouse=True)
def nobody_is_left() -> None:
    yield
    assert active_children() == []


def doubled(piece: Sequence[int]) -> tuple[int, int]:
    return 2 * piece[0], os.getpid()


@pytest.mark.parametrize("processes", [1, 2, 5, 60])
def test_every_piece_is_worked_on_once(processes: int) -> None:
    made = list(map_chunks(doubled, NUMBERS, processes, max_chunk=1))
    assert sorted(number for number, _ in made) == [2 * number for number in range(40)]
    assert len({process for _, process in made}) <= processes


def test_others_do_work_too() -> None:
    workers = {process for _, process in map_chunks(doubled, NUMBERS, 3, max_chunk=1)}
    assert len(workers - {os.getpid()}) == 2


@pytest.mark.parametrize("processes", [2, 3])
def test_others_work_while_this_one_does_something_else(tmp_path: Path, processes: int) -> None:
    done: list[str] = []

    def work(piece: Sequence[int]) -> tuple[int, int]:
        if os.getpid() != HERE:
            (tmp_path / str(piece[0])).touch()
        else:
            done.append("worked")
        return piece[0], os.getpid()

    def meanwhile() -> None:
        end = time.monotonic() + 30
        while not any(tmp_path.iterdir()) and time.monotonic() < end:
            time.sleep(0.001)
        done.append(f"{len(list(tmp_path.iterdir())) > 0}")

    made = list(map_chunks(work, NUMBERS, processes, max_chunk=1, while_waiting=meanwhile))
    assert sorted(number for number, _ in made) == list(range(40))
    assert done[0] == "True"
    assert done.count("True") == 1


def test_who_is_quicker_is_never_out_of_work() -> None:
    def slow_here(piece: Sequence[int]) -> int:
        time.sleep(0.1 if os.getpid() == HERE else 0.001)
        return os.getpid()

    workers = list(map_chunks(slow_here, NUMBERS, 2, max_chunk=1))
    assert workers.count(HERE) < len(NUMBERS) / 4


def test_who_is_slower_is_not_waited_for_longer_than_its_last_two_pieces() -> None:
    def slow_elsewhere(piece: Sequence[int]) -> int:
        time.sleep(0.001 if os.getpid() == HERE else 0.2)
        return os.getpid()

    workers = list(map_chunks(slow_elsewhere, NUMBERS, 2, max_chunk=1))
    assert workers.count(HERE) >= len(NUMBERS) - 5


def test_pieces_lie_side_by_side_and_grow_smaller_towards_the_end() -> None:
    def ends(piece: Sequence[int]) -> tuple[int, int]:
        assert [*piece] == [*range(piece[0], piece[-1] + 1)]
        return piece[0], piece[-1] + 1

    for number in (0, 1, 63, 1000, 5000):
        made = sorted(map_chunks(ends, range(number), 3, max_chunk=64, min_chunk=4))
        assert [begin for begin, _ in made] == [0, *(end for _, end in made)][: len(made)]
        assert [end for _, end in made][-1:] == [number][: len(made)]
        sizes = [end - begin for begin, end in made]
        assert max(sizes, default=0) <= 64
        assert sum(size < 4 for size in sizes) <= 1
        assert number < 1000 or min(sizes) <= 4


def test_who_is_quicker_leaves_only_small_pieces_to_wait_for() -> None:
    """Cut beforehand, the large ones were left where one process had come further than the other."""

    def slow_here(piece: Sequence[int]) -> tuple[int, int]:
        time.sleep(len(piece) * (0.001 if os.getpid() == HERE else 0.0001))
        return os.getpid(), len(piece)

    last = [size for process, size in map_chunks(slow_here, range(2000), 2, max_chunk=200) if process == HERE][-1]
    assert last <= 20


def test_who_works_alone_does_nothing_else() -> None:
    def meanwhile() -> None:
        raise AssertionError

    assert len(list(map_chunks(doubled, NUMBERS, 1, max_chunk=1, while_waiting=meanwhile))) == len(NUMBERS)


def test_what_goes_wrong_meanwhile_ends_the_others() -> None:
    def meanwhile() -> None:
        raise ValueError("no such module")

    with pytest.raises(ValueError, match="no such module"):
        list(map_chunks(doubled, NUMBERS, 2, max_chunk=1, while_waiting=meanwhile))


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
        list(map_chunks(work, NUMBERS, 2, max_chunk=1))


def test_who_stops_asking_ends_the_others() -> None:
    for _ in map_chunks(doubled, NUMBERS, 3, max_chunk=1):
        break


def interrupted(piece: Sequence[int]) -> int:
    if os.getpid() == HERE:
        raise KeyboardInterrupt
    return 0


def test_a_ctrl_c_ends_all_of_them() -> None:
    with pytest.raises(KeyboardInterrupt):
        list(map_chunks(interrupted, NUMBERS, 3, max_chunk=1))


def test_a_tree_made_by_several_is_the_one_made_by_one(tmp_path: Path) -> None:
    parallelism = Parallelism(check_threshold=1, render_threshold=1, render_chunk=4)
    content = newsrooms.write_sample(tmp_path / "content")
    trees = []
    for processes in (1, 3):
        out = tmp_path / f"out{processes}"
        for _ in range(2):
            with StaticTree(out, processes=processes, parallelism=parallelism) as tree:
                built = tree.build(newsrooms.load_publication(content))
        assert built.written == 0
        files = (file for file in out.rglob("*") if file.is_file() and file.name != MANIFEST_FILE)
        trees.append({str(file.relative_to(out)): file.read_bytes() for file in files})
    assert trees[0] == trees[1]
    assert len(trees[0]) > 150


def test_a_tree_made_by_several_has_what_feeds_name_before_them_and_what_names_them_after(tmp_path: Path) -> None:
    with StaticTree(tmp_path / "out", processes=3, codings=(), parallelism=Parallelism(render_threshold=1)) as tree:
        tree.build(newsrooms.load_publication(newsrooms.write_sample(tmp_path / "content")))
    moved = {tmp_path / "out" / name for name in former_files.documents(newsrooms.load_publication(tmp_path / "content"))}
    files = (file for file in (tmp_path / "out").rglob("*") if file.is_file() and file.name[0] != "." and file not in moved)
    times = {file: file.stat().st_mtime_ns for file in files}
    feeds = [time for file, time in times.items() if file.stem == "feed" and file.suffix != ".css"]
    after = [time for file, time in times.items() if file.name in ("feeds.opml", "sitemap.xml")]
    pages = [time for file, time in times.items() if file.parent.parent.name == "articles"]
    assert len(feeds) > len(pages) > len(after) == 2
    assert max(pages) <= min(feeds) <= max(feeds) <= min(after)


def test_what_is_done_beside_is_done_elsewhere() -> None:
    with BackgroundTask(os.getpid) as made:
        assert made() != os.getpid()


def test_a_look_at_a_tree_ends_with_its_answer(tmp_path: Path) -> None:
    """A build that stays once kept the process that had looked for as long as it stayed."""
    with StaticTree(tmp_path, processes=1) as tree:
        tree.build(newsrooms.load_publication(newsrooms.write_sample(tmp_path.with_name("content"))))
    with start_prefetch(tmp_path) as answer:
        assert answer()
    with start_prefetch(tmp_path) as ahead, StaticTree(tmp_path, processes=1, prefetch=start_prefetch(tmp_path)):
        assert len(active_children()) == 1
        assert ahead()


def test_nobody_waits_for_what_nobody_asks_for() -> None:
    with BackgroundTask(signal.pause):
        pass


def test_there_is_time_for_something_else_until_it_is_made() -> None:
    slow = BackgroundTask(signal.pause)
    assert slow.is_running
    with slow:
        pass
    quick = BackgroundTask(os.getpid)
    end = time.monotonic() + 30
    while quick.is_running:
        assert time.monotonic() < end
    with quick as made:
        assert made() != os.getpid()
    assert not BackgroundTask(signal.pause, processors=1).is_running


def test_while_files_are_looked_at_for_the_first_time_something_else_is_done(tmp_path: Path) -> None:
    """A build read its templates later, when there was nobody to wait for."""
    root, done = newsrooms.write_sample(tmp_path / "content"), tmp_path / "done"

    def late() -> ScanResult:
        end = time.monotonic() + 30
        while not done.exists() and time.monotonic() < end:
            time.sleep(0.001)
        return scanner.scan_folder(root, scanner.ARTICLES_FOLDER)

    folder = ContentFolder(root, "", ParseCache(tmp_path / "kept"), BackgroundTask(late))
    began = time.monotonic()
    folder.start_first_read(newsrooms.NOW, done.touch)
    assert time.monotonic() - began < 20
    assert folder.read().content.articles


def ends_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_was_to_be_done_beside_and_was_killed_is_told() -> None:
    with BackgroundTask(ends_itself) as made, pytest.raises(FeedsvcError, match="ended by itself"):
        made()


def test_a_copy_killed_in_the_midst_of_its_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def halves(conn: Connection, answers: object) -> None:
        os.write(conn.fileno(), (1000).to_bytes(4, "big") + b"half of it")
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr("feedsvc.support.process_pool._send_results", halves)
    with BackgroundTask(os.getpid) as made, pytest.raises(FeedsvcError, match="ended by itself"):
        made()
    with pytest.raises(FeedsvcError, match="ended by itself"):
        list(map_chunks(doubled, NUMBERS, 2, max_chunk=1))


def test_where_the_system_has_no_room_for_a_copy_this_process_does_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("os.fork", refused)
    with BackgroundTask(os.getpid) as made:
        assert made() == os.getpid()
    assert {process for _, process in map_chunks(doubled, NUMBERS, 3, max_chunk=1)} == {os.getpid()}


def started(root: Path, kept: Path, large_file_size: int = 1 << 40) -> ContentSnapshot:
    """As a start reads it; what it learned is kept."""
    records = ParseCache(kept, large_file_size=large_file_size)
    folder = ContentFolder(root, "", records)
    content = folder.read(now=newsrooms.NOW).content
    folder.save()
    records.close()
    return content


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_large_newsroom_starts_with_what_a_small_one_does(tmp_path: Path, *, is_killed: bool) -> None:
    """Its files are looked at by a copy of the process, or by itself where that was killed."""
    root = newsrooms.write_sample(tmp_path / "content")
    (root / "articles/broken.yaml").write_text("title: [\n")
    (root / "articles/loop").symlink_to(root / "articles")
    with ExitStack() as copies:
        first = [started(root, tmp_path / f"{name}.sqlite") for name in "ab"]
        assert first[0] == first[1]
        if is_killed:
            here = os.getpid()
            look = copies.enter_context(pytest.MonkeyPatch.context())
            look.setattr("feedsvc.content.scan.scanner.scan_folder", lambda *_: ends_itself() if os.getpid() != here else None)
        large = started(root, tmp_path / "a.sqlite", large_file_size=0)
    assert large == started(root, tmp_path / "b.sqlite")
    assert large.articles
    assert large.problems


SETTLED = """
import gc
from feedsvc.support import gc_control
from feedsvc.support.process_pool import BackgroundTask

made = [[number] for number in range(1000)]
if {settles}:
    gc_control.freeze_heap()
with BackgroundTask(lambda: gc.get_freeze_count()) as frozen:
    assert frozen() >= 1000
with gc_control.paused():
    pass
print(gc.get_freeze_count() >= 1000)
"""


@pytest.mark.parametrize("settles", [True, False])
def test_what_a_program_lives_with_is_not_looked_through_again_after_others_worked_for_it(*, settles: bool) -> None:
    command = [sys.executable, "-c", SETTLED.format(settles=settles)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (str(settles), "")
