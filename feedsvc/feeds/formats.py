"""Table of the feed formats. For a new format, add a module to this package and a row to FORMATS."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from feedsvc.feed_model import Feed
from feedsvc.feeds import atom, json_feed, rss


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """Feed format: `name` is shown to readers; a feed's path ends in `feed.` + `suffix`.

    `render` returns the same bytes for equal Feeds. It is thread-safe.
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


def enlarge_caches() -> None:
    """Enlarge the caches of rendered entries, for a process that renders every feed: each entry occurs in several feeds."""
    for cache in (rss.RENDERED_ENTRIES, atom.RENDERED_ENTRIES, json_feed.RENDERED_ENTRIES):
        cache.enlarge()
