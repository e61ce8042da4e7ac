"""Rendering of feeds for callers of the public API."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from feedsvc.api import fields
from feedsvc.content.text import did_you_mean
from feedsvc.errors import FieldError
from feedsvc.extensions import BUILT_IN_SUFFIXES, Format, Namespace
from feedsvc.feed_model import Feed, Link
from feedsvc.feeds import FORMATS, render_extended


def formats() -> tuple[Format, ...]:
    """Return all formats, the built-in ones (rss, atom, json) first. Loads the plug-ins of this environment."""
    return tuple(FORMATS.values())


def find_format(suffix: str) -> Format:
    """Return the format with this suffix. Raises FieldError if there is none."""
    if not isinstance(suffix, str) or suffix not in FORMATS:
        hint = did_you_mean(str(suffix), FORMATS)
        raise FieldError("format", f"{suffix!r} is none of {', '.join(FORMATS)}{f'; {hint}' if hint else ''}")
    return FORMATS[suffix]


def render(feed: Feed, format: str | Format, *, url: str = "", namespaces: Iterable[Namespace] | None = None) -> bytes:  # noqa: A002
    """Return a feed as the bytes of one format: the suffix of any of `formats`, or a Format of the caller's own.

    `url` is the address of these bytes; it replaces the self link of the feed. `namespaces` are those that extend the feed, in
    place of the namespaces of plug-ins; () leaves all out. They are for built-in formats only. Equal arguments give equal
    bytes.

    Raises FieldError for a bad argument, ValueError or TypeError for a fault of a namespace, such as the prefix of another one,
    and PluginError if the code of a plug-in fails.
    """
    chosen = format if isinstance(format, Format) else find_format(format)
    fields.instance("feed", feed, Feed)
    links = tuple(link if link.rel != "self" or link.type else replace(link, type=chosen.media_type) for link in feed.links)
    if url:
        own = Link(rel="self", href=fields.address("url", url), type=chosen.media_type)
        links = (own, *(link for link in links if link.rel != "self"))
    feed = replace(feed, links=links)
    if namespaces is None:
        return chosen.render(feed)
    if chosen is not FORMATS.get(chosen.suffix) or chosen.suffix not in BUILT_IN_SUFFIXES:
        raise FieldError("namespaces", f"the format '{chosen.suffix}' takes none; only {', '.join(BUILT_IN_SUFFIXES)} do")
    given = enumerate(fields.items("namespaces", namespaces))
    return render_extended(feed, chosen.suffix, [fields.instance(f"namespaces[{index}]", one, Namespace) for index, one in given])
