"""Real feed readers get one feed and then another at its address: they show as unread what `check --against-feed` predicts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from feedsvc.editing.reader_rules import READER_RULES, shown_as_changed, shown_as_new
from feedsvc.importing.feed_document import title_text
from feedsvc.importing.feed_reader import parse_feed
from tests.helpers.document_server import Document, document_server
from tests.readers.tool import require
from tests.subscribers.feed_versions import pairs
from tests.subscribers.table import SUBSCRIBERS
from tests.subscribers.unread import mark_read

RULES = {rule.name: rule for rule in READER_RULES}


def test_every_program_of_the_tests_has_a_rule() -> None:
    assert {rule.name for rule in READER_RULES if rule.is_run_by_tests} == set(SUBSCRIBERS)


def predicted(name: str, former: bytes, current: bytes) -> Counter[str]:
    documents = [parse_feed(data, "feed", address="http://127.0.0.1/feed") for data in (former, current)]
    items = [*shown_as_new(RULES[name], *documents), *shown_as_changed(RULES[name], *documents)]
    return Counter(title_text(item.title, item.title_form) for item in items)


@pytest.mark.parametrize("name", list(SUBSCRIBERS))
def test_prediction_is_what_the_program_shows_as_unread(name: str, tmp_path: Path) -> None:
    subscriber = SUBSCRIBERS[name]
    require(subscriber)
    feeds = pairs(("rdf", *subscriber.formats))
    with document_server() as server, subscriber.open_program(tmp_path) as program:
        for feed, (media_type, former, _) in feeds.items():
            server.documents[f"/{feed}"] = Document(body=former, headers={"Content-Type": media_type})
            program.subscribe(feed, f"{server.url}/{feed}")
        program.refresh(0)
        unread = mark_read(program, feeds)
        for feed, (media_type, _, current) in feeds.items():
            server.documents[f"/{feed}"] = Document(body=current, headers={"Content-Type": media_type})
        program.refresh(120)
        actual = {feed: unread(feed) for feed in feeds}
    assert actual == {feed: predicted(name, former, current) for feed, (_, former, current) in feeds.items()}
