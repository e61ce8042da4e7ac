"""Image variants: the narrower copies of images that a catalog's pages and feeds offer, and their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from feedsvc.catalog import Catalog, IssueRow, Row
from feedsvc.content.images import DIGEST_LENGTH
from feedsvc.content.media import (
    MAX_WIDTH,
    THUMBNAIL_WIDTH,
    VARIANT_WIDTHS,
    VariantError,
    VariantStore,
    facts_of,
    fitting_variant,
    variants,
)
from feedsvc.model import MediaFile
from feedsvc.publication.document import FileResource, PendingFile, Redirect
from feedsvc.routes import VariantAt, path_of, place_of
from feedsvc.support.file_descriptors import is_exhausted


class ImageVariants:
    """Image variants of one catalog, and their files in `variant_store`. If that is None, no variant is found or made."""

    def __init__(self, catalog: Catalog, variant_store: VariantStore | None) -> None:
        self._catalog, self._variant_store = catalog, variant_store

    def paths(self) -> Iterator[str]:
        """Yield the paths of all variants that pages and feeds offer. Make missing variants; skip those that cannot be made."""
        for file in self._images():
            places = (place for variant in variants(file) if isinstance(place := place_of(variant.path), VariantAt))
            yield from (path_of(place) for place in places if self.make(place))

    def missing_variants(self) -> Sequence[tuple[MediaFile, str]]:
        """Return (image, digest of its bytes) for each image with variants to be made, unless making them failed before.

        Of images with the same bytes, return one. Images that cannot be read are left out; raises OSError if one becomes so
        during the call. [] without a variant store.
        """
        if not (store := self._variant_store):
            return []
        images = {facts_of(file).digest: file for file in self._images() if variants(file)}
        return [(file, digest) for digest, file in images.items() if store.lacks_variants(file, digest)]

    def find(self, place: VariantAt) -> FileResource | PendingFile | Redirect | None:
        """Return the variant; if it is missing, request it and return a PendingFile; if it cannot be made, the original image.

        If `place` has the digest of earlier bytes of the image, return a temporary redirect to the narrowest current variant
        that is at least as wide, or to the image if there is none. None for an image that the catalog does not have, a variant
        that no page offers or whose file is deleted during the call, or without a variant store. Raises OSError if the process
        has no free file descriptor.
        """
        file = self._catalog.media.get(place.path)
        if file is None or self._variant_store is None:
            return None
        if target := _redirect_target(file, place):
            return Redirect(target=target, is_permanent=False)
        try:
            location = self._variant_store.find(file, place.digest, place.width)
            if location is None:
                completion = self._variant_store.request(file, place.digest, place.width)
                return PendingFile(path=path_of(place), completion=completion, substitute=self._substitute(place, file))
            return _file_resource(place, file, location)
        except VariantError:
            return self._substitute(place, file)

    def order_for_feed(self, rows: Iterable[Row]) -> None:
        """Request the missing variants that a feed of these rows (articles or issues) names: subscribers fetch them in seconds.

        This is one for each image of the articles: the widest variant up to MAX_WIDTH if the image is wider than that, else the
        thumbnail. Do not wait for them. Images that cannot be read or have no variants are skipped, as are variants that cannot
        be made, and all of them while the process has no free file descriptor.
        """
        articles = chain.from_iterable(row.articles if isinstance(row, IssueRow) else (row,) for row in rows)
        for path in dict.fromkeys(path for row in articles for path in row.article.media):
            file = self._catalog.media.get(path)
            with suppress(VariantError, OSError):
                variant = fitting_variant(file, MAX_WIDTH) or fitting_variant(file, THUMBNAIL_WIDTH)
                if variant and file and self._variant_store:
                    digest = facts_of(file).digest
                    if self._variant_store.find(file, digest, variant.width) is None:
                        self._variant_store.request(file, digest, variant.width)

    def make(self, place: VariantAt) -> FileResource | None:
        """Return the variant; make it first, and wait, if it is missing. None if that fails or the catalog lacks the image.

        Also None without a variant store. Raises OSError if the process has no free file descriptor.
        """
        file = self._catalog.media.get(place.path)
        if file is None or self._variant_store is None:
            return None
        with suppress(VariantError):
            return _file_resource(place, file, self._variant_store.get_or_make(file, place.digest, place.width))
        return None

    def _substitute(self, place: VariantAt, file: MediaFile) -> FileResource | None:
        """Return the original image if a page may offer the variant, else None. Browsers do not fall back from srcset to src."""
        with suppress(FileNotFoundError, PermissionError):
            facts = facts_of(file)
            if facts.digest == place.digest and place.width in dict(facts.sizes):
                return FileResource(
                    path=path_of(place),
                    location=file.location,
                    media_type=file.type,
                    length=file.length,
                    is_cleaned=not self._catalog.site.keep_metadata,
                    is_substitute=True,
                )
        return None

    def _images(self) -> Iterator[MediaFile]:
        """Yield the media files of site.yaml, static pages and visible articles, enclosures included, since texts may show them.

        They need not be images. Nothing without a variant store.
        """
        if not self._variant_store:
            return
        articles = (path for row in self._catalog.visible.rows for path in row.article.media)
        static_pages = (path for page in self._catalog.pages.values() for path in page.media)
        paths = dict.fromkeys((*self._catalog.site.media, *static_pages, *articles))
        yield from (file for path in paths if (file := self._catalog.media.get(path)))


def _redirect_target(file: MediaFile, place: VariantAt) -> str:
    """Return the path of the variant or image that replaces a former variant; "" if `place` is not that of a former variant.

    A former variant has the digest of earlier bytes of `file`. Also "" if the file cannot be read; raises OSError if that is for
    lack of file descriptors.
    """
    if len(place.digest) != DIGEST_LENGTH or place.width not in VARIANT_WIDTHS:
        return ""
    try:
        if facts_of(file).digest == place.digest:
            return ""
    except OSError as error:
        if is_exhausted(error):
            raise
        return ""
    return next((variant.path for variant in variants(file) if variant.width >= place.width), f"/{file.path}")


def _file_resource(place: VariantAt, file: MediaFile, location: Path) -> FileResource | None:
    """Return the variant's file, which is at `location` on disk; None if it was deleted in the meantime."""
    try:
        length = location.stat().st_size
    except FileNotFoundError:
        return None
    return FileResource(path=path_of(place), location=str(location), media_type=file.type, length=length)
