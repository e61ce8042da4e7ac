"""Whatever text, names and dates the reader accepts come back equal from every format."""

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


def collapsed(text: str) -> str:
    return " ".join(text.split())


def published(title: str, name: str, summary: str, moment: datetime) -> Publication | None:
    """The publication of one article that says this, None if the reader refuses it with a Problem."""
    article = {"id": "tag:t.example,2026:a", "title": title, "published": moment.isoformat(), "author": "a", "summary": summary}
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
        return None if content.errors else Publication(build_catalog(content, moment + timedelta(days=2)))


def body(publication: Publication, suffix: str) -> bytes:
    found = publication.resolve(f"/feed.{suffix}")
    assert isinstance(found, Document)
    return found.body


@settings(deadline=None, max_examples=60)
@given(texts, texts, texts, dates)
def test_what_the_reader_accepts_reads_back_equal(title: str, name: str, summary: str, moment: datetime) -> None:
    publication = published(title, name, summary, moment)
    if publication is None:
        return
    moment = moment.astimezone(UTC).replace(microsecond=0)
    expected = (collapsed(title), collapsed(name), moment)

    [item] = json.loads(body(publication, "json"))["items"]
    assert (item["title"], item["authors"][0]["name"], datetime.fromisoformat(item["date_published"])) == expected
    assert item["summary"] == (collapsed(summary) or collapsed(title))

    entry = etree.fromstring(body(publication, "atom")).find(f"{ATOM}entry")
    assert entry is not None
    told = [entry.findtext(f"{ATOM}{tag}") or "" for tag in ("title", "author/" + ATOM + "name", "published")]
    assert (told[0], told[1], datetime.fromisoformat(told[2])) == expected

    [rss] = etree.fromstring(body(publication, "rss")).iter("item")
    creator = rss.findtext("{http://purl.org/dc/elements/1.1/}creator")
    assert (rss.findtext("title"), creator) == expected[:2]
    [read] = feedparser.parse(body(publication, "rss")).entries
    assert datetime.fromtimestamp(calendar.timegm(read.published_parsed), UTC) == moment
