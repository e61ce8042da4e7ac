"""Child processes that make narrower copies: started, given pictures, and ended in time."""

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
from feedsvc.content.images.decoder_process import CHANGED, COPY, DONE, FAILED, GO, REPLY, SKIP, STARTED, Request

SECONDS: Final = 900.0  # until a child that has begun a picture must be done: a hang, since its processor time is limited, too
WAIT: Final = 600.0  # seconds until a picture must have its turn
_MOST_REPLY: Final = 256 * 1024 * 1024  # bytes
_PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from feedsvc.content.images.decoder_process import main; main()"
# libvips with one thread each, glibc's allocator with one arena: memory that is known beforehand, and the same bytes.
_ENVIRONMENT: Final = {"VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}
_PASSED_ON: Final = ("LD_LIBRARY_PATH",)  # what an interpreter may need to start, and no secret
# Signals by which a process ends through its own fault; any other comes from elsewhere.
_OWN_FAULTS: Final = frozenset(
    (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP, signal.SIGXCPU)
)


class UndecodableError(Exception):
    """The picture cannot be decoded, now or later; the text ends a sentence that begins with its name."""


class ChangedError(Exception):
    """The file does not have the bytes of the digest any more."""


class LostError(Exception):
    """The child ended for another reason than its picture, or was not done in time."""


class UsedError(LostError):
    """The child failed, and had decoded other pictures before: the next one, which is new, tells whether this one is to blame."""


class Child:
    """One child, started with the first picture; for one thread at a time."""

    def __init__(self, locks: str) -> None:
        """`locks` is the file to lock where the machine's own cannot be opened."""
        self._locks = locks
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._pictures = 0  # that the process has had

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def close(self) -> None:
        """End the child, whatever it is doing."""
        process, self._process = self._process, None
        if self._socket:
            self._socket.close()
            self._socket = None
        if process:
            process.kill()
            process.wait()

    def copies(
        self, file: BufferedReader, request: Request, is_wanted: Callable[[], bool]
    ) -> Generator[tuple[int, bytes], None, None]:
        """Yield width and bytes of each copy, narrowest first; none if they are not wanted any more when it is their turn.

        Raises UndecodableError, ChangedError, LostError, or OSError if no child can be started.
        """
        try:
            yield from self._copies(file, request, is_wanted)
        except UndecodableError as error:
            raise self._verdict(error) from None
        except (OSError, EOFError) as error:  # TimeoutError is one
            if self._process is None:  # none can be started
                raise
            raise self._verdict(self._lost(self._process, error)) from None
        except BaseException:
            self.close()
            raise

    def _copies(
        self, file: BufferedReader, request: Request, is_wanted: Callable[[], bool]
    ) -> Generator[tuple[int, bytes], None, None]:
        conn = self._socket or self._start()
        self._pictures += 1
        conn.settimeout(WAIT)
        socket.send_fds(conn, [request.encoded()], [file.fileno()])
        deadline = time.monotonic() + WAIT
        while True:
            kind, number, data = _received(conn, deadline)
            if kind == STARTED:
                deadline = time.monotonic() + SECONDS
                conn.sendall(GO if is_wanted() else SKIP)
            elif kind == COPY:
                yield number, data
            elif kind == CHANGED:
                raise ChangedError
            elif kind == FAILED:
                raise UndecodableError(f"cannot be made narrower ({data.decode(errors='replace')})")
            elif kind == DONE:
                if number:
                    self.close()
                return

    def _start(self) -> socket.socket:
        ours, its = socket.socketpair()
        locks = megapixels.opened(self._locks)
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-S", "-c", _PROGRAM.format(path=_path()), str(its.fileno()), str(locks)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(its.fileno(), locks),
                env={**{name: os.environ[name] for name in _PASSED_ON if name in os.environ}, **_ENVIRONMENT},
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            its.close()
            os.close(locks)
        self._socket, self._pictures = ours, 0
        return ours

    def _verdict(self, error: UndecodableError | LostError) -> UndecodableError | LostError:
        """End the child; believe nothing that it says against a picture if it has decoded others, which may be the cause."""
        self.close()
        return error if self._pictures == 1 else UsedError(str(error))

    def _lost(self, process: subprocess.Popen[bytes], error: BaseException) -> UndecodableError | LostError:
        """Why nothing more came."""
        is_late = isinstance(error, TimeoutError)
        if not is_late:
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
        code = process.poll()
        if is_late or code is None:
            return LostError(f"it was not done within {SECONDS:.0f} seconds")
        if code < 0 and -code in _OWN_FAULTS:
            reasons = {signal.SIGXCPU: "takes too much processor time"}
            name = signal.Signals(-code)
            return UndecodableError(reasons.get(name, f"ends the process that decodes it ({name.name})"))
        return LostError(f"the process that decodes it was ended ({f'signal {-code}' if code < 0 else f'status {code}'})")


def _path() -> list[str]:
    """Return the module search path of this process, usable in another folder."""
    own = os.path.dirname(os.path.dirname(feedsvc.__file__))
    return [own, *map(os.path.abspath, sys.path)]


def _received(conn: socket.socket, deadline: float) -> tuple[bytes, int, bytes]:
    """The next reply. Raises TimeoutError, EOFError or another OSError."""
    kind, number, length = REPLY.unpack(_exactly(conn, REPLY.size, deadline))
    if length > _MOST_REPLY:
        raise EOFError
    return kind, number, _exactly(conn, length, deadline)


def _exactly(conn: socket.socket, count: int, deadline: float) -> bytes:
    data = bytearray()
    while len(data) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        conn.settimeout(left)
        part = conn.recv(min(count - len(data), 1 << 20))
        if not part:
            raise EOFError
        data += part
    return bytes(data)
