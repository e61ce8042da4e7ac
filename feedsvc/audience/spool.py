"""Reads that could not be written at the stop, kept in files of the state folder for the next start.

A file begins with a line that holds the checksum of the rest, made with the identity of the state folder. Files of the version
before begin with the rest.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from feedsvc.audience.buffer import Batch
from feedsvc.support.checksummed_tables import Seal
from feedsvc.support.state_folder import folder_at, locked, read_identity, set_aside

_LOG: Final = logging.getLogger(__name__)
_SUFFIX: Final = ".json"
_FIRST: Final = re.compile(rb"feedsvc reads ([0-9]{1,20})\n")
_MOST: Final = 2**62


@dataclass(frozen=True, kw_only=True, slots=True)
class Spilled:
    """The batches of one writer, under the numbers they had: the database knows which of them it took after all."""

    file: Path
    writer: str
    batches: tuple[Batch, ...]


def spill(folder: Path, writer: str, batches: Sequence[Batch]) -> Path:
    """Write them whole or not at all; the file. Raises OSError."""
    folder_at(folder)
    file = folder / f"{writer}{_SUFFIX}"
    half = file.with_suffix(".part")
    data = json.dumps({"writer": writer, "batches": [_plain(batch) for batch in batches]}).encode()
    with half.open("wb") as out:
        out.write(b"feedsvc reads %d\n" % _checksum(file, data))
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)
    return file


def spilled(folder: Path) -> tuple[Spilled, ...]:
    """Read what earlier stops left in a folder; set a damaged file, or one of another state folder, aside, and log that."""
    found = []
    for file in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            found.append(_read(file))
        except FileNotFoundError:
            continue  # another process has written its reads down meanwhile
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            _set_aside(file, error)
    return tuple(found)


def _set_aside(file: Path, error: Exception) -> None:
    try:
        with locked(file.parent):
            aside = set_aside(file).name
    except OSError:
        aside = file.name
    sentence = (
        "feedsvc: %s holds no reads that can be understood (%s): they are lost, the service goes on, and the file is kept as %s"
    )
    _LOG.warning(sentence, file, error, aside)


def _checksum(file: Path, data: bytes) -> int:
    """The last of a sealed row."""
    row = Seal(read_identity(file.parent.parent), file.name, "unwritten").seal(data)
    return int(row[-1])


def _plain(batch: Batch) -> dict[str, object]:
    reads = [[article, day.isoformat(), count] for (article, day), count in batch.reads.items()]
    return {"number": batch.number, "reads": reads}


def _read(file: Path) -> Spilled:
    """Raises OSError, and ValueError, KeyError, TypeError or AttributeError for what was not written here."""
    data = file.read_bytes()
    if first := _FIRST.match(data):
        data = data[first.end() :]
        if int(first[1]) != _checksum(file, data):
            raise ValueError("it is damaged, or of another state folder")
    found = json.loads(data)
    batches = tuple(
        Batch(
            number=_number(each["number"]),
            reads={(_text(article), date.fromisoformat(day)): _number(count) for article, day, count in each["reads"]},
        )
        for each in found["batches"]
    )
    return Spilled(file=file, writer=_text(found["writer"]), batches=batches)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        raise ValueError(f"{value!r:.40} is no number of reads")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value
