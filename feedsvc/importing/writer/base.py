"""Base of an import: {id: [path, digest]} of what the last one wrote, in `.feedsvc/import/`, committed with the content.

Each source has one JSON file with a line for each entry, sorted, so that a comparison of two commits shows what an import
changed. A file of the content folder is always written before its entry.
"""

from __future__ import annotations

import json
import re
from itertools import chain
from pathlib import Path
from typing import Any, Final, NamedTuple

from feedsvc.errors import FeedsvcError
from feedsvc.importing.addresses import page_key
from feedsvc.importing.source import SourceSite
from feedsvc.support.atomic_write import CONTENT_PREFIX, write_atomically
from feedsvc.support.digest import blake2b
from feedsvc.support.posix import sync_files

IMPORT_FOLDER: Final = ".feedsvc/import"
ARTICLES: Final = "articles"  # key of a post -> path of its file, digest of the file's text
MEDIA: Final = "media"  # address of a file -> path in media/, SHA-256
SETTINGS: Final = "settings"  # name of a settings file -> the same, digest of its text
ENTRIES: Final = "entries"  # "FILE ID" of an entry -> id, WRITTEN; "FILE DIGEST" of a name at the source -> id, ""
WRITTEN: Final = "written"
FACTS: Final = "facts"  # name of a fact of the first import -> its value, ""
_SHARED: Final = (ARTICLES, MEDIA, SETTINGS)  # tables in which the entries of other sources count, too
_TABLES: Final = (*_SHARED, ENTRIES, FACTS)


class BaseEntry(NamedTuple):
    """Entry of the base: a path (of ENTRIES and FACTS: a value) and a digest, each "" without one."""

    path: str = ""
    digest: str = ""


_NONE: Final = BaseEntry()
_Tables = dict[str, dict[str, BaseEntry]]


def text_digest(text: bytes | str) -> str:
    """Return the digest of a text file, the same with line ends of Unix and of Windows."""
    data = text.encode(errors="replace") if isinstance(text, str) else text
    return blake2b(data.replace(b"\r\n", b"\n"), size=8).hex()


class ImportBase:
    """Entries by table and key, of one source and, in ARTICLES, MEDIA and SETTINGS, of all others of the newsroom.

    `put` sets one, `save` writes the file. Use only while the folder is locked.
    """

    def __init__(self, root: Path, site: SourceSite, *, is_dry_run: bool = False) -> None:
        """Read the base of a content folder; a missing one is empty. With `is_dry_run`, nothing is written.

        Raises FeedsvcError if a file of it cannot be read or is damaged.
        """
        name = re.sub(r"[^a-z0-9.]+", "-", f"{site.system.value}-{page_key(site.address)}".lower()).strip("-.")[:100]
        folder, self._is_dry_run = root / IMPORT_FOLDER, is_dry_run
        self._file = folder / f"{name}.json"
        self._own = _read(self._file)
        self._others = [_read(file) for file in sorted(folder.glob("*.json")) if file != self._file]

    def get(self, table: str, key: str) -> BaseEntry:
        """Return the entry of a key, one with "" for both values if there is none."""
        shared = (tables[table][key] for tables in self._others if table in _SHARED and key in tables[table])
        return self._own[table].get(key) or next(shared, _NONE)

    def digests(self, table: str, key: str) -> list[str]:
        """Return the digests of what imports of this and of other sources wrote."""
        return [tables[table][key].digest for tables in (self._own, *self._others) if key in tables[table]]

    def entries(self, table: str) -> dict[str, BaseEntry]:
        """Return the entries of all sources, those of this one last."""
        return dict(chain.from_iterable(tables[table].items() for tables in (*self._others, self._own)))

    def own_entries(self, table: str) -> dict[str, BaseEntry]:
        """Return the entries of this source only."""
        return self._own[table]

    def put(self, table: str, key: str, path: str, digest: str = "") -> None:
        self._own[table][key] = BaseEntry(path, digest)

    def first(self, fact: str, value: str) -> str:
        """Return the value of a fact at the first import of this source, and store `value` if this is the first."""
        return self._own[FACTS].setdefault(fact, BaseEntry(value)).path

    def save(self) -> None:
        """Write all entries to the file of this source, after all other files are on the disk; do nothing in a dry run.

        Raises FeedsvcError if the file cannot be written.
        """
        text = _format(self._own).encode()
        if self._is_dry_run or not any(self._own.values()) or (self._file.is_file() and self._file.read_bytes() == text):
            return
        # Without it, a power cut could keep the entry of an article and lose its file, which would look deleted.
        sync_files()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._file, text, prefix=CONTENT_PREFIX)
        except OSError as error:
            raise FeedsvcError(
                f"{self._file} cannot be written ({error.strerror}); the next import compares the articles again"
            ) from None


def _format(tables: _Tables) -> str:
    blocks = []
    for table, entries in tables.items():
        lines = ",\n".join(f"{_json(key)}: {_json(entries[key])}" for key in sorted(entries))
        blocks.append(f"{_json(table)}: {{\n{lines}\n}}" if lines else f"{_json(table)}: {{}}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _read(file: Path) -> _Tables:
    """Return the tables of a file of the base; a missing file has none."""
    try:
        value = json.loads(file.read_bytes()) if file.is_file() else {}
        tables = {name: value.get(name, {}).items() for name in _TABLES}
        return {name: {key: BaseEntry(str(path), str(digest)) for key, (path, digest) in tables[name]} for name in _TABLES}
    except OSError as error:
        raise FeedsvcError(f"{file} cannot be read ({error.strerror}); an import needs it to know what editors changed") from None
    except (ValueError, TypeError, AttributeError):
        raise FeedsvcError(
            f"{file} is damaged; restore it from git. Without it, the next import takes each article that differs from the "
            "source for one that an editor changed"
        ) from None
