"""Documents of a feed: a file, the files of a folder, or an address with the older documents that it leads to.

What is fetched stays in a temporary folder as long as its FeedDocuments object, so that the documents can be read again.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from feedsvc.importing.addresses import with_named_host
from feedsvc.importing.errors import DamagedFeedError, ImportSourceError
from feedsvc.importing.feed_source.parse import parse_feed
from feedsvc.importing.feed_source.records import FeedDocument
from feedsvc.importing.http_fetch import FetchedDocument, fetch_document
from feedsvc.importing.source import Omission
from feedsvc.support.http import HostAccess, HttpError, HttpLimits

_MIB: Final = 1024**2
_ACCEPT: Final = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, */*;q=0.8"
)
_SUFFIXES: Final = frozenset({".xml", ".rss", ".atom", ".rdf", ".json", ".feed"})
_PAUSES: Final = (1.0, 4.0)  # seconds before the second and third attempt
_MAX_FILES: Final = 100_000
_EXAMPLES: Final = "give the file of a feed, or its address, such as https://old.example/feed/"


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedLimits:
    """Limits of one source: most bytes of a document, and most documents, and bytes of all, that are fetched for an address.

    What is beyond them becomes an omission. A single file, or the first document of an address, that is too large is an error.
    """

    document_bytes: int = 64 * _MIB
    documents: int = 5000
    total_bytes: int = 4096 * _MIB


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDocument:
    """A document in a file. `place` names it in messages.

    `address` (the last one after redirects) and `charset` are those of the response, "" if it was not fetched.
    """

    path: Path
    place: str
    address: str = ""
    charset: str = ""

    def parse(self, max_bytes: int) -> FeedDocument:
        """Read and parse the file. Raises ImportSourceError if it cannot be read, is too large or is no feed."""
        try:
            with self.path.open("rb") as file:
                data = file.read(max_bytes + 1)
        except OSError as error:
            raise ImportSourceError(f"{self.place}: {error.strerror or error}") from None
        if len(data) > max_bytes:
            raise ImportSourceError(f"{self.place}: it is larger than {max_bytes // _MIB} MiB; split it")
        return parse_feed(data, self.place, address=self.address, charset=self.charset)


class FeedDocuments:
    """The documents of one source, which `parsed` parses one by one. `omissions` has what cannot be read or is not fetched.

    Use `open_documents` to create one. The files of fetched documents are deleted when this object is.
    """

    def __init__(self, limits: FeedLimits) -> None:
        self.limits = limits
        self.stored: list[StoredDocument] = []
        self.omissions: list[Omission] = []

    def parsed(self) -> Iterator[FeedDocument]:
        """Parse and yield every document: of an address the newest first, of a folder by name, files before subfolders.

        If a document cannot be read any more (its file was removed), one omission for all calls is added to `omissions` instead.
        """
        for stored in self.stored:
            try:
                yield stored.parse(self.limits.document_bytes)
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
        stored = StoredDocument(path=Path(where), place=Path(where).name)
        _warn_of_older(stored.parse(limits.document_bytes), documents)
        documents.stored.append(stored)
    return documents


def read_document(where: str, *, access: HostAccess, limits: FeedLimits) -> FeedDocument:
    """Read and parse one document: a file, or what is at an http or https address. Older documents are not fetched.

    A request is repeated up to two times if its fault may pass. `access` says which hosts may be asked; the host in `where` may
    be asked, too, if it is plainly internal (localhost, an IP address). Raises ImportSourceError if the document cannot be read
    or is no feed.
    """
    if not is_address(where):
        path = Path(where)
        if path.is_dir() or not path.exists():
            raise ImportSourceError(f"there is no file '{where}'; {_EXAMPLES}")
        return StoredDocument(path=path, place=where).parse(limits.document_bytes)
    try:
        fetched = _fetch(where, with_named_host(access, where), limits.document_bytes)
    except HttpError as error:
        raise ImportSourceError(str(error)) from None
    return parse_feed(fetched.data, fetched.address, address=fetched.address, charset=fetched.charset)


def is_address(where: str) -> bool:
    """Return whether a source is an http or https address, not a path: by its beginning alone, in any letter case."""
    return where.lower().startswith(("http://", "https://"))


def _add_folder(folder: Path, documents: FeedDocuments) -> None:
    """Add to `documents` the files below a folder that have a suffix of feeds: the first 100,000, by name.

    The files of a folder come before those of its subfolders; hidden files and folders are skipped. A file that is no feed or
    cannot be read becomes an omission. Raises ImportSourceError if there is no feed at all.
    """
    limit = documents.limits
    for path in _files_below(folder):
        stored = StoredDocument(path=path, place=path.relative_to(folder).as_posix())
        try:
            stored.parse(limit.document_bytes)
        except ImportSourceError as error:
            reason = str(error).removeprefix(f"{stored.place}: ")
            documents.omissions.append(Omission(stored.place, "the file", reason, is_end=isinstance(error, DamagedFeedError)))
        else:
            documents.stored.append(stored)
    if not documents.stored:
        suffixes = ", ".join(sorted(_SUFFIXES))
        faults = f": {documents.omissions[0].place}: {documents.omissions[0].reason}" if documents.omissions else ""
        raise ImportSourceError(f"{folder}: no file with a name ending in {suffixes} is a feed{faults}")


def _files_below(folder: Path) -> Iterator[Path]:
    count = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if os.path.splitext(name)[1].lower() in _SUFFIXES and not name.startswith(".") and count < _MAX_FILES:
                count += 1
                yield Path(parent, name)


def _warn_of_older(document: FeedDocument, documents: FeedDocuments) -> None:
    """Add an omission to `documents` if the document of a file names an older one, which is not fetched."""
    if document.older_address:
        reason = f"they are at {document.older_address}; to have them, give the address of the feed instead of a file"
        documents.omissions.append(Omission(document.place, "the older documents of the feed", reason))


def _fetch_all(address: str, documents: FeedDocuments, access: HostAccess) -> None:
    """Fetch a document and all older ones that it leads to, and add them to `documents`.

    Stop at a document that was fetched already, or whose items are all in documents fetched before. Raises ImportSourceError if
    the first document cannot be read. If an older one cannot be read, or a limit is reached, add an omission.
    """
    folder = Path(tempfile.mkdtemp(prefix="feedsvc-import-"))
    weakref.finalize(documents, shutil.rmtree, folder, ignore_errors=True)
    addresses, ids, total = set[str](), set[str](), 0
    next_address = address
    while next_address and next_address not in addresses:
        addresses.add(next_address)
        try:
            fetched = _fetch(next_address, access, min(documents.limits.document_bytes, documents.limits.total_bytes - total))
            stored = _store(fetched, folder / f"{len(documents.stored)}")
            document = stored.parse(documents.limits.document_bytes)
        except (HttpError, ImportSourceError) as error:
            if not documents.stored:
                raise ImportSourceError(str(error)) from None
            documents.omissions.append(
                Omission(next_address, "this document of the feed and all older ones", str(error), is_end=True)
            )
            return
        new_ids = {item.id or item.link or item.title for item in (*document.items, *document.left_out)} - ids
        if documents.stored and not new_ids:
            return  # pages beyond the last one, which some servers answer with the same items for ever
        ids |= new_ids
        total += len(fetched.data)
        documents.stored.append(stored)
        addresses.add(stored.address)
        next_address = document.older_address
        if next_address and (len(documents.stored) >= documents.limits.documents or total >= documents.limits.total_bytes):
            reason = f"the feed has more than {len(documents.stored)} documents or {total // _MIB} MiB"
            documents.omissions.append(
                Omission(next_address, "this document of the feed and all older ones", reason, is_end=True)
            )
            return


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


def _store(fetched: FetchedDocument, path: Path) -> StoredDocument:
    path.write_bytes(fetched.data)
    return StoredDocument(path=path, place=fetched.address, address=fetched.address, charset=fetched.charset)
