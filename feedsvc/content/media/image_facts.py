"""Facts about a media file that its variants depend on: its digest and the sizes of the variants."""

from __future__ import annotations

import os
import time
from io import BufferedReader
from math import inf
from typing import Final, NamedTuple

from feedsvc.content.file_signature import FileSignature, signature_of, size_of
from feedsvc.content.images import DIGEST_LENGTH, IMAGE_TYPES, read_header
from feedsvc.content.media import image_widths
from feedsvc.content.safe_open import open_file
from feedsvc.errors import FeedsvcError
from feedsvc.model import MediaFile
from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.support.digest import file_sha256
from feedsvc.support.file_descriptors import is_exhausted

FOREVER: Final = inf
# Images, of about 900 bytes each. More than a site has, because every edition uses the facts of all its images.
_MAX_CACHED_FACTS: Final = 1_000_000


class VariantError(FeedsvcError):
    """Raised if a variant does not exist or cannot be made, because of the image, the width or the disk."""


class ImageFacts(NamedTuple):
    """Facts about the bytes of a media file. `signature` is that of the file when they were read.

    `digest` has the first 16 hex digits of their SHA-256. `sizes` are width and height in pixels of each possible variant of an
    image, narrowest first; () if it can have none. `width` is the image's own width as displayed, 0 if `sizes` is ().
    """

    signature: FileSignature
    digest: str
    width: int
    sizes: tuple[image_widths.Size, ...]


_facts_cache: Final[BoundedCache[str, ImageFacts]] = BoundedCache(_MAX_CACHED_FACTS)  # by location
# Digest of an image that could not be decoded -> time in seconds of time.monotonic until which it is not tried again.
# Only the module `thumbnails` changes this dict.
undecodable_until: Final[dict[str, float]] = {}


def digest_of(file: MediaFile) -> str:
    """Return the first 16 hex digits of the SHA-256 of the file's bytes. Raises OSError if they cannot be read."""
    return facts_of(file).digest


def can_have_variants(media: MediaFile) -> bool:
    """Return whether variants of a file can be made, according to the image's header and earlier attempts.

    False for an animation, for an image under 337 pixels wide or over 51 times as high as wide, and for a file that is no
    image, damaged, missing, over 64 MiB or needs over 400 MB with its decoder. Also False after an attempt to decode it failed:
    until its bytes change if the image is the cause, else for ten minutes. Raises OSError if this process has too many open
    files.
    """
    if media.type not in IMAGE_TYPES:
        return False
    try:
        facts = facts_of(media)
    except OSError as error:
        if is_exhausted(error):
            raise
        return False
    return bool(facts.sizes) and undecodable_until.get(facts.digest, 0.0) <= time.monotonic()


def facts_of(file: MediaFile) -> ImageFacts:
    """Return the facts of a file, which is read if none with its signature are cached. Raises OSError. Thread-safe."""
    facts = _facts_cache.get(file.location)
    if facts is None or facts.signature != signature_of(os.stat(file.location)):
        with open_media(file) as reader:
            signature = signature_of(os.fstat(reader.fileno()))
            digest = file_sha256(reader).hex()[:DIGEST_LENGTH]
            width, sizes = _read_sizes(reader, file.type, size_of(signature))
            facts = ImageFacts(signature, digest, width, sizes)
            _facts_cache.put(file.location, facts)
    return facts


def verified_facts(media: MediaFile, digest: str) -> ImageFacts:
    """Return the facts of a file if it has this digest, so that variants of a replaced image cannot be requested any more.

    Raises VariantError if it has another digest or cannot be read, OSError if this process has too many open files.
    """
    try:
        facts = facts_of(media)
    except OSError as error:
        if is_exhausted(error):
            raise
        raise VariantError(f"'{media.path}' cannot be read ({error.strerror})") from None
    if facts.digest != digest:
        raise VariantError(f"'{media.path}' has other bytes by now")
    return facts


def open_media(file: MediaFile) -> BufferedReader:
    """Open the file for reading bytes. A link or pipe that has replaced it is refused. Raises OSError."""
    return open_file(file.location)


def _read_sizes(reader: BufferedReader, media_type: str, length: int) -> tuple[int, tuple[image_widths.Size, ...]]:
    """Return `width` and `sizes` of ImageFacts for an open file; 0 and () unless it is of this media type and has variants."""
    if media_type not in IMAGE_TYPES:
        return 0, ()
    try:
        header = read_header(reader)
    except (ValueError, OverflowError):
        return 0, ()
    sizes = image_widths.variant_sizes(header, length) if header.media_type == media_type else ()
    return (header.size[0], sizes) if sizes else (0, ())
