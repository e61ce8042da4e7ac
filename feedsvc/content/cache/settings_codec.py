"""Stored settings: last valid versions of the site, categories and authors, and their codec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from feedsvc.model import Author, Category, Site


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSetting:
    """Last valid version of an entry of the settings.

    `kind` is site, category or author; `name` is the entry's id, "" for the site.
    `is_former` is true if the settings file does not contain the entry any more.
    """

    kind: str
    name: str
    value: Site | Author | Category
    is_former: bool = False


_DECODERS: Final[Mapping[str, msgspec.msgpack.Decoder[tuple[bool, Site | Author | Category]]]] = {
    "site": msgspec.msgpack.Decoder(tuple[bool, Site]),
    "author": msgspec.msgpack.Decoder(tuple[bool, Author]),
    "category": msgspec.msgpack.Decoder(tuple[bool, Category]),
}


def encode_setting(entry: StoredSetting) -> tuple[str, str, bytes]:
    """Return `kind`, `name`, and the other fields as MessagePack."""
    return entry.kind, entry.name, msgspec.msgpack.encode((entry.is_former, entry.value))


def decode_setting(kind: str, name: str, data: bytes) -> StoredSetting | None:
    """Return the stored setting; None if another version wrote it in a form that this one cannot decode."""
    try:
        former, value = _DECODERS[kind].decode(data)
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return StoredSetting(kind=kind, name=name, value=value, is_former=former)
