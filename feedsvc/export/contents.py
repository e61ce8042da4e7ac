"""Contents of an export: the document or file at each path, and the fingerprint of a media file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from feedsvc import pages
from feedsvc.content.media import is_sendable
from feedsvc.export import aliases
from feedsvc.export.hosts import MEDIA_TYPE, Host
from feedsvc.export.layout import COPIED_PREFIXES, MISSING_PATH, SERVICE_PATHS, address_of_gone_path
from feedsvc.feeds import FORMATS, RSL_MEDIA_TYPE
from feedsvc.free_places import RootFileAt
from feedsvc.publication import (
    UNCOUNTED_READS,
    Document,
    FileResource,
    Publication,
    content_type,
    file_content_type,
    root_content_types,
    root_media_type,
)
from feedsvc.routes import MOST_READ_PATH, FeedAt, FileAt, SiteDocumentAt, VariantAt, path_of, place_of
from feedsvc.support.digest import blake2b

_LICENSE_PATH: Final = path_of(SiteDocumentAt("license.xml"))


def content_type_at(publication: Publication, path: str) -> str:
    """Return the Content-Type of the document or file at a path (`ExportContents.find`) without rendering it."""
    if path[1:].startswith(COPIED_PREFIXES):
        return file_content_type(root_media_type(path[1:]))
    target = aliases.target_path(publication, path)
    place = place_of(target or path)
    if isinstance(place, FeedAt):
        return content_type(FORMATS[place.suffix].media_type)
    if isinstance(place, RootFileAt) and not target and (known_type := root_content_types(publication.catalog).get(path)):
        return known_type
    if path == _LICENSE_PATH:
        return content_type(RSL_MEDIA_TYPE)
    return content_type(pages.MEDIA_TYPE if target or path.endswith("/") else root_media_type(path[1:]))


class ExportContents:
    """The contents of an export of one publication for one kind of host: documents and media files."""

    def __init__(self, publication: Publication, host: Host, host_files: Mapping[str, bytes]) -> None:
        """Take `host_files`, the files `_redirects` and `_headers` that the host reads: path -> bytes; {} if it reads none."""
        self.publication = publication
        self._host, self._host_files = host, host_files
        self._prepared: dict[str, Document | FileResource] = {}
        self._last_copy: tuple[str, Document | None] = ("", None)

    def has_content(self, path: str) -> bool:
        """Return whether the export has a document or file at a path.

        To know that, the document is rendered, and stored until `take` is called for the path.
        """
        content = self.find(path)
        if content:
            self._prepared[path] = content
        return content is not None

    def take(self, path: str) -> Document | FileResource | None:
        """Return the document or file at a path, or None. A result that `has_content` stored is returned and discarded."""
        return self._prepared.pop(path, None) or self.find(path)

    def find(self, path: str) -> Document | FileResource | None:
        """Return the document or file that the export has at a path, or None. Render it; make an image variant that is missing.

        At a path from which the live server redirects, it is a redirect page or a copy of the target
        (`_former_address_document`) if the kind of host has `has_former_files`. Status pages have paths of their own: 404.html,
        and `layout.gone_path` for the notice of a withdrawn article or issue; with `has_former_files`, that notice is at the
        withdrawn article's own address, too. The document at MOST_READ_PATH says that no reads are counted. An image whose
        metadata must be removed, but cannot be, is left out.
        """
        if path == MISSING_PATH:
            return self.publication.not_found_page
        if path == MOST_READ_PATH:
            return UNCOUNTED_READS
        if path in self._host_files:
            return Document(path=path, body=self._host_files[path], media_type=MEDIA_TYPE)
        address = address_of_gone_path(path)
        # As for a site with `combinations: false`: no program answers the form that combines feeds, nor the combined feeds.
        content = self.publication.render(address or path, has_forms=False)
        if content is None:
            return self._former_address_document(path) if self._host.has_former_files and not address else None
        if isinstance(content, FileResource):
            return content if is_sendable(content.location, is_cleaned=content.is_cleaned) else None
        return content if content.status in self._allowed_statuses(address) else None

    def _allowed_statuses(self, address: str) -> tuple[HTTPStatus, ...]:
        """Return the statuses with which a document is exported.

        `address` is that of the withdrawn article or issue if the document's path is a `gone_path`: then only 410 is allowed.
        If it is "", 200 is allowed and, with `has_former_files`, 410: the notice is also at the article's or issue's address.
        """
        if address:
            return (HTTPStatus.GONE,)
        return (HTTPStatus.OK, HTTPStatus.GONE) if self._host.has_former_files else (HTTPStatus.OK,)

    def _former_address_document(self, path: str) -> Document | None:
        """Return the document for a path from which the live server redirects; None if `target_path` has no target for it.

        The document is a copy of the target if that is a feed or the notice of a withdrawn article, because feed readers do not
        follow redirect pages. Otherwise it is a redirect page.
        """
        target = aliases.target_path(self.publication, path)
        if not target:
            return None
        if self._last_copy[0] != target:
            copy = self.publication.render(target) if self._is_copied(target) else None
            self._last_copy = target, copy if isinstance(copy, Document) else None
        return self._last_copy[1] or self.publication.render_redirect_page(path, target)

    def _is_copied(self, target: str) -> bool:
        """Return whether former addresses get a copy of the document at `target`, not a redirect page."""
        return isinstance(place_of(target), FeedAt) or aliases.is_former_path(self.publication, target)

    def is_auxiliary(self, path: str) -> bool:
        """Return whether a file of other origin may stay at a path.

        These paths are 404.html, views.json, `host_files` and, with `has_former_files`, former and old addresses and the
        addresses of withdrawn articles and issues.
        """
        return (
            path in SERVICE_PATHS
            or path in self._host_files
            or (self._host.has_former_files and aliases.is_former_path(self.publication, path))
        )

    def fingerprint(self, path: str) -> str:
        """Return the fingerprint of a media file or image variant; "" if there is no file, and for a document.

        It is a digest of the file's location on disk, size, times and inode, and of whether its metadata are removed. An image
        variant that is missing is made first.
        """
        place = place_of(path)
        if not isinstance(place, VariantAt) and not (isinstance(place, FileAt) and place.path in self.publication.catalog.media):
            return ""
        resource = self.publication.render(path)
        if not isinstance(resource, FileResource):
            return ""
        try:
            status = os.stat(resource.location)
        except OSError:
            return ""
        times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
        identity = f"{resource.is_cleaned} {status.st_size} {times} {status.st_ino} {resource.location}"
        return blake2b(identity.encode("utf-8", "surrogateescape"), size=12).hex()
