"""Run a command under those rules of a systemd unit that the kernel enforces without systemd: UNIT COMMAND...

The rules are system calls, address families, no memory that is writable and executable, no new privileges, open files.
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
_DENY_WRITE_EXECUTE: Final = 65
_FAMILIES: Final = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}


class _ArgumentComparison(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("one", ctypes.c_uint64), ("other", ctypes.c_uint64))


def unit_settings(unit: str) -> dict[str, list[str]]:
    """Return setting -> its values in a unit file, in their order."""
    values: dict[str, list[str]] = {}
    for line in unit.splitlines():
        name, separator, value = line.partition("=")
        if separator and not line.startswith("#"):
            values.setdefault(name, []).append(value)
    return values


def system_calls(names: list[str]) -> set[str]:
    """Return the system calls of these names and groups, as the installed systemd defines the groups."""
    calls: set[str] = set()
    for name in names:
        if not name.startswith("@"):
            calls.add(name)
            continue
        output = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True).stdout
        members = [line.strip() for line in output.splitlines() if line.startswith("    ")]
        calls |= system_calls([member for member in members if not member.startswith("#")])
    return calls


def allowed_calls(filters: list[str]) -> set[str]:
    """Return the calls that the lists of SystemCallFilter allow; a list that begins with ~ removes calls (systemd.exec(5))."""
    calls: set[str] = set()
    for line in filters:
        listed_calls = system_calls(line.removeprefix("~").split())
        calls = calls - listed_calls if line.startswith("~") else calls | listed_calls
    return calls


def apply_rules(unit: str) -> None:
    """Apply the rules of a unit to this process."""
    settings = unit_settings(unit)
    # At most the hard limit of this process.
    files = min(int(settings["LimitNOFILE"][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    libc = ctypes.CDLL(None, use_errno=True)
    assert settings["NoNewPrivileges"] == settings["MemoryDenyWriteExecute"] == ["yes"]
    assert libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) == 0
    # Kernels before 6.3 do not support it.
    assert libc.prctl(_DENY_WRITE_EXECUTE, 1, 0, 0, 0) == 0 or ctypes.get_errno() == 22
    _load_filter(allowed_calls(settings["SystemCallFilter"]), settings["RestrictAddressFamilies"][0].split())


def _load_filter(names: set[str], families: list[str]) -> None:
    kernel: Any = ctypes.CDLL(LIBRARY)
    kernel.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(kernel.seccomp_init(_ERRNO | _EPERM))
    for name in names - {"socket"}:
        number = kernel.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            assert kernel.seccomp_rule_add_array(rules, _ALLOW, number, 0, None) == 0, name
    socket = kernel.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        comparison = _ArgumentComparison(arg=0, op=_EQUAL, one=_FAMILIES[family], other=0)
        assert kernel.seccomp_rule_add_array(rules, _ALLOW, socket, 1, ctypes.byref(comparison)) == 0
    assert kernel.seccomp_load(rules) == 0


if __name__ == "__main__":
    apply_rules(Path(sys.argv[1]).read_text("utf-8"))
    os.execv(sys.argv[2], sys.argv[2:])
