"""Names of files in media/: those that the files had at the source, as far as a file and an address can have them."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from feedsvc.content.images import read_header
from feedsvc.content.media import MEDIA_PREFIX, MEDIA_TYPES
from feedsvc.content.safe_open import open_file
from feedsvc.importing.addresses import split_address
from feedsvc.importing.writer.names import as_slug, portable_name

_UPLOAD_FOLDERS: Final = ("/wp-content/uploads/", "/uploads/", "/media/", "/images/", "/content/images/")
_MAX_FOLDERS: Final = 6
_SUFFIXES: Final = {media_type: suffix for suffix, media_type in reversed([*MEDIA_TYPES.items()])} | {"image/jpeg": ".jpg"}


def upload_path(address: str) -> str:
    """Return the decoded path of a file below the folder in which its system keeps uploads, such as 2020/01/photo.jpg.

    Without such a folder in the address, it is its whole path without the slash at the start.
    """
    path = unquote(split_address(address).path)
    for folder in _UPLOAD_FOLDERS:
        if folder in path:
            return path.partition(folder)[2]
    return path.lstrip("/")


def media_name(address: str, file: Path, media_type: str) -> str:
    """Return the path, "media/2020/01/photo.jpg", for a fetched file. The suffix of an image is that of what the file holds.

    `media_type` is what the server said. It counts only if the file is no image and the name has no known suffix. Another file
    may have the path already.
    """
    *folders, name = [part for part in upload_path(address).split("/") if part] or ["file"]
    own = PurePosixPath(name).suffix if PurePosixPath(name).suffix.lower() in MEDIA_TYPES else ""
    name = f"{as_slug(name.removesuffix(own)) or 'file'}{own}"
    true_type = _image_type(file) or MEDIA_TYPES.get(own.lower()) or media_type
    if MEDIA_TYPES.get(own.lower()) != true_type and true_type in _SUFFIXES:
        name = f"{name.removesuffix(own)}{_SUFFIXES[true_type]}"
    segments = (*filter(None, map(as_slug, folders[-_MAX_FOLDERS:])), name)
    return f"{MEDIA_PREFIX}{'/'.join(map(portable_name, segments))}"


def depends_on_media_type(address: str, file: Path) -> bool:
    """Return whether the `media_name` of a fetched file depends on the media type that the server said."""
    return PurePosixPath(upload_path(address)).suffix.lower() not in MEDIA_TYPES and not _image_type(file)


def numbered(path: str, number: int) -> str:
    """Return a path with a number in its name, as in media/photo-2.jpg; number 1 gives the path itself."""
    pure = PurePosixPath(path)
    return path if number == 1 else str(pure.with_name(f"{pure.stem}-{number}{pure.suffix}"))


def _image_type(file: Path) -> str:
    """Return the media type of an image by its first bytes, "" for other files."""
    try:
        with open_file(str(file)) as stream:
            return read_header(stream).media_type
    except (ValueError, OverflowError, OSError):
        return ""
