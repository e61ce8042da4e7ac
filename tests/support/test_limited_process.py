"""A function runs in a fresh interpreter, and every way to fail there has its own cause."""

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


def echo(data: bytes, step: BeginStep) -> bytes:
    step("reading")
    print("what a library prints is no part of the result")  # noqa: T201
    return data[::-1]


def freeze_without_releasing_the_gil(data: bytes, step: BeginStep) -> bytes:
    step("first")
    one, other = [1], [1]
    for _ in range(60):
        one, other = [one, one], [other, other]
    step("second")
    return bytes(one == other)


def take_all_memory(data: bytes, step: BeginStep) -> bytes:
    return bytes(10**11)


def take_memory_and_answer(data: bytes, step: BeginStep) -> bytes:
    return bytes(len(bytearray(100 * MB)) > 0)


def answer_at_length(data: bytes, step: BeginStep) -> bytes:
    return bytes(2 * MB)


def fail(data: bytes, step: BeginStep) -> bytes:
    raise ValueError(data.decode())


def end_by_a_signal(data: bytes, step: BeginStep) -> bytes:
    os.kill(os.getpid(), int(data))
    time.sleep(60)
    return b""


def sleep(data: bytes, step: BeginStep) -> bytes:
    time.sleep(600)
    return b""


def many_short_steps(data: bytes, step: BeginStep) -> bytes:
    for number in range(6):
        step(str(number))
        end = time.process_time() + 0.4
        while time.process_time() < end:
            pass
    return b"done"


def tell_what_was_inherited(data: bytes, step: BeginStep) -> bytes:
    names = ",".join(sorted(os.environ))
    files = [os.readlink(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd") if Path(f"/proc/self/fd/{one}").exists()]
    return f"{names} {files} {threading.active_count()}".encode()


def _run(function: str, data: bytes = b"", limits: Limits = LIMITS) -> bytes | RunFailure:
    return run(f"tests.support.test_limited_process:{function}", data, limits)


def _failure(function: str, data: bytes = b"", limits: Limits = LIMITS) -> RunFailure:
    found = _run(function, data, limits)
    assert isinstance(found, RunFailure), found
    return found


def test_a_result_comes_back_whole() -> None:
    data = os.urandom(3 * MB // 4)
    assert _run("echo", data) == data[::-1]


def test_a_call_that_never_returns_ends_with_its_line_and_step() -> None:
    failure = _failure("freeze_without_releasing_the_gil")
    assert (failure.cause, failure.step, failure.signal) == (Cause.PROCESSOR_TIME, "second", signal.SIGXCPU)
    assert f'File "{__file__}", line' in failure.traceback
    assert "freeze_without_releasing_the_gil" in failure.traceback


def test_each_step_has_time_of_its_own() -> None:
    assert _run("many_short_steps", limits=replace(LIMITS, processor_total=20)) == b"done"


def test_the_steps_together_have_a_limit_too() -> None:
    assert _failure("many_short_steps", limits=replace(LIMITS, processor_total=1)).cause is Cause.TOTAL_PROCESSOR_TIME


def test_memory_has_a_limit_above_what_the_process_has_at_its_start() -> None:
    assert _run("take_memory_and_answer") == b"\x00"
    failure = _failure("take_all_memory")
    assert (failure.cause, "take_all_memory" in failure.traceback) == (Cause.MEMORY, True)


def test_a_result_above_its_limit_is_none() -> None:
    assert _failure("answer_at_length").cause is Cause.OUTPUT


def test_an_exception_is_told_with_its_traceback() -> None:
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
def test_a_signal_that_ends_it_is_told_with_its_number(number: signal.Signals, cause: Cause) -> None:
    failure = _failure("end_by_a_signal", str(int(number)).encode())
    assert (failure.cause, failure.signal) == (cause, number)


def test_one_that_only_waits_ends_at_its_deadline_with_its_line() -> None:
    failure = _failure("sleep", limits=replace(LIMITS, elapsed=15))
    assert failure.cause is Cause.ELAPSED_TIME
    assert "in sleep" in failure.traceback


def test_a_result_that_nobody_wants_any_more_is_not_waited_for() -> None:
    began = time.monotonic()
    found = run("tests.support.test_limited_process:sleep", b"", LIMITS, is_cancelled=lambda: time.monotonic() > began + 0.5)
    assert isinstance(found, RunFailure)
    assert found.cause is Cause.CANCELLED


def test_a_missing_interpreter_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    failure = _failure("echo")
    assert (failure.cause, failure.detail) == (Cause.NOT_STARTED, f"{tmp_path / 'python'}: No such file or directory")


def test_a_function_that_is_not_there_is_told() -> None:
    failure = _failure("nonesuch")
    assert (failure.cause, "nonesuch" in failure.detail) == (Cause.NOT_STARTED, True)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_it_inherits_no_secret_no_file_and_no_thread(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", "secret")
    with (tmp_path / "held").open("w") as held:
        os.set_inheritable(held.fileno(), True)
        told = _run("tell_what_was_inherited")
    assert isinstance(told, bytes)
    assert b"FEEDSVC" not in told
    assert b"held" not in told
    assert told.endswith(b" 1")


# The caller is killed while the child holds the GIL for ever.
CALLER: Final = """
import threading, sys
from feedsvc.support.limited_process import Limits, run
from tests import ROOT
limits = Limits(processor_per_step=500, processor_total=500, elapsed=500, memory=2**28)
one = threading.Thread(target=run, args=("tests.support.test_limited_process:freeze_without_releasing_the_gil", b"", limits))
one.start()
one.join()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_a_child_that_is_stuck_ends_with_a_caller_that_is_killed() -> None:
    caller = subprocess.Popen([sys.executable, "-c", CALLER], cwd=ROOT)
    children = _wait_for(lambda: _children(caller.pid))
    time.sleep(0.5)
    caller.kill()
    caller.wait()
    _wait_for(lambda: not any(_is_running(one) for one in children))


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for tasks in found for child in tasks.read_text().split()]


def _is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def _wait_for(question):
    end = time.monotonic() + 60
    while not (answer := question()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return answer
