"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from feedsvc.extensions import Namespace
from feedsvc.feed_model import Entry, Feed, Person
from feedsvc.feeds.entry_cache import RenderedEntry, RenderedEntryCache
from feedsvc.feeds.entry_templates import EntryTemplates
from feedsvc.feeds.extension_elements import JsonExtender
from feedsvc.feeds.rsl import license_address
from feedsvc.model import Enclosure
from feedsvc.support.date_formats import rfc3339

_ENCODE_JSON: Final = json.JSONEncoder(ensure_ascii=False).encode


def render(feed: Feed, namespaces: Iterable[Namespace] | None = None) -> bytes:
    """Render `feed` as a JSON Feed 1.1 document in UTF-8, with notices for tombstones. `next_url` is the address of prev-archive.

    Each item has its authors. The feed has none, because some readers would add a feed's authors to every byline. `namespaces`
    add their objects; None means the namespaces of plug-ins. Raises ValueError or TypeError for a fault of a given namespace,
    whose functions' exceptions are passed on; PluginError for any fault of one of a plug-in.
    """
    extender = JsonExtender(namespaces)
    members = _nonempty_values(
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
        _feedsvc=_nonempty_values(license=feed.href("license")) or "",
    )
    head = _dump_json(members | extender.feed_members(feed) | {"items": []}).removesuffix(b"]\n}")
    items = b",\n  ".join(extender.extend_item(entry, RENDERED_ENTRIES.get(entry).data) for entry in feed.entries_and_notices)
    return b"".join((head, b"\n  " + items + b"\n " if items else b"", b"]\n}\n"))


def _dump_json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _render_item(entry: Entry) -> RenderedEntry:
    # Indent the item for its place in the list. JSON strings contain no line ends, so only the markup is indented.
    return RenderedEntry(_dump_json(_item(entry)).replace(b"\n", b"\n  "))


def _escape_text(text: str) -> str:
    return _ENCODE_JSON(text)[1:-1]


_ENTRY_TEMPLATES: Final = EntryTemplates(_render_item, (_escape_text,))
RENDERED_ENTRIES: Final = RenderedEntryCache(_ENTRY_TEMPLATES.render)


def _item(entry: Entry) -> dict[str, Any]:
    return _nonempty_values(
        id=entry.item_id,
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
        _feedsvc=_extension(entry) or "",
    )


def _extension(entry: Entry) -> dict[str, Any]:
    """Return the value of an item's key `_feedsvc`: {"translations": [...], "license": "..."}, each only if the entry has it.

    Translations have "language" and "url"; the entry in its own language is not among them.
    """
    translations = [{"language": alternate.language, "url": alternate.url} for alternate in entry.alternates[:-1]]
    return _nonempty_values(translations=translations, license=license_address(entry))


def _authors(people: Iterable[Person]) -> list[dict[str, Any]]:
    return [_nonempty_values(name=person.name, url=person.url) for person in people]


def _attachment(file: Enclosure) -> dict[str, Any]:
    return _nonempty_values(url=file.url, mime_type=file.type, size_in_bytes=file.length, title=file.title)


def _nonempty_values(**values: Any) -> dict[str, Any]:
    """Return the arguments whose values are neither "" nor [], in their order."""
    return {key: value for key, value in values.items() if value not in ("", [])}
