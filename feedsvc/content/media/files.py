"""Media files: validation of files below media/; their media type, length in bytes, and width and height in pixels."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc.content import images
from feedsvc.content.file_signature import FileSignature, is_changed_since, signature_at, signature_of
from feedsvc.content.media import clean_file
from feedsvc.content.media.active_content import must_inspect, refuse_active_content
from feedsvc.content.media.media_types import IMAGE_TYPES, media_type
from feedsvc.content.safe_open import open_file
from feedsvc.content.text import did_you_mean
from feedsvc.model import MediaFile

MEDIA_PREFIX: Final = "media/"
_STALE_SIGNATURE: Final[FileSignature] = b"?"  # differs from the signature of any file
_TAIL_SIZE: Final = 64 * 1024  # bytes at the end of an image that `is_truncated` reads
_MEDIA_EXAMPLE: Final = "write it like media/picture.jpg, or an https address"


class CameraDataError(ValueError):
    """Raised for an intact picture that is not sent because metadata cannot be removed from its format, AVIF."""


class MediaFolder:
    """Media files of one content folder. Facts about a file that `file` returned are cached until `refresh` sees a change."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._files: dict[str, MediaFile] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._signatures: dict[str, FileSignature] = {}
        self._cleanable_paths: set[str] = set()  # images whose metadata can be removed
        self._trusted_signatures: dict[str, FileSignature] = {}

    def trust(self, path: str, signature: FileSignature) -> None:
        """Have `file` skip the search for active content in the file at a path like media/a.svg while it has this signature.

        Call this only if this version of feedsvc has searched the file with this signature before, and found none.
        """
        if must_inspect(path, is_known_type=media_type(path) is not None):
            self._trusted_signatures[path] = signature

    def file(self, path: str) -> MediaFile:
        """Return the file at a path like media/summit.jpg, as cached until `refresh` sees a change.

        Its type is that of its suffix, application/octet-stream for an unknown one, whatever bytes it has. Raises ValueError with
        a message for the editor if it is missing, no regular file, outside media/, behind a link that leaves media/, active
        content (`refuse_active_content`), or an unreadable SVG or file of unknown type; others are not opened.
        """
        if path not in self._files:
            self._files[path] = self._inspect(path)
        return self._files[path]

    def sendable_file(self, path: str, *, keep_metadata: bool) -> MediaFile:
        """Return the same MediaFile as `file`, after a check that it can be sent. Metadata is not removed here.

        Raises ValueError for a file that is missing, outside media/ or active content, for an unreadable SVG or file of unknown
        type, and unless `keep_metadata`, for a JPEG, PNG, GIF, WebP or AVIF image that cannot be read or from which metadata
        cannot be removed: CameraDataError if it is intact. Other types are not checked for metadata.
        """
        file = self.file(path)
        if not keep_metadata and clean_file.is_cleaned_type(file.type) and path not in self._cleanable_paths:
            _check_cleanable(file)
            self._cleanable_paths.add(path)
        return file

    def image_size(self, path: str) -> tuple[int, int]:
        """Return width and height of an image in pixels, as displayed. The result is cached until `refresh` sees a change.

        Raises ValueError with a message for the editor for a file that is missing, outside media/ or unreadable, that is no
        JPEG, PNG, GIF, WebP or AVIF, has another type than its suffix says, is damaged or has too many pixels.
        """
        if path not in self._sizes:
            self._sizes[path] = image_size(self.file(path))
        return self._sizes[path]

    def signature(self, path: str) -> FileSignature | None:
        """Return the file's signature from when its facts were cached; None if `file` raises ValueError for the path."""
        try:
            self.file(path)
        except ValueError:
            return None
        return self._signatures[path]

    def changed_since(self, reported_paths: Iterable[str] | None, moment: datetime) -> frozenset[str]:
        """Return the paths of the requested files that are missing or whose ctime is after the moment. Cached facts stay.

        All paths are relative to the content folder. A file is requested once `file` has returned it, until `refresh` returns
        its path. `reported_paths` limits the check to these files and folders; None checks all.
        """
        signatures = {path: signature_at(self._root / path) for path in self._requested_paths(reported_paths)}
        return frozenset(
            path for path, signature in signatures.items() if signature is None or is_changed_since(signature, moment)
        )

    def refresh(self, reported_paths: Iterable[str] | None = None, waiting_files: Container[str] = frozenset()) -> frozenset[str]:
        """Return the paths of the requested files whose signatures changed or that are gone, and forget the facts about them.

        Requested are the files that `file` returned since their last change. `reported_paths` limits the check to these files
        and folders; None checks all. `waiting_files` are skipped and keep their facts. If the content folder's path leads to
        another folder now, by a symbolic link, all requested files are returned except `waiting_files`.
        """
        real_root = os.path.realpath(self._root)
        if real_root != self._real_root:
            # A symbolic link now leads to another folder, so a file with the same signature may have another location.
            self._real_root, reported_paths = real_root, None
            self._signatures = dict.fromkeys(self._signatures, _STALE_SIGNATURE)
        paths = (path for path in self._requested_paths(reported_paths) if path not in waiting_files)
        changed = frozenset(path for path in paths if self._signatures[path] != signature_at(self._root / path))
        for path in changed:
            del self._files[path], self._signatures[path]
            self._sizes.pop(path, None)
            self._cleanable_paths.discard(path)
        return changed

    def _requested_paths(self, reported_paths: Iterable[str] | None) -> Iterable[str]:
        if reported_paths is None:
            return self._signatures
        return [path for reported_path in reported_paths for path in self._paths_below(reported_path)]

    def _paths_below(self, reported_path: str) -> list[str]:
        if reported_path in self._signatures:
            return [reported_path]
        return [path for path in self._signatures if path.startswith(f"{reported_path}/")]

    def _inspect(self, path: str) -> MediaFile:
        pure_path = PurePosixPath(path)
        if not path.startswith(MEDIA_PREFIX) and path.lower().startswith(MEDIA_PREFIX) and ".." not in pure_path.parts:
            hint = self._hint(MEDIA_PREFIX + path[len(MEDIA_PREFIX) :])
            raise ValueError(f"'{path}' is not a file in media/{hint or f'; {_MEDIA_EXAMPLE}'}")
        if not path.startswith(MEDIA_PREFIX) or str(pure_path) != path or ".." in pure_path.parts:
            meant = f"{MEDIA_PREFIX}{pure_path.name}"
            hint = f"did you mean '{meant}'?" if os.path.isfile(self._root / meant) else _MEDIA_EXAMPLE
            raise ValueError(f"'{path}' is not a file in media/; {hint}")
        if "\0" in path:
            raise ValueError(f"no file '{path}'")
        location = os.path.realpath(self._root / path)
        if not location.startswith(os.path.join(self._real_root, "media", "")):
            # A symbolic link must not publish a draft as a media file.
            raise ValueError(f"'{path}' lies behind a symbolic link that leaves media/; put the file itself there")
        try:
            status = os.stat(location)
        except OSError:
            raise ValueError(f"no file '{path}'{self._hint(path)}") from None
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"'{path}' is a folder or a device, not a file")
        signature = signature_of(status)
        if self._trusted_signatures.get(path) != signature:
            _inspect_content(path, location)
        self._signatures[path] = signature
        return MediaFile(path=path, location=location, type=media_type(path) or "application/octet-stream", length=status.st_size)

    def _hint(self, path: str) -> str:
        folder = self._root / PurePosixPath(path).parent
        try:
            names = sorted(str(PurePosixPath(path).parent / name) for name in os.listdir(folder))
        except OSError:
            return ""
        if actual_name := next((name for name in names if name.casefold() == path.casefold()), ""):
            return f"; write '{actual_name}', as the file is called: capital letters count"
        kind = _kind(path)
        hint = did_you_mean(path, [name for name in names if not kind or _kind(name) == kind])
        return f"; {hint}" if hint else ""


