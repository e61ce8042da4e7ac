"""File descriptors: the limit of this process, the number of connections, and errors that mean that none is left."""

from __future__ import annotations

import errno
from typing import Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.posix import resource

_MAX_LIMIT: Final = 65_536
MIN_LIMIT: Final = 256
_RESERVED: Final = 64  # for databases, pipes, the watcher, files that are read and closed at once
_EXHAUSTION_ERRNOS: Final = frozenset((errno.EMFILE, errno.ENFILE))


def raise_limit() -> int:
    """Raise this process's limit on open files as far as the system allows, up to 65,536, and return it.

    A higher limit stays, and 65,536 is returned. Raises FeedsvcError if the system allows fewer than MIN_LIMIT. Child processes
    inherit the raised limit.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = _MAX_LIMIT if hard == resource.RLIM_INFINITY else min(hard, _MAX_LIMIT)
    if highest < MIN_LIMIT:
        raise FeedsvcError(
            f"a process may have {highest} open files here, and a server needs {MIN_LIMIT}, better 4096: raise the limit with "
            f"`ulimit -n 4096`, or with LimitNOFILE=4096 in its systemd unit"
        )
    if soft != resource.RLIM_INFINITY and soft < highest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
    return highest


def max_connections(limit: int) -> int:
    """Return half of the descriptors that a process with this limit has beside 64 for other uses; at least 32.

    So each connection can have an open file that is sent on it.
    """
    return max(limit - _RESERVED, _RESERVED) // 2


def is_exhausted(error: BaseException | None) -> bool:
    """Return whether an error, or one of its causes or contexts, may mean that no descriptor is left; False for None.

    That is so for EMFILE, ENFILE and SQLITE_CANTOPEN (its extended codes not included).
    """
    while error is not None:
        # SQLite does not say why it cannot open a file.
        if getattr(error, "errno", None) in _EXHAUSTION_ERRNOS or getattr(error, "sqlite_errorname", "") == "SQLITE_CANTOPEN":
            return True
        error = error.__cause__ or error.__context__
    return False
