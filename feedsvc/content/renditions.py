"""Narrower copies of pictures, for srcset: what a phone loads instead of the original. Pillow's second room.

A copy has the source's format and stands upright in sRGB, with its alpha and without any metadata. Made on first need,
it is kept by the content of its source; whoever deletes the folder loses only the time to make them again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import struct
import tempfile
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image as Pictures
from PIL import ImageCms

from feedsvc.errors import FeedsvcError
from feedsvc.model import MediaFile

WIDTHS: Final = (320, 640, 960, 1280, 1920)

_RECIPE: Final = 1  # counted up when the same picture shall give other bytes
_CLOSEST: Final = 95  # per cent of the picture's width; a copy nearer to it would save nothing
_LARGEST: Final = 64 * 1024 * 1024  # bytes of a source
_OPAQUE: Final = 128  # GIF knows nothing between
_AT_ONCE: Final = 4  # a picture of 90 million pixels takes a third of a gigabyte while it is worked on
_OURS: Final = re.compile(r"(?P<digest>[0-9a-f]{16})/(?:\.new-.+|[0-9]+-(?P<recipe>[0-9]+)-[0-9a-f]{16})")

# Media type -> Pillow's format and how to save. AVIF is tiled by the number of threads: one, for the same bytes everywhere.
_SAVED: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "image/avif": ("AVIF", {"quality": 65, "max_threads": 1}),
    "image/gif": ("GIF", {"optimize": True}),
    "image/jpeg": ("JPEG", {"quality": 80, "progressive": True, "optimize": True}),
    "image/png": ("PNG", {"optimize": True}),
    "image/webp": ("WEBP", {"quality": 80}),
}
# What Pillow raises for bytes that are broken or too many; media.py makes its warning of the latter an error.
_UNREADABLE: Final = (
    *(OSError, ValueError, SyntaxError, RuntimeError, EOFError, LookupError, TypeError, ArithmeticError, MemoryError),
    *(struct.error, zlib.error, Pictures.DecompressionBombError, Warning),
)
# A profile that is none, is broken or of another colour model than its picture: browsers ignore it.
_NO_PROFILE: Final = (ImageCms.PyCMSError, OSError, ValueError, TypeError, ImportError)
# EXIF 2.32 section 4.6.4 A, tag 274: how the stored picture is turned to stand upright. From 5 on it lies on its side.
_TURNS: Final = dict(zip(range(2, 9), map(Pictures.Transpose, (0, 3, 1, 5, 4, 6, 2)), strict=True))
_TIFF: Final = {
    b"II*\0": ("<", b"\x12\x01\x03\x00\x01\x00\x00\x00"),
    b"MM\0*": (">", b"\x01\x12\x00\x03\x00\x00\x00\x01"),
}

_Stamp = tuple[int, int]
_Key = tuple[str, int]
# Location -> its size and time when the bytes were read, their digest, whether copies can be made.
_known: Final[dict[str, tuple[_Stamp, str, bool]]] = {}


class RenditionError(FeedsvcError):
    """There is no narrower copy: the picture, its width or the disk does not allow it."""


def widths(width: int) -> tuple[int, ...]:
    """The widths that a picture of this width is worth having copies of, narrowest first."""
    return tuple(one for one in WIDTHS if one * 100 <= width * _CLOSEST)


def upright(picture: Pictures.Image) -> tuple[int, int]:
    """Width and height as browsers show the picture, by its EXIF orientation; nothing is decoded."""
    width, height = picture.size
    return (height, width) if _orientation(picture) in (5, 6, 7, 8) else (width, height)


def digest(file: MediaFile) -> str:
    """16 hex digits that stand for the file's bytes. Raises OSError if they cannot be read."""
    return _facts(file)[1]


def can_size(media: MediaFile) -> bool:
    """Whether copies can be made, by the look of its first bytes: not of what moves, is damaged, gone or over 64 MiB."""
    try:
        return media.type in _SAVED and _facts(media)[2]
    except OSError:
        return False


