"""Feed as the source of an import: a file, the files of a folder, or an address with the older documents that it leads to.

What is fetched stays in a temporary folder as long as its FeedSource, so that the documents can be read again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from feedsvc.content.schema.field_types import is_article_id
from feedsvc.importing.addresses import split_address, with_named_host
from feedsvc.importing.feed_document import PAGE, FeedDocument, FeedItem, FeedKind, FeedTerm, title_text, unique_authors
from feedsvc.importing.feed_reader import parse_feed
from feedsvc.importing.http_fetch import FetchedDocument, fetch_document
from feedsvc.importing.markup import replace_frames, to_plain_text
from feedsvc.importing.source import (
    DamagedFeedError,
    ImportSourceError,
    Omission,
    SourceAuthor,
    SourcePost,
    SourceSite,
    SourceSystem,
    SourceTerm,
    TermKind,
)
from feedsvc.support.http import HostAccess, HttpError, HttpLimits

_MIB: Final = 1024**2
_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, */*;q=0.8"
)
_FILE_SUFFIXES: Final = frozenset({".xml", ".rss", ".atom", ".rdf", ".json", ".feed"})
_PAUSES: Final = (1.0, 4.0)  # seconds before the second and third attempt
_OLDER: Final = "this document of the feed and all older ones"
_TAG_SEGMENTS: Final = frozenset({"tag", "tags", "topic", "topics", "keyword", "keywords"})
# Suffix of the feed that replaces one of each kind.
_SUFFIXES: Final = {FeedKind.RSS: "rss", FeedKind.RDF: "rss", FeedKind.ATOM: "atom", FeedKind.JSON: "json"}
_OLDEST: Final = datetime.min.replace(tzinfo=UTC)
_MAX_TITLE_FROM_TEXT: Final = 80  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedLimits:
    """Limits of one source: most bytes of a document, and most documents, and bytes of all, that are fetched for an address.

    What is beyond them becomes an omission. A single file, or the first document of an address, that is too large is an error.
    """

    document_bytes: int = 64 * _MIB
    documents: int = 5000
    total_bytes: int = 4096 * _MIB


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stored:
    """Document in a file; `place` names it in messages. `address` and `charset` are those of the response, "" for a file."""

    path: Path
    place: str
    address: str = ""
    charset: str = ""

    def parse(self, limits: FeedLimits) -> FeedDocument:
        """Read and parse the file. Raises ImportSourceError if it cannot be read, is too large or is no feed."""
        try:
            with self.path.open("rb") as file:
                data = file.read(limits.document_bytes + 1)
        except OSError as error:
            raise ImportSourceError(f"{self.place}: {error.strerror or error}") from None
        if len(data) > limits.document_bytes:
            raise ImportSourceError(f"{self.place}: it is larger than {limits.document_bytes // _MIB} MiB; split it")
        return parse_feed(data, self.place, address=self.address, charset=self.charset)


class FeedDocuments:
    """The documents of one source, which `parsed` parses one by one. `omissions` has what cannot be read or is not fetched.

    Use `open_documents` to create one. The files of fetched documents are deleted when this object is.
    """

    def __init__(self, limits: FeedLimits) -> None:
        self.limits = limits
        self.stored: list[_Stored] = []
        self.omissions: list[Omission] = []

    def parsed(self) -> Iterator[FeedDocument]:
        """Parse and yield every document: of an address the newest first, of a folder by name, files before subfolders.

        If a document cannot be read any more (its file was removed), one omission for all calls is added to `omissions` instead.
        """
        for stored in self.stored:
            try:
                yield stored.parse(self.limits)
            except ImportSourceError as error:
                omission = Omission(stored.place, "the document", str(error))
                if omission not in self.omissions:
                    self.omissions.append(omission)


def open_documents(where: str, *, access: HostAccess, limits: FeedLimits) -> FeedDocuments:
    """Return the documents of a file, of all feeds in files below a folder, or of an http or https address.

    From an address, the document and all older ones that it leads to are fetched now. `access` says which hosts may be asked;
    the host in `where` may be asked, too, if it is plainly internal (localhost, an IP address). Older documents that a file
    names are not read; of a single file, they become an omission. Raises ImportSourceError if no document can be read.
    """
    documents = FeedDocuments(limits)
    if is_address(where):
        _fetch_all(where, documents, with_named_host(access, where))
    elif os.path.isdir(where):
        _add_folder(Path(where), documents)
    else:
        stored = _Stored(path=Path(where), place=Path(where).name)
        if older := stored.parse(limits).older_address:
            reason = f"they are at {older}; to have them, give the address of the feed instead of a file"
            documents.omissions.append(Omission(stored.place, "the older documents of the feed", reason))
        documents.stored.append(stored)
    return documents


def read_document(where: str, *, access: HostAccess, limits: FeedLimits) -> FeedDocument:
    """Read and parse one document: a file, or what is at an http or https address. Older documents are not fetched.

    A request is repeated up to two times if its fault may pass. `access` says which hosts may be asked; the host in `where` may
    be asked, too, if it is plainly internal (localhost, an IP address). Raises ImportSourceError if the document cannot be read
    or is no feed.
    """
    if not is_address(where):
        if not os.path.isfile(where):
            example = "give the file of a feed, or its address, such as https://old.example/feed/"
            raise ImportSourceError(f"there is no file '{where}'; {example}")
        return _Stored(path=Path(where), place=where).parse(limits)
    try:
        fetched = _fetch(where, with_named_host(access, where), limits.document_bytes)
    except HttpError as error:
        raise ImportSourceError(str(error)) from None
    return parse_feed(fetched.data, fetched.address, address=fetched.address, charset=fetched.charset)


def is_address(where: str) -> bool:
    """Return whether a source is an http or https address, not a path: by its beginning alone, in any letter case."""
    return where.lower().startswith(("http://", "https://"))


def _add_folder(folder: Path, documents: FeedDocuments) -> None:
    """Add to `documents` the files below a folder that have a suffix of feeds, by name.

    The files of a folder come before those of its subfolders; hidden files and folders are skipped. A file that is no feed or
    cannot be read becomes an omission. Raises ImportSourceError if there is no feed at all.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(parent, name) for name in sorted(names) if not name.startswith(".")):
            if path.suffix.lower() not in _FILE_SUFFIXES:
                continue
            stored = _Stored(path=path, place=path.relative_to(folder).as_posix())
            try:
                stored.parse(documents.limits)
            except ImportSourceError as error:
                reason, is_end = str(error).removeprefix(f"{stored.place}: "), isinstance(error, DamagedFeedError)
                documents.omissions.append(Omission(stored.place, "the file", reason, is_end=is_end))
            else:
                documents.stored.append(stored)
    if not documents.stored:
        suffixes = ", ".join(sorted(_FILE_SUFFIXES))
        faults = f": {documents.omissions[0].place}: {documents.omissions[0].reason}" if documents.omissions else ""
        raise ImportSourceError(f"{folder}: no file with a name ending in {suffixes} is a feed{faults}")


