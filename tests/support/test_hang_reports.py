"""Reports of processes that hung: read whatever state they were left in, and cleared away."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.support import hang_reports, stack_report, watchdog
from tests.attacks.hanging_programs import LONG, blamed, hung, program, reports, run
from tests.helpers.running_server import environment

_STACKS = b'Current thread 0x0000000000000007 (most recent call first):\n  File "x.py", line 1 in x\n'
_LAST = _STACKS.replace(b"07 ", b"01 ")


def leave(state: Path, stacks: bytes, name: str = "theme", process: int = 12) -> Path:
    """Write the report of a process that has ended, and that rendered a page in thread 7."""
    folder = state / "watchdog"
    folder.mkdir(exist_ok=True)
    line = f'{{"process":{process},"stopping":0,"blamed":[],"renderings":[[7,"{name}"]]}}'.encode()
    file = folder / f"{process}-0.txt"
    file.write_bytes(line.ljust(4095) + b"\n" + stacks)
    return file


def test_a_file_in_the_place_of_the_folder_of_reports_costs_no_report(tmp_path: Path) -> None:
    (tmp_path / "watchdog").write_bytes(b"")
    stack_report.open_report(tmp_path).close(remove=False)
    assert len(reports(tmp_path)) == 1


def test_a_theme_is_at_fault_if_its_thread_held_the_processor_until_the_end(tmp_path: Path) -> None:
    leave(tmp_path, _STACKS + _LAST)
    assert blamed(tmp_path) == {"theme"}
    assert "x.py" in watchdog.faulty_themes(tmp_path)["theme"]


@pytest.mark.parametrize("stacks", [b"", _STACKS, _LAST, _LAST + _STACKS, (_STACKS + _LAST)[:100]])
def test_a_process_that_was_killed_meanwhile_or_waited_for_another_thread_is_no_fault_of_the_theme(
    tmp_path: Path, stacks: bytes
) -> None:
    leave(tmp_path, stacks)
    assert blamed(tmp_path) == set()


def test_stacks_that_end_in_the_midst_of_a_line_count(tmp_path: Path) -> None:
    leave(tmp_path, (_STACKS + _LAST)[:-10])
    assert blamed(tmp_path) == {"theme"}


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 9000, b"[1, 2]\n" * 600 + _STACKS * 2, os.urandom(9000), b"{" * 4096 + _STACKS * 2]
)
def test_a_damaged_report_names_no_theme_and_stops_nothing(tmp_path: Path, data: bytes) -> None:
    file = leave(tmp_path, b"")
    file.write_bytes(data)
    assert blamed(tmp_path) == set()
    hang_reports.remove_stale_files(tmp_path)
    assert hang_reports.notice(tmp_path, datetime.now(UTC)).count("\n") == 0


@pytest.mark.parametrize("facts", ['"process":"x"', '"renderings":7', '"renderings":[7]', '"blamed":{"a":1}', '"blamed":[[]]'])
def test_a_first_line_with_other_values_stops_nothing(tmp_path: Path, facts: str) -> None:
    leave(tmp_path, b"").write_bytes(f"{{{facts}}}".encode().ljust(4096) + _STACKS * 2)
    assert blamed(tmp_path) == set()
    assert hung(tmp_path) == 1


def test_no_folder_is_no_report(tmp_path: Path) -> None:
    assert watchdog.faulty_themes(tmp_path / "nowhere") == {}
    assert hang_reports.notice(tmp_path / "nowhere", datetime.now(UTC)) == ""


def test_a_process_that_was_killed_leaves_a_file_until_the_next_one_begins(tmp_path: Path) -> None:
    with subprocess.Popen(
        program(tmp_path, 'with watchdog.rendering("page"):\n    rest(1000)'), stdout=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout
        process.stdout.readline()
        (file,) = reports(tmp_path)
        hang_reports.remove_stale_files(tmp_path)
        assert reports(tmp_path) == [file], "that of a process at work is nobody else's"
        process.kill()
        process.wait(LONG)
    assert blamed(tmp_path) == set()
    assert run(tmp_path, "pass").returncode == 0
    assert reports(tmp_path) == []


def test_twenty_reports_are_left(tmp_path: Path) -> None:
    for process in range(30):
        os.utime(leave(tmp_path, _STACKS + _LAST, process=process), (process, process))
    hang_reports.remove_stale_files(tmp_path)
    assert {hang.process_id for hang in hang_reports.read_reports(tmp_path)} == {*range(10, 30)}


def test_the_next_start_mentions_what_happened_within_a_day(tmp_path: Path) -> None:
    file = leave(tmp_path, _STACKS + _LAST)
    now = datetime.now(UTC)
    assert str(file) in hang_reports.notice(tmp_path, now)
    assert hang_reports.notice(tmp_path, now + timedelta(days=2)) == ""


_COPY = """
import sys
from pathlib import Path
from feedsvc.support import watchdog
from feedsvc.errors import FeedsvcError
from feedsvc.support.process_pool import map_chunks
import os, time

parent = os.getpid()

def work(part):
    if os.getpid() == parent:
        time.sleep(0.05)
        return
    a, b = [1], [1]
    for _ in range(60):
        a, b = [a, a], [b, b]
    with watchdog.rendering("guilty"):
        a == b

with watchdog.watching(Path(sys.argv[1]), 6):
    try:
        for _ in map_chunks(work, range(20), 2, max_chunk=1):
            pass
    except FeedsvcError as error:
        print(error)
"""


def test_a_build_whose_copy_hangs_says_why_it_ended(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _COPY, str(tmp_path)], check=False, capture_output=True, text=True, timeout=LONG, env=environment()
    )
    assert (done.returncode, done.stderr) == (0, "")
    (report,) = reports(tmp_path)
    assert "hung while it rendered a page with the site's own theme, and was ended" in done.stdout
    assert str(report) in done.stdout
    assert blamed(tmp_path) == {"guilty"}


def test_a_thread_that_never_ends_does_not_outlive_sigterm(tmp_path: Path) -> None:
    body = (
        "signal.signal(signal.SIGTERM, lambda *_: None)\nwatchdog.start_heartbeat()\n"
        "threading.Thread(target=time.sleep, args=(1000,)).start()\nos.kill(os.getpid(), signal.SIGTERM)\n"
    )
    assert run(tmp_path, body).returncode == -signal.SIGALRM
    assert blamed(tmp_path) == set()
