"""Feed as the source of an import: a file, the files of a folder, or an address with the older documents that it leads to."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from feedsvc.content.schema.field_types import is_article_id
from feedsvc.importing.addresses import host_of, split_address, with_named_host
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
_BLOGGER_ID: Final = "tag:blogger.com,1999:blog-"  # the beginning of the id of every post and page
_BLOGGER_HOST: Final = "www.blogger.com"  # of addresses that no reader polls
_BLOGGER_ENTRIES: Final = 25  # of a feed, for which Blogger has no setting


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedLimits:
    """Limits of one source: most bytes of a document, and most documents, and bytes of all, that are fetched for an address.

    What is beyond them becomes an omission. A single file, or the first document of an address, that is too large is an error.
    """

    document_bytes: int = 64 * _MIB
    documents: int = 5000
    total_bytes: int = 1024 * _MIB


@dataclass(slots=True)
class FeedDocuments:
    """The documents of one source: of an address the newest first, of a folder by name, files before subfolders.

    `omissions` has what cannot be read or is not fetched.
    """

    documents: list[FeedDocument] = field(default_factory=list)
    omissions: list[Omission] = field(default_factory=list)


def open_documents(where: str, *, access: HostAccess, limits: FeedLimits) -> FeedDocuments:
    """Return the documents of a file, of all feeds in files below a folder, or of an http or https address.

    From an address, the document and all older ones that it leads to are fetched. `access` says which hosts may be asked;
    the host in `where` may be asked, too, if it is plainly internal (localhost, an IP address). Older documents that a file
    names are not read; of a single file, they become an omission. Raises ImportSourceError if no document can be read.
    """
    if is_address(where):
        return _fetch_all(where, with_named_host(access, where), limits)
    if os.path.isdir(where):
        return _read_folder(Path(where), limits)
    document = _read_file(Path(where), Path(where).name, limits)
    if not (older := document.older_address):
        return FeedDocuments([document])
    reason = f"they are at {older}; to have them, give the address of the feed instead of a file"
    return FeedDocuments([document], [Omission(document.place, "the older documents of the feed", reason)])


def read_document(where: str, *, access: HostAccess, limits: FeedLimits) -> FeedDocument:
    """Read and parse one document: a file, or what is at an http or https address. Older documents are not fetched.

    A request is repeated up to two times if its fault may pass. `access` says which hosts may be asked; the host in `where` may
    be asked, too, if it is plainly internal (localhost, an IP address). Raises ImportSourceError if the document cannot be read
    or is no feed.
    """
    if is_address(where):
        return _parse(_fetch(where, with_named_host(access, where), limits.document_bytes))
    if not os.path.isfile(where):
        example = "give the file of a feed, or its address, such as https://old.example/feed/"
        raise ImportSourceError(f"there is no file '{where}'; {example}")
    return _read_file(Path(where), where, limits)


def is_address(where: str) -> bool:
    """Return whether a source is an http or https address, not a path: by its beginning alone, in any letter case."""
    return where.lower().startswith(("http://", "https://"))


def _read_file(path: Path, place: str, limits: FeedLimits) -> FeedDocument:
    try:
        with path.open("rb") as file:
            data = file.read(limits.document_bytes + 1)
    except OSError as error:
        raise ImportSourceError(f"{place}: {error.strerror or error}") from None
    if len(data) > limits.document_bytes:
        raise ImportSourceError(f"{place}: it is larger than {limits.document_bytes // _MIB} MiB; split it")
    return parse_feed(data, place)


def _read_folder(folder: Path, limits: FeedLimits) -> FeedDocuments:
    """Return the documents of the files below a folder that have a suffix of feeds, by name.

    The files of a folder come before those of its subfolders; hidden files and folders are skipped. A file that is no feed or
    cannot be read becomes an omission. Raises ImportSourceError if there is no feed at all.
    """
    found = FeedDocuments()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for path in (Path(parent, name) for name in sorted(names) if not name.startswith(".")):
            if path.suffix.lower() not in _FILE_SUFFIXES:
                continue
            place = path.relative_to(folder).as_posix()
            try:
                found.documents.append(_read_file(path, place, limits))
            except ImportSourceError as error:
                reason, is_end = str(error).removeprefix(f"{place}: "), isinstance(error, DamagedFeedError)
                found.omissions.append(Omission(place, "the file", reason, is_end=is_end))
    if not found.documents:
        suffixes = ", ".join(sorted(_FILE_SUFFIXES))
        faults = "".join(f": {omission.place}: {omission.reason}" for omission in found.omissions[:1])
        raise ImportSourceError(f"{folder}: no file with a name ending in {suffixes} is a feed{faults}")
    return found


def _fetch_all(address: str, access: HostAccess, limits: FeedLimits) -> FeedDocuments:
    """Return a document and all older ones that it leads to.

    Stop at a document that was fetched already, or whose items are all in documents fetched before. Raises ImportSourceError if
    the first document cannot be read. If an older one cannot be read, or a limit is reached, add an omission.
    """
    found, addresses, ids, total = FeedDocuments(), set[str](), set[str](), 0
    while address and address not in addresses:
        addresses.add(address)
        if found.documents and (len(found.documents) >= limits.documents or total >= limits.total_bytes):
            reason = f"the feed has more than {len(found.documents)} documents or {total // _MIB} MiB"
            found.omissions.append(Omission(address, _OLDER, reason, is_end=True))
            break
        try:
            fetched = _fetch(address, access, min(limits.document_bytes, limits.total_bytes - total))
            document = _parse(fetched)
        except ImportSourceError as error:
            if not found.documents:
                raise
            found.omissions.append(Omission(address, _OLDER, str(error), is_end=True))
            break
        new_ids = {item.id or item.link or item.title for item in document.items} - ids
        if found.documents and not new_ids:
            break  # pages beyond the last one, which some servers answer with the same items for ever
        found.documents.append(document)
        addresses.add(fetched.address)
        ids, total, address = ids | new_ids, total + len(fetched.data), document.older_address
    return found


def _parse(fetched: FetchedDocument) -> FeedDocument:
    return parse_feed(fetched.data, fetched.address, address=fetched.address, charset=fetched.charset)


def _fetch(address: str, access: HostAccess, max_bytes: int) -> FetchedDocument:
    """Fetch a document, with further attempts after `_PAUSES` if the fault may pass. Raises ImportSourceError."""
    limits = replace(HttpLimits(), max_bytes=max_bytes)
    for pause in (*_PAUSES, None):
        try:
            return fetch_document(address, access=access, limits=limits, accept=_ACCEPT)
        except HttpError as error:
            if pause is None or not error.is_temporary:
                raise ImportSourceError(str(error)) from None
            time.sleep(pause)
    raise AssertionError


class FeedSource:
    """A feed with all its documents (`ImportSource`).

    If an item is in the documents several times, the one with the latest date (of change, else of publication) counts; of
    equal dates, the first. Facts of the site such as the title are those of the first document.
    """

    def __init__(self, found: FeedDocuments, where: str) -> None:
        """Initialize with the documents of a file, folder or address."""
        self._found = found
        self._latest: dict[str, FeedItem] = {}  # the item that counts, by its `_key`
        authors: dict[str, SourceAuthor] = {}
        terms: dict[tuple[TermKind, str], SourceTerm] = {}
        for document in found.documents:
            for term, kind in _terms_of(document):
                key = term.key or term.name
                terms.setdefault((kind, key), SourceTerm(kind, key, term.name, term.description, has_id=bool(term.key)))
            for item in document.items:
                if _date(item) > _date(self._latest.setdefault(_key(item), item)):
                    self._latest[_key(item)] = item
                for author in _authors(item, document):
                    authors[author.key] = unique_authors((authors.get(author.key, author), author))[0]
        first = found.documents[0]
        feeds = {where: _SUFFIXES[first.kind]} if is_address(where) else {}
        own = {document.own_address: _SUFFIXES[document.kind] for document in found.documents}
        feeds = {address: suffix for address, suffix in own.items() if host_of(address) not in ("", _BLOGGER_HOST)} | feeds
        is_of_blogger = bool(first.items) and all(item.id.startswith(_BLOGGER_ID) for item in first.items)
        # The number of entries is that of the document with the latest item.
        newest = max(found.documents, key=lambda one: max(map(_date, one.public_items), default=_OLDEST))
        self.site: SourceSite = SourceSite(
            SourceSystem.FEED,
            title=first.title,
            address=first.address,
            description=first.description,
            language=first.language,
            time_zone=first.time_zone,
            feed_entries=_BLOGGER_ENTRIES if is_of_blogger else len(newest.public_items),
            feeds=tuple(feeds),
            feed_suffixes=tuple(feeds.values()),
            authors=tuple(authors.values()),
            terms=tuple(terms.values()),
            has_exact_texts=bool(first.time_zone),  # which only an export of feedsvc names
            is_of_blogger=is_of_blogger,
        )

    def posts(self, _main_language: str = "") -> Iterator[SourcePost | Omission]:
        """Yield the items in the order of the documents, and an omission for each part that cannot be carried over.

        An item without title and text becomes an omission. One that does not count, because another one with its id does,
        becomes an omission if its own document has the id several times; else it is skipped silently.
        """
        yield from self._found.omissions
        for document in self._found.documents:
            yield from (Omission(document.place, "the document", fault) for fault in document.faults)
            counts = Counter(map(_key, document.items))
            for item in document.items:
                key = _key(item)
                if self._latest[key] is item:
                    yield from _records(item, document)
                elif counts[key] > 1:
                    yield Omission(item.place, f"'{_title(item)}'", f"another item of the document has the id '{key[:200]}', too")
            yield from document.left_out


def open_feed_source(where: str, *, access: HostAccess | None = None, limits: FeedLimits | None = None) -> FeedSource:
    """Open a feed: a file, a folder of files, or an http or https address with all its older documents, which are fetched now.

    `access` says which hosts may be asked, None for every public one; a plainly internal host in `where` (localhost, an IP
    address) may be asked, too. Raises ImportSourceError if there is no feed.
    """
    return FeedSource(open_documents(where, access=access or HostAccess(), limits=limits or FeedLimits()), where)


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
