"""Files below media/ and what feeds must say of them: media type, length in bytes, width and height in pixels."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Container, Iterable, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final

from feedsvc.content import images
from feedsvc.content.file_signature import Stamp, is_younger, stamp_at, stamp_of
from feedsvc.content.media import clean_file
from feedsvc.content.media.active_content import must_look, refuse_program
from feedsvc.content.safe_open import open_file
from feedsvc.content.text import nearest
from feedsvc.model import MediaFile

FOLDER: Final = "media/"

# A table of our own: the system's differs from machine to machine, and so would the feeds.
TYPES: Final[Mapping[str, str]] = {
    ".aac": "audio/aac",
    ".avif": "image/avif",
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".epub": "application/epub+zip",
    ".flac": "audio/flac",
    ".gif": "image/gif",
    ".ico": "image/vnd.microsoft.icon",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".m4a": "audio/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".oga": "audio/ogg",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".opus": "audio/ogg",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
}
PICTURES: Final = images.TYPES
_NOTHING: Final[Stamp] = b"?"  # unlike that of any file
_TAIL: Final = 64 * 1024  # bytes


class Media:
    """The media of one content folder; what was asked once is remembered until `changed` finds it other than it was."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._real = os.path.realpath(root)
        self._files: dict[str, MediaFile] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._stamps: dict[str, Stamp] = {}
        self._clean: set[str] = set()  # pictures whose metadata can be taken out
        self._trusted: dict[str, Stamp] = {}

    def trust(self, path: str, stamp: Stamp) -> None:
        """Take a file for no program as long as it has this stamp: this version of the product has looked through it before."""
        if must_look(path, is_known=_type(path) is not None):
            self._trusted[path] = stamp

    def file(self, path: str) -> MediaFile:
        """The file at a path like media/summit.jpg. Raises ValueError with a sentence for the editor."""
        if path not in self._files:
            self._files[path] = self._look(path)
        return self._files[path]

    def sendable(self, path: str, *, keep_metadata: bool) -> MediaFile:
        """Return the file as `file` does. Raises ValueError also for a picture whose metadata cannot be taken out."""
        file = self.file(path)
        if not keep_metadata and clean_file.is_cleaned(file.type) and path not in self._clean:
            _check(file)
            self._clean.add(path)
        return file

    def size(self, path: str) -> tuple[int, int]:
        """Width and height of a picture. Raises ValueError with a sentence for the editor."""
        if path not in self._sizes:
            self._sizes[path] = size(self.file(path))
        return self._sizes[path]

    def stamp(self, path: str) -> Stamp | None:
        """The stamp of the file when it was first asked for; None if there is none to refer to."""
        try:
            self.file(path)
        except ValueError:
            return None
        return self._stamps[path]

    def young(self, touched: Iterable[str] | None, moment: datetime) -> frozenset[str]:
        """Which of the files that were asked for changed since the moment, or are away."""
        now = {path: stamp_at(self._root / path) for path in self._known(touched)}
        return frozenset(path for path, stamp in now.items() if stamp is None or is_younger(stamp, moment))

    def changed(self, touched: Iterable[str] | None = None, restless: Container[str] = frozenset()) -> frozenset[str]:
        """Which of the files that were asked for are not what they were, of all or of those at or below touched paths.

        Those that are `restless` count as they were.
        """
        real = os.path.realpath(self._root)
        if real != self._real:
            # A link was switched to another folder: the same file may lie at another place.
            self._real, touched = real, None
            self._stamps = dict.fromkeys(self._stamps, _NOTHING)
        known = (path for path in self._known(touched) if path not in restless)
        changed = frozenset(path for path in known if self._stamps[path] != stamp_at(self._root / path))
        for path in changed:
            del self._files[path], self._stamps[path]
            self._sizes.pop(path, None)
            self._clean.discard(path)
        return changed

    def _known(self, touched: Iterable[str] | None) -> Iterable[str]:
        return self._stamps if touched is None else [path for one in touched for path in self._at(one)]

    def _at(self, touched: str) -> list[str]:
        if touched in self._stamps:
            return [touched]
        return [path for path in self._stamps if path.startswith(f"{touched}/")]

    def _look(self, path: str) -> MediaFile:
        pure = PurePosixPath(path)
        if not path.startswith(FOLDER) or str(pure) != path or ".." in pure.parts:
            raise ValueError(f"'{path}' is not a file in media/; write it like media/picture.jpg, or an https address")
        if "\0" in path:
            raise ValueError(f"no file '{path}'")
        location = os.path.realpath(self._root / path)
        if not location.startswith(os.path.join(self._real, FOLDER)):
            # Whatever a link makes of it, a draft is no medium.
            raise ValueError(f"'{path}' lies behind a symbolic link that leaves media/; put the file itself there")
        try:
            status = os.stat(location)
        except OSError:
            raise ValueError(f"no file '{path}'{self._hint(path)}") from None
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"'{path}' is a folder or a device, not a file")
        stamp = stamp_of(status)
        self._refuse_program(path, location, stamp)
        self._stamps[path] = stamp
        return MediaFile(path=path, location=location, type=_type(path) or "application/octet-stream", length=status.st_size)

    def _refuse_program(self, path: str, location: str, stamp: Stamp) -> None:
        if self._trusted.get(path) == stamp:
            return
        try:
            refuse_program(path, location, is_known=_type(path) is not None)
        except OSError as error:
            raise ValueError(f"'{path}' cannot be read ({error.strerror})") from None

    def _hint(self, path: str) -> str:
        folder = self._root / PurePosixPath(path).parent
        try:
            names = sorted(str(PurePosixPath(path).parent / name) for name in os.listdir(folder))
        except OSError:
            return ""
        if same := next((name for name in names if name.casefold() == path.casefold()), ""):
            return f"; write '{same}', as the file is called: capital letters count"
        hint = nearest(path, names)
        return f"; {hint}" if hint else ""


