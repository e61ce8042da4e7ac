"""Interpreter that lacks what Windows lacks, for tests on other systems. It is run in place of `python`:

    python -X warn_default_encoding windows_interpreter.py PROGRAM [OPTIONS] (-c CODE | -m MODULE) ARGUMENTS

PROGRAM is the script that runs this file; it becomes `sys.executable`. Modules, functions, signals and flags of POSIX are
missing. Folders cannot be opened, open files cannot be renamed or deleted, and links cannot be created. A file that feedsvc opens
as text without naming an encoding is an error, because the default of Windows is no UTF-8.
"""

from __future__ import annotations

import builtins
import fcntl
import os
import sys
import types
from collections.abc import Callable
from functools import wraps
from typing import Any

MODULES = ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty")
SIGNALS = ("SIGABRT", "SIGFPE", "SIGILL", "SIGINT", "SIGSEGV", "SIGTERM")
SIGNAL_FUNCTIONS = ("alarm", "getitimer", "pause", "pthread_kill", "pthread_sigmask", "setitimer", "sigpending", "sigwait")
OS_FUNCTIONS = (
    *("WIFSIGNALED", "chown", "chroot", "copy_file_range", "eventfd", "fchdir", "fchmod", "fchown", "fdatasync", "fork"),
    *("get_blocking", "getegid", "geteuid", "getgid", "getgroups", "getloadavg", "getpgid", "getpriority", "getsid", "getuid"),
    *("killpg", "lchown", "lockf", "major", "makedev", "memfd_create", "minor", "mkfifo", "nice"),
    *("openpty", "pathconf", "pidfd_open", "posix_fadvise", "posix_fallocate", "posix_spawn", "pread", "preadv", "pwrite"),
    *("pwritev", "readv", "register_at_fork", "sched_getaffinity", "sched_yield", "sendfile", "set_blocking"),
    *("setgid", "setpriority", "setsid", "setuid", "splice", "statvfs", "sync", "sysconf", "ttyname", "uname"),
)
OS_FLAGS = ("O_CLOEXEC", "O_DIRECTORY", "O_DSYNC", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "O_PATH", "O_SYNC", "O_TMPFILE")
# They use functions of POSIX themselves. Windows has other versions of these modules.
PRELOADED = ("ctypes", "multiprocessing.connection", "shutil", "socket", "subprocess", "tempfile", "traceback", "zoneinfo")


def imitate_windows(program: str) -> None:
    for name in PRELOADED:
        __import__(name)
    sys.executable = program
    add_file_locks()
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    remove_signals()
    remove_functions()
    restrict_files()
    refuse_default_encodings()


def remove_signals() -> None:
    import signal
    import subprocess

    kill, terminate = os.kill, signal.SIGKILL
    subprocess.Popen.kill = lambda self: kill(self.pid, terminate) if self.poll() is None else None  # type: ignore[method-assign]
    for name in dir(signal):
        is_signal = name.startswith("SIG") and isinstance(getattr(signal, name), signal.Signals)
        if (is_signal and name not in SIGNALS) or name in SIGNAL_FUNCTIONS or name.startswith("ITIMER_"):
            delattr(signal, name)


def remove_functions() -> None:
    import faulthandler
    import select
    import shutil
    import socket
    import time

    remove(os, *OS_FUNCTIONS, *OS_FLAGS)
    remove(select, "poll", "epoll")
    remove(faulthandler, "register", "unregister")
    remove(time, "clock_gettime", "pthread_getcpuclockid")
    remove(socket, "AF_UNIX", "send_fds", "recv_fds")
    shutil._use_fd_functions = False  # type: ignore[attr-defined]
    os.supports_dir_fd, os.supports_fd = set(), set()


def remove(module: types.ModuleType, *names: str) -> None:
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


def restrict_files() -> None:
    for name in ("rename", "replace", "remove", "unlink"):
        setattr(os, name, refusing_open_files(getattr(os, name)))
    for name in ("listdir", "scandir"):
        setattr(os, name, refusing_descriptors(getattr(os, name)))
    for name in ("open", "stat", "lstat", "mkdir", "rmdir", "utime", "chmod", "access", "link"):
        setattr(os, name, refusing_folder_descriptors(getattr(os, name)))
    os.open = refusing_folders(os.open)
    os.symlink = refuse_link


def refusing_open_files(function: Callable[..., Any]) -> Callable[..., Any]:
    """Windows renames, replaces and deletes no file that a process has open."""

    @wraps(function)
    def call(*paths: Any, **settings: Any) -> Any:
        for path in paths:
            if is_open(path):
                raise PermissionError(13, "The process cannot access the file because it is being used by another process", path)
        return function(*paths, **settings)

    return call


def is_open(path: Any) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.path.samestat(os.fstat(int(name)), status):
                return True
        except OSError:
            continue
    return False


def refusing_descriptors(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(path: Any = ".") -> Any:
        if isinstance(path, int):
            raise TypeError("path should be string, bytes, os.PathLike or None, not int")
        return function(path)

    return call


def refusing_folder_descriptors(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*arguments: Any, **settings: Any) -> Any:
        if any(settings.get(name) is not None for name in ("dir_fd", "src_dir_fd", "dst_dir_fd")):
            raise NotImplementedError("dir_fd unavailable on this platform")
        return function(*arguments, **settings)

    return call


def refusing_folders(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(path: Any, *arguments: Any, **settings: Any) -> Any:
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied", path)
        return function(path, *arguments, **settings)

    return call


def refuse_link(target: Any, path: Any, *_: Any, **__: Any) -> None:
    raise OSError(22, "A required privilege is not held by the client", path)


def add_file_locks() -> None:
    """Add msvcrt with the lock of one byte of an open file that Windows has; closing the file releases it."""
    module = types.ModuleType("msvcrt")
    lock, mode = fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB
    module.__dict__.update(LK_NBLCK=2, locking=lambda descriptor, _mode, _count: lock(descriptor, mode))
    sys.modules["msvcrt"] = module


def refuse_default_encodings() -> None:
    import warnings

    warnings.filterwarnings("error", category=EncodingWarning, module=r"feedsvc\b")


def main() -> None:
    program, *words = sys.argv[1:]
    while words and words[0] not in ("-c", "-m"):
        del words[: 2 if words[0] == "-X" else 1]
    imitate_windows(program)
    kind, code, *arguments = words
    if kind == "-m":
        import runpy

        sys.argv = [code, *arguments]
        runpy.run_module(code, run_name="__main__", alter_sys=True)
    else:
        sys.argv = ["-c", *arguments]
        builtins.exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    main()
