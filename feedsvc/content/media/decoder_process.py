"""Parent side of the image decoder: starts a child process, sends it images, and tells why it ended. The child is `decoder`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, NamedTuple, Self

import feedsvc
from feedsvc.support.posix import signals

# Results. Of CHANGED and LOST the image is not the cause: it has other bytes by now, or the child ended for another reason.
DONE, CHANGED, UNDECODABLE, UNWRITABLE, LOST = "done", "changed", "undecodable", "unwritable", "lost"

_PROGRAM: Final = "import sys; sys.path[:] = {path!r}; from feedsvc.content.media.decoder import main; main()"
# One thread in libvips and one arena in glibc's allocator make memory use predictable and the output reproducible.
_ENVIRONMENT: Final = {"VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}
_INHERITED_VARIABLES: Final = ("LD_LIBRARY_PATH",)  # an interpreter may need these to start; secrets are not passed on
# Signals of a crash or of the processor time limit, which the image causes. Any other, such as SIGKILL, comes from outside.
_CRASH_SIGNALS: Final = signals("SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGTRAP", "SIGPROF")
_MAX_TRIES: Final = 2  # attempts in a new child


class DecodeRequest(NamedTuple):
    """Request to write the variants of the image file at the absolute path `location` into `folder`.

    `digest` is that of its bytes (`image_facts.digest_of`). `sizes` are width and height of each variant in pixels, as
    displayed, narrowest first.
    """

    location: str
    digest: str
    sizes: Sequence[tuple[int, int]]
    folder: str


class DecodeResult(NamedTuple):
    """Result of a request: DONE, CHANGED, UNDECODABLE, UNWRITABLE or LOST.

    `reason` continues a sentence that begins with the image's name; with UNWRITABLE, it is a sentence itself.
    """

    kind: str
    reason: str = ""


class DecoderProcess:
    """Handle of at most one child process at a time, which `make` starts if there is none. One thread at a time may use it.

    In a `with` block, the child is killed at the end of the block.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._is_stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def stop(self) -> None:
        """End a `make` in another thread by killing the child. No other child is started then. Call `kill` after it."""
        with self._lock:
            self._is_stopping = True
            if self._process:
                self._process.kill()

    def kill(self) -> None:
        """Kill the child, if there is one, and wait for its end. A later `make` starts another one."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for pipe in filter(None, (process.stdin, process.stdout)):
                with suppress(OSError):  # a request that the child did not read
                    pipe.close()

    def make(self, request: DecodeRequest) -> DecodeResult:
        """Have the child make the variants of an image; wait. Failures are results, not exceptions.

        A failure counts only in a child that received no other image before, which may have been the cause. An image in a child
        that was ended from outside is tried once more.
        """
        tries = 0
        while True:
            is_new = self._process is None
            result = self._exchange(request)
            if result.kind not in (UNDECODABLE, LOST):
                return result
            self.kill()
            tries += is_new
            if self._is_stopping or (is_new and (result.kind == UNDECODABLE or tries == _MAX_TRIES)):
                return result

    def _exchange(self, request: DecodeRequest) -> DecodeResult:
        """Send a request to the child, which is started if there is none, and wait for the result or for the child's end.

        The wait ends, because the child ends itself by SIGALRM, and only the child has the other end of the pipe.
        """
        try:
            process = self._start()
            if process is None or process.stdin is None or process.stdout is None:
                return DecodeResult(LOST, "feedsvc stops")
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = b""
        except OSError as error:
            return DecodeResult(LOST, f"no process can be started to decode it ({error.strerror})")
        return DecodeResult(*json.loads(line)) if line.endswith(b"\n") else self._exit_result()

    def _start(self) -> subprocess.Popen[bytes] | None:
        """Return the child, after starting it if there is none; None after `stop`."""
        with self._lock:
            if self._process is None and not self._is_stopping:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-I", "-S", "-c", _PROGRAM.format(path=_module_search_path())],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env={**{name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}, **_ENVIRONMENT},
                    cwd="/",
                    start_new_session=True,
                )
            return self._process

    def _exit_result(self) -> DecodeResult:
        """Return the result for an image whose child ended: UNDECODABLE after a crash or too much processor time, else LOST."""
        code = self._process.wait() if self._process else 0
        if -code in _CRASH_SIGNALS:
            name = signal.Signals(-code).name
            is_slow = name == "SIGPROF"
            return DecodeResult(
                UNDECODABLE, "takes too much processor time" if is_slow else f"ends the process that decodes it ({name})"
            )
        ending = f"signal {-code}" if code < 0 else f"status {code}"
        return DecodeResult(LOST, f"the process that decodes it was ended ({ending})")


class DecoderPool:
    """Up to `processes` child processes at a time, started when images come and ended when no image waits."""

    def __init__(self, processes: int) -> None:
        self._threads = ThreadPoolExecutor(processes, "feedsvc-pictures")
        self._decoders = [DecoderProcess() for _ in range(processes)]
        self._idle = list(self._decoders)
        self._waiting = 0
        self._lock = threading.Lock()

    def submit(self, request: DecodeRequest) -> Future[DecodeResult]:
        """Queue an image. Raises RuntimeError after `close`, or if the system starts no more threads."""
        with self._lock:
            future = self._threads.submit(self._make, request)
            self._waiting += 1
        return future

    def close(self) -> None:
        """Drop the images that wait, kill the children, and wait for the threads. Images under way are LOST."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for decoder in self._decoders:
            decoder.stop()
        self._threads.shutdown()
        for decoder in self._decoders:
            decoder.kill()

    def _make(self, request: DecodeRequest) -> DecodeResult:
        with self._lock:
            self._waiting -= 1
            decoder = self._idle.pop()
        try:
            return decoder.make(request)
        finally:
            with self._lock:
                if not self._waiting:
                    decoder.kill()
                self._idle.append(decoder)


def _module_search_path() -> list[str]:
    """Return the module search path of this process with absolute paths, because the child runs in /."""
    package_parent = os.path.dirname(os.path.dirname(feedsvc.__file__))
    return [package_parent, *map(os.path.abspath, sys.path)]
