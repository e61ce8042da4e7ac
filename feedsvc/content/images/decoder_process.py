"""The child process that decodes pictures, and both ends of what is said to it.

    python -I -S -c "…main()" SOCKET LOCKS

The parent sends an open file with each picture; the child sends back copies. It opens nothing and writes nothing else, has
limits on memory, processor time and files, and ends when the parent's end of the socket is closed, whatever it is doing.
"""

from __future__ import annotations

import hashlib
import io
import os
import resource
import select
import signal
import socket
import struct
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from feedsvc.content.images import megapixels
from feedsvc.content.images.header import MOST_MEMORY

DIGITS: Final = 16  # hexadecimal digits of a file's digest
MOST_BYTES: Final = 64 * 1024 * 1024  # of a file
SECONDS: Final = 60  # of processor time for one picture

# Kinds of reply; each is its kind, a number and the length of the bytes that follow. The number is the width of a copy, and at
# the end of a picture 1 if the child is to be replaced: an allocator that has held much may have no whole piece left.
READY, STARTED, COPY, CHANGED, FAILED, DONE = b"R", b"S", b"C", b"X", b"F", b"D"
REPLY: Final = struct.Struct(">cII")
GO, SKIP = b"G", b"K"  # what the parent answers to STARTED

_REQUEST: Final = struct.Struct(">16sB10I")  # digest, how many sizes, width and height of each
_MOST_SIZES: Final = 5
_MEMORY: Final = MOST_MEMORY + 100_000_000  # bytes of data; of addresses, much more is reserved than used
_ADDRESSES: Final = 1536 * 1024 * 1024
_FILES: Final = 16
_NICE: Final = 5
_LIGHT: Final = 40_000_000, 30_000_000  # bytes of a file and its decoder, and pixels, after which a child is as good as new
_MOST_PICTURES: Final = 20  # of a child


class Request(NamedTuple):
    """A picture's digest, and width and height of its copies as a viewer shows them, narrowest first."""

    digest: str
    sizes: Sequence[tuple[int, int]]

    def encoded(self) -> bytes:
        flat = [side for size in self.sizes for side in size]
        return _REQUEST.pack(self.digest.encode(), len(self.sizes), *flat, *[0] * (2 * _MOST_SIZES - len(flat)))

    @staticmethod
    def decoded(data: bytes) -> Request:
        digest, count, *flat = _REQUEST.unpack(data)
        return Request(digest.decode(), tuple(zip(flat[0::2], flat[1::2], strict=True))[:count])


def main() -> None:
    """Run until the parent closes its end."""
    parent, locks = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    _limit()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    from feedsvc.content.images import copying  # noqa: PLC0415 - after the limits

    copying.prepare()
    _reply(parent, READY, data=copying.library().encode())
    for left in reversed(range(_MOST_PICTURES)):
        data, files, _, _ = socket.recv_fds(parent, _REQUEST.size, 1, socket.MSG_WAITALL)
        if len(data) < _REQUEST.size:
            return
        with open(files[0], "rb") as file:
            _answer(parent, locks, file, Request.decoded(data), is_last=not left)


def _limit() -> None:
    """Limit this process alone; a platform that knows no such limit has none."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(_NICE)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _FILES,
        resource.RLIMIT_DATA: _MEMORY,
        resource.RLIMIT_AS: _ADDRESSES,
    }
    for kind, most in limits.items():
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


def _end_with(parent: socket.socket) -> None:
    """End this process when the parent has gone."""
    waiting = select.poll()
    waiting.register(parent, 0)  # nothing but a hang-up
    waiting.poll()
    os._exit(1)


def _answer(parent: socket.socket, locks: int, file: io.BufferedReader, request: Request, *, is_last: bool) -> None:
    from feedsvc.content.images import copying, read_header  # noqa: PLC0415 - as above

    try:
        header = read_header(file)
    except (ValueError, OverflowError):
        return _reply(parent, CHANGED)  # the parent could read it
    memory = header.memory + os.fstat(file.fileno()).st_size
    with megapixels.held(locks, megapixels.units(header.width * header.height, memory)):
        _reply(parent, STARTED)
        if parent.recv(1) != GO:
            return _reply(parent, DONE, int(is_last))
        _allow(SECONDS)
        data = _read(file)
        if hashlib.sha256(data).hexdigest()[:DIGITS] != request.digest:
            return _reply(parent, CHANGED)
        try:
            for width, copy in copying.copies(data, header, request.sizes):
                _reply(parent, COPY, width, copy)
        except (ValueError, MemoryError, OSError) as error:
            return _reply(parent, FAILED, data=(str(error) or "it takes too much memory").encode())
    is_light = memory <= _LIGHT[0] and header.width * header.height <= _LIGHT[1]
    return _reply(parent, DONE, int(is_last or not is_light))


def _allow(seconds: int) -> None:
    """So much processor time from now on; then SIGXCPU ends this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    with suppress(OSError, ValueError):
        most = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, most))


def _read(file: io.BufferedReader) -> bytes:
    """All bytes at once, since those of a file can change meanwhile."""
    file.seek(0)
    return file.read(MOST_BYTES)


def _reply(parent: socket.socket, kind: bytes, number: int = 0, data: bytes = b"") -> None:
    parent.sendall(REPLY.pack(kind, number, len(data)) + data)
