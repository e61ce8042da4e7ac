"""The facts about a media file that decide its narrower copies: digest, and the sizes that copies can have."""

from __future__ import annotations

import hashlib
import os
import time
from io import BufferedReader
from math import inf
from typing import Final, NamedTuple

from feedsvc.content.file_signature import Stamp, size_of, stamp_of
from feedsvc.content.images import TYPES, read_header
from feedsvc.content.images.decoder_process import DIGITS
from feedsvc.content.media import image_widths
from feedsvc.content.safe_open import open_file
from feedsvc.errors import FeedsvcError
from feedsvc.model import MediaFile
from feedsvc.support.file_descriptors import is_exhausted

FOR_EVER: Final = inf


class RenditionError(FeedsvcError):
    """There is no narrower copy: the picture, its width or the disk does not allow it."""


class Facts(NamedTuple):
    """A picture's stamp when its bytes were read, their digest, and width and height of each copy that can be made.

    `width` is that of the picture as it is shown, 0 where it has no copies.
    """

    stamp: Stamp
    digest: str
    width: int
    sizes: tuple[image_widths.Size, ...]


_known: Final[dict[str, Facts]] = {}  # by location
# Digest of a picture that could not be decoded -> until when that is taken for granted, in seconds of time.monotonic.
# For `renditions` to change.
failed: Final[dict[str, float]] = {}


def digest(file: MediaFile) -> str:
    """16 hex digits that stand for the file's bytes. Raises OSError if they cannot be read."""
    return facts(file).digest


def can_size(media: MediaFile) -> bool:
    """Return whether copies can be made, by the picture's header and by what was tried.

    Not of an animation, nor of a file that is damaged, gone, over 64 MiB or takes too much memory.
    """
    if media.type not in TYPES:
        return False
    try:
        known = facts(media)
    except OSError as error:
        if is_exhausted(error):
            raise
        return False
    return bool(known.sizes) and failed.get(known.digest, 0.0) <= time.monotonic()


def facts(file: MediaFile) -> Facts:
    """Read the file, unless it is known. Threads that ask at once may read it twice. Raises OSError."""
    known = _known.get(file.location)
    if known is None or known.stamp != stamp_of(os.stat(file.location)):
        with opened(file) as reader:
            stamp, tag = stamp_of(os.fstat(reader.fileno())), hashlib.file_digest(reader, "sha256").hexdigest()[:DIGITS]
            known = _known[file.location] = Facts(stamp, tag, *_sizes(reader, file.type, size_of(stamp)))
    return known


def claimed(media: MediaFile, digest: str) -> Facts:
    """Return the facts of a file that has this digest: a withdrawn picture's copies must not be had under another's name.

    Raises RenditionError if it has not, OSError if this process has too many files open.
    """
    try:
        found = facts(media)
    except OSError as error:
        if is_exhausted(error):
            raise
        raise RenditionError(f"'{media.path}' cannot be read ({error.strerror})") from None
    if found.digest != digest:
        raise RenditionError(f"'{media.path}' has other bytes by now")
    return found


def opened(file: MediaFile) -> BufferedReader:
    """Open the file. Its path was resolved when it was found; what became a link or a pipe since then is not followed."""
    return open_file(file.location)


def _sizes(reader: BufferedReader, media_type: str, length: int) -> tuple[int, tuple[image_widths.Size, ...]]:
    """Return the picture's own width, and the sizes of its copies."""
    if media_type not in TYPES:
        return 0, ()
    try:
        header = read_header(reader)
    except (ValueError, OverflowError):
        return 0, ()
    found = image_widths.sizes(header, length) if header.media_type == media_type else ()
    return (header.size[0], found) if found else (0, ())
