"""Image variants: the narrower copies of images that a catalog's pages and feeds offer, and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain

from feedsvc.catalog import Catalog, IssueRow, Row
from feedsvc.content.media import (
    DIGEST_LENGTH,
    THUMBNAIL_WIDTH,
    VARIANT_WIDTHS,
    VariantStore,
    facts_of,
    fitting_variant,
    variants,
)
from feedsvc.model import MediaFile
from feedsvc.publication.document import FileResource, Redirect
from feedsvc.routes import VariantAt, path_of
from feedsvc.support.file_descriptors import is_exhausted


class ImageVariants:
    """Image variants of one catalog, and their files in `variant_store`. If that is None, no variant is found or made."""

    def __init__(self, catalog: Catalog, variant_store: VariantStore | None) -> None:
        self._catalog, self._variant_store = catalog, variant_store

    def paths(self) -> Iterator[str]:
        """Yield the paths of all variants that pages and feeds offer."""
        for file in self._images():
            yield from (variant.path for variant in variants(file))

    def missing_variants(self) -> Sequence[MediaFile]:
        """Return the images with variants to be made, unless making them failed before.

        Of images with the same bytes, return one. Images that cannot be read are left out; raises OSError if one becomes so
        during the call. [] without a variant store.
        """
        if not (store := self._variant_store):
            return []
        images = {facts_of(file).digest: file for file in self._images() if variants(file)}
        return [file for file in images.values() if store.lacks_variants(file)]

    def find(self, place: VariantAt) -> FileResource | Redirect | None:
        """Return the variant; if it is not made yet, request it and return the original image.

        If `place` has the digest of earlier bytes of the image, return a temporary redirect to the narrowest current variant
        that is at least as wide, or to the image if there is none. None for an image that the catalog does not have or that
        cannot be read, a variant that no page offers, or without a variant store. Raises OSError if the process has no free file
        descriptor.
        """
        file = self._catalog.media.get(place.path)
        if file and self._variant_store and (target := _redirect_target(file, place)):
            return Redirect(target=target, is_permanent=False)
        return self._find_or(VariantStore.request, place)

    def make(self, place: VariantAt) -> FileResource | None:
        """Return the variant, made first, while the caller waits, if it is missing; if it cannot be made, the original image.

        None in the same cases as `find`, and for earlier bytes of the image.
        """
        return self._find_or(VariantStore.make, place)

    def order_for_feed(self, rows: Iterable[Row]) -> None:
        """Request the missing variants of the images that a feed of these rows names: subscribers fetch them in seconds.

        These are the images of the articles (or issues) that are wider than a thumbnail. Do not wait for them. Images that cannot
        be read are skipped, and all of them while the process has no free file descriptor.
        """
        articles = chain.from_iterable(row.articles if isinstance(row, IssueRow) else (row,) for row in rows)
        for path in dict.fromkeys(path for row in articles for path in row.article.media):
            file = self._catalog.media.get(path)
            with suppress(OSError):
                if file and self._variant_store and fitting_variant(file, THUMBNAIL_WIDTH):
                    self._variant_store.request(file)

    def _find_or(self, make: Callable[[VariantStore, MediaFile], None], place: VariantAt) -> FileResource | None:
        """Return the variant; if it is missing, call `make`, and return the variant that is there then, else the original image.

        A page may offer the original instead, because browsers do not fall back from srcset to src.
        """
        file, store = self._catalog.media.get(place.path), self._variant_store
        if file is None or store is None:
            return None
        try:
            facts = facts_of(file)
            if facts.digest != place.digest or place.width not in dict(facts.sizes):
                return None
            location = store.find(place.digest, place.width)
            if location is None:
                make(store, file)
                location = store.find(place.digest, place.width)
            if location:
                return FileResource(
                    path=path_of(place), location=str(location), media_type=file.type, length=location.stat().st_size
                )
        except OSError as error:
            if is_exhausted(error):
                raise
            return None
        return self._original(place, file)

    def _original(self, place: VariantAt, file: MediaFile) -> FileResource:
        return FileResource(
            path=path_of(place),
            location=file.location,
            media_type=file.type,
            length=file.length,
            is_cleaned=not self._catalog.site.keep_metadata,
            is_substitute=True,
        )

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
