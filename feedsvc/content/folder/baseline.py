"""Baseline: the stored state that the first reading of a folder started from, to update output that an earlier run made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from feedsvc.content.file_signature import FileSignature
from feedsvc.model import Article


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """State of a folder when its records were stored. No other state has its `name`.

    `removed` are the active articles of this state that the first reading ended, `added` those that it made active. An edited
    article is in both, as it was and as it is.
    """

    name: str
    removed: tuple[Article, ...] = ()
    added: tuple[Article, ...] = ()


def state_name(state: str, media: Mapping[str, FileSignature | None]) -> str:
    """Return a name for the records' state together with the media that the settings refer to; "" if `state` is ""."""
    facts = repr((state, sorted(media.items()))).encode("utf-8", "surrogateescape")
    return blake2b(facts, digest_size=16).hexdigest() if state else ""
