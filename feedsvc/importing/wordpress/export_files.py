"""Files of a WordPress export: one file, a folder of them, or an archive, mapped into memory and cut into items.

An archive is expanded into a nameless temporary file: to at most 256 MiB plus `MAX_EXPANSION` times its own size.
"""

from __future__ import annotations

import gzip
import mmap
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from io import BufferedIOBase
from itertools import islice
from pathlib import Path
from typing import IO, Final, cast

from feedsvc.importing.source import ImportSourceError
from feedsvc.importing.xml_items import XmlDocument, children, encoding_of, name_of

_CHUNK_SIZE: Final = 1024 * 1024  # bytes
# XML compresses to a tenth of its size; deflate, at most, to a thousandth.
MAX_EXPANSION: Final = 100
_FREE_EXPANSION: Final = 256 * 1024 * 1024  # bytes that every archive may expand to
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZIP_MAGIC: Final = b"PK\x03\x04"
_SUFFIXES: Final = (".xml", ".wxr", ".gz", ".zip")
_NAMESPACE: Final = b"wordpress.org/export/"
_HEAD_SIZE: Final = 64 * 1024  # bytes in which an export names its namespace
_NUMBER: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export. `name` is its name for places in reports: "part-1.xml", or "export.zip/part-1.xml".

    `fault` is the reason why it cannot be read to its end, "" if it can.
    """

    name: str
    document: XmlDocument
    fault: str = ""

    @property
    def is_wordpress(self) -> bool:
        """True if it has elements of WordPress's exports."""
        elements = [self.document.head.element, *(item.element for item in islice(self.document.items(), 1))]
        return any(name_of(found).startswith("wp:") for element in elements for found in children(element))


@dataclass(frozen=True, slots=True)
class _Stream:
    """Open file, decompressed, with its name for reports. `max_size` is the most bytes it may have, 0 for no limit."""

    name: str
    file: BufferedIOBase
    max_size: int = 0


def open_export_files(path: Path) -> tuple[ExportFile, ...]:
    """Return the files of an export, in the order of their names, numbers by value.

    `path` is an XML file, one compressed with gzip, a zip archive of XML files, or a folder with such files (.xml, .wxr, .gz,
    .zip). Other files of a folder, hidden ones and its subfolders are skipped. Whether the files are exports is not checked.
    Raises ImportSourceError if there is no such file, or if one cannot be opened.
    """
    files = tuple(_open(stream) for stream in _streams(path))
    if not files:
        raise ImportSourceError(f"{path} has no file of a WordPress export (.xml, .xml.gz or .zip)")
    return files


def is_wordpress_export(path: Path) -> bool:
    """Return whether the first file of an export at `path` names the namespace of WordPress's exports in its first 64 KiB.

    False for a folder without a file that may be an export. Raises ImportSourceError if the first file cannot be read.
    """
    with closing(_streams(path)) as streams:
        stream = next(streams, None)
        if stream is None:
            return False  # perhaps a folder of feeds
        try:
            start = stream.file.read(_HEAD_SIZE)
        except (OSError, EOFError, zlib.error) as error:
            raise ImportSourceError(f"{path} cannot be read ({error})") from None
    return _NAMESPACE in start.replace(b"\0", b"")


def _streams(path: Path) -> Generator[_Stream, None, None]:
    """Yield the files of `open_export_files`, each until it is closed. Raises ImportSourceError when it is a file's turn."""
    try:
        names = sorted(filter(_is_listed, os.listdir(path)), key=_natural_key) if path.is_dir() else None
        for listed in [path] if names is None else (path / name for name in names):
            if names is None or listed.is_file():
                yield from _streams_of(listed)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ImportSourceError(f"{path} is no usable zip archive: {error}; unpack it, and name the folder") from None
    except OSError as error:
        reason = error.strerror or error
        raise ImportSourceError(f"{path} cannot be read ({reason}); name the export, or the folder with its parts") from None


def _is_listed(name: str) -> bool:
    """Return whether a file of a folder belongs to an export. macOS writes hidden files beside those in its archives."""
    return name.lower().endswith(_SUFFIXES) and not name.startswith(".")


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which "part-2" is before "part-10"."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece.lower()) for piece in _NUMBER.split(name)]


def _streams_of(path: Path) -> Iterator[_Stream]:
    with open(path, "rb") as file:
        start, max_size = file.read(4), _FREE_EXPANSION + MAX_EXPANSION * os.fstat(file.fileno()).st_size
        file.seek(0)
        if start.startswith(_GZIP_MAGIC):
            yield _Stream(path.name, gzip.GzipFile(fileobj=file), max_size)
        elif start == _ZIP_MAGIC:
            with zipfile.ZipFile(file) as archive:
                for name in sorted(filter(_is_member, archive.namelist()), key=_natural_key):
                    with archive.open(name) as member:
                        yield _Stream(f"{path.name}/{name}", cast("BufferedIOBase", member), max_size)
        else:
            yield _Stream(path.name, file)


def _is_member(name: str) -> bool:
    hidden = name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")
    return name.lower().endswith((".xml", ".wxr")) and not hidden


def _open(stream: _Stream) -> ExportFile:
    if not stream.max_size:
        return ExportFile(stream.name, _cut(stream.file))
    with tempfile.TemporaryFile() as file:
        fault = _copy(stream, file)
        return ExportFile(stream.name, _cut(file), fault)


def _cut(file: IO[bytes] | BufferedIOBase) -> XmlDocument:
    """Return the document in a file, which may be closed then."""
    file.seek(0)
    encoding = encoding_of(file.read(400))
    file.seek(0)
    if encoding.startswith(("utf-16", "utf-32")):
        return XmlDocument(file.read().decode(encoding, "replace").encode())
    is_empty = not os.fstat(file.fileno()).st_size
    return XmlDocument(b"" if is_empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), encoding)


def _copy(stream: _Stream, target: IO[bytes]) -> str:
    """Write the bytes of a file in an archive to `target`, and return the reason why some are missing, else ""."""
    size = 0
    try:
        while chunk := stream.file.read1(_CHUNK_SIZE):  # what precedes a fault is returned
            size += len(chunk)
            if size > stream.max_size:
                return (
                    f"it expands to over {stream.max_size:,} bytes, {MAX_EXPANSION} times the size of the archive, "
                    "as no text does; unpack it if you trust it"
                )
            target.write(chunk)
    except EOFError:
        return "the compressed file ends early"
    except (OSError, zlib.error, zipfile.BadZipFile) as error:
        return getattr(error, "strerror", None) or str(error)
    return ""
