"""Spool: files with reads that a process could not write to the database before its stop. The next start reads them.

The files are in a folder of the state folder. The first line of a file holds a checksum of the rest, computed with the identity
of the state folder. Files that an earlier version of feedsvc wrote lack this line.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from feedsvc.audience.buffer import Batch
from feedsvc.support.atomic_write import write_atomically
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.state_file import row_checksum
from feedsvc.support.state_folder import ensure_folder, set_aside

_LOG: Final = logging.getLogger(__name__)
_SUFFIX: Final = ".json"
_HEADER: Final = re.compile(rb"feedsvc reads ([0-9]{1,20})\n")
_MAX_READS: Final = 2**62


@dataclass(frozen=True, kw_only=True, slots=True)
class SpoolFile:
    """Batches of one writer with their original numbers, by which the store recognises batches that it already has."""

    file: Path
    writer: str
    batches: tuple[Batch, ...]


def write_spool_file(folder: Path, writer: str, batches: Sequence[Batch]) -> Path:
    """Write the batches to a file atomically and return its path. Replaces the writer's earlier file. Raises OSError.

    `folder` is directly in the state folder; it is created if it is missing.
    """
    ensure_folder(folder)
    file = folder / f"{writer}{_SUFFIX}"
    data = json.dumps({"writer": writer, "batches": [_batch_to_json(batch) for batch in batches]}).encode()
    write_atomically(file, b"feedsvc reads %d\n" % _checksum(file, data) + data, is_synced=True)
    return file


def read_spool_files(folder: Path) -> tuple[SpoolFile, ...]:
    """Read all spool files of a folder, () if there are none.

    A file that cannot be read, is damaged or belongs to another state folder is renamed to NAME.damaged, logged and left out.
    The others stay: the caller deletes each once its reads are stored.
    """
    spool_files = []
    for file in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            spool_files.append(_read_spool_file(file))
        except FileNotFoundError:
            continue  # another process has written its reads meanwhile
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            _set_aside(file, error)
    return tuple(spool_files)


def _set_aside(file: Path, error: Exception) -> None:
    try:
        with folder_lock(file.parent):
            new_name = set_aside(file).name
    except OSError:
        new_name = file.name
    message = "feedsvc: %s cannot be read (%s): its reads are lost, the service continues, and the file is kept as %s"
    _LOG.warning(message, file, error, new_name)


def _checksum(file: Path, data: bytes) -> int:
    """Return a checksum of `data` that differs for another file name, so that a copied file fails it. `file` is not read."""
    return row_checksum(file.name, data)


def _batch_to_json(batch: Batch) -> dict[str, object]:
    reads = [[article, day.isoformat(), count] for (article, day), count in batch.reads.items()]
    return {"number": batch.number, "reads": reads}


def _read_spool_file(file: Path) -> SpoolFile:
    """Read and parse one file. Raises OSError if it cannot be read.

    Raises ValueError, KeyError, TypeError, AttributeError or RecursionError if its content is damaged or invalid.
    """
    data = file.read_bytes()
    if header := _HEADER.match(data):
        data = data[header.end() :]
        if int(header[1]) != _checksum(file, data):
            raise ValueError("it is damaged, or of another state folder")
    content = json.loads(data)
    batches = tuple(
        Batch(
            number=_parse_number(batch["number"]),
            reads={
                (_parse_text(article), date.fromisoformat(day)): _parse_number(count) for article, day, count in batch["reads"]
            },
        )
        for batch in content["batches"]
    )
    return SpoolFile(file=file, writer=_parse_text(content["writer"]), batches=batches)


def _parse_number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MAX_READS:
        raise ValueError(f"{value!r:.40} is not a number of reads")
    return value


def _parse_text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is not text")
    return value
