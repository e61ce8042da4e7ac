"""Record map: the records of a content folder by path, loaded in pages and changed one by one."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, Sequence, ValuesView
from itertools import chain
from operator import itemgetter
from typing import Final, TypeVar, overload

from feedsvc.content.cache.record import Record
from feedsvc.content.cache.record_page import RecordPage
from feedsvc.model import Article

_T = TypeVar("_T")
_NO_RECORDS: Final[Mapping[str, Record]] = {}
_MAX_LAYERS: Final = 3  # a look-up searches all of them
_last_path: Final = itemgetter(0)


class _Layer:
    """Pages that do not overlap: of two pages, all paths of one are before all paths of the other."""

    def __init__(self) -> None:
        self._pages: list[tuple[str, RecordPage]] = []  # sorted, each with its last path

    def __iter__(self) -> Iterator[RecordPage]:
        return (page for _, page in self._pages)

    def fits(self, page: RecordPage) -> bool:
        """Return whether the page, which is not empty, overlaps none of the layer."""
        index = bisect_left(self._pages, page.paths[0], key=_last_path)
        return index == len(self._pages) or page.paths[-1] < self._pages[index][1].paths[0]

    def add(self, page: RecordPage) -> None:
        insort(self._pages, (page.paths[-1], page), key=_last_path)

    def find(self, path: str) -> RecordPage | None:
        """Return the page that has a record of the path, None if there is none."""
        index = bisect_left(self._pages, path, key=_last_path)
        page = self._pages[index][1] if index < len(self._pages) else None
        return page if page and page.article(path) else None


class RecordMap(MutableMapping[str, Record]):
    """Records by path, sorted by path. Each is an object of its own (`single`), or in one of the `pages`, where it is settled.

    A record is settled if it has a signature, no problems, and its own article is active. From the first access on, it is an
    object of its own, so that each access returns the same one. Passing through `items` or `values` does not count as an access.
    """

    def __init__(self, records: Mapping[str, Record] = _NO_RECORDS) -> None:
        self._single = dict(records)
        self._layers: list[_Layer] = []
        self._last_page: RecordPage | None = None
        self._last_records: Mapping[str, Record] = _NO_RECORDS

    def add_page(self, page: RecordPage) -> None:
        """Add all records of a page in place of former ones. The page must not be used for another map."""
        if not page.paths:
            return
        for path in self._single.keys() & page.paths if self._single else ():
            del self._single[path]
        if not all(layer.fits(page) for layer in self._layers):
            self._remove_from_pages(page.paths)
        layer = next((layer for layer in self._layers if layer.fits(page)), None)
        if not layer and len(self._layers) < _MAX_LAYERS:
            layer = _Layer()
            self._layers.append(layer)
        if single_paths := page.unsettled_paths() if layer else page.paths:
            records = page.records()
            self._single |= {path: records[path] for path in single_paths}
        for path in single_paths:
            page.remove(path)
        if layer:
            layer.add(page)

    def __getitem__(self, path: str) -> Record:
        if path not in self._single:
            page = self._page_with(path)
            if not page:
                raise KeyError(path)
            self[path] = self._decode(page, path)
        return self._single[path]

    @overload
    def get(self, path: str, default: None = None) -> Record | None: ...

    @overload
    def get(self, path: str, default: _T) -> Record | _T: ...

    def get(self, path: str, default: object = None) -> object:
        # The inherited method raises and catches an error for each missing path, which a first start looks up a million times.
        if path not in self:
            return default
        return self[path]

    def __setitem__(self, path: str, record: Record) -> None:
        if path not in self._single:
            self._remove_from_pages((path,))
        self._single[path] = record

    def __delitem__(self, path: str) -> None:
        if path not in self:
            raise KeyError(path)
        if self._single.pop(path, None) is None:
            self._remove_from_pages((path,))

    def __contains__(self, path: object) -> bool:
        return path in self._single or (isinstance(path, str) and self._page_with(path) is not None)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(chain(self._single, *self.pages())))

    def __len__(self) -> int:
        return len(self._single) + sum(page.size for page in self.pages())

    def items(self) -> ItemsView[str, Record]:
        return _Items(self)

    def values(self) -> ValuesView[Record]:
        return _Values(self)

    def decode_items(self) -> Iterator[tuple[str, Record]]:
        """Yield path and record of each item. Those in pages are decoded for the caller only."""
        for path in self:
            page = None if path in self._single else self._page_with(path)
            yield path, self._decode(page, path) if page else self._single[path]

    def single(self) -> ItemsView[str, Record]:
        """Return path and record of each record that is an object of its own."""
        return self._single.items()

    @property
    def single_paths(self) -> KeysView[str]:
        """Paths of the records that are objects of their own."""
        return self._single.keys()

    def pages(self) -> list[RecordPage]:
        """Return the pages of all other records."""
        return [*chain.from_iterable(self._layers)]

    def settled_article(self, path: str) -> Article | None:
        """Return the article of a record in a page; None if the path has no record, or one that is an object of its own."""
        page = None if path in self._single else self._page_with(path)
        return page.article(path) if page else None

    def candidate(self, path: str) -> Article | None:
        """Return the article of a file, else its last valid version; None if it has neither."""
        record = self._single.get(path)
        return record.candidate if record else self.settled_article(path)

    def candidates(self) -> list[Article]:
        """Return the `candidate` of each path that has one."""
        candidates = (record.candidate for _, record in self.single())
        return [*chain.from_iterable(page.articles() for page in self.pages()), *filter(None, candidates)]

    def signatures(self) -> Iterator[tuple[Sequence[str], bytes]]:
        """Yield the signatures of all records that have one, in batches: sorted paths, and their signatures one after another."""
        yield from (page.signatures() for page in self.pages())
        single = sorted((path, record.signature) for path, record in self.single() if record.signature)
        yield [path for path, _ in single], b"".join([signature for _, signature in single])

    def _decode(self, page: RecordPage, path: str) -> Record:
        """Return a record of a page. The second in succession decodes the page, since others of the page probably follow."""
        if page is not self._last_page:
            self._last_page, self._last_records = page, _NO_RECORDS
            return page.record(path)
        self._last_records = self._last_records or page.records()
        return self._last_records[path]

    def _page_with(self, path: str) -> RecordPage | None:
        for layer in self._layers:
            if page := layer.find(path):
                return page
        return None

    def _remove_from_pages(self, paths: Iterable[str]) -> None:
        for path in paths:
            if page := self._page_with(path):
                page.remove(path)


class _Items(ItemsView[str, Record]):
    _mapping: RecordMap

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        return self._mapping.decode_items()


class _Values(ValuesView[Record]):
    _mapping: RecordMap

    def __iter__(self) -> Iterator[Record]:
        return (record for _, record in self._mapping.decode_items())
