"""Test the rules of readers: by which key each knows an entry. `tests/subscribers` compares them with the programs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from feedsvc.editing.reader_rules import READER_RULES, ReaderRule
from feedsvc.importing.feed_document import FeedItem, FeedKind

ITEM = FeedItem(
    place="old.xml, item 1, line 1",
    id="tag:a.example,2026:1",
    link="https://a.example/1",
    address="https://a.example/1",
    title="One",
    published=datetime(2026, 1, 1, tzinfo=UTC),
    published_text="Thu, 01 Jan 2026 00:00:00 GMT",
    content="<p>Text</p>",
)
RULES = {rule.name: rule for rule in READER_RULES}


@pytest.mark.parametrize("rule", READER_RULES, ids=list(RULES))
@pytest.mark.parametrize("kind", list(FeedKind))
def test_entry_with_an_id_is_known_by_it_alone_unless_the_rule_says_otherwise(rule: ReaderRule, kind: FeedKind) -> None:
    moved = replace(ITEM, link="https://b.example/1", address="https://b.example/1", title="Two", content="x", published=None)
    is_by_address = rule.name == "miniflux" and kind is FeedKind.RDF
    assert (rule.identity(ITEM, kind) == rule.identity(moved, kind)) == (rule.is_by_id and not is_by_address)


@pytest.mark.parametrize("rule", READER_RULES, ids=list(RULES))
def test_entry_with_another_id_is_another(rule: ReaderRule) -> None:
    other = replace(ITEM, id="tag:a.example,2026:2")
    assert rule.identity(ITEM, FeedKind.ATOM) != rule.identity(other, FeedKind.ATOM)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("newsboat", "https://a.example/1Thu, 01 Jan 2026 00:00:00 GMT"),
        ("miniflux", "https://a.example/1"),
        ("rss2email", "<p>Text</p>"),
        ("feed2exec", "One"),
        ("sfeed", "\tOne\thttps://a.example/1"),
        ("reader", "https://a.example/1"),
        ("NetNewsWire", "https://a.example/1Thu, 01 Jan 2026 00:00:00 GMT"),
        ("FreshRSS", "https://a.example/1"),
    ],
)
def test_entry_without_id_has_another_key(name: str, key: str) -> None:
    assert RULES[name].identity(replace(ITEM, id=""), FeedKind.RSS) == key


def test_reader_leaves_an_entry_of_atom_without_id_out() -> None:
    assert RULES["reader"].identity(replace(ITEM, id=""), FeedKind.ATOM) == ""


def test_rss2email_sends_the_plain_summary_of_atom_and_so_sees_no_change_of_the_text() -> None:
    version = RULES["rss2email"].version
    plain = replace(ITEM, summary="<p>Short</p>", is_summary_text=True)
    assert version(plain) == version(replace(plain, content="<p>Other</p>"))
    html = replace(plain, is_summary_text=False)
    assert version(html) != version(replace(html, content="<p>Other</p>"))