def _fetch_all(address: str, documents: FeedDocuments, access: HostAccess) -> None:
    """Fetch a document and all older ones that it leads to, and add them to `documents`.

    Stop at a document that was fetched already, or whose items are all in documents fetched before. Raises ImportSourceError if
    the first document cannot be read. If an older one cannot be read, or a limit is reached, add an omission.
    """
    folder = Path(tempfile.mkdtemp(prefix="feedsvc-import-"))
    weakref.finalize(documents, shutil.rmtree, folder, ignore_errors=True)
    limits, addresses, ids, total = documents.limits, set[str](), set[str](), 0
    while address and address not in addresses:
        addresses.add(address)
        if documents.stored and (len(documents.stored) >= limits.documents or total >= limits.total_bytes):
            reason = f"the feed has more than {len(documents.stored)} documents or {total // _MIB} MiB"
            documents.omissions.append(Omission(address, _OLDER, reason, is_end=True))
            return
        try:
            fetched = _fetch(address, access, min(limits.document_bytes, limits.total_bytes - total))
            stored = _store(fetched, folder / f"{len(documents.stored)}")
            document = stored.parse(limits)
        except (HttpError, ImportSourceError) as error:
            if not documents.stored:
                raise ImportSourceError(str(error)) from None
            documents.omissions.append(Omission(address, _OLDER, str(error), is_end=True))
            return
        new_ids = {item.id or item.link or item.title for item in (*document.items, *document.left_out)} - ids
        if documents.stored and not new_ids:
            return  # pages beyond the last one, which some servers answer with the same items for ever
        ids, total, address = ids | new_ids, total + len(fetched.data), document.older_address
        documents.stored.append(stored)
        addresses.add(stored.address)


