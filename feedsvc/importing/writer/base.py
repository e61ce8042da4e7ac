"""Base of an import: {id: [path, digest]} of what the last one wrote, in `.feedsvc/import/`, committed with the content.

Each source has one JSON file with a line for each entry, sorted, so that a comparison of two commits shows what an import
changed. While an import runs, entries are appended to a journal; a file of the content folder is always written before its entry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from feedsvc.errors import FeedsvcError
from feedsvc.importing.addresses import page_key
from feedsvc.importing.source import SourceSite
from feedsvc.support.atomic_write import write_atomically
from feedsvc.support.digest import blake2b
from feedsvc.support.posix import sync_files

IMPORT_FOLDER: Final = ".feedsvc/import"
ARTICLES: Final = "articles"  # key of a post -> path of its file, digest of the file's text
MEDIA: Final = "media"  # address of a file -> path in media/, SHA-256
SETTINGS: Final = "settings"  # name of a settings file -> the same, digest of its text
ENTRIES: Final = "entries"  # "FILE ID" -> id, digest of what the source says; "FILE DIGEST" of a name at the source -> id, ""
FACTS: Final = "facts"  # name of a fact of the first import -> its value, ""
_SHARED: Final = (ARTICLES, MEDIA, SETTINGS)  # tables in which the entries of other sources count, too
_TABLES: Final = (*_SHARED, ENTRIES, FACTS)
_SUFFIX: Final = ".json"
_JOURNAL_SUFFIX: Final = ".journal"
_BATCH: Final = 2000  # entries that are appended to the journal together


class BaseEntry(NamedTuple):
    """Entry of the base: a path (of ENTRIES and FACTS: a value) and a digest, each "" without one."""

    path: str = ""
    digest: str = ""


_NONE: Final = BaseEntry()


def text_digest(text: bytes | str) -> str:
    """Return the digest of a text file, the same with line ends of Unix and of Windows."""
    data = text.encode(errors="replace") if isinstance(text, str) else text
    return blake2b(data.replace(b"\r\n", b"\n"), size=8).hex()


def value_digest(value: Any) -> str:
    """Return the digest of a value of JSON's types. The order of a mapping's keys does not matter."""
    return text_digest(json.dumps(value, ensure_ascii=False, sort_keys=True))


class ImportBase:
    """Entries by table and key, of one source and, in ARTICLES, MEDIA and SETTINGS, of all others of the newsroom.

    `put` sets one, `flush` appends those that were set since the last flush to the journal, `close` writes the file. Use only
    while the folder is locked.
    """

    def __init__(self, root: Path, site: SourceSite, *, is_dry_run: bool = False) -> None:
        """Read the base of a content folder; a missing one is empty. With `is_dry_run`, nothing is written.

        Raises FeedsvcError if a file of it cannot be read, or if one other than a journal is damaged.
        """
        name = re.sub(r"[^a-z0-9.]+", "-", f"{site.system.value}-{page_key(site.address)}".lower()).strip("-.")[:100]
        self._folder, self._is_dry_run = root / IMPORT_FOLDER, is_dry_run
        self._file, self._journal = (self._folder / f"{name}{suffix}" for suffix in (_SUFFIX, _JOURNAL_SUFFIX))
        self._pending: list[str] = []
        self._digests = set[tuple[str, str, str]]()
        self._own, self._others = _read_tables(self._file), {table: dict[str, BaseEntry]() for table in _TABLES}
        for file in sorted(self._folder.glob(f"*{_SUFFIX}")):
            for table, entries in _read_tables(file).items() if file != self._file else ():
                self._others[table] |= entries if table in _SHARED else {}
                self._digests |= {(table, key, entry.digest) for key, entry in entries.items() if table == SETTINGS}

    def get(self, table: str, key: str) -> BaseEntry:
        """Return the entry of a key, one with "" for both values if there is none."""
        return self._own[table].get(key) or self._others[table].get(key, _NONE)

    def has(self, table: str, key: str) -> bool:
        return key in self._own[table] or key in self._others[table]

    def has_digest(self, table: str, key: str, digest: str) -> bool:
        """Return whether an import of this or another source wrote a file with this digest."""
        return digest == self._own[table].get(key, _NONE).digest or (table, key, digest) in self._digests

    def entries(self, table: str) -> dict[str, BaseEntry]:
        return {**self._others[table], **self._own[table]}

    def own_entries(self, table: str) -> dict[str, BaseEntry]:
        """Return the entries of this source only."""
        return self._own[table]

    def put(self, table: str, key: str, path: str, digest: str = "") -> None:
        """Set an entry. After 2,000 changes, write them to the journal; raises FeedsvcError if that fails."""
        entry = BaseEntry(path, digest)
        if self._own[table].get(key) == entry:
            return
        self._own[table][key] = entry
        self._pending.append(_line((table, key, *entry)))
        if len(self._pending) >= _BATCH:
            self.flush()

    def facts(self) -> dict[str, str]:
        """Return the facts of the first import of this source by name."""
        return {name: entry.path for name, entry in self._own[FACTS].items()}

    def first(self, fact: str, value: str) -> str:
        """Return the value of a fact at the first import of this source, and store `value` if this is the first."""
        if fact not in self._own[FACTS]:
            self.put(FACTS, fact, value)
        return self._own[FACTS][fact].path

    def flush(self) -> None:
        """Append the entries since the last flush to the journal, after all other files are on the disk.

        A dry run writes nothing; `get` returns the entries all the same. Raises FeedsvcError if the journal cannot be written.
        """
        if self._pending and not self._is_dry_run:
            # Without it, a power cut could keep the entry of an article and lose its file, which would look deleted.
            sync_files()
            with _explain_errors(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
                with self._journal.open("ab") as journal:
                    journal.write(("\n" + "\n".join(self._pending) + "\n").encode())  # after half a line of a killed import
        self._pending.clear()

    def close(self) -> None:
        """Write all entries to the file of this source, and delete its journal; do nothing in a dry run.

        Raises FeedsvcError if the file cannot be written.
        """
        self.flush()
        if self._is_dry_run:
            return
        with _explain_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            text = _format(self._own).encode()
            if not (self._file.is_file() and self._file.read_bytes() == text):
                write_atomically(self._file, text)
                sync_files()  # before the journal is deleted, which has the same entries
            self._journal.unlink(missing_ok=True)


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _format(tables: dict[str, dict[str, BaseEntry]]) -> str:
    blocks = []
    for table, entries in tables.items():
        lines = ",\n".join(f"{_line(key)}: {_line(entries[key])}" for key in sorted(entries))
        blocks.append(f"{_line(table)}: {{\n{lines}\n}}" if lines else f"{_line(table)}: {{}}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _read_tables(file: Path) -> dict[str, dict[str, BaseEntry]]:
    """Return the tables of a file of the base, with the entries of its journal; a missing file has none."""
    tables: dict[str, dict[str, BaseEntry]] = {table: {} for table in _TABLES}
    try:
        value = json.loads(file.read_bytes()) if file.is_file() else {}
        for table in tables:
            tables[table] |= {key: BaseEntry(str(path), str(digest)) for key, (path, digest) in value.get(table, {}).items()}
    except OSError as error:
        raise FeedsvcError(f"{file} cannot be read ({error.strerror}); an import needs it to know what editors changed") from None
    except (ValueError, TypeError, AttributeError):
        raise FeedsvcError(
            f"{file} is damaged; restore it from git. Without it, the next import takes each article that differs from the "
            "source for one that an editor changed"
        ) from None
    for table, key, path, digest in _journal_lines(file.with_suffix(_JOURNAL_SUFFIX)):
        if table in tables:
            tables[table][key] = BaseEntry(path, digest)
    return tables


def _journal_lines(file: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield the entries of the journal of a killed import. Damaged lines are skipped; this import writes them again."""
    with suppress(FileNotFoundError), file.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with suppress(ValueError, TypeError):
                table, key, path, digest = json.loads(line)
                yield str(table), str(key), str(path), str(digest)


@contextmanager
def _explain_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FeedsvcError(
            f"{folder} cannot be written ({error.strerror}); the articles are written, and the next import compares them again"
        ) from None
