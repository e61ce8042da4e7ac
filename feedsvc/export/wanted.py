"""The documents and files that an export of a publication has, and what each of them is made from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import blake2b
from http import HTTPStatus

from feedsvc.content.media.clean_file import is_sendable
from feedsvc.export import aliases
from feedsvc.export.hosts import MEDIA_TYPE, Host
from feedsvc.export.layout import MISSING, gone_from
from feedsvc.publication.document import Attachment, Document, digest
from feedsvc.publication.fingerprints import Imprints
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, FileAt, SizedAt, place_of


class Wanted:
    """The contents of an export of one publication, with its `imprints`, for one host."""

    def __init__(self, publication: Publication, imprints: Imprints, host: Host, files: Mapping[str, bytes]) -> None:
        """`files` are those that the host reads, by path."""
        self.publication, self.imprints = publication, imprints
        self._host, self._files_for_host = host, files
        self._held: dict[str, Document | Attachment] = {}
        self._copied: tuple[str, Document | None] = ("", None)

    def holds(self, path: str) -> bool:
        """Return whether something belongs at a path. It is made for that, and held until it is `taken`."""
        found = self.found(path)
        if found:
            self._held[path] = found
        return found is not None

    def is_held(self, path: str) -> bool:
        return path in self._held

    def taken(self, path: str) -> Document | Attachment | None:
        return self._held.pop(path, None) or self.found(path)

    def found(self, path: str) -> Document | Attachment | None:
        """Return what belongs at a path, None for nothing: no redirects; pages with another status have files of their own."""
        if path == MISSING:
            return self.publication.missing()
        if path in self._files_for_host:
            return Document(path=path, body=self._files_for_host[path], media_type=MEDIA_TYPE)
        address = gone_from(path)
        found = self.publication.made(address or path)
        if found is None:
            return self._former(path) if self._host.has_former and not address else None
        if isinstance(found, Attachment):
            return found if is_sendable(found.location, is_cleaned=found.is_cleaned) else None
        return found if found.status in self._statuses(address) else None

    def _statuses(self, address: str) -> tuple[HTTPStatus, ...]:
        """Return the statuses that a document may have.

        The notice of a withdrawn article has a file of its own; it is also at the article's address if no host answers 410.
        """
        if address:
            return (HTTPStatus.GONE,)
        return (HTTPStatus.OK, HTTPStatus.GONE) if self._host.has_former else (HTTPStatus.OK,)

    def _former(self, path: str) -> Document | None:
        """Return the document at an address from which the live server redirects; None if it does not.

        In place of feeds and notices it is a copy of the target, since feed readers follow no page; else a page that leads on.
        """
        target = aliases.target(self.publication, path)
        if not target:
            return None
        if self._copied[0] != target:
            is_feed = isinstance(place_of(target), FeedAt)
            made = self.publication.made(target) if is_feed or aliases.is_former(self.publication, target) else None
            self._copied = target, made if isinstance(made, Document) else None
        return self._copied[1] or self.publication.moved(path, target)

    def is_beside_documents(self, path: str) -> bool:
        """Return whether what belongs at a path is no document of its own, so that a file of other origin may have its place."""
        return (
            path == MISSING
            or path in self._files_for_host
            or (self._host.has_former and aliases.is_former(self.publication, path))
        )

    def imprint(self, path: str) -> str:
        """Return the imprint of what belongs at a path: the same only if the bytes will be the same; "" if none is known."""
        place = place_of(gone_from(path) or path)
        if place is None:
            return self._imprint_beside(path)
        is_media = isinstance(place, SizedAt) or (isinstance(place, FileAt) and place.path in self.publication.catalog.media)
        return self._stamp(path) if is_media else self.imprints.of(place) or self._imprint_former(path)

    def _imprint_beside(self, path: str) -> str:
        if path == MISSING:
            return self.imprints.missing
        return digest(self._files_for_host[path]) if path in self._files_for_host else ""

    def _imprint_former(self, path: str) -> str:
        """Return the imprint at a former address: of a page, its target; of a copy, also what the original is made from."""
        target = aliases.target(self.publication, path) if self._host.has_former and not gone_from(path) else ""
        if not target:
            return ""
        is_copy = isinstance(place_of(target), FeedAt) or aliases.is_former(self.publication, target)
        original = self.imprint(target) if is_copy else "page"
        return blake2b(f"{target} {original}".encode(), digest_size=12).hexdigest() if original else ""

    def _stamp(self, path: str) -> str:
        """Return the imprint of a file that is copied: its location, size and times; "" if it has none."""
        found = self.publication.made(path)
        if not isinstance(found, Attachment):
            return ""
        try:
            status = os.stat(found.location)
        except OSError:
            return ""
        facts = f"{found.is_cleaned} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {found.location}"
        return blake2b(facts.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
