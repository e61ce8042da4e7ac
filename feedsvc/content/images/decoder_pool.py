"""Parent side of the image decoder: starts a child process, sends it images, receives variants, and enforces timeouts.

The child side is `decoder_process`.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from io import BufferedReader
from typing import Final, Self

import feedsvc
from feedsvc.content.images import megapixels
from feedsvc.content.images.decoder_process import CHANGED, DONE, FAILED, GO, REPLY_HEADER, SKIP, STARTED, VARIANT, DecodeRequest
from feedsvc.support.posix import signals

# Seconds from STARTED to the end of an image. It detects hangs only, because the child's processor time is limited, too.
DECODE_TIMEOUT: Final = 900.0
QUEUE_TIMEOUT: Final = 600.0  # seconds from sending an image to STARTED
_MAX_REPLY_SIZE: Final = 256 * 1024 * 1024  # bytes
_PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from feedsvc.content.images.decoder_process import main; main()"
# One thread in libvips and one arena in glibc's allocator make memory use predictable and the output reproducible.
_ENVIRONMENT: Final = {"VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}
_INHERITED_VARIABLES: Final = ("LD_LIBRARY_PATH",)  # an interpreter may need these to start; secrets are not passed on
# Signals of a crash or of the processor time limit, which the image causes. Any other, such as SIGKILL, comes from outside.
_CRASH_SIGNALS: Final = signals("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP", "SIGXCPU")


class UndecodableError(Exception):
    """Raised if the image itself is the reason of a failure, so that no retry helps.

    The error's text continues a sentence that begins with the image's name.
    """


class ImageChangedError(Exception):
    """Raised if the file's bytes do not have the digest of the request any more, or no readable header any more."""


class DecoderLostError(Exception):
    """Raised if the child ended or stopped replying for a reason other than the image, or exceeded a timeout for any reason."""


class ReusedDecoderError(DecoderLostError):
    """Raised if a child failed that had received other images before, which may be the cause. Retry: that starts a new child."""


