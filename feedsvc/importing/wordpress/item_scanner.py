"""Division of an export into items, so that a fault in one is no fault of the others, and memory holds one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from feedsvc.importing.wordpress.export_files import ReadFault

MAX_ITEM_SIZE: Final = 64 * 1024 * 1024  # bytes of an item
MAX_HEAD_SIZE: Final = 64 * 1024 * 1024  # bytes before the first item: a line for each author, category and tag
_ITEM_START: Final = re.compile(rb"<item(?=[\s>])")
_DELIMITER: Final = re.compile(rb"(?P<cdata><!\[CDATA\[)|(?P<start><item(?=[\s>]))|(?P<end></item\s*>)")
_ITEM_END: Final = re.compile(rb"</item\s*>")
_CDATA_START: Final = b"<![CDATA["
_CDATA_END_BYTES: Final = b"]]>"
_CDATA_END: Final = re.compile(_CDATA_END_BYTES)
_OVERLAP: Final = 16  # bytes that may be the start of a tag whose rest is in the next chunk
_SAMPLE_SIZE: Final = 64 * 1024  # bytes of an item above the limit that are returned


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of an export, and the line of its start. If `is_item`, it is one item, else what is before, between or after items.

    `fault` is "", or the reason why an item is not complete, or why no item begins.
    """

    line: int
    data: bytes
    is_item: bool
    fault: str = ""


def scan(chunks: Iterator[bytes]) -> Iterator[Segment]:
    """Yield the segments of a file in order. If `chunks` raises a ReadFault, it is raised here after all segments before it.

    In an item, tags in a section of CDATA do not count; the section ends at the first "]]>".
    """
    scanner = _Scanner(chunks)
    while True:
        between = scanner.take_until_item()
        if between is not None:
            yield between
        if scanner.is_at_end:
            if scanner.fault:
                raise scanner.fault
            return
        yield scanner.take_item()


class _Scanner:
    """Position in a file. `_data` holds what is read but not taken; `_line` is the line of its first byte.

    `fault` is the ReadFault with which the chunks ended, else None.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._data, self._line = chunks, bytearray(), 1
        self.fault: ReadFault | None = None
        self._has_ended = False

    @property
    def is_at_end(self) -> bool:
        return self._has_ended and not self._data

    def take_until_item(self) -> Segment | None:
        """Take the bytes up to the next item, or up to the end of the file; if they are white space, drop them and return None.

        If no item begins within MAX_HEAD_SIZE bytes, take what was read; the `fault` of the segment says so. The end of the
        file is no fault.
        """
        pos = 0
        while not (start := _ITEM_START.search(self._data, pos)):
            pos = max(0, len(self._data) - _OVERLAP)
            if len(self._data) > MAX_HEAD_SIZE:
                return self._take(len(self._data), is_item=False, fault=f"no item begins within {MAX_HEAD_SIZE:,} bytes")
            if not self._read_on():
                return self._take_between(len(self._data))
        return self._take_between(start.start())

    def _take_between(self, size: int) -> Segment | None:
        """Take the next `size` bytes, which are outside of items; if they are white space, drop them and return None."""
        if self._data[:size].strip():
            return self._take(size, is_item=False)
        self._drop(size)
        return None

    def take_item(self) -> Segment:
        """Take the item at the current position; if it has no end tag, the bytes up to the next item or the end of the file.

        Of an item above MAX_ITEM_SIZE bytes, only the beginning is returned; the rest, up to the next item, is dropped. In both
        cases, the segment's `fault` says so.
        """
        end = _ITEM_END.search(self._data, 1)
        return self._take(end.end(), is_item=True) if end and self._is_certain(end.start()) else self._take_carefully()

    def _is_certain(self, end: int) -> bool:
        """Return True if an end tag at index `end` is surely outside of CDATA, and no other item begins before it."""
        count = self._data.count
        has_equal_delimiters = count(_CDATA_START, 0, end) == count(_CDATA_END_BYTES, 0, end)
        return has_equal_delimiters and not _ITEM_START.search(self._data, 1, end)

    def _take_carefully(self) -> Segment:
        """Take an item, delimiter by delimiter."""
        pos, is_in_cdata = 1, False
        while True:
            match = (_CDATA_END if is_in_cdata else _DELIMITER).search(self._data, pos)
            if match and match.lastgroup == "end":
                return self._take(match.end(), is_item=True)
            if match and match.lastgroup == "start":
                return self._take(match.start(), is_item=True, fault="it has no end tag before the next item")
            if match:
                pos, is_in_cdata = match.end(), not is_in_cdata
                continue
            pos = max(pos, len(self._data) - _OVERLAP)
            if len(self._data) > MAX_ITEM_SIZE:
                return self._skip_large_item()
            if not self._read_on():
                reason = f"the file cannot be read on: {self.fault}" if self.fault else "the file ends within it"
                return self._take(len(self._data), is_item=True, fault=reason)

    def _skip_large_item(self) -> Segment:
        line, sample = self._line, bytes(self._data[:_SAMPLE_SIZE])
        self._drop(len(self._data) - _OVERLAP)
        while not (start := _ITEM_START.search(self._data)):
            self._drop(max(0, len(self._data) - _OVERLAP))
            if not self._read_on():
                break
        self._drop(start.start() if start else len(self._data))
        return Segment(line, sample, is_item=True, fault=f"it is larger than {MAX_ITEM_SIZE:,} bytes")

    def _read_on(self) -> bool:
        """Add the next chunk to `_data`; return False if there is none. A ReadFault is stored in `fault` and counts as none."""
        try:
            chunk = next(self._chunks, None)
        except ReadFault as fault:  # raised again by scan
            self.fault, chunk = fault, None
        self._has_ended = chunk is None
        self._data += chunk or b""
        return chunk is not None

    def _take(self, size: int, *, is_item: bool, fault: str = "") -> Segment:
        segment = Segment(self._line, bytes(self._data[:size]), is_item=is_item, fault=fault)
        self._drop(size)
        return segment

    def _drop(self, size: int) -> None:
        self._line += self._data.count(b"\n", 0, size)
        del self._data[:size]
