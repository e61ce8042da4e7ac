"""Readers that are Python libraries: feedparser, fastfeedparser and, for OPML, listparser.

They are imported on first use, so that tests can be collected without them.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from tests.readers.result import ParsedFeed, ParsedOpml, ParsedOutline, UnreadableError, build_feed


def _first_value(items: Sequence[Mapping[str, Any]] | None, key: str) -> Any:
    return items[0].get(key) if items else None


def _rel_and_href(links: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(link["rel"], link["href"]) for link in links]


def _enclosures(links: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**link, "url": link["href"]} for link in links if link["rel"] == "enclosure"]


def _feedparser_language(entry: Any) -> str | None:
    """Return an Atom entry's xml:lang, which feedparser reports only with its texts, or RSS's dc:language."""
    language: str | None = entry.get("language") or entry.get("title_detail", {}).get("language")
    return language


def _feedparser_entry(entry: Any) -> dict[str, Any]:
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": entry.get("title"),
        "published": entry.get("published"),
        # feedparser's own get() returns the published date if there is no updated.
        "updated": dict.get(entry, "updated"),
        "authors": [author["name"] for author in entry.get("authors", ()) if author],
        "categories": [tag["term"] for tag in entry.get("tags", ())],
        "summary": entry.get("summary"),
        "content": _first_value(entry.get("content"), "value"),
        "enclosures": _enclosures(entry.get("links", ())),
        "language": _feedparser_language(entry),
        "image": _first_value(entry.get("media_content"), "url"),
        "credit": _first_value(entry.get("media_credit"), "content"),
    }


def feedparser(document: bytes, _fmt: str) -> ParsedFeed:
    """Read RSS or Atom, without sanitizing HTML or resolving URLs, so that the result is what the document contains."""
    parsed = import_module("feedparser").parse(document, sanitize_html=False, resolve_relative_uris=False)
    if parsed.bozo:
        raise UnreadableError(f"feedparser: {parsed.bozo_exception!r}")
    feed = parsed.feed
    return build_feed(
        {
            "id": feed.get("id"),
            "title": feed.get("title"),
            "subtitle": feed.get("subtitle"),
            "link": feed.get("link"),
            "language": feed.get("language"),
            "updated": feed.get("updated"),
            "rights": feed.get("rights"),
            "links": _rel_and_href(feed.get("links", ())),
            "entries": [_feedparser_entry(entry) for entry in parsed.entries],
        }
    )


def _fastfeedparser_entry(entry: Any) -> dict[str, Any]:
    images = entry.get("media_content") or [{"url": entry.get("image")}]
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": entry.get("title"),
        "published": entry.get("published"),
        "updated": entry.get("updated"),
        "authors": [author["name"] for author in entry.get("authors", ())],
        "categories": [tag["term"] for tag in entry.get("tags", ())],
        "summary": entry.get("description"),
        "content": _first_value(entry.get("content"), "value"),
        "enclosures": entry.get("enclosures") or _enclosures(entry.get("links", ())),
        "image": _first_value(images, "url"),
        "credit": _first_value(images, "credit"),
    }


def fastfeedparser(document: bytes, _fmt: str) -> ParsedFeed:
    """Read RSS, Atom or JSON Feed."""
    try:
        parsed = import_module("fastfeedparser").parse(document)
    except ValueError as error:
        raise UnreadableError(f"fastfeedparser: {error}") from error
    feed = parsed.feed
    return build_feed(
        {
            "id": feed.get("id"),
            "title": feed.get("title"),
            "subtitle": feed.get("subtitle"),
            "link": feed.get("link"),
            "language": feed.get("language"),
            "updated": feed.get("updated"),
            "links": _rel_and_href(feed.get("links", ())),
            "entries": [_fastfeedparser_entry(entry) for entry in parsed.entries],
        }
    )


def _outline(feed: Mapping[str, Any]) -> ParsedOutline:
    return ParsedOutline(
        title=feed["title"],
        url=feed["url"],
        folders=tuple(tuple(folder) for folder in feed["categories"]),
    )


def listparser(document: bytes) -> ParsedOpml:
    """Read OPML 2.0. It is lenient: unclosed elements are no error."""
    parsed = import_module("listparser").parse(document)
    if parsed.bozo:
        raise UnreadableError(f"listparser: {parsed.bozo_exception!r}")
    return ParsedOpml(title=parsed.meta.get("title", ""), feeds=tuple(map(_outline, parsed.feeds)))
