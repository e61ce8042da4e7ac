"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from feedsvc.feeds.entry_cache import Part, Parts
from feedsvc.feeds.entry_templates import Shapes
from feedsvc.model import Enclosure, Entry, Feed, Person
from feedsvc.support.date_formats import rfc3339

_QUOTED: Final = json.JSONEncoder(ensure_ascii=False).encode


def render(feed: Feed) -> bytes:
    """`feed` as a JSON Feed 1.1 document. Tombstones have no place in it; `next_url` is the archive before it.

    Each item has its authors; the feed names none, since some readers would add those to every byline.
    """
    top = _given(
        version="https://jsonfeed.org/version/1.1",
        title=feed.title,
        home_page_url=feed.href("alternate"),
        feed_url=feed.href("self"),
        description=feed.subtitle,
        next_url=feed.href("prev-archive"),
        icon=feed.logo,
        favicon=feed.icon,
        language=feed.language,
        hubs=[{"type": "WebSub", "url": link.href} for link in feed.links if link.rel == "hub"],
    )
    head = _spelled(top | {"items": []}).removesuffix(b"]\n}")
    items = b",\n  ".join(PARTS.of(entry).data for entry in feed.entries)
    return b"".join((head, b"\n  " + items + b"\n " if items else b"", b"]\n}\n"))


def _spelled(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _spelled_item(entry: Entry) -> Part:
    # Indented as it stands among the items; within a text no line ends.
    return Part(_spelled(_item(entry)).replace(b"\n", b"\n  "))


def _text(text: str) -> str:
    return _QUOTED(text)[1:-1]


_SHAPES: Final = Shapes(_spelled_item, (_text,))
PARTS: Final = Parts(_SHAPES.part)


def _item(entry: Entry) -> dict[str, Any]:
    return _given(
        id=entry.id,
        url=entry.url,
        title=entry.title,
        content_html=entry.content,
        # An item must have content in one of two forms.
        content_text="" if entry.content else entry.summary,
        summary=entry.summary,
        image=entry.image.url if entry.image else "",
        date_published=rfc3339(entry.published),
        date_modified=rfc3339(entry.updated),
        authors=_authors(entry.authors),
        tags=[term.term for term in entry.categories],
        language=entry.language,
        attachments=[_attachment(file) for file in entry.enclosures],
    )


def _authors(people: Iterable[Person]) -> list[dict[str, Any]]:
    return [_given(name=person.name, url=person.url) for person in people]


def _attachment(file: Enclosure) -> dict[str, Any]:
    return _given(url=file.url, mime_type=file.type, size_in_bytes=file.length, title=file.title)


def _given(**values: Any) -> dict[str, Any]:
    """The keys that have a value, in the order given."""
    return {key: value for key, value in values.items() if value not in ("", [])}
