"""Child process that decodes images, and the messages between parent and child.

    python -I -S -c "…main()" SOCKET LOCKS

SOCKET and LOCKS are the descriptors of a socket and of the lock file of `megapixels`. The parent sends an open file for each
image; the child sends back variants. The child opens and writes no other file, has limits on memory, processor time and open
files, and exits at once when the parent's end of the socket is closed.
"""

from __future__ import annotations

import io
import os
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
from feedsvc.content.images.header import MAX_DECODER_MEMORY
from feedsvc.support.digest import sha256
from feedsvc.support.posix import resource

DIGEST_LENGTH: Final = 16  # hexadecimal digits of a file's SHA-256
MAX_FILE_SIZE: Final = 64 * 1024 * 1024  # bytes
CPU_SECONDS: Final = 60  # of processor time for one image

# Kinds of reply. A reply consists of its kind, a number, the length of its data, and the data. The number is the width in
# VARIANT; in DONE it is 1 if the parent must replace the child, because the heap may be too fragmented after large images.
READY, STARTED, VARIANT, CHANGED, FAILED, DONE = b"R", b"S", b"C", b"X", b"F", b"D"
REPLY_HEADER: Final = struct.Struct(">cII")
GO, SKIP = b"G", b"K"  # the parent's answers to STARTED

_REQUEST_FORMAT: Final = struct.Struct(">16sB10I")  # digest, number of sizes, width and height of each
_MAX_SIZES: Final = 5
_MAX_DATA_SIZE: Final = MAX_DECODER_MEMORY + 100_000_000  # bytes; the address space is larger, because more is reserved than used
_MAX_ADDRESS_SPACE: Final = 1536 * 1024 * 1024  # bytes
_MAX_OPEN_FILES: Final = 16
_NICE: Final = 5
# Bytes of file and decoder, and pixels, up to which the child decodes further images.
_LIGHT_LIMITS: Final = (40_000_000, 30_000_000)
_MAX_IMAGES: Final = 20  # per child


class DecodeRequest(NamedTuple):
    """Request for variants of an image. `digest` is the beginning, DIGEST_LENGTH digits, of the SHA-256 of its file.

    `sizes` are widths and heights of at most _MAX_SIZES variants in pixels, as displayed, narrowest first.
    """

    digest: str
    sizes: Sequence[tuple[int, int]]

    def encode(self) -> bytes:
        flat = [side for size in self.sizes for side in size]
        return _REQUEST_FORMAT.pack(self.digest.encode(), len(self.sizes), *flat, *[0] * (2 * _MAX_SIZES - len(flat)))

    @staticmethod
    def decode(data: bytes) -> DecodeRequest:
        digest, count, *flat = _REQUEST_FORMAT.unpack(data)
        return DecodeRequest(digest.decode(), tuple(zip(flat[0::2], flat[1::2], strict=True))[:count])


def main() -> None:
    """Set limits, send READY, and handle requests: at most _MAX_IMAGES, or until the parent closes its end of the socket."""
    parent, lock_descriptor = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    _limit_resources()
    threading.Thread(target=_exit_with_parent, args=(parent,), name="feedsvc-parent", daemon=True).start()
    from feedsvc.content.images import copying  # noqa: PLC0415 - libvips is loaded after the limits are set

    copying.prepare()
    _send_reply(parent, READY, data=copying.library_version().encode())
    for remaining in reversed(range(_MAX_IMAGES)):
        data, files, _, _ = socket.recv_fds(parent, _REQUEST_FORMAT.size, 1, socket.MSG_WAITALL)
        if len(data) < _REQUEST_FORMAT.size:
            return
        with open(files[0], "rb") as file:
            _handle_request(parent, lock_descriptor, file, DecodeRequest.decode(data), is_last=not remaining)


def _limit_resources() -> None:
    """Set the limits of this process, lower its priority, and ignore SIGINT. What the platform does not support is skipped."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(_NICE)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NOFILE: _MAX_OPEN_FILES,
        resource.RLIMIT_DATA: _MAX_DATA_SIZE,
        resource.RLIMIT_AS: _MAX_ADDRESS_SPACE,
    }
    for kind, limit in limits.items():
        with suppress(OSError, ValueError):
            resource.setrlimit(kind, (limit, limit))


def _exit_with_parent(parent: socket.socket) -> None:
    """Wait until the parent's end of the socket is closed, then exit the process at once."""
    poller = select.poll()
    poller.register(parent, 0)  # only POLLHUP and POLLERR
    poller.poll()
    os._exit(1)


def _handle_request(
    parent: socket.socket, lock_descriptor: int, file: io.BufferedReader, request: DecodeRequest, *, is_last: bool
) -> None:
    from feedsvc.content.images import copying  # noqa: PLC0415 - as above
    from feedsvc.content.images.formats import read_header  # noqa: PLC0415

    try:
        header = read_header(file)
    except (ValueError, OverflowError):
        return _send_reply(parent, CHANGED)  # the parent could read the header, so the file has changed
    memory = header.decoder_memory + os.fstat(file.fileno()).st_size
    with megapixels.reserve(lock_descriptor, megapixels.lock_units(header.width * header.height, memory)):
        _send_reply(parent, STARTED)
        if parent.recv(1) != GO:
            return _send_reply(parent, DONE, int(is_last))
        _limit_cpu_time(CPU_SECONDS)
        data = _read(file)
        if sha256(data).hex()[:DIGEST_LENGTH] != request.digest:
            return _send_reply(parent, CHANGED)
        try:
            for width, variant in copying.make_variants(data, header, request.sizes):
                _send_reply(parent, VARIANT, width, variant)
        except (ValueError, MemoryError, OSError) as error:
            return _send_reply(parent, FAILED, data=(str(error) or "it takes too much memory").encode())
    is_light = memory <= _LIGHT_LIMITS[0] and header.width * header.height <= _LIGHT_LIMITS[1]
    return _send_reply(parent, DONE, int(is_last or not is_light))


def _limit_cpu_time(seconds: int) -> None:
    """Limit the processor time from now on to `seconds`; SIGXCPU ends the process at the limit. Errors are ignored."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    with suppress(OSError, ValueError):
        hard_limit = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + seconds, hard_limit))


def _read(file: io.BufferedReader) -> bytes:
    """Return the bytes of the file, at most the first MAX_FILE_SIZE; at once, because the file may change during decoding."""
    file.seek(0)
    return file.read(MAX_FILE_SIZE)


def _send_reply(parent: socket.socket, kind: bytes, number: int = 0, data: bytes = b"") -> None:
    parent.sendall(REPLY_HEADER.pack(kind, number, len(data)) + data)
