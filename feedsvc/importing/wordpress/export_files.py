"""Files of a WordPress export: one file, a folder of them, or an archive, read as chunks of UTF-8.

At most `CHUNK_SIZE` bytes are read at once, and an archive expands to at most 256 MiB plus `MAX_EXPANSION` times its own size.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from feedsvc.importing.source import ImportSourceError

CHUNK_SIZE: Final = 1024 * 1024  # bytes
# XML compresses to a tenth of its size; deflate, at most, to a thousandth.
MAX_EXPANSION: Final = 100
_FREE_EXPANSION: Final = 256 * 1024 * 1024  # bytes that every archive may expand to
_MAX_MEMBERS: Final = 10_000  # files of a zip archive
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZIP_MAGIC: Final = b"PK\x03\x04"
_SUFFIXES: Final = (".xml", ".wxr", ".gz", ".zip")
_NAMESPACE: Final = b"wordpress.org/export/"
_HEAD_SIZE: Final = 64 * 1024  # bytes in which an export names its namespace
_DECLARED_ENCODING: Final = re.compile(rb"\A\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_BYTE_ORDER_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# Browsers read these names as their superset (WHATWG Encoding, section 4.2).
_SUPERSETS: Final = {"iso8859-1": "cp1252", "ascii": "utf-8"}
_NUMBER: Final = re.compile(r"(\d+)")


class ReadFault(Exception):  # noqa: N818 - the fault is the text of an omission, not an error of the command
    """Raised by `ExportFile.read_chunks` if a file cannot be read to its end. The text is the reason."""


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export. `name` is its name for places in reports: "part-1.xml", or "export.zip/part-1.xml".

    `max_size` is the most bytes it may have after decompression, 0 for no limit. `open_stream` opens it, decompressed.
    """

    name: str
    open_stream: Callable[[], io.BufferedIOBase]
    max_size: int  # bytes after decompression; 0: no limit

    def read_chunks(self) -> Iterator[bytes]:
        """Yield the file as UTF-8 without byte order mark. Invalid bytes of a file in UTF-8 are not changed.

        Raises ReadFault if the file cannot be read on, after everything that could be read.
        """
        yield from _to_utf8(self._read())

    def _read(self) -> Iterator[bytes]:
        size = 0
        try:
            with closing(self.open_stream()) as stream:
                while chunk := stream.read1(CHUNK_SIZE):  # what precedes a fault is returned
                    size += len(chunk)
                    if self.max_size and size > self.max_size:
                        raise ReadFault(
                            f"it expands to over {self.max_size:,} bytes, {MAX_EXPANSION} times the size of the archive, "
                            "as no text does; unpack it if you trust it"
                        )
                    yield chunk
        except EOFError:
            raise ReadFault("the compressed file ends early") from None
        except (OSError, zlib.error, zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
            raise ReadFault(getattr(error, "strerror", None) or str(error)) from None


def find_export_files(path: Path) -> tuple[ExportFile, ...]:
    """Return the files of an export, in the order of their names, numbers by value.

    `path` is an XML file, one compressed with gzip, a zip archive of XML files, or a folder with such files (.xml, .wxr, .gz,
    .zip). Other files of a folder, hidden ones and its subfolders are skipped. Whether the files are exports is not checked.
    Raises ImportSourceError if there is no such file, or if one cannot be opened.
    """
    files = tuple(_listed_files(path))
    if not files:
        raise ImportSourceError(f"{path} has no file of a WordPress export (.xml, .xml.gz or .zip)")
    return files


def is_wordpress_export(path: Path) -> bool:
    """Return whether the first file that `find_export_files` returns for a path names the namespace of WordPress's exports.

    Its first 64 KiB count. False for a folder without a file that may be an export. Raises ImportSourceError if the first file
    cannot be read.
    """
    file = next(_listed_files(path), None)
    if file is None:
        return False  # perhaps a folder of feeds
    head = b""
    try:
        for chunk in file.read_chunks():
            head += chunk
            if len(head) >= _HEAD_SIZE:
                break
    except ReadFault as fault:
        if not head:
            raise ImportSourceError(f"{path} cannot be read ({fault})") from None
    return _NAMESPACE in head[:_HEAD_SIZE]


def _listed_files(path: Path) -> Iterator[ExportFile]:
    """Yield the files of `find_export_files`. Raises ImportSourceError, for a file of a folder only when it is its turn."""
    try:
        is_folder = stat.S_ISDIR(os.stat(path).st_mode)
        names = sorted(filter(_is_listed, os.listdir(path)), key=_natural_key) if is_folder else []
    except OSError as error:
        raise ImportSourceError(
            f"{path} cannot be read ({error.strerror}); name the export or the folder with its parts"
        ) from None
    for listed in (path / name for name in names) if is_folder else (path,):
        if not is_folder or os.path.isfile(listed):
            yield from _files_of(listed)


def _is_listed(name: str) -> bool:
    """Return whether a file of a folder belongs to an export. macOS writes hidden files beside those in its archives."""
    return name.lower().endswith(_SUFFIXES) and not name.startswith(".")


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which "part-2" is before "part-10"."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece.lower()) for piece in _NUMBER.split(name)]


def _files_of(path: Path) -> tuple[ExportFile, ...]:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ImportSourceError(f"{path} is neither a file nor a folder")
        with open(path, "rb") as file:
            start = file.read(4)
            size = os.fstat(file.fileno()).st_size
    except OSError as error:
        raise ImportSourceError(f"{path} cannot be read ({error.strerror})") from None
    if start == _ZIP_MAGIC:
        return _members(path, size)
    if start.startswith(_GZIP_MAGIC):
        return (ExportFile(path.name, lambda: gzip.open(path, "rb"), _max_size(size)),)
    return (ExportFile(path.name, lambda: open(path, "rb"), 0),)


def _max_size(archive_size: int) -> int:
    return _FREE_EXPANSION + MAX_EXPANSION * archive_size


def _members(path: Path, size: int) -> tuple[ExportFile, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if _is_export(member.filename)]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise ImportSourceError(f"{path} is no usable zip archive: {error}; unpack it, and name the folder") from None
    if not members:
        raise ImportSourceError(f"{path} has no .xml file")
    if len(members) > _MAX_MEMBERS:
        raise ImportSourceError(f"{path} has {len(members):,} files, over {_MAX_MEMBERS:,}; unpack it, and name the folder")
    if any(member.flag_bits & 1 for member in members):
        raise ImportSourceError(f"{path} is encrypted; unpack it, and name the folder")
    if sum(member.compress_size for member in members) > size:
        raise ImportSourceError(f"{path} has files that overlap, as no usual archive has; unpack it, and name the folder")
    members.sort(key=lambda member: _natural_key(member.filename))
    return tuple(
        ExportFile(
            f"{path.name}/{member.filename}",
            _member_opener(path, member.filename),
            _FREE_EXPANSION // len(members) + MAX_EXPANSION * member.compress_size,
        )
        for member in members
    )


def _is_export(name: str) -> bool:
    hidden = name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")
    return name.lower().endswith((".xml", ".wxr")) and not hidden


def _member_opener(path: Path, name: str) -> Callable[[], io.BufferedIOBase]:
    def open_member() -> io.BufferedIOBase:
        with zipfile.ZipFile(path) as archive:  # the member keeps the file open
            return cast("io.BufferedIOBase", archive.open(name))

    return open_member


def _to_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks in UTF-8. The byte order mark decides the encoding, else the XML declaration, else it is UTF-8.

    Chunks in UTF-8 are not decoded. Bytes that are invalid in another encoding become U+FFFD.
    """
    first = next(chunks, b"")
    encoding, mark_size = _encoding(first)
    first = first[mark_size:]
    if encoding == "utf-8":
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).encode(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")


def _encoding(start: bytes) -> tuple[str, int]:
    """Return the name of an encoding, "utf-8" if none is given or known, and the size of the byte order mark."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding, len(mark)
    declaration = _DECLARED_ENCODING.match(start)
    if not declaration:
        return "utf-8", 0
    try:
        name = codecs.lookup(declaration[1].decode("ascii")).name
    except LookupError:
        return "utf-8", 0
    # A file whose declaration is readable as ASCII is not in UTF-16 or UTF-32, whatever the declaration says.
    is_wide = name.startswith(("utf-16", "utf-32"))
    return "utf-8" if is_wide else _SUPERSETS.get(name, name), 0