def _kind(path: str) -> str:
    """Return the first part of the media type, such as "image", by the suffix of a path; "" if that is unknown."""
    return (media_type(path) or "").partition("/")[0]


def check_usable(path: str, location: str) -> None:
    """Raise ValueError with a message for the editor if a file would be unusable as a media file. It need not be in media/ yet.

    It is unusable if it is active content (`refuse_active_content`), an image or file of unknown type that cannot be read, or
    an image that is damaged, has another type than its suffix says, has too many pixels, or from which metadata cannot be
    removed. `location` is its absolute path, `path` the one that it would have, like media/a.jpg.
    """
    _inspect_content(path, location)
    file = MediaFile(path=path, location=location, type=media_type(path) or "", length=0)
    if clean_file.is_cleaned_type(file.type):
        _check_cleanable(file)
    if file.type in IMAGE_TYPES:
        image_size(file)


def _inspect_content(path: str, location: str) -> None:
    try:
        refuse_active_content(path, location, is_known_type=media_type(path) is not None)
    except OSError as error:
        raise ValueError(f"'{path}' cannot be read ({error.strerror})") from None


def _check_cleanable(file: MediaFile) -> None:
    """Raise ValueError with a message for the editor if an image cannot be read or its metadata cannot be removed."""
    try:
        clean_file.check_cleanable(file.location)
    except clean_file.UncleanableError as error:
        if error.is_intact:
            raise CameraDataError(
                f"'{file.path}' has metadata, perhaps camera and location ({error}), which is not removed from AVIF, "
                "so it is not sent; save it again without camera data, or as JPEG"
            ) from None
        raise ValueError(
            f"'{file.path}' is damaged or no picture at all ({error}), so camera and location data cannot be taken out of it; "
            "save it again as JPEG or PNG"
        ) from None
    except OSError as error:
        raise ValueError(f"'{file.path}' cannot be read ({error.strerror})") from None


