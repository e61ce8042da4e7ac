"""Settings table in SQLite: last valid versions of the site, the entries of other settings files, the redirects and the pages.

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
from feedsvc.redirects import RedirectPattern, RedirectRules
from feedsvc.support.checksummed_tables import FormerTable, RowChecksummer, RowValues, Table

_NAME: Final = "setting_entry"


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
_REDIRECTS_DECODER: Final = msgspec.msgpack.Decoder(tuple[bool, tuple[dict[str, str], list[tuple[str, str]], bytes]])


def _convert_former_row(row: RowValues) -> Iterable[tuple[str, RowValues]]:
    kind, name, entry = row
    if not (isinstance(kind, str) and isinstance(name, str) and isinstance(entry, bytes)):
        raise TypeError(row)
    yield _NAME, (kind, name, entry)


SETTING_TABLE: Final = Table(
    name=_NAME,
    sql=f"CREATE TABLE {_NAME} (kind TEXT, name TEXT, entry BLOB NOT NULL, checksum INTEGER NOT NULL, "
    "PRIMARY KEY (kind, name)) WITHOUT ROWID",
    order_by="kind, name",
)
FORMER_SETTING_TABLE: Final = FormerTable(
    name="setting",
    sql="CREATE TABLE setting (kind TEXT, name TEXT, entry BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID",
    order_by="kind, name",
    convert=_convert_former_row,
)


def select_settings(connection: sqlite3.Connection, checksummer: RowChecksummer) -> tuple[list[StoredSetting], bool]:
    """Return all valid settings, and True if no row was damaged, else False. Raises sqlite3.Error.

    Settings that another version wrote in a form that this one cannot decode are omitted.
    """
    rows = connection.execute(f"SELECT * FROM {_NAME}").fetchall()
    valid_rows = [values for row in rows if (values := checksummer.verify(row))]
    return [setting for values in valid_rows if (setting := _decode(*values))], len(valid_rows) == len(rows)


def replace_settings(connection: sqlite3.Connection, checksummer: RowChecksummer, settings: Iterable[StoredSetting]) -> None:
    """Replace all rows by these settings: those that are not among them are deleted. Raises sqlite3.Error."""
    connection.execute(f"DELETE FROM {_NAME}")
    rows = [
        checksummer.add_checksum(setting.kind, setting.name, msgspec.msgpack.encode((setting.is_former, _plain(setting.value))))
        for setting in settings
    ]
    connection.executemany(f"INSERT INTO {_NAME} VALUES (?, ?, ?, ?)", rows)


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
    return value.exact, [(pattern.source, pattern.target) for pattern in value.patterns], value.source_digest


def _decode_redirects(entry: bytes) -> tuple[bool, RedirectRules]:
    is_former, (exact, patterns, digest) = _REDIRECTS_DECODER.decode(entry)
    return is_former, RedirectRules(exact, tuple(RedirectPattern(*pattern) for pattern in patterns), digest)
