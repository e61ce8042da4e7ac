"""Table of the feed formats: the built-in ones and those of plug-ins.

For a new built-in format, add a module to this package and a row to _BUILT_IN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Final

from feedsvc.extensions import Format, Namespace, load_extensions
from feedsvc.feed_model import Feed
from feedsvc.feeds import atom, json_feed, rss
from feedsvc.routes import ListingRef

_BUILT_IN: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "rss": Format(suffix="rss", name="RSS", media_type="application/rss+xml", render=rss.render),
        "atom": Format(suffix="atom", name="Atom", media_type="application/atom+xml", render=atom.render),
        "json": Format(suffix="json", name="JSON Feed", media_type="application/feed+json", render=json_feed.render),
    }
)
_EXTENSIBLE: Final[Mapping[str, Callable[[Feed, Iterable[Namespace]], bytes]]] = MappingProxyType(
    {"rss": rss.render, "atom": atom.render, "json": json_feed.render}
)


class _Formats(Mapping[str, Format]):
    """Formats by suffix, the built-in ones first. Plug-ins are loaded by iteration, len() and look-ups of other suffixes."""

    def __getitem__(self, suffix: str) -> Format:
        return _BUILT_IN[suffix] if suffix in _BUILT_IN else self._all[suffix]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    @cached_property
    def _all(self) -> Mapping[str, Format]:
        return {**_BUILT_IN, **load_extensions().formats}


FORMATS: Final[Mapping[str, Format]] = _Formats()


def suffixes_of(ref: ListingRef) -> list[str]:
    """Return the suffixes of the formats in which a listing has feeds."""
    return [suffix for suffix, feed_format in FORMATS.items() if feed_format.has_listing(ref)]


def render_extended(feed: Feed, suffix: str, namespaces: Iterable[Namespace]) -> bytes:
    """Render a feed in the built-in format `suffix` with these namespaces instead of those of plug-ins.

    Raises KeyError for the suffix of another format, ValueError or TypeError for a fault of a namespace. Exceptions of a
    namespace's functions are passed on.
    """
    return _EXTENSIBLE[suffix](feed, namespaces)


def check_plugins() -> None:
    """Import the plug-ins. Raises PluginError for the first one that cannot be loaded or used."""
    for extenders in (rss.EXTENDERS, atom.EXTENDERS):
        extenders.get(None)


def enlarge_caches() -> None:
    """Enlarge the caches of rendered entries, for a process that renders every feed, because each entry is in several feeds.

    Imports the plug-ins; raises PluginError for a namespace of a plug-in that cannot be used.
    """
    for cache in (rss.RENDERED_ENTRIES, atom.RENDERED_ENTRIES, json_feed.RENDERED_ENTRIES):
        cache.enlarge()
    for extenders in (rss.EXTENDERS, atom.EXTENDERS):
        extenders.enlarge_cache()
