"""Feeds before and after a move, each pair with what was changed on purpose, in RSS, RSS 1.0, Atom and JSON Feed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Final
from xml.sax.saxutils import escape

from feedsvc.support.date_formats import rfc822, rfc3339


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An entry as a publisher writes it; "" for an element that it leaves out. `zone` is how RSS writes UTC."""

    id: str
    title: str
    link: str
    date: datetime
    text: str
    zone: str = "GMT"


def _entry(number: int) -> Entry:
    return Entry(
        id=f"tag:old.example,2026:{number}",
        title=f"Story {number}",
        link=f"https://old.example/{number}/",
        date=datetime(2026, 2, number, 9, 30, tzinfo=UTC),
        text=f"<p>The text of story {number}.</p>",
    )


Entries = Sequence[Entry]
BASE: Final[Entries] = [_entry(number) for number in (5, 4, 3, 2, 1)]
_WITHOUT_IDS: Final[Entries] = [replace(entry, id="") for entry in BASE]
_WITHOUT_IDS_AND_LINKS: Final[Entries] = [replace(entry, link="") for entry in _WITHOUT_IDS]


def _with_changes(entries: Entries, numbers: Sequence[int], change: Callable[[Entry], Entry]) -> Entries:
    return [change(entry) if entry.date.day in numbers else entry for entry in entries]


ALL: Final = (1, 2, 3, 4, 5)
# Name of a change -> entries of the former feed and of the current one, for every format.
CHANGES: Final[Mapping[str, tuple[Entries, Entries]]] = MappingProxyType(
    {
        "nothing": (BASE, BASE),
        "ids": (BASE, _with_changes(BASE, (2, 4), lambda entry: replace(entry, id=f"{entry.id}x"))),
        "titles": (BASE, _with_changes(BASE, (1, 3), lambda entry: replace(entry, title=f"{entry.title}, retold"))),
        "dates": (BASE, _with_changes(BASE, ALL, lambda entry: replace(entry, date=entry.date + timedelta(hours=1)))),
        "links": (BASE, _with_changes(BASE, ALL, lambda entry: replace(entry, link=f"https://new.example/{entry.date.day}/"))),
        "texts": (BASE, _with_changes(BASE, (2,), lambda entry: replace(entry, text="<p>Another text.</p>"))),
        "longer": (BASE[:3], BASE),
        "shorter": (BASE, BASE[:3]),
    }
)
# The same for RSS alone, whose entries may have no id.
CHANGES_WITHOUT_IDS: Final[Mapping[str, tuple[Entries, Entries]]] = MappingProxyType(
    {
        "unidentified": (_WITHOUT_IDS, _WITHOUT_IDS),
        "zones": (_WITHOUT_IDS, _with_changes(_WITHOUT_IDS, ALL, lambda entry: replace(entry, zone="+0000"))),
        "identified": (_WITHOUT_IDS, _with_changes(_WITHOUT_IDS, ALL, lambda entry: replace(entry, id=entry.link))),
        "moved": (
            _WITHOUT_IDS,
            _with_changes(_WITHOUT_IDS, (1, 2), lambda entry: replace(entry, link=f"https://new.example/{entry.date.day}/")),
        ),
        "retitled": (_WITHOUT_IDS, _with_changes(_WITHOUT_IDS, (1,), lambda entry: replace(entry, title="Retitled"))),
        "unlinked": (
            _WITHOUT_IDS_AND_LINKS,
            _with_changes(_WITHOUT_IDS_AND_LINKS, (3,), lambda entry: replace(entry, text="<p>Another text.</p>")),
        ),
    }
)


def _element(name: str, text: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{escape(text)}</{name}>" if text else ""


def _rss(entries: Entries) -> bytes:
    items = "".join(
        "<item>"
        + _element("title", entry.title)
        + _element("link", entry.link)
        + _element("guid", entry.id, ' isPermaLink="false"')
        + _element("pubDate", rfc822(entry.date).replace("GMT", entry.zone))
        + _element("description", entry.text)
        + "</item>"
        for entry in entries
    )
    channel = "<title>News</title><link>https://old.example/</link><description>News</description>"
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>{channel}{items}</channel></rss>'.encode()


def _rdf(entries: Entries) -> bytes:
    items = "".join(
        f'<item rdf:about="{escape(entry.id)}">'
        + _element("title", entry.title)
        + _element("link", entry.link)
        + _element("description", entry.text)
        + _element("dc:date", rfc3339(entry.date))
        + "</item>"
        for entry in entries
    )
    namespaces = (
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )
    channel = "<channel><title>News</title><link>https://old.example/</link><description>News</description></channel>"
    return f'<?xml version="1.0" encoding="utf-8"?><rdf:RDF {namespaces}>{channel}{items}</rdf:RDF>'.encode()


def _atom(entries: Entries) -> bytes:
    items = "".join(
        "<entry>"
        + _element("id", entry.id)
        + _element("title", entry.title)
        + f'<link rel="alternate" href="{escape(entry.link)}"/>'
        + _element("published", rfc3339(entry.date))
        + _element("updated", rfc3339(entry.date))
        + _element("content", entry.text, ' type="html"')
        + "</entry>"
        for entry in entries
    )
    head = "<title>News</title><id>tag:old.example,2026:news</id><updated>2026-02-05T00:00:00Z</updated>"
    author = '<author><name>Mina</name></author><link href="https://old.example/"/>'
    return (
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">{head}{author}{items}</feed>'.encode()
    )


def _json(entries: Entries) -> bytes:
    items = [
        {
            "id": entry.id,
            "url": entry.link,
            "title": entry.title,
            "content_html": entry.text,
            "date_published": rfc3339(entry.date),
        }
        for entry in entries
    ]
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": items}).encode()


# Format -> media type and the function that writes a document.
WRITERS: Final[Mapping[str, tuple[str, Callable[[Entries], bytes]]]] = MappingProxyType(
    {
        "rss": ("application/rss+xml", _rss),
        "rdf": ("application/rdf+xml", _rdf),
        "atom": ("application/atom+xml", _atom),
        "json": ("application/feed+json", _json),
    }
)


def pairs(formats: Sequence[str]) -> Mapping[str, tuple[str, bytes, bytes]]:
    """Return media type, former and current document of each change in each of these formats, by the name CHANGE-FORMAT."""
    every = [(name, form, entries) for name, entries in CHANGES.items() for form in formats]
    every += [(name, "rss", entries) for name, entries in CHANGES_WITHOUT_IDS.items()]
    return {
        f"{name}-{form}": (WRITERS[form][0], WRITERS[form][1](former), WRITERS[form][1](current))
        for name, form, (former, current) in every
    }