def _store(fetched: FetchedDocument, path: Path) -> _Stored:
    path.write_bytes(fetched.data)
    return _Stored(path=path, place=fetched.address, address=fetched.address, charset=fetched.charset)


def _fetch(address: str, access: HostAccess, max_bytes: int) -> FetchedDocument:
    """Fetch a document, with two further attempts, after pauses of 1 and 4 seconds, if the fault may pass. Raises HttpError."""
    limits = replace(HttpLimits(), max_bytes=max_bytes)
    for pause in _PAUSES:
        try:
            return fetch_document(address, access=access, limits=limits, accept=_ACCEPT)
        except HttpError as error:
            if not error.is_temporary:
                raise
            time.sleep(pause)
    return fetch_document(address, access=access, limits=limits, accept=_ACCEPT)


class FeedSource:
    """A feed with all its documents (`ImportSource`). They are parsed one at a time; ids, dates and names of all are in memory.

    If an item is in the documents several times, the one with the latest date (of change, else of publication) counts; of
    equal dates, the first. Facts of the site such as the title are those of the first document.
    """

    def __init__(self, documents: FeedDocuments, where: str) -> None:
        """Read all documents once. `where` is their file, folder or address."""
        self._documents = documents
        self._latest: dict[str, tuple[datetime, str]] = {}  # date and place of the item that counts, by its `_key`
        authors: dict[str, SourceAuthor] = {}
        terms: dict[tuple[TermKind, str], SourceTerm] = {}
        feeds: dict[str, str] = {}  # address -> suffix
        newest, entries, first = _OLDEST, 0, None
        for document in documents.parsed():
            if first is None and is_address(where):
                feeds[where] = _SUFFIXES[document.kind]
            first = first or document
            date = max(map(_date, document.public_items), default=_OLDEST)
            if date > newest or not entries:  # the number of entries is that of the document with the latest item
                newest, entries = date, len(document.public_items)
            if document.own_address:
                feeds.setdefault(document.own_address, _SUFFIXES[document.kind])
            for term, kind in _terms_of(document):
                key = term.key or term.name
                terms.setdefault((kind, key), SourceTerm(kind, key, term.name, term.description, has_id=bool(term.key)))
            for item in document.items:
                self._add(item)
                for author in _authors(item, document):
                    authors[author.key] = unique_authors((authors.get(author.key, author), author))[0]
        self.site: SourceSite = SourceSite(
            SourceSystem.FEED,
            title=first.title if first else "",
            address=first.address if first else "",
            description=first.description if first else "",
            language=first.language if first else "",
            time_zone=first.time_zone if first else "",
            feed_entries=entries,
            feeds=tuple(feeds),
            feed_suffixes=tuple(feeds.values()),
            authors=tuple(authors.values()),
            terms=tuple(terms.values()),
            has_exact_texts=bool(first and first.time_zone),  # which only an export of feedsvc names
        )

    def _add(self, item: FeedItem) -> None:
        key, date = _key(item), _date(item)
        if key not in self._latest or date > self._latest[key][0]:
            self._latest[key] = (date, item.place)

    def posts(self, _main_language: str = "") -> Iterator[SourcePost | Omission]:
        """Yield the items in the order of the documents, and an omission for each part that cannot be carried over.

        An item without title and text becomes an omission. One that does not count, because another one with its id does,
        becomes an omission if its own document has the id several times; else it is skipped silently.
        """
        yield from list(self._documents.omissions)
        omission_count = len(self._documents.omissions)
        for document in self._documents.parsed():
            yield from (Omission(document.place, "the document", fault) for fault in document.faults)
            counts = Counter(map(_key, document.items))
            for item in document.items:
                key = _key(item)
                if key in self._latest and self._latest[key][1] == item.place:
                    yield from _records(item, document)
                elif counts[key] > 1:
                    yield Omission(item.place, f"'{_title(item)}'", f"another item of the document has the id '{key[:200]}', too")
            yield from _left_out(document)
        yield from self._documents.omissions[omission_count:]


