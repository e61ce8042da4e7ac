"""Base of an import: what the last import wrote, in `.feedsvc/import/` of the content folder, to be committed with the content.

It is sorted lines of JSON, one for each article, page, media file, entry of a settings file and redirect, so that a comparison of
two commits shows what an import changed. Articles are in one file for each month. While an import runs, its lines are appended to
a journal; at the end, they are written to the files. A file of the content folder is always written before its line.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.errors import FeedsvcError
from feedsvc.support.atomic_write import write_atomically
from feedsvc.support.posix import sync_files

IMPORT_FOLDER: Final = ".feedsvc/import"
ARTICLES: Final = "articles"
MEDIA: Final = "media"
ENTRIES: Final = "settings"
REDIRECTS: Final = "redirects"
_TABLES: Final = (ARTICLES, MEDIA, ENTRIES, REDIRECTS)
_JOURNAL: Final = "journal.jsonl"
_SUFFIX: Final = ".jsonl"
_BATCH: Final = 2000  # lines that are appended to the journal together

Line = tuple[str, ...]


class ImportBase:
    """Lines by table (ARTICLES, MEDIA, ENTRIES, REDIRECTS) and key. The key and the values of a line are texts.

    `put` sets one, `flush` appends those that were set since the last flush to the journal, `close` writes all files. Use only
    while the folder is locked.
    """

    def __init__(self, root: Path, *, is_dry_run: bool = False) -> None:
        """Read the base of a content folder; a missing one is empty. With `is_dry_run`, nothing is written.

        Raises FeedsvcError if a file of it cannot be read, or if one other than the journal is damaged.
        """
        self._folder, self._is_dry_run = root / IMPORT_FOLDER, is_dry_run
        self._lines: dict[str, dict[str, str]] = {table: {} for table in _TABLES}
        self._pending: list[str] = []
        for table, file in self._files():
            for line in _read_lines(file):
                self._lines[table][_key_of(line, file)] = line
        self._replay_journal()

    def get(self, table: str, key: str) -> Line:
        """Return the values of a line, without its key; () if there is no such line."""
        line = self._lines[table].get(key)
        return tuple(json.loads(line)[1:]) if line else ()

    def keys(self, table: str) -> Iterator[str]:
        return iter([*self._lines[table]])

    def has(self, table: str, key: str) -> bool:
        return key in self._lines[table]

    def put(self, table: str, key: str, *values: str) -> None:
        """Set the line of a key. After 2,000 changes, call `flush`, which writes them to the disk or raises FeedsvcError."""
        line = json.dumps([key, *values], ensure_ascii=False, separators=(",", ":"))
        if self._lines[table].get(key) == line:
            return
        self._lines[table][key] = line
        self._pending.append(f"{table} {line}\n")
        if len(self._pending) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Append the lines since the last flush to the journal, after all other files are on the disk.

        A dry run writes nothing; `get` returns the lines all the same. Raises FeedsvcError if the journal cannot be written.
        """
        if not self._pending or self._is_dry_run:
            self._pending.clear()
            return
        # Without it, a power cut could keep the line of an article and lose its file, which would look deleted by an editor.
        sync_files()
        with _explaining_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(self._folder / _JOURNAL, "ab") as journal:
                journal.write(f"\n{''.join(self._pending)}".encode())  # a killed import may have left half a line
        self._pending.clear()

    def close(self) -> None:
        """Write all lines to their files, and delete the journal; do nothing in a dry run.

        Raises FeedsvcError if a file cannot be written.
        """
        self.flush()
        if self._is_dry_run:
            return
        with _explaining_errors(self._folder):
            files = self._lines_by_file()
            for name in {*files} | {self._name(file) for _, file in self._files()}:
                _update_file(self._folder / name, "".join(f"{line}\n" for line in sorted(files.get(name, ()))))
            sync_files()  # before the journal is deleted, which has the same lines
            (self._folder / _JOURNAL).unlink(missing_ok=True)

    def _lines_by_file(self) -> Mapping[str, list[str]]:
        """Return the lines of each file, unordered, by its name in the folder."""
        lines: dict[str, list[str]] = defaultdict(list)
        for table in _TABLES:
            for line in self._lines[table].values():
                lines[self._file_name(table, line)].append(line)
        return lines

    def _file_name(self, table: str, line: str) -> str:
        if table != ARTICLES:
            return f"{table}{_SUFFIX}"
        top, *folders, _name = str(json.loads(line)[1]).split("/")  # articles/2026/01/name.md, or pages/name.md
        return f"{ARTICLES}/{'-'.join(folders) or ('other' if top == ARTICLES_FOLDER else top)}{_SUFFIX}"

    def _files(self) -> Iterator[tuple[str, Path]]:
        for file in sorted((self._folder / ARTICLES).glob(f"*{_SUFFIX}")):
            yield ARTICLES, file
        for table in _TABLES[1:]:
            if (file := self._folder / f"{table}{_SUFFIX}").is_file():
                yield table, file

    def _name(self, file: Path) -> str:
        return file.relative_to(self._folder).as_posix()

    def _replay_journal(self) -> None:
        """Apply the journal of a killed import. A damaged line is skipped; this import writes it again."""
        file = self._folder / _JOURNAL
        with suppress(FileNotFoundError):
            for line in _read_lines(file):
                table, _, rest = line.partition(" ")
                with suppress(ValueError, FeedsvcError):
                    if table in self._lines:
                        self._lines[table][_key_of(rest, file)] = rest


def former_target(base: ImportBase, old: str) -> str:
    """Return the target that the last import gave to an old address, "" if it gave none, or removed the rule."""
    return next(iter(base.get(REDIRECTS, old)), "")


def _read_lines(file: Path) -> Iterator[str]:
    try:
        with open(file, encoding="utf-8", errors="replace") as lines:
            yield from (stripped for line in lines if (stripped := line.rstrip("\n")))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FeedsvcError(f"{file} cannot be read ({error.strerror}); an import needs it to know what editors changed") from None


def _key_of(line: str, file: Path) -> str:
    try:
        values = json.loads(line)
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) < 2 or not all(isinstance(value, str) for value in values):  # noqa: PLR2004
        raise FeedsvcError(
            f"{file} is damaged at the line '{line[:80]}'; restore it from git. Without the folder {IMPORT_FOLDER}, "
            "the next import takes all differences for changes by editors"
        )
    return str(values[0])


def _update_file(file: Path, text: str) -> None:
    """Write a file unless it has the text already; delete it for an empty text."""
    if not text:
        file.unlink(missing_ok=True)
        return
    with suppress(FileNotFoundError):
        if file.read_bytes() == text.encode():
            return
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, text.encode())


@contextmanager
def _explaining_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FeedsvcError(
            f"{folder} cannot be written ({error.strerror}); the articles are written, and the next import compares them again"
        ) from None
