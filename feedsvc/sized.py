"""Narrower pictures: which ones the pages of a catalog offer, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property

from feedsvc.catalog import Catalog
from feedsvc.content.narrowing import widths
from feedsvc.content.renditions import RenditionError, Renditions, can_size
from feedsvc.content.renditions import digest as file_digest
from feedsvc.descriptors import is_exhausted
from feedsvc.document import Attachment
from feedsvc.model import MediaFile
from feedsvc.urls import SizedAt, path_below, path_of


class Sizes:
    """The copies of a catalog's pictures; none without `renditions`."""

    def __init__(self, catalog: Catalog, renditions: Renditions | None) -> None:
        self._catalog, self._renditions = catalog, renditions

    def paths(self) -> Iterator[str]:
        """The narrower pictures that pages offer, as far as they can be made."""
        for path, several in self._offered.items() if self._renditions else ():
            file = self._catalog.media[path]
            with suppress(OSError):
                places = [SizedAt(file_digest(file), width, path) for width in several if can_size(file)]
                yield from (path_of(place) for place in places if self.at(place))

    def at(self, place: SizedAt) -> Attachment | None:
        file = self._catalog.media.get(place.path)
        if file is None or self._renditions is None:
            return None
        location, length = file.location, file.length
        try:
            made = self._renditions.file(file, place.digest, place.width)
            location, length = str(made), made.stat().st_size
        except (RenditionError, OSError) as error:
            if is_exhausted(error):
                raise  # the copy may be there: a moment later it can be opened
            # Where the disk does not take the copy, the picture itself does: browsers do not go back to src by themselves.
            if not self._offers(file, place):
                return None
        return Attachment(path=path_of(place), location=location, media_type=file.type, length=length)

    def _offers(self, file: MediaFile, place: SizedAt) -> bool:
        """Whether a page offers this copy of a visible picture."""
        with suppress(OSError):
            return can_size(file) and file_digest(file) == place.digest and place.width in self._offered.get(place.path, ())
        return False

    @cached_property
    def _offered(self) -> Mapping[str, tuple[int, ...]]:
        """Path of each visible lead picture in media/ -> the widths that pages offer of it."""
        base = self._catalog.site.base_url
        images = (row.article.image for row in self._catalog.visible.rows)
        found = {path_below(base, image.url)[1:]: widths(image.width) for image in images if image}
        return {path: several for path, several in found.items() if path in self._catalog.media}
