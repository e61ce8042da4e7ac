"""Three-way comparison of the keys of one article or page: the last import, the file, and the source as it is now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import NamedTuple

from feedsvc.importing.writer.values import KEYS


class MergeOutcome(Enum):
    """Outcome for one key whose value at the source differs from that of the last import."""

    TAKE = "take"
    """Only the source changed: the file gets its value."""

    EQUAL = "equal"
    """The file has the source's value already."""

    CONFLICT = "conflict"
    """Both changed, to different values: the file keeps its own until an editor decides."""


class KeyOutcome(NamedTuple):
    """Key of an article or page, and its outcome."""

    key: str
    outcome: MergeOutcome


def compare_keys(base: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]) -> Iterator[KeyOutcome]:
    """Yield the outcome for each key that changed at the source since the last import.

    The arguments are digests by key: of the last import, of the file, and of the source now. A missing key has no value. A key
    that only the editor changed is not among the results. If `base` is empty, each value of the source that the file lacks
    or has differently is a conflict, because it is unknown which of them changed.
    """
    for key in KEYS:
        old, own, new = base.get(key, ""), mine.get(key, ""), theirs.get(key, "")
        if new == old:
            continue
        if own == new:
            yield KeyOutcome(key, MergeOutcome.EQUAL)
        else:
            yield KeyOutcome(key, MergeOutcome.TAKE if base and own == old else MergeOutcome.CONFLICT)
