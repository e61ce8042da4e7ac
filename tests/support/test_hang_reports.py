"""Reports of hung processes are read in any state and deleted when they are old."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feedsvc.support import hang_reports, stack_report, watchdog
from tests.attacks.hanging_programs import TIMEOUT, faulty_theme_names, hang_count, report_files, run_watched, watched_command
from tests.helpers.programs import killing
from tests.helpers.running_server import environment

_STACKS = b'Current thread 0x0000000000000007 (most recent call first):\n  File "x.py", line 1 in x\n'
_LAST = _STACKS.replace(b"07 ", b"01 ")


def write_report(state: Path, stacks: bytes, name: str = "theme", process: int = 12) -> Path:
    """Write the report of a process that has ended and that rendered a page of theme `name` in thread 7."""
    folder = state / "watchdog"
    folder.mkdir(exist_ok=True)
    line = f'{{"process":{process},"stopping":0,"blamed":[],"renderings":[[7,"{name}"]]}}'.encode()
    file = folder / f"{process}-0.txt"
    file.write_bytes(line.ljust(4095) + b"\n" + stacks)
    return file


def test_file_in_place_of_the_report_folder_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "watchdog").write_bytes(b"")
    stack_report.open_report(tmp_path).close(remove=False)
    assert len(report_files(tmp_path)) == 1


def test_theme_is_at_fault_if_its_thread_is_the_current_one_in_both_stacks(tmp_path: Path) -> None:
    write_report(tmp_path, _STACKS + _LAST)
    assert faulty_theme_names(tmp_path) == {"theme"}
    assert "x.py" in watchdog.faulty_themes(tmp_path)["theme"]


@pytest.mark.parametrize("stacks", [b"", _STACKS, _LAST, _LAST + _STACKS, (_STACKS + _LAST)[:100]])
def test_theme_is_not_at_fault_if_the_process_was_killed_or_another_thread_ran(tmp_path: Path, stacks: bytes) -> None:
    write_report(tmp_path, stacks)
    assert faulty_theme_names(tmp_path) == set()


def test_truncated_stacks_are_evaluated(tmp_path: Path) -> None:
    write_report(tmp_path, (_STACKS + _LAST)[:-10])
    assert faulty_theme_names(tmp_path) == {"theme"}


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 9000, b"[1, 2]\n" * 600 + _STACKS * 2, os.urandom(9000), b"{" * 4096 + _STACKS * 2]
)
def test_damaged_report_names_no_theme_and_raises_no_error(tmp_path: Path, data: bytes) -> None:
    file = write_report(tmp_path, b"")
    file.write_bytes(data)
    assert faulty_theme_names(tmp_path) == set()
    hang_reports.remove_stale_files(tmp_path)
    assert hang_reports.notice(tmp_path, datetime.now(UTC)).count("\n") == 0


@pytest.mark.parametrize("facts", ['"process":"x"', '"renderings":7', '"renderings":[7]', '"blamed":{"a":1}', '"blamed":[[]]'])
def test_first_line_with_wrong_types_raises_no_error(tmp_path: Path, facts: str) -> None:
    write_report(tmp_path, b"").write_bytes(f"{{{facts}}}".encode().ljust(4096) + _STACKS * 2)
    assert faulty_theme_names(tmp_path) == set()
    assert hang_count(tmp_path) == 1


def test_missing_folder_has_no_reports(tmp_path: Path) -> None:
    assert watchdog.faulty_themes(tmp_path / "nowhere") == {}
    assert hang_reports.notice(tmp_path / "nowhere", datetime.now(UTC)) == ""


def test_report_of_a_killed_process_is_deleted_by_the_next_process(tmp_path: Path) -> None:
    program = watched_command(tmp_path, 'with watchdog.rendering("page"):\n    rest(1000)')
    with killing(subprocess.Popen(program, stdout=subprocess.PIPE, env=environment())) as process:
        assert process.stdout
        process.stdout.readline()
        (file,) = report_files(tmp_path)
        hang_reports.remove_stale_files(tmp_path)
        assert report_files(tmp_path) == [file], "the file of a running process is not stale"
        process.kill()
        process.wait(TIMEOUT)
    assert faulty_theme_names(tmp_path) == set()
    assert run_watched(tmp_path, "pass").returncode == 0
    assert report_files(tmp_path) == []


def test_only_the_newest_twenty_reports_remain(tmp_path: Path) -> None:
    for process in range(30):
        os.utime(write_report(tmp_path, _STACKS + _LAST, process=process), (process, process))
    hang_reports.remove_stale_files(tmp_path)
    assert {hang.process_id for hang in hang_reports.read_reports(tmp_path)} == {*range(10, 30)}


def test_notice_names_a_report_of_the_last_day(tmp_path: Path) -> None:
    file = write_report(tmp_path, _STACKS + _LAST)
    now = datetime.now(UTC)
    assert str(file) in hang_reports.notice(tmp_path, now)
    assert hang_reports.notice(tmp_path, now + timedelta(days=2)) == ""


_BUILD_PROGRAM = """
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


def test_build_whose_child_process_hangs_reports_the_cause(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", _BUILD_PROGRAM, str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        env=environment(),
    )
    assert (result.returncode, result.stderr) == (0, "")
    (report,) = report_files(tmp_path)
    assert "hung while it rendered a page with the site's own theme, and was ended" in result.stdout
    assert str(report) in result.stdout
    assert faulty_theme_names(tmp_path) == {"guilty"}


def test_thread_that_never_ends_does_not_prevent_the_end_after_sigterm(tmp_path: Path) -> None:
    body = (
        "signal.signal(signal.SIGTERM, lambda *_: None)\nwatchdog.start_heartbeat()\n"
        "threading.Thread(target=time.sleep, args=(1000,)).start()\nos.kill(os.getpid(), signal.SIGTERM)\n"
    )
    assert run_watched(tmp_path, body).returncode == -signal.SIGALRM
    assert faulty_theme_names(tmp_path) == set()
