"""Record map: the records of a content folder by path, loaded in pages and changed one by one."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from itertools import chain
from typing import Final

from feedsvc.content.cache.record import Record
from feedsvc.content.cache.record_page import RecordPage
from feedsvc.content.file_signature import FileSignature
from feedsvc.model import Article

_NO_RECORDS: Final[Mapping[str, Record]] = {}


class RecordMap(MutableMapping[str, Record]):
    """Records by path. Each is an object of its own (`single`), or in one of the `pages`, where it is settled.

    A record is settled if it has a signature, no problems, and its own article is active. From the first access on, it is an
    object of its own, so that each access returns the same one. Passing through `items` or `values` does not count as an access.
    """

    def __init__(self, records: Mapping[str, Record] = _NO_RECORDS) -> None:
        self._entries: dict[str, Record | RecordPage] = dict(records)
        self._last_page: RecordPage | None = None
        self._last_records: Mapping[str, Record] = _NO_RECORDS

    def add_page(self, page: RecordPage) -> None:
        """Add all records of a page in place of former ones. The page must not be used for another map."""
        for path in self._entries.keys() & page.paths:
            self._remove_from_page(path)
        self._entries |= dict.fromkeys(page.paths, page)
        if paths := page.unsettled_paths():
            records = page.records()
            self.update({path: records[path] for path in paths})

    def __getitem__(self, path: str) -> Record:
        entry = self._entries[path]
        if isinstance(entry, RecordPage):
            self[path] = entry = self._decode(entry, path)
        return entry

    def __setitem__(self, path: str, record: Record) -> None:
        self._remove_from_page(path)
        self._entries[path] = record

    def __delitem__(self, path: str) -> None:
        self._remove_from_page(path)
        del self._entries[path]

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def items(self) -> ItemsView[str, Record]:
        return _Items(self)

    def values(self) -> ValuesView[Record]:
        return _Values(self)

    def decode_items(self) -> Iterator[tuple[str, Record]]:
        """Yield path and record of each item. Those in pages are decoded for the caller only."""
        for path, entry in self._entries.items():
            yield path, self._decode(entry, path) if isinstance(entry, RecordPage) else entry

    def single(self) -> Iterator[tuple[str, Record]]:
        """Yield path and record of each record that is an object of its own."""
        yield from [(path, entry) for path, entry in self._entries.items() if isinstance(entry, Record)]

    def pages(self) -> list[RecordPage]:
        """Return the pages of all other records."""
        return [*{id(entry): entry for entry in self._entries.values() if isinstance(entry, RecordPage)}.values()]

    def settled_article(self, path: str) -> Article | None:
        """Return the article of a record in a page; None if the path has no record, or one that is an object of its own."""
        entry = self._entries.get(path)
        return entry.article(path) if isinstance(entry, RecordPage) else None

    def candidate(self, path: str) -> Article | None:
        """Return the article of a file, else its last valid version; None if it has neither."""
        entry = self._entries.get(path)
        if isinstance(entry, RecordPage):
            return entry.article(path)
        return entry.candidate if entry else None

    def candidates(self) -> dict[str, Article]:
        """Return the `candidate` of each path that has one."""
        articles = dict(chain.from_iterable(page.articles() for page in self.pages()))
        candidates = ((path, record.candidate) for path, record in self.single())
        return articles | {path: article for path, article in candidates if article}

    def signatures(self) -> Iterator[tuple[str, FileSignature]]:
        """Yield path and signature of each record that has one."""
        yield from chain.from_iterable(page.signatures() for page in self.pages())
        yield from ((path, record.signature) for path, record in self.single() if record.signature)

    def _decode(self, page: RecordPage, path: str) -> Record:
        """Return a record of a page. The second in succession decodes the page, since others of the page probably follow."""
        if page is not self._last_page:
            self._last_page, self._last_records = page, _NO_RECORDS
            return page.record(path)
        self._last_records = self._last_records or page.records()
        return self._last_records[path]

    def _remove_from_page(self, path: str) -> None:
        if isinstance(entry := self._entries.get(path), RecordPage):
            entry.remove(path)


class _Items(ItemsView[str, Record]):
    _mapping: RecordMap

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        return self._mapping.decode_items()


class _Values(ValuesView[Record]):
    _mapping: RecordMap

    def __iter__(self) -> Iterator[Record]:
        return (record for _, record in self._mapping.decode_items())
