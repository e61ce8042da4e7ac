"""Differences between POSIX and Windows: modules, signals, flags and functions that Windows lacks, and quoting for its shell.

The commands of editors (init, import, new, stamp, check, schema and others) also run where these are missing. The modules
`fcntl` and `resource` are None there. Servers and builds need them.
"""

from __future__ import annotations

import os
import shlex
import signal
from functools import reduce
from operator import or_
from typing import Final

try:
    import fcntl as fcntl  # noqa: PLC0414 - other modules import it from here
except ImportError:
    fcntl = None  # type: ignore[assignment]
try:
    import resource as resource  # noqa: PLC0414
except ImportError:
    resource = None  # type: ignore[assignment]

IS_WINDOWS: Final = os.name == "nt"

CAN_FORK: Final = hasattr(os, "fork")
HAS_FILE_LOCKS: Final[bool] = fcntl is not None
# openat(2): a file can be opened relative to an open folder.
CAN_OPEN_BELOW: Final = os.open in os.supports_dir_fd and hasattr(os, "O_DIRECTORY") and hasattr(os, "O_NOFOLLOW")


def flags(*names: str) -> int:
    """Return the flags of os.open with these names, such as "O_NOFOLLOW", combined; those that the system lacks count as 0."""
    return reduce(or_, (getattr(os, name, 0) for name in names), 0)


def signals(*names: str) -> frozenset[signal.Signals]:
    """Return the signals with these names, such as "SIGHUP", that the system has."""
    return frozenset(getattr(signal, name) for name in names if hasattr(signal, name))


def sync_files() -> None:
    """Wait until all written files are on their disks (sync(2)). Does nothing on Windows, which cannot say so for all files."""
    if hasattr(os, "sync"):
        os.sync()


def quote_argument(text: str) -> str:
    """Return `text` as one argument of a command line that a user copies, in quotes if this system's shell needs them."""
    if not IS_WINDOWS:
        return shlex.quote(text)
    from subprocess import list2cmdline  # noqa: PLC0415 - only for messages on Windows

    return list2cmdline([text])
