"""Reads that could not be written at the stop, kept in files of the state folder for the next start."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from feedsvc.audience.tally import Batch

_LOG: Final = logging.getLogger(__name__)
_SUFFIX: Final = ".json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Spilled:
    """The batches of one writer, under the numbers they had: the database knows which of them it took after all."""

    file: Path
    writer: str
    batches: tuple[Batch, ...]


def spill(folder: Path, writer: str, batches: Sequence[Batch]) -> Path:
    """Write them whole or not at all; the file. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{writer}{_SUFFIX}"
    half = file.with_suffix(".part")
    with half.open("w", encoding="utf-8") as out:
        json.dump({"writer": writer, "batches": [_plain(batch) for batch in batches]}, out)
        out.flush()
        os.fsync(out.fileno())
    half.replace(file)
    return file


def spilled(folder: Path) -> tuple[Spilled, ...]:
    """What earlier stops left in a folder; a file that is none of ours stays and is told."""
    found = []
    for file in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            found.append(_read(file))
        except FileNotFoundError:
            continue  # another process has written its reads down meanwhile
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            _LOG.warning("feedsvc: %s holds no reads that can be understood (%s) and is left as it is; move it away", file, error)
    return tuple(found)


def _plain(batch: Batch) -> dict[str, object]:
    reads = [[article, day.isoformat(), count] for (article, day), count in batch.reads.items()]
    return {"number": batch.number, "reads": reads}


def _read(file: Path) -> Spilled:
    found = json.loads(file.read_text("utf-8"))
    batches = (
        Batch(
            number=int(each["number"]),
            reads={(str(article), date.fromisoformat(day)): int(count) for article, day, count in each["reads"]},
        )
        for each in found["batches"]
    )
    return Spilled(file=file, writer=str(found["writer"]), batches=tuple(batches))