def open_feed_source(where: str, *, access: HostAccess | None = None, limits: FeedLimits | None = None) -> FeedSource:
    """Open a feed: a file, a folder of files, or an http or https address with all its older documents, which are fetched now.

    All documents are parsed once. `access` says which hosts may be asked, None for every public one; a plainly internal host in
    `where` (localhost, an IP address) may be asked, too. Raises ImportSourceError if there is no feed.
    """
    return FeedSource(open_documents(where, access=access or HostAccess(), limits=limits or FeedLimits()), where)


def _left_out(document: FeedDocument) -> Iterator[Omission]:
    for kind, count in Counter(item.kind for item in document.left_out).items():
        yield Omission(document.place, f"entries of the kind '{kind}' ({count:,})", "only posts and pages are imported")
    if document.unread:
        names = ", ".join(f"{name} ({count:,})" for name, count in sorted(document.unread.items()))
        yield Omission(document.place, f"elements of a podcast: {names}", "articles have no place for them")
    if document.early_end:
        yield Omission(document.place, "what may follow", document.early_end, is_end=True)


def _terms_of(document: FeedDocument) -> Iterator[tuple[FeedTerm, TermKind]]:
    yield from ((category, TermKind.CATEGORY) for category in document.categories)
    for item in document.items:
        yield from ((term, _term_kind(term, document)) for term in item.terms)


def _term_kind(term: FeedTerm, document: FeedDocument) -> TermKind:
    """Return the kind of a feed's category. One with a key, which only exports of feedsvc have, is a category.

    One without is a tag in JSON Feed, or if its scheme is a word for tags ("topic") or an address with such a segment in its
    path; else a category.
    """
    if term.key:
        return TermKind.CATEGORY
    segments = split_address(term.scheme).path.lower().split("/") if "://" in term.scheme else [term.scheme.lower()]
    return TermKind.TAG if _TAG_SEGMENTS & set(segments) or document.kind is FeedKind.JSON else TermKind.CATEGORY


def _key(item: FeedItem) -> str:
    """Return the text by which feed readers know an item: its id, else its link, else its title and its date as written."""
    return item.id.strip() or item.link.strip() or f"{item.title.strip()} {item.published_text}"


def _date(item: FeedItem) -> datetime:
    return item.updated or item.published or _OLDEST


def _title(item: FeedItem) -> str:
    """Return the title as plain text; of an item without one, its text, if longer than 80 characters cut and with "…" added.

    The result is "" if the item has no text, either.
    """
    title = title_text(item.title, item.title_form)
    if title:
        return title
    text = to_plain_text(item.summary or item.content)
    return text if len(text) <= _MAX_TITLE_FROM_TEXT else f"{text[:_MAX_TITLE_FROM_TEXT].rsplit(' ', 1)[0]}…"


def _authors(item: FeedItem, document: FeedDocument) -> tuple[SourceAuthor, ...]:
    """Return the authors of an item, except one whose name is the document's title: many feeds name the site as the author."""
    return tuple(author for author in item.authors if author.name != document.title)


def _records(item: FeedItem, document: FeedDocument) -> Iterator[SourcePost | Omission]:
    title, place = _title(item), item.place
    yield from (Omission(place, f"a part of '{title}'", fault) for fault in item.faults)
    if not title and not item.content:
        yield Omission(place, "an item", "it has neither a title nor a text")
        return
    if document.kind is FeedKind.ATOM and item.id.strip() and not is_article_id(item.id.strip()):
        reason = "it is no URI, as Atom demands: subscribers of the Atom feed will see the article as new"
        yield Omission(place, f"id {item.id.strip()}", reason)
    kinds = [(term.key or term.name, _term_kind(term, document)) for term in item.terms]
    yield SourcePost(
        place=place,
        id=item.id.strip() or item.link.strip(),
        title=title,
        state=item.state,
        address=item.address,
        published=item.published or item.updated,
        updated=item.updated if item.published else None,
        authors=tuple(author.key for author in _authors(item, document)),
        categories=tuple(dict.fromkeys(name for name, kind in kinds if kind is TermKind.CATEGORY)),
        tags=tuple(dict.fromkeys(name for name, kind in kinds if kind is TermKind.TAG)),
        summary=to_plain_text(item.summary),
        has_exact_texts=bool(item.facts),
        body=replace_frames(item.content),
        language=item.language if item.language != document.language else "",
        lead_image=item.lead_image,
        enclosures=item.enclosures,
        is_page=item.kind == PAGE,
        facts=item.facts,
    )
