"""A command under those rules of a systemd unit that the kernel keeps without systemd: system calls, address families, memory
that cannot become code, no new privileges, open files. Run as a program: UNIT COMMAND...
"""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

LIBRARY: Final = "libseccomp.so.2"
_ALLOW: Final = 0x7FFF0000
_ERRNO: Final = 0x00050000
_EPERM: Final = 1
_EQUAL: Final = 4
_NO_NEW_PRIVILEGES: Final = 38
_NO_NEW_CODE: Final = 65
_FAMILIES: Final = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class _Compared(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("one", ctypes.c_uint64), ("other", ctypes.c_uint64))


def settings(unit: str) -> dict[str, list[str]]:
    """The values of each setting, in their order."""
    found: dict[str, list[str]] = {}
    for line in unit.splitlines():
        name, is_one, value = line.partition("=")
        if is_one and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def calls(names: list[str]) -> set[str]:
    """System calls, groups of them as this systemd has them."""
    found: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            found.add(name)
            continue
        told = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout
        members = [line.strip() for line in told.splitlines() if line.startswith("    ")]
        found |= calls([member for member in members if not member.startswith("#")])
    return found


def allowed(filters: list[str]) -> set[str]:
    """systemd.exec(5): the first list says what may be called, one that begins with ~ takes away."""
    found: set[str] = set()
    for line in filters:
        named = calls(line.removeprefix("~").split())
        found = found - named if line.startswith("~") else found | named
    return found


def confine(unit: str) -> None:
    told = settings(unit)
    # Fewer where this process may have no more.
    files = min(int(told["LimitNOFILE"][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    libc = ctypes.CDLL(None, use_errno=True)
    assert told["NoNewPrivileges"] == told["MemoryDenyWriteExecute"] == ["yes"]
    assert libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    # Kernels before 6.3 know nothing of it.
    assert libc.prctl(_NO_NEW_CODE, 1, 0, 0, 0) == 0 or ctypes.get_errno() == 22
    _filter(allowed(told["SystemCallFilter"]), told["RestrictAddressFamilies"][0].split())


def _filter(names: set[str], families: list[str]) -> None:
    kernel: Any = ctypes.CDLL(LIBRARY)
    kernel.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(kernel.seccomp_init(_ERRNO | _EPERM))
    for name in names - {"socket"}:
        number = kernel.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            assert kernel.seccomp_rule_add_array(rules, _ALLOW, number, 0, None) == 0, name
    socket = kernel.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        compared = _Compared(arg=0, op=_EQUAL, one=_FAMILIES[family], other=0)
        assert kernel.seccomp_rule_add_array(rules, _ALLOW, socket, 1, ctypes.byref(compared)) == 0
    assert kernel.seccomp_load(rules) == 0


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text("utf-8"))
    os.execv(sys.argv[2], sys.argv[2:])
