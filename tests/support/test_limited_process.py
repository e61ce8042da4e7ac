"""A function runs in a new interpreter with limits, and each kind of failure has its own cause."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from feedsvc.support.limited_process import BeginStep, Cause, Limits, RunFailure, run
from tests import ROOT

MB: Final = 1024**2
LIMITS: Final = Limits(processor_per_step=2, processor_total=4, elapsed=60, memory=200 * MB, output=MB)


def reverse(data: bytes, step: BeginStep) -> bytes:
    step("reading")
    print("output of a library, which is no part of the result")  # noqa: T201
    return data[::-1]


def hang_holding_the_gil(data: bytes, step: BeginStep) -> bytes:
    step("first")
    first, second = [1], [1]
    for _ in range(60):
        first, second = [first, first], [second, second]
    step("second")
    return bytes(first == second)


def allocate_too_much(data: bytes, step: BeginStep) -> bytes:
    return bytes(10**11)


def allocate_within_the_limit(data: bytes, step: BeginStep) -> bytes:
    return bytes(len(bytearray(100 * MB)) > 0)


def return_too_much(data: bytes, step: BeginStep) -> bytes:
    return bytes(2 * MB)


def fail(data: bytes, step: BeginStep) -> bytes:
    raise ValueError(data.decode())


def send_signal_to_itself(data: bytes, step: BeginStep) -> bytes:
    os.kill(os.getpid(), int(data))
    time.sleep(60)
    return b""


def sleep(data: bytes, step: BeginStep) -> bytes:
    time.sleep(600)
    return b""


def run_many_short_steps(data: bytes, step: BeginStep) -> bytes:
    for number in range(6):
        step(str(number))
        deadline = time.process_time() + 0.4
        while time.process_time() < deadline:
            pass
    return b"done"


def list_inherited_state(data: bytes, step: BeginStep) -> bytes:
    names = ",".join(sorted(os.environ))
    files = [
        os.readlink(f"/proc/self/fd/{descriptor}")
        for descriptor in os.listdir("/proc/self/fd")
        if Path(f"/proc/self/fd/{descriptor}").exists()
    ]
    return f"{names} {files} {threading.active_count()}".encode()


def _run(function: str, data: bytes = b"", limits: Limits = LIMITS) -> bytes | RunFailure:
    return run(f"tests.support.test_limited_process:{function}", data, limits)


def _failure(function: str, data: bytes = b"", limits: Limits = LIMITS) -> RunFailure:
    result = _run(function, data, limits)
    assert isinstance(result, RunFailure), result
    return result


def test_result_is_returned_completely() -> None:
    data = os.urandom(3 * MB // 4)
    assert _run("reverse", data) == data[::-1]


def test_function_that_never_returns_is_ended_with_its_line_and_step() -> None:
    failure = _failure("hang_holding_the_gil")
    assert (failure.cause, failure.step, failure.signal) == (Cause.PROCESSOR_TIME, "second", signal.SIGXCPU)
    assert f'File "{__file__}", line' in failure.traceback
    assert "hang_holding_the_gil" in failure.traceback


def test_each_step_has_its_own_time_limit() -> None:
    assert _run("run_many_short_steps", limits=replace(LIMITS, processor_total=20)) == b"done"


def test_all_steps_together_have_a_time_limit() -> None:
    assert _failure("run_many_short_steps", limits=replace(LIMITS, processor_total=1)).cause is Cause.TOTAL_PROCESSOR_TIME


def test_memory_limit_is_added_to_the_memory_at_the_start() -> None:
    assert _run("allocate_within_the_limit") == b"\x00"
    failure = _failure("allocate_too_much")
    assert (failure.cause, "allocate_too_much" in failure.traceback) == (Cause.MEMORY, True)


def test_result_above_its_limit_is_a_failure() -> None:
    assert _failure("return_too_much").cause is Cause.OUTPUT


def test_exception_is_a_failure_with_its_traceback() -> None:
    failure = _failure("fail", b"a bad size")
    assert (failure.cause, failure.detail) == (Cause.ERROR, "ValueError: a bad size")
    assert "in fail" in failure.traceback


@pytest.mark.parametrize(
    ("number", "cause"),
    [
        (signal.SIGSEGV, Cause.CRASHED),
        (signal.SIGABRT, Cause.CRASHED),
        (signal.SIGKILL, Cause.KILLED),
        (signal.SIGTERM, Cause.KILLED),
    ],
)
def test_signal_is_a_failure_with_its_number(number: signal.Signals, cause: Cause) -> None:
    failure = _failure("send_signal_to_itself", str(int(number)).encode())
    assert (failure.cause, failure.signal) == (cause, number)


def test_sleeping_function_is_ended_at_its_deadline_with_its_line() -> None:
    failure = _failure("sleep", limits=replace(LIMITS, elapsed=15))
    assert failure.cause is Cause.ELAPSED_TIME
    assert "in sleep" in failure.traceback


def test_cancelled_function_is_ended() -> None:
    start = time.monotonic()
    result = run("tests.support.test_limited_process:sleep", b"", LIMITS, is_cancelled=lambda: time.monotonic() > start + 0.5)
    assert isinstance(result, RunFailure)
    assert result.cause is Cause.CANCELLED


def test_missing_interpreter_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    failure = _failure("reverse")
    assert (failure.cause, failure.detail) == (Cause.NOT_STARTED, f"{tmp_path / 'python'}: No such file or directory")


def test_missing_function_is_a_failure() -> None:
    failure = _failure("nonesuch")
    assert (failure.cause, "nonesuch" in failure.detail) == (Cause.NOT_STARTED, True)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_child_inherits_no_secret_no_file_and_no_thread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", "secret")
    with (tmp_path / "open_file").open("w") as open_file:
        os.set_inheritable(open_file.fileno(), True)
        inherited = _run("list_inherited_state")
    assert isinstance(inherited, bytes)
    assert b"FEEDSVC" not in inherited
    assert b"open_file" not in inherited
    assert inherited.endswith(b" 1")


# The caller is killed while the child hangs and holds the GIL.
CALLER: Final = """
import threading, sys
from feedsvc.support.limited_process import Limits, run
from tests import ROOT
limits = Limits(processor_per_step=500, processor_total=500, elapsed=500, memory=2**28)
thread = threading.Thread(target=run, args=("tests.support.test_limited_process:hang_holding_the_gil", b"", limits))
thread.start()
thread.join()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_hanging_child_ends_when_its_caller_is_killed() -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER], cwd=ROOT)
    children = _wait_for(lambda: _children(caller.pid))
    time.sleep(0.5)
    caller.kill()
    caller.wait()
    _wait_for(lambda: not any(_is_running(child) for child in children))


def _children(pid: int) -> list[int]:
    task_files = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for tasks in task_files for child in tasks.read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _wait_for(condition):
    deadline = time.monotonic() + 60
    while not (result := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return result