class DecoderProcess:
    """Handle of at most one child process at a time. `make_variants` starts a child if there is none. Not thread-safe.

    In a `with` block, the child is killed at the end of the block.
    """

    def __init__(self, lock_path: str, *, queue_timeout: float = QUEUE_TIMEOUT, decode_timeout: float = DECODE_TIMEOUT) -> None:
        """Start no child yet. `lock_path` is the lock file to use if the machine-wide one cannot be opened (`megapixels`).

        The timeouts are in seconds: `queue_timeout` from sending an image until the child could decode it, `decode_timeout` from
        then until the last variant.
        """
        self._lock_path = lock_path
        self._queue_timeout, self._decode_timeout = queue_timeout, decode_timeout
        self._current_timeout = queue_timeout  # the one that applies to the image sent last
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._image_count = 0  # images sent to the current child

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Process id of the current child, which may have ended by itself; None if there is no child."""
        return self._process.pid if self._process else None

    def close(self) -> None:
        """Kill the child, even while it decodes, and wait for its end. A later `make_variants` starts another one."""
        process, self._process = self._process, None
        if self._socket:
            self._socket.close()
            self._socket = None
        if process:
            process.kill()
            process.wait()

    def make_variants(
        self, file: BufferedReader, request: DecodeRequest, is_wanted: Callable[[], bool]
    ) -> Generator[tuple[int, bytes], None, None]:
        """Yield width and encoded bytes of each variant of the image `file`, narrowest first. Starts a child if there is none.

        `is_wanted` is called when the child could start to decode; if it returns False, nothing is decoded or yielded. Closing
        the generator early kills the child. Raises UndecodableError, ImageChangedError, DecoderLostError (or its subclass
        ReusedDecoderError), or OSError if no child can be started.
        """
        try:
            yield from self._make_variants(file, request, is_wanted)
        except UndecodableError as error:
            raise self._final_error(error) from None
        except (OSError, EOFError) as error:  # TimeoutError is an OSError
            if self._process is None:  # the start failed
                raise
            raise self._final_error(self._exit_error(self._process, error)) from None
        except BaseException:
            self.close()
            raise

    def _make_variants(
        self, file: BufferedReader, request: DecodeRequest, is_wanted: Callable[[], bool]
    ) -> Generator[tuple[int, bytes], None, None]:
        connection = self._socket or self._start()
        self._image_count += 1
        connection.settimeout(self._queue_timeout)
        self._current_timeout = self._queue_timeout
        socket.send_fds(connection, [request.encode()], [file.fileno()])
        deadline = time.monotonic() + self._queue_timeout
        while True:
            kind, number, data = _receive_reply(connection, deadline)
            if kind == STARTED:
                self._current_timeout = self._decode_timeout
                deadline = time.monotonic() + self._decode_timeout
                connection.sendall(GO if is_wanted() else SKIP)
            elif kind == VARIANT:
                yield number, data
            elif kind == CHANGED:
                raise ImageChangedError
            elif kind == FAILED:
                raise UndecodableError(f"cannot be made narrower ({data.decode(errors='replace')})")
            elif kind == DONE:
                if number:
                    self.close()
                return

    def _start(self) -> socket.socket:
        parent_end, child_end = socket.socketpair()
        program = _PROGRAM.format(path=_module_search_path())
        lock_descriptor = megapixels.open_lock_file(self._lock_path)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-S", "-c", program, str(child_end.fileno()), str(lock_descriptor)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(child_end.fileno(), lock_descriptor),
                env={**{name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}, **_ENVIRONMENT},
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            parent_end.close()
            raise
        finally:
            child_end.close()
            os.close(lock_descriptor)
        self._socket, self._image_count = parent_end, 0
        return parent_end

    def _final_error(self, error: UndecodableError | DecoderLostError) -> UndecodableError | DecoderLostError:
        """Kill the child. Return the error to raise: `error`, or ReusedDecoderError if the child had received other images."""
        self.close()
        return error if self._image_count == 1 else ReusedDecoderError(str(error))

    def _exit_error(self, process: subprocess.Popen[bytes], error: BaseException) -> UndecodableError | DecoderLostError:
        """Return the error for a child that stopped replying. `error` is what this process caught while it waited for a reply.

        It is UndecodableError if the image made the child crash or exceed its processor time, else DecoderLostError.
        """
        is_late = isinstance(error, TimeoutError)
        if not is_late:
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
        code = process.poll()
        if is_late:
            return DecoderLostError(f"it was not done within {self._current_timeout:g} seconds")
        if code is None:
            reason = f" ({error})" if str(error) else ""
            return DecoderLostError(f"the process that decodes it stopped replying{reason}")
        if code < 0 and -code in _CRASH_SIGNALS:
            reasons = {signal.SIGXCPU: "takes too much processor time"}
            name = signal.Signals(-code)
            return UndecodableError(reasons.get(name, f"ends the process that decodes it ({name.name})"))
        return DecoderLostError(f"the process that decodes it was ended ({f'signal {-code}' if code < 0 else f'status {code}'})")


def _module_search_path() -> list[str]:
    """Return the module search path of this process with absolute paths, because the child runs in /."""
    package_parent = os.path.dirname(os.path.dirname(feedsvc.__file__))
    return [package_parent, *map(os.path.abspath, sys.path)]


def _receive_reply(connection: socket.socket, deadline: float) -> tuple[bytes, int, bytes]:
    """Return kind, number and data of the next reply. `deadline` is a time of time.monotonic().

    Raises EOFError if the child ended or the reply is too long, OSError if receiving fails (TimeoutError at the deadline).
    """
    kind, number, length = REPLY_HEADER.unpack(_receive_exactly(connection, REPLY_HEADER.size, deadline))
    if length > _MAX_REPLY_SIZE:
        raise EOFError
    return kind, number, _receive_exactly(connection, length, deadline)


def _receive_exactly(connection: socket.socket, count: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < count:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        connection.settimeout(remaining)
        chunk = connection.recv(min(count - len(data), 1 << 20))
        if not chunk:
            raise EOFError
        data += chunk
    return bytes(data)
