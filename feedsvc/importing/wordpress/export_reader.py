"""Reading of the files of an export: channel elements, items, and omissions for what cannot be read, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from feedsvc.importing.source import Omission
from feedsvc.importing.wordpress.export_files import ExportFile, ReadFault
from feedsvc.importing.wordpress.item_fields import ChannelElement, ItemFields, XmlReader
from feedsvc.importing.wordpress.item_scanner import Segment, scan
from feedsvc.importing.wordpress.xml_repair import XmlFault

_END: Final = re.compile(rb"</(?:rss|channel)\s*>")
_LOST_ITEM: Final = re.compile(rb"<item>\s*<title>")
# An item that is cut after these elements has its text and its state.
_ESSENTIAL_FIELDS: Final = ("wp:post_id", "wp:status", "wp:post_type")
_MAX_TITLE_LENGTH: Final = 80  # characters of a title in a description


@dataclass(frozen=True, slots=True)
class ChannelPart:
    """The elements of a channel that stand before, between or after the items of a file."""

    file: str
    elements: Sequence[ChannelElement]


def read_export(files: Sequence[ExportFile]) -> Iterator[ChannelPart | ItemFields | Omission]:
    """Yield everything in the files, in order. Raises nothing for bad input: what cannot be read becomes an omission."""
    for file in files:
        yield from _FileReader(file).read()


class _FileReader:
    """Reader of one file."""

    def __init__(self, file: ExportFile) -> None:
        self._file, self._xml, self._has_end, self._line = file, XmlReader(), False, 1

    def read(self) -> Iterator[ChannelPart | ItemFields | Omission]:
        count = 0
        try:
            for segment in scan(self._file.read_chunks()):
                self._line = segment.line + segment.data.count(b"\n")
                if segment.is_item:
                    count += 1
                    yield from self._read_item(segment)
                else:
                    yield from self._read_channel(segment)
                    if segment.fault:
                        yield Omission(self._place(segment.line), "the rest of the file", segment.fault, is_end=True)
                        return
        except ReadFault as fault:
            yield Omission(self._place(self._line), "the rest of the file", f"it cannot be read: {fault}", is_end=True)
            return
        if not self._xml.is_wordpress:
            yield Omission(self._file.name, "the file", "it is no WordPress export")
        elif not self._has_end:
            reason = f"the file ends early, after {count:,} items, without </rss>; export it again if there are more"
            yield Omission(self._place(self._line), "what may follow", reason, is_end=True)

    def _place(self, line: int) -> str:
        return f"{self._file.name}, line {line}"

    def _read_channel(self, segment: Segment) -> Iterator[ChannelPart | Omission]:
        self._has_end = bool(_END.search(segment.data))
        self._xml.note_start(segment.data)
        if not self._xml.is_wordpress:
            return
        # A channel above the limit is not parsed.
        elements, faults = ([], ()) if segment.fault else self._xml.read_channel(segment.data)
        yield from self._fault_omissions(segment, faults, "the channel")
        yield ChannelPart(self._file.name, elements)

    def _fault_omissions(self, segment: Segment, faults: Sequence[XmlFault], what: str) -> Iterator[Omission]:
        for fault in faults:
            yield Omission(self._place(segment.line + fault.line - 1), f"the XML of {what}, in part", fault.description)

    def _read_item(self, segment: Segment) -> Iterator[ItemFields | Omission]:
        self._xml.note_start(segment.data)
        pending = [segment] if self._xml.is_wordpress else []
        while pending:
            segment = pending.pop()
            item, faults = self._xml.read_item(segment.data, self._place(segment.line))
            # An item that ends within CDATA takes the following ones up to the end of a later section.
            lost_index = _find_lost_item(segment.data) if faults else 0
            if lost_index:
                pending += reversed(_split(segment, lost_index))
            elif segment.fault:
                yield from self._read_cut_item(item, segment.fault)
            else:
                yield from self._fault_omissions(segment, faults, describe_item(item))
                yield item

    def _read_cut_item(self, item: ItemFields, fault: str) -> Iterator[ItemFields | Omission]:
        is_whole = all(item.text(name) for name in _ESSENTIAL_FIELDS)
        loss = "its last fields are lost" if is_whole else "it is left out"
        yield Omission(item.place, describe_item(item), f"{fault}, so {loss}; export it again")
        if is_whole:
            yield item


def _find_lost_item(data: bytes) -> int:
    """Return the byte index at which a second item begins in the data of an item that is not well-formed; 0 if none does."""
    start = _LOST_ITEM.search(data, 1)
    is_item = start and all(data.find(tag, start.end()) > 0 for tag in (b"<content:encoded>", b"<wp:post_id>"))
    return start.start() if start and is_item else 0


def _split(segment: Segment, index: int) -> tuple[Segment, Segment]:
    first, second = segment.data[:index], segment.data[index:]
    line = segment.line + first.count(b"\n")
    return (
        Segment(segment.line, first, is_item=True, fault="it has no end tag before the next item"),
        Segment(line, second, is_item=True, fault=segment.fault),
    )


def describe_item(item: ItemFields) -> str:
    """Return a name of an item for reports, in one line: 'post "Title" (number 12)'."""
    title, number = (" ".join(item.text(name).split()) for name in ("title", "wp:post_id"))
    kind = " ".join(item.text("wp:post_type").split()) or "item"
    name = f'{kind} "{title[:_MAX_TITLE_LENGTH]}"' if title else kind
    return f"{name} (number {number})" if number else name