def _type(path: str) -> str | None:
    return TYPES.get(PurePosixPath(path).suffix.lower())


def _check(file: MediaFile) -> None:
    """Raise ValueError with a sentence for the editor if a picture cannot be cleaned."""
    try:
        clean_file.check(file.location)
    except clean_file.DirtyError as error:
        raise ValueError(
            f"'{file.path}' is damaged or no picture at all ({error}), so camera and location data cannot be taken out of it; "
            "save it again as JPEG or PNG"
        ) from None
    except OSError as error:
        raise ValueError(f"'{file.path}' cannot be read ({error.strerror})") from None


def sent_length(file: MediaFile, *, keep_metadata: bool) -> int:
    """Return how many bytes of a file are sent. Raises ValueError with a sentence for the editor."""
    if keep_metadata or not clean_file.is_cleaned(file.type):
        return file.length
    try:
        return clean_file.length(file.location)
    except (clean_file.DirtyError, OSError):
        raise ValueError(f"'{file.path}' was changed just now; it is read again") from None


def size(file: MediaFile) -> tuple[int, int]:
    """Width and height of a picture, of which only the beginning is read. Raises ValueError with a sentence for the editor."""
    if file.type not in PICTURES:
        raise ValueError(f"'{file.path}' is no picture that readers show; use JPEG, PNG, GIF, WebP or AVIF")
    try:
        with open_file(file.location) as opened:
            header = images.read_header(opened)
    except OverflowError:
        most = images.MOST_PIXELS // 1_000_000
        raise ValueError(f"'{file.path}' has more than {most} megapixels, the most that is used; make it smaller") from None
    except (ValueError, OSError):
        raise ValueError(f"'{file.path}' is damaged or no picture at all; save it again as JPEG or PNG") from None
    if header.media_type != file.type:
        kind = header.media_type
        raise ValueError(f"'{file.path}' holds {kind}, which its name does not say; rename it to end in .{kind[6:]}")
    return header.size


def is_cut(file: MediaFile) -> bool:
    """Return whether a picture lacks its end, as after a broken upload: by its last bytes, since to decode it would take long.

    Raises OSError if it cannot be read.
    """
    is_whole = _ENDS.get(file.type)
    if is_whole is None:
        return False
    with open_file(file.location) as opened:
        opened.seek(max(0, file.length - _TAIL))
        return not is_whole(opened.read())


# Media type -> whether a file with these last bytes is whole; something may follow the end.
_ENDS: Final[Mapping[str, Callable[[bytes], bool]]] = {
    "image/gif": lambda tail: tail.rstrip(b"\0").endswith(b";"),
    "image/jpeg": lambda tail: tail.rfind(b"\xff\xd9") > tail.rfind(b"\xff\xda"),
    "image/png": lambda tail: b"IEND\xaeB`\x82" in tail,
}
