"""One neutral Feed, spelled in every format. A new format is one module and one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from feedsvc.feeds import atom, json_feed, rss
from feedsvc.model import Feed


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """A feed format, called `name` by people: the address ends in `feed.` + `suffix`.

    `render` gives the same bytes for the same Feed.
    """

    suffix: str
    name: str
    media_type: str
    render: Callable[[Feed], bytes]


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "rss": Format(suffix="rss", name="RSS", media_type="application/rss+xml", render=rss.render),
        "atom": Format(suffix="atom", name="Atom", media_type="application/atom+xml", render=atom.render),
        "json": Format(suffix="json", name="JSON Feed", media_type="application/feed+json", render=json_feed.render),
    }
)


def make_room() -> None:
    """More entries stay spelled: for a process that makes every feed, each of whose entries stands in several."""
    for parts in (rss.PARTS, atom.PARTS, json_feed.PARTS):
        parts.make_room()
