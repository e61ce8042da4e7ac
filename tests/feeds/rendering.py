"""Feeds rendered in one format, and parsed back."""

from __future__ import annotations

import json
from typing import Any

import feedparser  # type: ignore[import-untyped]
import pytest
from hypothesis import strategies as st
from lxml import etree

from feedsvc.feed_model import Feed
from feedsvc.feeds import FORMATS

ATOM = "{http://www.w3.org/2005/Atom}"
EVERY_FORMAT = pytest.mark.parametrize("suffix", sorted(FORMATS))
XML_FORMATS = pytest.mark.parametrize("suffix", ["rss", "atom"])


def render(feed: Feed, suffix: str) -> bytes:
    return FORMATS[suffix].render(feed)


def parse(feed: Feed, suffix: str) -> feedparser.FeedParserDict:
    result = feedparser.parse(render(feed, suffix))
    assert not result.bozo
    return result


def as_json(feed: Feed) -> dict[str, Any]:
    document = json.loads(render(feed, "json"))
    assert isinstance(document, dict)
    return document


def child_texts(document: bytes, path: str) -> list[str | None]:
    return [element.text for element in etree.fromstring(document).iterfind(path)]


# XML 1.0 section 2.2, Char.
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff").filter(
        lambda char: char >= " " or char in "\t\n\r"
    ),
    min_size=1,
)