class Renditions:
    """The copies kept in one folder; safe in threads and between processes that share it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sound: dict[_Key, tuple[Path, _Stamp]] = {}
        self._turns = tuple(threading.Lock() for _ in range(_AT_ONCE))

    def file(self, media: MediaFile, digest: str, width: int) -> Path:
        """The copy, one of its `widths` wide, of the picture whose bytes have this digest.

        Raises RenditionError for another width, for a picture that moves, is damaged, gone or no longer has these bytes, and
        if a copy that is not there yet cannot be written.
        """
        key = (digest, width)
        if found := self._found(key):
            return found
        # One copy always waits for the same turn: none is made twice at once, and few at a time.
        with self._turns[hash(key) % _AT_ONCE]:
            return self._found(key) or self._keep(key, _narrowed(media, digest, width))

    def sweep(self, keep: Iterable[str]) -> int:
        """Remove the copies of pictures with other digests than these, those of former recipes and what killed writers left.

        How many files went; none while anybody is writing. Raises RenditionError if they may not be removed.
        """
        kept = frozenset(keep)
        with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB) as alone:
            gone = [path for path in self._folder.glob("*/*") if alone and self._is_refuse(path, kept)]
            for path in gone:
                path.unlink()
                with suppress(OSError):
                    path.parent.rmdir()  # once the last one in it went
            return len(gone)

    def _is_refuse(self, path: Path, kept: frozenset[str]) -> bool:
        ours = _OURS.fullmatch(path.relative_to(self._folder).as_posix())
        return ours is not None and (ours["digest"] not in kept or ours["recipe"] != str(_RECIPE))

    def _found(self, key: _Key) -> Path | None:
        """A name ends in the sum of its bytes: they are read through once, then known by the file's size and time."""
        with suppress(OSError):
            if key in self._sound and _stamp(self._sound[key][0]) == self._sound[key][1]:
                return self._sound[key][0]
        with suppress(OSError):
            for path in sorted((self._folder / key[0]).glob(f"{key[1]}-{_RECIPE}-*")):
                stamp = _stamp(path)
                if path.name.endswith(f"-{_sum(path.read_bytes())}"):
                    self._sound[key] = (path, stamp)
                    return path
        return None

    def _keep(self, key: _Key, data: bytes) -> Path:
        path = self._folder / key[0] / f"{key[1]}-{_RECIPE}-{_sum(data)}"
        with self._locked(fcntl.LOCK_SH):
            path.parent.mkdir(exist_ok=True)
            _replace(path, data)
            self._sound[key] = (path, _stamp(path))
        return path

    @contextmanager
    def _locked(self, how: int) -> Iterator[bool]:
        """Writers share the lock; who has it alone knows that a temporary file is nobody's. False if it is not to be had now."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with open(self._folder / ".lock", "ab") as lock:
                yield _is_locked(lock.fileno(), how)
        except OSError as error:
            raise RenditionError(f"{error.filename or self._folder} cannot be changed ({error.strerror})") from None


def _is_locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        return False
    return True


def _replace(path: Path, data: bytes) -> None:
    """Whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with open(descriptor, "wb") as new:
            new.write(data)
            os.fchmod(new.fileno(), 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _stamp(file: Path | str | int) -> _Stamp:
    status = os.stat(file)
    return status.st_size, status.st_mtime_ns


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _facts(file: MediaFile) -> tuple[_Stamp, str, bool]:
    """Threads that ask at once may look twice, and see the same."""
    known = _known.get(file.location)
    if known is None or known[0] != _stamp(file.location):
        with _open(file) as opened:
            stamp, tag = _stamp(opened.fileno()), hashlib.file_digest(opened, "sha256").hexdigest()[:16]
            known = _known[file.location] = (stamp, tag, stamp[0] <= _LARGEST and _is_still(file, opened))
    return known


def _open(file: MediaFile) -> BufferedReader:
    # The path was resolved when it was found; whatever became a link or a pipe since then is not followed, nor waited for.
    return os.fdopen(os.open(file.location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


def _is_still(file: MediaFile, opened: BufferedReader) -> bool:
    try:
        opened.seek(0)
        with Pictures.open(opened, formats=(_SAVED[file.type][0],)) as picture:
            return _fits(picture)
    except _UNREADABLE:
        return False


def _fits(picture: Pictures.Image) -> bool:
    """One picture, or a JPEG with its previews (MPO); no transparent colour of 16 bits, of which Pillow reads only 8."""
    moves = getattr(picture, "is_animated", False) and picture.format != "MPO"
    deep = any("16B" in str(tile) for tile in getattr(picture, "tile", ()))
    return not moves and not (deep and "transparency" in picture.info)


def _narrowed(media: MediaFile, digest: str, width: int) -> bytes:
    """The copy's bytes, made of bytes that cannot change meanwhile."""
    try:
        with _open(media) as opened:
            data = opened.read(_LARGEST)
        if _sum(data) != digest:
            raise RenditionError(f"'{media.path}' has other bytes by now")
        kind, options = _SAVED[media.type]
        with Pictures.open(BytesIO(data), formats=(kind,)) as picture:
            if width not in widths(upright(picture)[0]) or not _fits(picture):
                raise RenditionError(f"'{media.path}' has no copy {width} pixels wide")
            _copy(picture, width).save(out := BytesIO(), kind, **options)
            return out.getvalue()
    except _UNREADABLE as error:
        raise RenditionError(f"'{media.path}' cannot be made narrower ({getattr(error, 'strerror', None) or error})") from None


def _copy(picture: Pictures.Image, width: int) -> Pictures.Image:
    """Shrunk before all else, because all else costs by the pixel."""
    full, orientation, was_palette = upright(picture), _orientation(picture), picture.mode == "P"
    size = (width, max(1, round(full[1] * width / full[0])))
    stored = size if full == picture.size else size[::-1]
    picture.draft(None, (2 * stored[0], 2 * stored[1]))  # of a JPEG a half, quarter or eighth is decoded
    copy = _plain(picture).resize(stored, Pictures.Resampling.LANCZOS, reducing_gap=3.0)
    copy = _in_srgb(copy, picture.info.get("icc_profile", b""))
    copy = copy.transpose(_TURNS[orientation]) if orientation in _TURNS else copy
    copy.info = {}
    return _paletted(copy) if picture.format == "GIF" or (was_palette and copy.mode == "RGB") else copy


def _orientation(picture: Pictures.Image) -> int:
    """As browsers find it, in EXIF alone and before the pixels; Pillow's getexif would decode a PNG and warn of broken EXIF."""
    exif: bytes = picture.info.get("exif", b"").removeprefix(b"Exif\0\0")
    order, entry = _TIFF.get(exif[:4], ("", b""))
    with suppress(struct.error):
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for at in range(start + 2, start + 2 + 12 * count, 12):
            if entry and exif[at : at + 8] == entry:
                return int(*struct.unpack_from(f"{order}H", exif, at + 8))
    return 1


def _plain(picture: Pictures.Image) -> Pictures.Image:
    """In a mode that can be resized: eight bits, no palette, no key colour."""
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda level: level * (1 / 257) + 0.5).convert("L")
    if picture.has_transparency_data:
        return picture.convert({"LA": "LA"}.get(picture.mode, "RGBA"))
    return picture.convert({"1": "L", "L": "L", "CMYK": "CMYK"}.get(picture.mode, "RGB"))


def _in_srgb(picture: Pictures.Image, profile: bytes) -> Pictures.Image:
    """Grey stays grey; CMYK becomes RGB."""
    colour = picture.convert({"LA": "L", "RGBA": "RGB"}.get(picture.mode, picture.mode))
    with suppress(*_NO_PROFILE):
        given, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
        colour = ImageCms.profileToProfile(colour, given, srgb, outputMode="RGB") or colour
    colour = colour.convert("L" if picture.mode in ("L", "LA") else "RGB")
    if "A" in picture.getbands():
        colour.putalpha(picture.getchannel("A"))
    return colour


def _paletted(picture: Pictures.Image) -> Pictures.Image:
    """In 255 colours; where it had alpha, the last one stands for what is less than half opaque."""
    copy = picture.convert("RGB").quantize(255)
    if "A" in picture.getbands():
        copy.putpalette(((copy.getpalette() or []) + [0] * 768)[:768])
        copy.paste(255, mask=picture.getchannel("A").point(lambda alpha: 255 * (alpha < _OPAQUE)))
        copy.info["transparency"] = 255
    return copy