def sent_length(file: MediaFile, *, keep_metadata: bool) -> int:
    """Return the number of bytes that clients receive of a file.

    Unless `keep_metadata`, JPEG, PNG, GIF, WebP and AVIF images count without metadata. Their length is computed from their
    present bytes: raises ValueError with a message for the editor if the file cannot be read or cleaned any more. In all other
    cases, return `file.length` unchecked.
    """
    if keep_metadata or not clean_file.is_cleaned_type(file.type):
        return file.length
    try:
        return clean_file.clean_length(file.location)
    except (clean_file.UncleanableError, OSError):
        raise ValueError(f"'{file.path}' was changed just now; it is read again") from None


def image_size(file: MediaFile) -> tuple[int, int]:
    """Return width and height of an image in pixels, as displayed, from its header.

    Raises ValueError with a message for the editor if it is no JPEG, PNG, GIF, WebP or AVIF, has another type than its suffix
    says, is damaged, cannot be read or has too many pixels.
    """
    if file.type not in IMAGE_TYPES:
        raise ValueError(f"'{file.path}' is no picture that readers show; use JPEG, PNG, GIF, WebP or AVIF")
    try:
        with open_file(file.location) as reader:
            header = images.read_header(reader)
    except OverflowError:
        limit = images.MAX_PIXELS // 1_000_000
        raise ValueError(f"'{file.path}' has more than {limit} megapixels, the most that is used; make it smaller") from None
    except (ValueError, OSError):
        raise ValueError(f"'{file.path}' is damaged or no picture at all; save it again as JPEG or PNG") from None
    if header.media_type != file.type:
        kind = header.media_type
        raise ValueError(f"'{file.path}' holds {kind}, which its name does not say; rename it to end in .{kind[6:]}")
    return header.size


def is_truncated(file: MediaFile) -> bool:
    """Return whether an image lacks its end, as after an interrupted upload. Raises OSError if it cannot be read.

    Nothing is decoded, because that would take long. Return False for types other than GIF, JPEG and PNG, and True for an image
    of these types that has no end in its last 64 KiB and whose metadata cannot be removed.
    """
    is_complete = _COMPLETENESS_TESTS.get(file.type)
    if is_complete is None:
        return False
    with open_file(file.location) as reader:
        if is_complete(_tail(reader)):
            return False
    # Other data may follow the end, such as the film of a phone's motion photo. Cleaning searches the end, and removes them.
    try:
        with clean_file.open_clean(file.location) as reader:
            return not is_complete(_tail(reader))
    except clean_file.UncleanableError:
        return True


def _tail(reader: BufferedReader) -> bytes:
    reader.seek(max(0, reader.seek(0, os.SEEK_END) - _TAIL_SIZE))
    return reader.read()


# Media type -> test of a file's last bytes for the end of the image.
_COMPLETENESS_TESTS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "image/gif": lambda tail: tail.rstrip(b"\0").endswith(b";"),
    "image/jpeg": lambda tail: tail.rfind(b"\xff\xd9") > tail.rfind(b"\xff\xda"),
    "image/png": lambda tail: b"IEND\xaeB`\x82" in tail,
}
