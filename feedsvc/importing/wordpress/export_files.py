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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from feedsvc.importing.source import ImportSourceError
from feedsvc.importing.xml_items import XmlDocument, encoding_of

_CHUNK_SIZE: Final = 1024 * 1024  # bytes
# XML compresses to a tenth of its size; deflate, at most, to a thousandth.
MAX_EXPANSION: Final = 100
_FREE_EXPANSION: Final = 256 * 1024 * 1024  # bytes that every archive may expand to
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZIP_MAGIC: Final = b"PK\x03\x04"
_NAME: Final = re.compile(r"(?!(?:.*/)?\.|__MACOSX/).*\.(?:xml|wxr|gz|zip)\Z", re.IGNORECASE | re.DOTALL)
_NAMESPACE: Final = b"wordpress.org/export/"
_HEAD_SIZE: Final = 64 * 1024  # bytes in which an export names its namespace
_NUMBER: Final = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file of an export. `name` is its name for places in reports: "part-1.xml", or "export.zip/part-1.xml".

    `document` is None if the file does not name the namespace of WordPress's exports in its first 64 KiB.
    """

    name: str
    document: XmlDocument | None


def open_export_files(path: Path) -> tuple[ExportFile, ...]:
    """Return the files of an export, in the order of their names, numbers by value; () if there is none.

    `path` is an XML file, one compressed with gzip, a zip archive of XML files, or a folder with such files (.xml, .wxr, .gz,
    .zip). Other files of a folder, hidden ones and its subfolders are skipped. Raises ImportSourceError if one cannot be read.
    """
    files: list[ExportFile] = []
    try:
        names = sorted(filter(_NAME.match, os.listdir(path)), key=_natural_key) if path.is_dir() else None
        for listed in [path] if names is None else (path / name for name in names):
            if listed.is_file() and not (files and files[0].document is None):
                files += _open(listed)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ImportSourceError(f"{path} is no usable zip archive: {error}; unpack it, and name the folder") from None
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise ImportSourceError(f"{path} cannot be read ({reason}); name the export, or the folder with its parts") from None
    return tuple(files)


def _natural_key(name: str) -> list[tuple[int, str]]:
    """Return a sort key by which "part-2" is before "part-10"."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece.lower()) for piece in _NUMBER.split(name)]


def _open(path: Path) -> Iterator[ExportFile]:
    with path.open("rb") as file:
        start, max_size = file.read(4), _FREE_EXPANSION + MAX_EXPANSION * os.fstat(file.fileno()).st_size
        file.seek(0)
        if start.startswith(_GZIP_MAGIC):
            with gzip.open(file) as expanded:
                yield ExportFile(path.name, _expanded(expanded, max_size))
        elif start == _ZIP_MAGIC:
            with zipfile.ZipFile(file) as archive:
                for name in sorted(filter(_NAME.match, archive.namelist()), key=_natural_key):
                    with archive.open(name) as member:
                        yield ExportFile(f"{path.name}/{name}", _expanded(member, max_size))
        else:
            yield ExportFile(path.name, _cut(file))


def _expanded(compressed: IO[bytes] | gzip.GzipFile, max_size: int) -> XmlDocument | None:
    """Return the document in a compressed file. Raises OSError if it has more than `max_size` bytes."""
    with tempfile.TemporaryFile() as file:
        while chunk := compressed.read(_CHUNK_SIZE):
            file.write(chunk)
            if file.tell() > max_size:
                raise OSError(0, f"it expands to over {max_size:,} bytes, as no text does; unpack it if you trust it")
        return _cut(file)


def _cut(file: IO[bytes]) -> XmlDocument | None:
    """Return the document in a file, which may be closed then; None if it is no export."""
    file.seek(0)
    start = file.read(_HEAD_SIZE)
    if _NAMESPACE not in start.replace(b"\0", b""):
        return None
    encoding = encoding_of(start[:400])
    if encoding.startswith(("utf-16", "utf-32")):
        return XmlDocument((start + file.read()).decode(encoding, "replace").encode())
    file.flush()
    return XmlDocument(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), encoding)
