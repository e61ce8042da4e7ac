"""What a folder was begun with, for who keeps something that was made of it then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b

from feedsvc.content.file_signature import Stamp
from feedsvc.model import Article


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The state of a folder when what is known of it was written down, under a `name` that no other state has.

    `gone` and `come` are the articles in which the first reading differs from it; an edited one is in both.
    """

    name: str
    gone: tuple[Article, ...] = ()
    come: tuple[Article, ...] = ()


def named(state: str, media: Mapping[str, Stamp | None]) -> str:
    """The name of a state of the records, and of the media files that the settings refer to; "" where they have none."""
    facts = repr((state, sorted(media.items()))).encode("utf-8", "surrogateescape")
    return blake2b(facts, digest_size=16).hexdigest() if state else ""
