"""Messages of a limited process to its parent, on its standard output: kind (1 byte), length (8 bytes) and content of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# Kinds: the function is imported; a step begins; one begins for which the total limit leaves less time than the limit per step;
# the result; MemoryError; another exception; a result above the limit. The last four end a run.
READY, STEP, LAST_STEP, RESULT, MEMORY, ERROR, LARGE = b"BSFRMEL"
GRACE: Final = 2.0  # seconds between the request for a traceback and SIGKILL
PROCESSOR_TIME_STATUS: Final = 152  # exit status of a child that ended itself after its processor time, 128 + SIGXCPU
MAX_TRACEBACK: Final = 32_000  # characters, from the end of a traceback
_HEADER_SIZE: Final = 9  # bytes


def encode_message(kind: int, content: bytes) -> bytes:
    return kind.to_bytes() + len(content).to_bytes(_HEADER_SIZE - 1) + content


def decode_messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (kind, content) of each complete message. A last one that is cut off is skipped."""
    start = 0
    while start + _HEADER_SIZE <= len(data):
        end = start + _HEADER_SIZE + int.from_bytes(data[start + 1 : start + _HEADER_SIZE])
        if end > len(data):
            return
        yield data[start], data[start + _HEADER_SIZE : end]
        start = end


def tail(traceback: bytes | bytearray | str) -> str:
    """Return the last MAX_TRACEBACK characters of a traceback."""
    text = traceback if isinstance(traceback, str) else traceback.decode(errors="replace")
    return text[-MAX_TRACEBACK:]
