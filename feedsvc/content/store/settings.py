"""Settings table: last valid versions of the site, the entries of other settings files, the redirects and the pages.

Each is one row, encoded as MessagePack.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from feedsvc.model import Author, Category, CustomFeed, ListingSettings, Site, TagSettings
from feedsvc.page_model import StaticPage
from feedsvc.redirects import RedirectRules
from feedsvc.support.state_file import row_checksum


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSetting:
    """Last valid version of the site, of all redirects, of an entry of another settings file, or of a static page.

    `kind` is site, category, author, tag, custom, redirects or page; `name` is the entry's id, "" for the site and the
    redirects, and the path of a page's file.
    `is_former` is true if the settings file does not contain the entry any more.
    """

    kind: str
    name: str
    value: Site | ListingSettings | RedirectRules | StaticPage
    is_former: bool = False


_DECODERS: Final[Mapping[str, msgspec.msgpack.Decoder[tuple[bool, Site | ListingSettings | StaticPage]]]] = {
    "site": msgspec.msgpack.Decoder(tuple[bool, Site]),
    "author": msgspec.msgpack.Decoder(tuple[bool, Author]),
    "category": msgspec.msgpack.Decoder(tuple[bool, Category]),
    "tag": msgspec.msgpack.Decoder(tuple[bool, TagSettings]),
    "custom": msgspec.msgpack.Decoder(tuple[bool, CustomFeed]),
    "page": msgspec.msgpack.Decoder(tuple[bool, StaticPage]),
}

_REDIRECTS: Final = "redirects"
_REDIRECTS_DECODER: Final = msgspec.msgpack.Decoder(tuple[bool, tuple[dict[str, str], dict[str, str], bytes]])


SETTING_TABLE: Final = (
    "CREATE TABLE setting (kind TEXT, name TEXT, entry BLOB NOT NULL, checksum INTEGER NOT NULL, "
    "PRIMARY KEY (kind, name)) WITHOUT ROWID"
)


def select_settings(connection: sqlite3.Connection) -> list[StoredSetting]:
    """Return all settings but damaged ones and those that this version of the code cannot decode. Raises sqlite3.Error."""
    rows = connection.execute("SELECT kind, name, entry, checksum FROM setting").fetchall()
    valid = [values for *values, checksum in rows if checksum == row_checksum(*values)]
    return [setting for kind, name, entry in valid if (setting := _decode(kind, name, entry))]


def replace_settings(connection: sqlite3.Connection, settings: Iterable[StoredSetting]) -> None:
    """Replace all rows by these settings: those that are not among them are deleted. Raises sqlite3.Error."""
    connection.execute("DELETE FROM setting")
    rows = [
        (setting.kind, setting.name, msgspec.msgpack.encode((setting.is_former, _plain(setting.value)))) for setting in settings
    ]
    connection.executemany("INSERT INTO setting VALUES (?, ?, ?, ?)", [(*row, row_checksum(*row)) for row in rows])


def _decode(kind: str, name: str, entry: bytes) -> StoredSetting | None:
    """Return the setting in a row; None if this version cannot decode it."""
    try:
        is_former, value = _DECODERS[kind].decode(entry) if kind != _REDIRECTS else _decode_redirects(entry)
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return StoredSetting(kind=kind, name=name, value=value, is_former=is_former)


def _plain(value: Site | ListingSettings | RedirectRules | StaticPage) -> object:
    """Return a value in the form in which it is encoded: redirect rules as a tuple of their data, any other value unchanged."""
    if not isinstance(value, RedirectRules):
        return value
    return value.exact, value.wildcards, value.source_digest


def _decode_redirects(entry: bytes) -> tuple[bool, RedirectRules]:
    is_former, rules = _REDIRECTS_DECODER.decode(entry)
    return is_former, RedirectRules(*rules)
