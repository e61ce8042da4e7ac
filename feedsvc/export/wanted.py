"""Contents of an export: the document or file at each path, and its fingerprint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import blake2b
from http import HTTPStatus

from feedsvc.content.media import is_sendable
from feedsvc.export import aliases
from feedsvc.export.hosts import MEDIA_TYPE, Host
from feedsvc.export.layout import MISSING_PATH, address_of_gone_path
from feedsvc.publication import Document, FileResource, Fingerprints, Publication, digest
from feedsvc.routes import FeedAt, FileAt, VariantAt, place_of


class ExportContents:
    """The contents of an export of one publication for one host: documents, media files and their fingerprints."""

    def __init__(self, publication: Publication, imprints: Fingerprints, host: Host, files: Mapping[str, bytes]) -> None:
        """Take the fingerprints (`imprints`) of the same catalog, and the `files` that the host reads: path -> bytes."""
        self.publication, self.fingerprints = publication, imprints
        self._host, self._host_files = host, files
        self._prepared: dict[str, Document | FileResource] = {}
        self._last_copy: tuple[str, Document | None] = ("", None)

    def has_content(self, path: str) -> bool:
        """Return whether a document or file belongs at a path. The document is rendered for that and stored until `take`."""
        found = self.find(path)
        if found:
            self._prepared[path] = found
        return found is not None

    def is_prepared(self, path: str) -> bool:
        return path in self._prepared

    def take(self, path: str) -> Document | FileResource | None:
        """Return what `find` returns for a path. If `has_content` stored a result, return that one and discard it."""
        return self._prepared.pop(path, None) or self.find(path)

    def find(self, path: str) -> Document | FileResource | None:
        """Return the document or file that the export has at a path, or None.

        At a path that redirects, it is a page or copy if the host needs files there. Status pages have paths of their own:
        404.html, and `layout.gone_path` for 410.
        """
        if path == MISSING_PATH:
            return self.publication.not_found_page()
        if path in self._host_files:
            return Document(path=path, body=self._host_files[path], media_type=MEDIA_TYPE)
        address = address_of_gone_path(path)
        found = self.publication.render(address or path)
        if found is None:
            return self._former_address_document(path) if self._host.has_former_files and not address else None
        if isinstance(found, FileResource):
            return found if is_sendable(found.location, is_cleaned=found.is_cleaned) else None
        return found if found.status in self._allowed_statuses(address) else None

    def _allowed_statuses(self, address: str) -> tuple[HTTPStatus, ...]:
        """Return the statuses that a document may have to be exported.

        `address` is the withdrawn article's if the path is a `gone_path`, else "". The notice is also written at the article's
        address if the host needs files at former addresses.
        """
        if address:
            return (HTTPStatus.GONE,)
        return (HTTPStatus.OK, HTTPStatus.GONE) if self._host.has_former_files else (HTTPStatus.OK,)

    def _former_address_document(self, path: str) -> Document | None:
        """Return the document for an address from which the live server redirects; None if it does not.

        If the target is a feed or the notice of a withdrawn article, it is a copy of the target: feed readers do not follow
        redirect pages. Otherwise it is a redirect page.
        """
        target = aliases.target_path(self.publication, path)
        if not target:
            return None
        if self._last_copy[0] != target:
            is_feed = isinstance(place_of(target), FeedAt)
            made = self.publication.render(target) if is_feed or aliases.is_former_path(self.publication, target) else None
            self._last_copy = target, made if isinstance(made, Document) else None
        return self._last_copy[1] or self.publication.render_redirect_page(path, target)

    def is_auxiliary(self, path: str) -> bool:
        """Return whether the live server has no document with status 200 at a path. A file of other origin may stay there."""
        return (
            path == MISSING_PATH
            or path in self._host_files
            or (self._host.has_former_files and aliases.is_former_path(self.publication, path))
        )

    def fingerprint(self, path: str) -> str:
        """Return the fingerprint of the content at a path; "" if it is unknown. Equal fingerprints stand for equal bytes."""
        place = place_of(address_of_gone_path(path) or path)
        if place is None:
            return self._auxiliary_fingerprint(path)
        is_media = isinstance(place, VariantAt) or (isinstance(place, FileAt) and place.path in self.publication.catalog.media)
        return (
            self._file_fingerprint(path) if is_media else self.fingerprints.get(place) or self._former_address_fingerprint(path)
        )

    def _auxiliary_fingerprint(self, path: str) -> str:
        if path == MISSING_PATH:
            return self.fingerprints.not_found_page
        return digest(self._host_files[path]) if path in self._host_files else ""

    def _former_address_fingerprint(self, path: str) -> str:
        """Return the fingerprint of the document at a former address: a digest of the target path and, for a copy, of the
        target's fingerprint; "" if there is no document or its fingerprint is unknown.
        """
        target = (
            aliases.target_path(self.publication, path) if self._host.has_former_files and not address_of_gone_path(path) else ""
        )
        if not target:
            return ""
        is_copy = isinstance(place_of(target), FeedAt) or aliases.is_former_path(self.publication, target)
        original = self.fingerprint(target) if is_copy else "page"
        return blake2b(f"{target} {original}".encode(), digest_size=12).hexdigest() if original else ""

    def _file_fingerprint(self, path: str) -> str:
        """Return the fingerprint of a media file or image variant, by location, size, times and inode; "" if it is missing."""
        found = self.publication.render(path)
        if not isinstance(found, FileResource):
            return ""
        try:
            status = os.stat(found.location)
        except OSError:
            return ""
        facts = f"{found.is_cleaned} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {found.location}"
        return blake2b(facts.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
