"""The rules of tests/validators: nothing against impeccable documents, the right word against each planted fault."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Final

import pytest

from tests.validators import RULES, objections
from tests.validators.faults import atom, fragment, json_feed, rss

CLEAN: Final = Path(__file__).parent / "clean"
DOCUMENTS: Final = sorted(path.name for path in CLEAN.iterdir())
NOW: Final = datetime(2026, 1, 3, tzinfo=UTC)
PLANTED: Final = {
    "feed.rss": rss.FEED,
    "archive.rss": rss.ARCHIVE,
    "feed.atom": atom.FEED,
    "archive.atom": atom.ARCHIVE,
    "withdrawn.atom": atom.WITHDRAWN,
    "feed.json": json_feed.FEED,
}
# How each format holds HTML: where to put it, and how it is escaped there.
HTML_HOLDERS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "feed.rss": ("&lt;p&gt;Nothing &lt;b&gt;much&lt;/b&gt; happened.&lt;/p&gt;", escape),
    "feed.atom": ("&lt;p&gt;Nothing &lt;b&gt;much&lt;/b&gt; happened.&lt;/p&gt;", escape),
    "feed.json": ('"content_text": "Nothing much happened."', lambda text: f'"content_html": {json.dumps(text)}'),
}


def clean(name: str) -> str:
    return (CLEAN / name).read_text(encoding="utf-8")


def format_of(name: str) -> str:
    return name.rpartition(".")[2]


def objected(name: str, text: str) -> list[str]:
    """The objections to `text` as the document `name` of the site."""
    return objections(text.encode(), format_of(name), f"https://news.example/{name}", now=NOW)


def rules_of(sentences: list[str]) -> set[str]:
    return {sentence.partition(":")[0] for sentence in sentences}


EACH_FAULT: Final = [
    pytest.param(name, rule, old, new, id=f"{name}-{number}-{rule}")
    for name, faults in PLANTED.items()
    for number, (rule, old, new) in enumerate(faults)
]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_impeccable_documents_pass(name: str) -> None:
    assert objected(name, clean(name)) == []


@pytest.mark.parametrize(("name", "rule", "old", "new"), EACH_FAULT)
def test_each_planted_fault_is_objected_to(name: str, rule: str, old: str, new: str) -> None:
    text = clean(name)
    assert old in text
    assert rule in rules_of(objected(name, text.replace(old, new, 1)))


@pytest.mark.parametrize("name", HTML_HOLDERS)
@pytest.mark.parametrize("html", fragment.FAULTY)
def test_faulty_html_is_objected_to(name: str, html: str) -> None:
    old, escaped = HTML_HOLDERS[name]
    assert rules_of(objected(name, clean(name).replace(old, escaped(html)))) == {"html"}


@pytest.mark.parametrize("name", HTML_HOLDERS)
@pytest.mark.parametrize("html", fragment.HARMLESS)
def test_harmless_html_passes(name: str, html: str) -> None:
    old, escaped = HTML_HOLDERS[name]
    assert objected(name, clean(name).replace(old, escaped(html))) == []


@pytest.mark.parametrize("fmt", RULES)
def test_every_rule_is_proved_by_a_fault(fmt: str) -> None:
    proved = {rule for faults in PLANTED.values() for rule, _, _ in faults} | {"html"}
    assert RULES[fmt] <= proved


@pytest.mark.parametrize("name", ["feed.rss", "feed.atom"])
def test_what_is_not_xml_gets_one_objection(name: str) -> None:
    [sentence] = objected(name, clean(name).replace("</title>", "", 1))
    assert sentence.startswith("well-formed: ")


def test_a_sentence_names_the_element_and_its_line() -> None:
    [sentence] = objected("feed.rss", clean("feed.rss").replace("Thu, 01 Jan 2026", "Fri, 01 Jan 2026"))
    assert sentence == (
        "text-value: rss/channel/item[2]/pubDate (line 49): 'Fri, 01 Jan 2026 18:30:00 GMT' is on a Thu, not a Fri"
    )


def test_an_allowed_rule_is_not_asked() -> None:
    text = clean("feed.atom").replace("2026-01-01T18:30:00Z</updated>", "2026-01-02T05:30:00Z</updated>")
    address = "https://news.example/feed.atom"
    assert rules_of(objections(text.encode(), "atom", address)) == {"same-updated"}
    assert objections(text.encode(), "atom", address, allow={"same-updated"}) == []


@pytest.mark.parametrize("name", ["feed.rss", "feed.atom", "feed.json"])
def test_the_future_begins_a_day_after_now(name: str) -> None:
    document, address = clean(name).encode(), f"https://news.example/{name}"
    assert objections(document, format_of(name), address, now=datetime(2026, 1, 1, 7, tzinfo=UTC)) == []
    assert rules_of(objections(document, format_of(name), address, now=datetime(2026, 1, 1, tzinfo=UTC))) == {"date"}
