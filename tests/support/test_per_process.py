"""Each process opens its own value: also after a fork, and with several threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import ExitStack
from typing import Final

import pytest

from feedsvc.support.per_process import PerProcess
from tests import ROOT

# Prints what each process opens and closes. The program is a process of its own, because a fork should have one thread.
PROGRAM: Final = """
import os, sys
from feedsvc.support.per_process import PerProcess

def note(text):
    print(("parent " if os.getpid() == parent else "child ") + text, flush=True)

def open_value(stack):
    note("opens")
    stack.callback(lambda: note("closes"))
    return object()

parent = os.getpid()
holder = PerProcess(open_value)
value = holder.get()
child = os.fork()
if not child:
    assert not holder.is_open
    assert holder.get() is not value
    sys.exit()
os.waitpid(child, 0)
assert holder.get() is value
"""


def test_child_opens_its_own_value_and_both_close_theirs_at_their_exit() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, check=True)
    assert result.stdout.splitlines() == ["parent opens", "child opens", "child closes", "parent closes"]


def test_threads_share_one_value() -> None:
    opened: list[object] = []
    may_open = threading.Event()

    def open_value(_: ExitStack) -> object:
        may_open.wait(10)
        opened.append(object())
        return opened[-1]

    holder = PerProcess(open_value)
    values: list[object] = []
    threads = [threading.Thread(target=lambda: values.append(holder.get())) for _ in range(4)]
    for thread in threads:
        thread.start()
    may_open.set()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    assert values == opened * 4


def test_value_is_opened_again_after_close_and_after_an_error() -> None:
    calls: list[str] = []

    def open_value(stack: ExitStack) -> str:
        calls.append("open")
        stack.callback(calls.append, "close")
        if len(calls) == 1:
            raise RuntimeError("not yet")
        return "value"

    holder = PerProcess(open_value)
    with pytest.raises(RuntimeError):
        holder.get()
    assert not holder.is_open
    assert calls == ["open", "close"]
    assert holder.get() == "value"
    holder.close()
    holder.close()
    assert calls == ["open", "close", "open", "close"]
    assert holder.get() == "value"
    holder.close()
