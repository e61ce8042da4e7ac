"""Test that every format contains exactly the texts, names and dates that the content reader accepts."""

from __future__ import annotations

import calendar
import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import feedparser  # type: ignore[import-untyped]
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication

ATOM: Final = "{http://www.w3.org/2005/Atom}"
EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff\ufffd"), min_size=1, max_size=60)
dates = st.datetimes(datetime(1990, 1, 1), datetime(2600, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - hypothesis adds them


def collapse_whitespace(text: str) -> str:
    return " ".join(text.split())


def build_publication(title: str, name: str, summary: str, published: datetime) -> Publication | None:
    """Return the publication of one article with these values; None if the content reader reports a problem."""
    article = {
        "id": "tag:t.example,2026:a",
        "title": title,
        "published": published.isoformat(),
        "author": "a",
        "summary": summary,
    }
    files = {
        "site.yaml": {"title": "T", "base_url": "https://t.example", "id_domain": "t.example"},
        "authors.yaml": {"a": {"name": name}},
        "articles/a.yaml": article,
    }
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "articles").mkdir()
        for path, content in files.items():
            (root / path).write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
        content = load_content(root)
        return None if content.errors else Publication(build_catalog(content, published + timedelta(days=2)))


def body(publication: Publication, suffix: str) -> bytes:
    document = publication.resolve(f"/feed.{suffix}")
    assert isinstance(document, Document)
    return document.body


@settings(deadline=None, max_examples=60)
@given(texts, texts, texts, dates)
def test_accepted_texts_and_dates_are_equal_in_every_format(title: str, name: str, summary: str, published: datetime) -> None:
    publication = build_publication(title, name, summary, published)
    if publication is None:
        return
    published = published.astimezone(UTC).replace(microsecond=0)
    expected = (collapse_whitespace(title), collapse_whitespace(name), published)

    [item] = json.loads(body(publication, "json"))["items"]
    assert (item["title"], item["authors"][0]["name"], datetime.fromisoformat(item["date_published"])) == expected
    assert item["summary"] == (collapse_whitespace(summary) or collapse_whitespace(title))

    entry = etree.fromstring(body(publication, "atom")).find(f"{ATOM}entry")
    assert entry is not None
    texts_of_entry = [entry.findtext(f"{ATOM}{tag}") or "" for tag in ("title", "author/" + ATOM + "name", "published")]
    assert (texts_of_entry[0], texts_of_entry[1], datetime.fromisoformat(texts_of_entry[2])) == expected

    [item_element] = etree.fromstring(body(publication, "rss")).iter("item")
    creator = item_element.findtext("{http://purl.org/dc/elements/1.1/}creator")
    assert (item_element.findtext("title"), creator) == expected[:2]
    [parsed_entry] = feedparser.parse(body(publication, "rss")).entries
    assert datetime.fromtimestamp(calendar.timegm(parsed_entry.published_parsed), UTC) == published
