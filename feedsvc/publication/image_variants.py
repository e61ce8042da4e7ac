"""Narrower pictures: which ones the pages and feeds of a catalog offer, and where they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from feedsvc.catalog.catalog import Catalog, Row
from feedsvc.content.images.decoder_process import DIGITS
from feedsvc.content.media.image_facts import RenditionError, facts
from feedsvc.content.media.image_widths import WIDTHS
from feedsvc.content.media.offered_widths import THUMBNAIL, WIDEST, copies, fitting
from feedsvc.content.media.thumbnails import Renditions
from feedsvc.model import MediaFile
from feedsvc.publication.document import Attachment, Pending, Redirect
from feedsvc.routes import SizedAt, path_of, place_of
from feedsvc.support.file_descriptors import is_exhausted


class Sizes:
    """The copies of a catalog's pictures; none without `renditions`."""

    def __init__(self, catalog: Catalog, renditions: Renditions | None) -> None:
        self._catalog, self._renditions = catalog, renditions

    def paths(self) -> Iterator[str]:
        """The narrower pictures that pages and feeds offer, as far as they can be made; those that are missing are made."""
        for file in self._pictures():
            places = (place for copy in copies(file) if isinstance(place := place_of(copy.path), SizedAt))
            yield from (path_of(place) for place in places if self.made(place))

    def lacking(self) -> Sequence[tuple[MediaFile, str]]:
        """The pictures, with their digests, of which pages offer copies that are still to be made."""
        found = {facts(file).digest: file for file in self._pictures() if copies(file)}
        return [(file, tag) for tag, file in found.items() if self._renditions and self._renditions.lacks(file, tag)]

    def at(self, place: SizedAt) -> Attachment | Pending | Redirect | None:
        """The copy, or that it is being made; the picture itself where a page offers what cannot be made.

        Where the picture has other bytes by now, the address of a former copy leads to the current one.
        """
        file = self._catalog.media.get(place.path)
        if file is None or self._renditions is None:
            return None
        if target := _current(file, place):
            return Redirect(target=target, is_permanent=False)
        try:
            found = self._renditions.find(file, place.digest, place.width)
            if found is None:
                return Pending(path=path_of(place), completion=self._renditions.order(file, place.digest, place.width))
            return _attachment(place, file, found)
        except RenditionError:
            return self._stand_in(place, file)

    def prepare(self, rows: Iterable[Row]) -> None:
        """Order the copies that a feed of these rows names: who is told of the feed asks for them within seconds."""
        for path in (path for row in rows for path in row.article.media):
            file = self._catalog.media.get(path)
            copy = fitting(file, WIDEST) or fitting(file, THUMBNAIL)
            if copy and file and self._renditions:
                with suppress(RenditionError, OSError):
                    digest = facts(file).digest
                    if self._renditions.find(file, digest, copy.width) is None:
                        self._renditions.order(file, digest, copy.width)

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
            known = facts(file)
            if known.digest == place.digest and place.width in dict(known.sizes):
                return Attachment(
                    path=path_of(place),
                    location=file.location,
                    media_type=file.type,
                    length=file.length,
                    is_cleaned=not self._catalog.site.keep_metadata,
                    is_stand_in=True,
                )
        return None

    def _pictures(self) -> Iterator[MediaFile]:
        """Yield the logo, and the pictures of visible articles; enclosures among them, since any may stand in a text, too."""
        if not self._renditions:
            return
        articles = (path for row in self._catalog.visible.rows for path in row.article.media)
        paths = dict.fromkeys((*self._catalog.site.media, *articles))
        yield from (file for path in paths if (file := self._catalog.media.get(path)))


def _current(file: MediaFile, place: SizedAt) -> str:
    """Return the path of the copy, or of the picture, that stands in place of a former copy; "" if it is no former copy."""
    if len(place.digest) != DIGITS or place.width not in WIDTHS:
        return ""
    try:
        if facts(file).digest == place.digest:
            return ""
    except OSError as error:
        if is_exhausted(error):
            raise
        return ""
    return next((copy.path for copy in copies(file) if copy.width >= place.width), f"/{file.path}")


def _attachment(place: SizedAt, file: MediaFile, found: Path) -> Attachment | None:
    """None if the copy has gone meanwhile."""
    try:
        length = found.stat().st_size
    except FileNotFoundError:
        return None
    return Attachment(path=path_of(place), location=str(found), media_type=file.type, length=length)
