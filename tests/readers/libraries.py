"""Readers that are Python libraries: feedparser, fastfeedparser and, for OPML, listparser.

They are imported when they are first used, since a checkout without them must still collect its tests.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from tests.readers.result import ReadFeed, ReadOpml, ReadOutline, UnreadableError, feed_from


def _first(items: Sequence[Mapping[str, Any]] | None, key: str) -> Any:
    return items[0].get(key) if items else None


def _pairs(links: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(link["rel"], link["href"]) for link in links]


def _enclosures(links: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**link, "url": link["href"]} for link in links if link["rel"] == "enclosure"]


def _feedparser_language(entry: Any) -> str | None:
    """An Atom entry's xml:lang, which feedparser keeps only beside its texts, or RSS's dc:language."""
    language: str | None = entry.get("language") or entry.get("title_detail", {}).get("language")
    return language


def _feedparser_entry(entry: Any) -> dict[str, Any]:
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": entry.get("title"),
        "published": entry.get("published"),
        # feedparser's own get() answers with the published date where there is no updated.
        "updated": dict.get(entry, "updated"),
        "authors": [author["name"] for author in entry.get("authors", ()) if author],
        "categories": [tag["term"] for tag in entry.get("tags", ())],
        "summary": entry.get("summary"),
        "content": _first(entry.get("content"), "value"),
        "enclosures": _enclosures(entry.get("links", ())),
        "language": _feedparser_language(entry),
        "image": _first(entry.get("media_content"), "url"),
        "credit": _first(entry.get("media_credit"), "content"),
    }


def feedparser(document: bytes, _fmt: str) -> ReadFeed:
    """RSS and Atom. Sanitising and resolving are off: what is compared is what the document says."""
    parsed = import_module("feedparser").parse(document, sanitize_html=False, resolve_relative_uris=False)
    if parsed.bozo:
        raise UnreadableError(f"feedparser: {parsed.bozo_exception!r}")
    feed = parsed.feed
    return feed_from(
        {
            "id": feed.get("id"),
            "title": feed.get("title"),
            "subtitle": feed.get("subtitle"),
            "link": feed.get("link"),
            "language": feed.get("language"),
            "updated": feed.get("updated"),
            "rights": feed.get("rights"),
            "links": _pairs(feed.get("links", ())),
            "entries": [_feedparser_entry(entry) for entry in parsed.entries],
        }
    )


def _fast_entry(entry: Any) -> dict[str, Any]:
    lead = entry.get("media_content") or [{"url": entry.get("image")}]
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": entry.get("title"),
        "published": entry.get("published"),
        "updated": entry.get("updated"),
        "authors": [author["name"] for author in entry.get("authors", ())],
        "categories": [tag["term"] for tag in entry.get("tags", ())],
        "summary": entry.get("description"),
        "content": _first(entry.get("content"), "value"),
        "enclosures": entry.get("enclosures") or _enclosures(entry.get("links", ())),
        "image": _first(lead, "url"),
        "credit": _first(lead, "credit"),
    }


def fastfeedparser(document: bytes, _fmt: str) -> ReadFeed:
    """RSS, Atom and JSON Feed."""
    try:
        parsed = import_module("fastfeedparser").parse(document)
    except ValueError as error:
        raise UnreadableError(f"fastfeedparser: {error}") from error
    feed = parsed.feed
    return feed_from(
        {
            "id": feed.get("id"),
            "title": feed.get("title"),
            "subtitle": feed.get("subtitle"),
            "link": feed.get("link"),
            "language": feed.get("language"),
            "updated": feed.get("updated"),
            "links": _pairs(feed.get("links", ())),
            "entries": [_fast_entry(entry) for entry in parsed.entries],
        }
    )


def _outline(feed: Mapping[str, Any]) -> ReadOutline:
    return ReadOutline(
        title=feed["title"],
        url=feed["url"],
        folders=tuple(tuple(folder) for folder in feed["categories"]),
    )


def listparser(document: bytes) -> ReadOpml:
    """OPML 2.0. Very lenient: it says nothing of unclosed elements."""
    parsed = import_module("listparser").parse(document)
    if parsed.bozo:
        raise UnreadableError(f"listparser: {parsed.bozo_exception!r}")
    return ReadOpml(title=parsed.meta.get("title", ""), feeds=tuple(map(_outline, parsed.feeds)))
