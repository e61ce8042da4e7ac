"""The entries of the settings as they stood last, and as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from feedsvc.model import Author, Category, Site


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """The last valid version of an entry of the settings; `former` where the file does not name it any more."""

    kind: str
    name: str
    value: Site | Author | Category
    former: bool = False


_ENTRIES: Final[Mapping[str, msgspec.msgpack.Decoder[tuple[bool, Site | Author | Category]]]] = {
    "site": msgspec.msgpack.Decoder(tuple[bool, Site]),
    "author": msgspec.msgpack.Decoder(tuple[bool, Author]),
    "category": msgspec.msgpack.Decoder(tuple[bool, Category]),
}


def packed(entry: Entry) -> tuple[str, str, bytes]:
    """Kind, name, and what else there is."""
    return entry.kind, entry.name, msgspec.msgpack.encode((entry.former, entry.value))


def unpacked(kind: str, name: str, data: bytes) -> Entry | None:
    """None where another version of the program left what this one cannot read."""
    try:
        former, value = _ENTRIES[kind].decode(data)
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return Entry(kind=kind, name=name, value=value, former=former)
