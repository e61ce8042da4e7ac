"""Sockets to listen on: a TCP address, or a unix socket, whose file replaces that of a process that has ended."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from feedsvc.errors import FeedsvcError
from feedsvc.support.file_lock import folder_lock

_BACKLOG: Final = 1024
_PORT_ATTEMPTS: Final = 20  # after one that is in use, to name a free one
_MAX_PORT: Final = 65535
_ADDRESS_HINTS: Final = {
    errno.EADDRINUSE: "another program may use this port: choose another one with --port",
    errno.EADDRNOTAVAIL: "this machine does not have this address: give one of its own with --host, or 0.0.0.0 for all of them",
    errno.EACCES: "a port below 1024 needs more privileges: choose another one with --port",
}
_MAX_PATH_BYTES: Final = 107  # unix(7): sun_path has 108 bytes, the last one is 0
_PATH_HINTS: Final = {
    errno.ENOENT: "there is no such folder: create it, or let systemd do so with RuntimeDirectory=",
    errno.ENOTDIR: "a part of the path is no folder: correct --unix-socket",
    errno.EACCES: "this user may not write to its folder: choose another folder, or change the owner of this one",
    errno.EPERM: "this user may not write to its folder: choose another folder, or change the owner of this one",
    errno.EROFS: "its folder is read-only: choose a folder such as /run/feedsvc",
    errno.ENOSPC: "its disk is full: make space, or choose another folder",
}


def url_of(listening_socket: socket.socket) -> str:
    """Return http://ADDRESS:PORT/ of a listening socket, ADDRESS as it is bound: 0.0.0.0 for all interfaces.

    For a unix socket, return unix:PATH.
    """
    if is_unix_socket(listening_socket):
        return f"unix:{listening_socket.getsockname()}"
    host, port = listening_socket.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _free_port(family: int, address: Any) -> int:
    """Return the first free port after that of `address` (host, port, ...); 0 if none of the next 20 ports is free."""
    for port in range(address[1] + 1, min(address[1] + _PORT_ATTEMPTS, _MAX_PORT) + 1):
        with socket.socket(family, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address[0], port, *address[2:]))
            return port
    return 0


def listen(host: str, port: int) -> socket.socket:
    """Return a non-blocking TCP socket that listens at `port` (0: any free one) of the first address of `host`.

    Raises FeedsvcError if the host is unknown or the address cannot be used; the message may name a free port.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening_socket = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError, OverflowError) as error:
        raise FeedsvcError(f"cannot listen on {host}:{port}: no such address ({error}); correct --host or --port") from None
    try:
        listening_socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening_socket.bind(address)
        listening_socket.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening_socket.close()
        reason = getattr(error, "strerror", None) or error
        advice = _ADDRESS_HINTS.get(getattr(error, "errno", 0), "choose another address with --host or --port")
        if error.args[0] == errno.EADDRINUSE and (free_port := _free_port(family, address)):
            advice += f", such as --port {free_port}"
        raise FeedsvcError(f"cannot listen on {host}:{port} ({reason}); {advice}") from None
    listening_socket.setblocking(False)  # noqa: FBT003 - signature of the socket module
    return listening_socket


class UnixListener(socket.socket):
    """Listening unix socket. In the process that created it, `close` removes its file, unless another socket has its place."""

    def __init__(self, path: Path, mode: int) -> None:
        """Bind and listen. `mode` are the permissions of the file; a client needs the permission to write. Raises OSError."""
        super().__init__(socket.AF_UNIX, socket.SOCK_STREAM)
        self._creator, self._path = os.getpid(), path.absolute()
        try:
            self.bind(os.fspath(path))
            os.chmod(path, mode)  # early enough: clients are refused until `listen`
            self._identity = _identity(self._path)
        except OSError:
            super().close()
            raise
        self.listen(socket.SOMAXCONN)
        self.setblocking(False)  # noqa: FBT003 - signature of the socket module

    def close(self) -> None:
        if self._creator == os.getpid():
            self._creator = 0
            with suppress(OSError), folder_lock(self._path.parent):
                if _identity(self._path) == self._identity:
                    self._path.unlink()
        super().close()


def listen_unix(path: Path, mode: int) -> UnixListener:
    """Return a non-blocking socket that listens at `path`, whose file has the permissions `mode`.

    In this process, its `close` removes the file. The file of a socket that no process listens on any more is replaced. Raises
    FeedsvcError if a process listens there, if something else is at the path, or if the socket cannot be created: its folder
    must exist, and the path may have at most 107 bytes.
    """
    if len(os.fsencode(path)) > _MAX_PATH_BYTES:
        raise _error(path, f"its path is longer than {_MAX_PATH_BYTES} bytes; choose a shorter one, such as /run/feedsvc.sock")
    try:
        # Two services that start at once must not both find the file of an ended one.
        with folder_lock(path.parent):
            _remove_stale(path)
            return UnixListener(path, mode)
    except OSError as error:
        hint = _PATH_HINTS.get(error.errno or 0, "choose another path with --unix-socket")
        raise _error(path, f"{error.strerror}; {hint}") from None
    except ValueError as error:
        raise _error(path, f"{error}; correct --unix-socket") from None


def is_unix_socket(listening_socket: socket.socket) -> bool:
    return hasattr(socket, "AF_UNIX") and listening_socket.family == socket.AF_UNIX


def _remove_stale(path: Path) -> None:
    """Remove the file of a socket that no process listens on. Raises FeedsvcError for anything else at the path."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise _error(path, "there is a file that is no socket; choose another path with --unix-socket, or remove the file")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # noqa: FBT003 - signature of the socket module
        result = probe.connect_ex(os.fspath(path))
    if result == errno.ECONNREFUSED:
        path.unlink()
    elif result in (errno.EACCES, errno.EPERM):
        raise _error(path, "the socket there belongs to another user; choose another path, or remove it as that user")
    elif result != errno.ENOENT:  # connected, or the queue of the listening process is full
        raise _error(path, "another process serves there; stop it, or choose another path with --unix-socket")


def _identity(path: Path) -> tuple[int, int]:
    status = os.lstat(path)
    return status.st_dev, status.st_ino


def _error(path: Path, sentence: str) -> FeedsvcError:
    return FeedsvcError(f"cannot listen on {path}: {sentence}")
