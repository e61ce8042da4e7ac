"""Pipes to the child of a limited process: they send its input and receive both of its outputs, all at the same time.

`Popen.communicate` is no alternative: it stops writing after a timeout.
"""

from __future__ import annotations

import os
import select
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO, Final, Protocol

from feedsvc.support.limited_process_messages import MAX_TRACEBACK

_BLOCK_SIZE: Final = 65_536  # bytes


class Pipes(Protocol):
    """Pipes to a child. `output` and `errors` are the bytes received from its stdout and stderr.

    Of `errors`, only the last 64,000 bytes are kept.
    """

    output: bytearray
    errors: bytearray

    def transfer(self, seconds: float) -> bool:
        """Read from the child and write to it what is possible within `seconds`; may return sooner: call it in a loop.

        Return whether stdout and stderr of the child are closed and have been read to their ends.
        """


def open_pipes(child: subprocess.Popen[bytes], data: bytes) -> Pipes:
    """Return the pipes to a child, which gets `data` on its stdin. All three streams of the child must be pipes."""
    return _PolledPipes(child, data) if hasattr(select, "poll") else _ThreadedPipes(child, data)


class _PolledPipes:
    """Non-blocking pipes, without a thread."""

    def __init__(self, child: subprocess.Popen[bytes], data: bytes) -> None:
        stdin, stdout, stderr = _files(child)
        self.output, self.errors = bytearray(), bytearray()
        self._data, self._input = memoryview(data), stdin
        self._buffers = {stdout.fileno(): self.output, stderr.fileno(): self.errors}  # of the open outputs
        for file in (stdin, stdout, stderr):
            os.set_blocking(file.fileno(), False)

    def transfer(self, seconds: float) -> bool:
        poll = select.poll()
        for descriptor in self._buffers:
            poll.register(descriptor, select.POLLIN)
        if not self._input.closed:
            poll.register(self._input.fileno(), select.POLLOUT)
        for descriptor, _ in poll.poll(max(1, int(seconds * 1000))):
            if descriptor in self._buffers:
                self._receive(descriptor)
            else:
                self._send()
        return not self._buffers

    def _receive(self, descriptor: int) -> None:
        data = os.read(descriptor, _BLOCK_SIZE)
        self._buffers[descriptor] += data
        if not data:
            del self._buffers[descriptor]
        del self.errors[: -2 * MAX_TRACEBACK]

    def _send(self) -> None:
        try:
            self._data = self._data[os.write(self._input.fileno(), self._data) :] if self._data else self._data
        except BrokenPipeError:  # the child has ended; its outputs contain the reason
            self._data = self._data[:0]
        if not self._data:
            self._input.close()


class _ThreadedPipes:
    """Blocking pipes with a thread each, for Windows, which cannot wait for several pipes."""

    def __init__(self, child: subprocess.Popen[bytes], data: bytes) -> None:
        stdin, stdout, stderr = _files(child)
        self.output, self.errors = bytearray(), bytearray()
        self._receivers = [
            threading.Thread(target=self._receive, args=arguments, name="feedsvc-receive", daemon=True)
            for arguments in ((stdout, self.output), (stderr, self.errors))
        ]
        for thread in (*self._receivers, threading.Thread(target=_send, args=(stdin, data), name="feedsvc-send", daemon=True)):
            thread.start()

    def transfer(self, seconds: float) -> bool:
        end = time.monotonic() + seconds
        for thread in self._receivers:
            thread.join(max(0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._receivers)

    def _receive(self, file: IO[bytes], buffer: bytearray) -> None:
        with suppress(OSError, ValueError):  # the parent closed the pipe
            while data := os.read(file.fileno(), _BLOCK_SIZE):
                buffer += data
                del self.errors[: -2 * MAX_TRACEBACK]


def _send(file: IO[bytes], data: bytes) -> None:
    with suppress(OSError, ValueError):  # the child has ended; its outputs contain the reason
        file.write(data)
        file.close()


def _files(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    assert child.stdin  # noqa: S101 - all three are pipes
    assert child.stdout  # noqa: S101
    assert child.stderr  # noqa: S101
    return child.stdin, child.stdout, child.stderr
