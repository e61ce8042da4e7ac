"""Bytes of documents and files in an export: compare them with a file of the tree, or write them to it."""

from __future__ import annotations

import os
import shutil
from io import BufferedReader, FileIO
from typing import Final

from feedsvc.content.media import UncleanableError, open_clean
from feedsvc.content.safe_open import open_file
from feedsvc.errors import FeedsvcError
from feedsvc.publication import Document, FileResource

_BLOCK_SIZE: Final = 1024 * 1024  # bytes


def has_same_bytes(file: FileIO, size: int, content: Document | FileResource | bytes) -> bool:
    """Return whether a file of `size` bytes, open at its start, has the bytes of `content`.

    Raises OSError, and FeedsvcError if the file of a FileResource cannot be opened or cleaned of metadata.
    """
    if isinstance(content, FileResource):
        with open_source(content.location, is_cleaned=content.is_cleaned) as source:
            return size == length_of(source) and _is_rest_equal(file, source)
    body = content.body if isinstance(content, Document) else content
    return size == len(body) and file.read() == body


def _is_rest_equal(file: FileIO, source: BufferedReader) -> bool:
    while block := file.read(_BLOCK_SIZE):
        if block != source.read(len(block)):
            return False
    return True


def write_bytes(descriptor: int, content: Document | FileResource | bytes) -> None:
    """Write the bytes of `content` to a descriptor, and do not close it.

    Raises OSError. Raises FeedsvcError if the file of a FileResource cannot be opened or cleaned of metadata, or if an image to
    clean becomes shorter meanwhile.
    """
    if isinstance(content, FileResource):
        _copy(descriptor, content)
        return
    rest = memoryview(content.body if isinstance(content, Document) else content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _copy(descriptor: int, resource: FileResource) -> None:
    """Copy the file of a FileResource to a descriptor; without its metadata if it is an image to clean.

    Raises OSError. Raises FeedsvcError if the file cannot be opened or cleaned, or if an image to clean has become shorter
    since it was opened.
    """
    with (
        open_source(resource.location, is_cleaned=resource.is_cleaned) as source,
        open(descriptor, "wb", buffering=0, closefd=False) as file,
    ):
        length = length_of(source)
        shutil.copyfileobj(source, file, _BLOCK_SIZE)
        if resource.is_cleaned and source.tell() != length:
            raise FeedsvcError(f"{resource.location} was written to while it was copied; build again")


def open_source(location: str, *, is_cleaned: bool) -> BufferedReader:
    """Open a file for reading; with `is_cleaned`, an image as if it had no metadata.

    Raises FeedsvcError, which advises to build again, if the file cannot be opened or cleaned, mostly because the content
    changed during the build.
    """
    try:
        return open_clean(location) if is_cleaned else open_file(location)
    except OSError as error:
        raise FeedsvcError(f"{location} cannot be read ({error.strerror}); build again") from None
    except UncleanableError as error:
        raise FeedsvcError(f"{location} is damaged ({error}); build again") from None


def length_of(source: BufferedReader) -> int:
    """Return the number of bytes of an open file, and move its position to the first byte."""
    length = source.seek(0, os.SEEK_END)
    source.seek(0)
    return length
