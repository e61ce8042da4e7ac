"""File descriptors: how many this process may have, what they are for, and how an error says that none is left."""

from __future__ import annotations

import errno
import resource
from dataclasses import dataclass
from typing import Final

from feedsvc.errors import FeedsvcError

_MOST: Final = 65_536
LEAST: Final = 256
_OWN: Final = 64  # databases, pipes, the watcher, files that are read and closed at once
_EXHAUSTED: Final = frozenset((errno.EMFILE, errno.ENFILE))


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """Numbers of descriptors: for connections, and for the files that answers are sent from."""

    connections: int
    files: int


def raise_limit() -> int:
    """Raise this process's limit on open files as far as it may be, and return it.

    Raises FeedsvcError if it is too low to serve. Child processes inherit the raised limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if most < LEAST:
        raise FeedsvcError(
            f"a process may have {most} open files here, and a server needs {LEAST}, better 4096: raise the limit with "
            f"`ulimit -n 4096`, or with LimitNOFILE=4096 in its systemd unit"
        )
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most


def limit() -> int:
    """Return this process's limit on open files as it is."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else min(soft, _MOST)


def budget(limit: int) -> Budget:
    """Divide a limit: a quarter for files, the rest for connections, so that neither can take what the other needs."""
    free = max(limit - _OWN, _OWN)
    return Budget(connections=free - free // 4, files=free // 4)


def is_exhausted(error: BaseException | None) -> bool:
    """Return True if the error, or one that it came from, says that no descriptor is left (EMFILE, ENFILE)."""
    while error is not None:
        # SQLite does not tell why it cannot open a file.
        if getattr(error, "errno", None) in _EXHAUSTED or getattr(error, "sqlite_errorname", "") == "SQLITE_CANTOPEN":
            return True
        error = error.__cause__ or error.__context__
    return False
