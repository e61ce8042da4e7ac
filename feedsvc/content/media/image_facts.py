"""Facts about a media file that its variants depend on: its digest and the sizes of the variants."""

from __future__ import annotations

import os
from io import BufferedReader
from typing import Final, NamedTuple

from feedsvc.content.file_signature import FileSignature, signature_of, size_of
from feedsvc.content.images import IMAGE_TYPES, MAX_DECODER_MEMORY, ImageHeader, read_header
from feedsvc.content.safe_open import open_file
from feedsvc.model import MediaFile
from feedsvc.support.bounded_cache import BoundedCache
from feedsvc.support.digest import file_sha256, sha256
from feedsvc.support.file_descriptors import is_exhausted

DIGEST_LENGTH: Final = 16  # hexadecimal digits of a file's SHA-256
VARIANT_WIDTHS: Final = (320, 640, 960, 1280, 1920)
MAX_SOURCE_SIZE: Final = 64 * 1024 * 1024  # bytes of an image file that has variants

Size = tuple[int, int]

_MAX_WIDTH_PERCENT: Final = 95  # of the image's width; a wider variant would save nothing
_MAX_PIXELS: Final = 8_000_000  # of a variant: 1920 by 4166
_MAX_HEIGHT: Final = 16_383  # pixels; the maximum of WebP
# Bytes of file and decoder, and pixels, above which an image is decoded while no other large one is.
_MAX_SMALL_MEMORY, _MAX_SMALL_PIXELS = 40_000_000, 30_000_000
# Images, of about 900 bytes each. More than a site has, because every edition uses the facts of all its images.
_MAX_CACHED_FACTS: Final = 1_000_000


class ImageFacts(NamedTuple):
    """Facts about the bytes of a media file. `signature` is that of the file when they were read.

    `digest` has the first 16 hex digits of their SHA-256. `sizes` are width and height in pixels of each possible variant of an
    image, narrowest first; () if it can have none. `width` is the image's own width as displayed, 0 if `sizes` is ().
    `is_large` states that its decoder takes much memory.
    """

    signature: FileSignature
    digest: str
    width: int = 0
    sizes: tuple[Size, ...] = ()
    is_large: bool = False


_facts_cache: Final[BoundedCache[str, ImageFacts]] = BoundedCache(_MAX_CACHED_FACTS)  # by location


def short_digest(data: bytes) -> str:
    """Return the first 16 hex digits of the SHA-256 of bytes."""
    return sha256(data).hex()[:DIGEST_LENGTH]


def digest_of(file: MediaFile) -> str:
    """Return the first 16 hex digits of the SHA-256 of the file's bytes. Raises OSError if they cannot be read."""
    return facts_of(file).digest


def can_have_variants(media: MediaFile) -> bool:
    """Return whether variants of a file can be made, according to the image's header.

    False for an animation, for an image under 337 pixels wide or over 51 times as high as wide, and for a file that is no
    image, damaged, missing, over 64 MiB or needs over 400 MB with its decoder. True for an image that cannot be decoded. Raises
    OSError if this process has too many open files.
    """
    if media.type not in IMAGE_TYPES:
        return False
    try:
        return bool(facts_of(media).sizes)
    except OSError as error:
        if is_exhausted(error):
            raise
        return False


def facts_of(file: MediaFile) -> ImageFacts:
    """Return the facts of a file, which is read if none with its signature are cached. Raises OSError. Thread-safe."""
    facts = _facts_cache.get(file.location)
    if facts is None or facts.signature != signature_of(os.stat(file.location)):
        with open_file(file.location) as reader:  # refuses a link or pipe that has replaced the file
            facts = _read_facts(reader, file.type)
        _facts_cache.put(file.location, facts)
    return facts


def _read_facts(reader: BufferedReader, media_type: str) -> ImageFacts:
    """Return the facts of an open file. It has variants only if it is an image of this media type."""
    signature = signature_of(os.fstat(reader.fileno()))
    facts = ImageFacts(signature, file_sha256(reader).hex()[:DIGEST_LENGTH])
    if media_type not in IMAGE_TYPES:
        return facts
    try:
        header = read_header(reader)
    except (ValueError, OverflowError):
        return facts
    length = size_of(signature)
    sizes = variant_sizes(header, length) if header.media_type == media_type else ()
    if not sizes:
        return facts
    is_large = length + header.decoder_memory > _MAX_SMALL_MEMORY or header.width * header.height > _MAX_SMALL_PIXELS
    return facts._replace(width=header.size[0], sizes=sizes, is_large=is_large)


def variant_widths(width: int, height: int) -> tuple[int, ...]:
    """Return the widths of the variants of an image of this size as displayed, in pixels, narrowest first; () for none.

    They are those of VARIANT_WIDTHS up to 95 % of the image's own width, except those at which the variant would have over
    8,000,000 pixels or be over 16,383 high.
    """
    candidates = [candidate for candidate in VARIANT_WIDTHS if candidate * 100 <= width * _MAX_WIDTH_PERCENT]
    max_heights = {candidate: min(_MAX_HEIGHT, _MAX_PIXELS // candidate) for candidate in candidates}
    return tuple(candidate for candidate in candidates if _variant_height(width, height, candidate) <= max_heights[candidate])


def _variant_height(width: int, height: int, variant_width: int) -> int:
    """Return the height in pixels of a variant `variant_width` pixels wide of an image of this size, at least 1."""
    return max(1, round(height * variant_width / width))


def variant_sizes(header: ImageHeader, length: int) -> tuple[Size, ...]:
    """Return width and height of each variant of an image, narrowest first; `length` is the size of its file in bytes.

    An image that is not `is_still`, such as an animation, has none. Neither has a file over 64 MiB, or one that needs more than
    400 MB together with its decoder.
    """
    if not header.is_still or length > MAX_SOURCE_SIZE or length + header.decoder_memory > MAX_DECODER_MEMORY:
        return ()
    width, height = header.size
    return tuple((narrower, _variant_height(width, height, narrower)) for narrower in variant_widths(width, height))
