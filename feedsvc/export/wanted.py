"""What belongs where a publication is exported to, and what each of it is made from."""

from __future__ import annotations

import os
from hashlib import blake2b
from http import HTTPStatus

from feedsvc.content import clean_file
from feedsvc.document import Attachment, Document
from feedsvc.export.names import MISSING, gone_from
from feedsvc.imprint import Imprints
from feedsvc.publication import Publication
from feedsvc.urls import FileAt, SizedAt, place_of


def _is_sent(found: Attachment) -> bool:
    """Return whether a file can be sent: a picture whose metadata cannot be taken out belongs nowhere."""
    try:
        if found.is_cleaned:
            clean_file.check(found.location)
    except clean_file.DirtyError:
        return False
    except OSError:  # told by who copies it
        return True
    return True


class Wanted:
    """Knows a publication; `imprints` are its."""

    def __init__(self, publication: Publication, imprints: Imprints) -> None:
        self.publication, self.imprints = publication, imprints
        self._held: dict[str, Document | Attachment] = {}

    def holds(self, path: str) -> bool:
        """Whether something belongs there; it is made by that, and kept until it is taken."""
        found = self.found(path)
        if found:
            self._held[path] = found
        return found is not None

    def is_held(self, path: str) -> bool:
        return path in self._held

    def taken(self, path: str) -> Document | Attachment | None:
        return self._held.pop(path, None) or self.found(path)

    def found(self, path: str) -> Document | Attachment | None:
        """What belongs in a tree: it has no redirects, and pages with another status have files of their own."""
        if path == MISSING:
            return self.publication.missing()
        address = gone_from(path)
        found = self.publication.made(address or path)
        if isinstance(found, Attachment):
            return found if _is_sent(found) else None
        wanted = HTTPStatus.GONE if address else HTTPStatus.OK
        return found if found and found.status == wanted else None

    def imprint(self, path: str) -> str:
        """The same where the bytes will be; "" where nothing tells."""
        place = place_of(gone_from(path) or path)
        if place is None:
            return self.imprints.missing if path == MISSING else ""
        is_media = isinstance(place, SizedAt) or (isinstance(place, FileAt) and place.path in self.publication.catalog.media)
        return self._stamp(path) if is_media else self.imprints.of(place)

    def _stamp(self, path: str) -> str:
        """Of a file that is copied: its place, size and time."""
        found = self.publication.made(path)
        if not isinstance(found, Attachment):
            return ""
        try:
            status = os.stat(found.location)
        except OSError:
            return ""
        facts = f"{found.is_cleaned} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {found.location}"
        return blake2b(facts.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()
