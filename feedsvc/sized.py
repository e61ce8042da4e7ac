"""Narrower pictures: which ones the pages of a catalog offer, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from feedsvc.catalog import Catalog
from feedsvc.content.narrowing import widths
from feedsvc.content.picture_facts import RenditionError, can_size
from feedsvc.content.picture_facts import digest as file_digest
from feedsvc.content.renditions import Renditions
from feedsvc.document import Attachment, Pending
from feedsvc.model import MediaFile
from feedsvc.urls import SizedAt, path_below, path_of


class Sizes:
    """The copies of a catalog's pictures; none without `renditions`."""

    def __init__(self, catalog: Catalog, renditions: Renditions | None) -> None:
        self._catalog, self._renditions = catalog, renditions

    def paths(self) -> Iterator[str]:
        """The narrower pictures that pages offer, as far as they can be made; those that are missing are made."""
        for path, several in self._offered.items() if self._renditions else ():
            file = self._catalog.media[path]
            with suppress(OSError):
                places = [SizedAt(file_digest(file), width, path) for width in several if can_size(file)]
                yield from (path_of(place) for place in places if self.made(place))

    def lacking(self) -> Sequence[tuple[MediaFile, str]]:
        """The pictures, with their digests, of which pages offer copies that are still to be made."""
        return [*self._lacking()]

    def _lacking(self) -> Iterator[tuple[MediaFile, str]]:
        seen: set[str] = set()
        for path, several in self._offered.items() if self._renditions else ():
            file = self._catalog.media[path]
            with suppress(OSError):
                tag = file_digest(file)
                if several and can_size(file) and tag not in seen and self._renditions and self._renditions.lacks(file, tag):
                    seen.add(tag)
                    yield file, tag

    def at(self, place: SizedAt) -> Attachment | Pending | None:
        """The copy, or that it is being made; the picture itself where a page offers what cannot be made."""
        file = self._catalog.media.get(place.path)
        if file is None or self._renditions is None:
            return None
        try:
            found = self._renditions.find(file, place.digest, place.width)
            if found is None:
                return Pending(path=path_of(place), completion=self._renditions.order(file, place.digest, place.width))
            return _attachment(place, file, found)
        except RenditionError:
            return self._stand_in(place, file)

    def made(self, place: SizedAt) -> Attachment | None:
        """The copy, made now if need be; None where it cannot be made."""
        file = self._catalog.media.get(place.path)
        if file is None or self._renditions is None:
            return None
        with suppress(RenditionError):
            return _attachment(place, file, self._renditions.file(file, place.digest, place.width))
        return None

    def _stand_in(self, place: SizedAt, file: MediaFile) -> Attachment | None:
        """Browsers do not go back to src by themselves, and may have a page that offered the copy."""
        with suppress(FileNotFoundError, PermissionError):
            if file_digest(file) == place.digest and place.width in self._offered.get(place.path, ()):
                length = file.length
                return Attachment(
                    path=path_of(place), location=file.location, media_type=file.type, length=length, is_stand_in=True
                )
        return None

    @cached_property
    def _offered(self) -> Mapping[str, tuple[int, ...]]:
        """Path of each visible lead picture in media/ -> the widths that pages offer of it."""
        base = self._catalog.site.base_url
        images = (row.article.image for row in self._catalog.visible.rows)
        found = {path_below(base, image.url)[1:]: widths(image.width, image.height) for image in images if image}
        return {path: several for path, several in found.items() if path in self._catalog.media}


def _attachment(place: SizedAt, file: MediaFile, found: Path) -> Attachment | None:
    """None if the copy has gone meanwhile."""
    try:
        length = found.stat().st_size
    except FileNotFoundError:
        return None
    return Attachment(path=path_of(place), location=str(found), media_type=file.type, length=length)
