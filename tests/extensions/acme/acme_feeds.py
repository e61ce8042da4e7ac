"""Plug-in for feedsvc: elements for the readers of Acme, two formats, and a log of new editions."""

import csv
import io
import json
import os

from feedsvc.api import EditionEvent, Element, Entry, Feed, Format, Namespace, render


def entry_elements(entry: Entry) -> list[Element]:
    terms = tuple(Element("acme:term", term.term) for term in entry.categories)
    return [
        Element("acme:words", str(len(entry.summary.split()))),
        Element("acme:terms", attributes={"count": str(len(terms))}, children=terms),
    ]


ACME = Namespace(
    prefix="acme",
    uri="https://acme.example/ns/1",
    entry_elements=entry_elements,
    feed_elements=lambda feed: [Element("acme:edition", feed.updated.date().isoformat())],
    entry_json=lambda entry: {"words": len(entry.summary.split())},
    formats=("rss",),
)

PARTNER = Namespace(
    prefix="partner",
    uri="https://partner.example/ns",
    entry_elements=lambda entry: [Element("partner:shortTitle", entry.title[:20])],
)


def render_csv(feed: Feed) -> bytes:
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\r\n")
    rows.writerow(("id", "published", "title", "url"))
    rows.writerows((entry.id, entry.published.isoformat(), entry.title, entry.url) for entry in feed.entries)
    return table.getvalue().encode()


CSV = Format(suffix="csv", name="CSV", media_type="text/csv", render=render_csv)

ACME_RSS = Format(
    suffix="acme",
    name="Acme",
    media_type="application/rss+xml",
    render=lambda feed: render(feed, "rss", namespaces=[PARTNER]),
)


def log_edition(event: EditionEvent) -> None:
    newest = event.newsroom.listing().feed("rss").entries[0]
    line = {"by": event.command, "newest": newest.title, "feeds": sorted(event.changed_feeds or ())}
    with open(os.environ["ACME_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{json.dumps(line)}\n")
