"""Test the rules of tests/validators: no objection to valid documents, and the expected objection to each planted fault."""

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
# Document -> the text to replace by HTML, and the function that escapes the HTML.
HTML_HOLDERS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "feed.rss": ("&lt;p&gt;Nothing &lt;b&gt;much&lt;/b&gt; happened.&lt;/p&gt;", escape),
    "feed.atom": ("&lt;p&gt;Nothing &lt;b&gt;much&lt;/b&gt; happened.&lt;/p&gt;", escape),
    "feed.json": ('"content_text": "Nothing much happened."', lambda text: f'"content_html": {json.dumps(text)}'),
}


def read_clean(name: str) -> str:
    return (CLEAN / name).read_text(encoding="utf-8")


def format_of(name: str) -> str:
    return name.rpartition(".")[2]


def validate(name: str, text: str) -> list[str]:
    """Return the objections to `text` as the site's document `name`."""
    return objections(text.encode(), format_of(name), f"https://news.example/{name}", now=NOW)


def rules_of(sentences: list[str]) -> set[str]:
    return {sentence.partition(":")[0] for sentence in sentences}


ALL_FAULTS: Final = [
    pytest.param(name, rule, old, new, id=f"{name}-{number}-{rule}")
    for name, faults in PLANTED.items()
    for number, (rule, old, new) in enumerate(faults)
]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_valid_documents_have_no_objections(name: str) -> None:
    assert validate(name, read_clean(name)) == []


@pytest.mark.parametrize(("name", "rule", "old", "new"), ALL_FAULTS)
def test_rule_reports_a_planted_fault(name: str, rule: str, old: str, new: str) -> None:
    text = read_clean(name)
    assert old in text
    assert rule in rules_of(validate(name, text.replace(old, new, 1)))


@pytest.mark.parametrize("name", HTML_HOLDERS)
@pytest.mark.parametrize("html", fragment.FAULTY)
def test_rule_html_reports_faulty_html(name: str, html: str) -> None:
    old, escape_html = HTML_HOLDERS[name]
    assert rules_of(validate(name, read_clean(name).replace(old, escape_html(html)))) == {"html"}


@pytest.mark.parametrize("name", HTML_HOLDERS)
@pytest.mark.parametrize("html", fragment.HARMLESS)
def test_harmless_html_has_no_objections(name: str, html: str) -> None:
    old, escape_html = HTML_HOLDERS[name]
    assert validate(name, read_clean(name).replace(old, escape_html(html))) == []


@pytest.mark.parametrize("fmt", RULES)
def test_every_rule_has_a_planted_fault(fmt: str) -> None:
    rules_with_a_fault = {rule for faults in PLANTED.values() for rule, _, _ in faults} | {"html"}
    assert RULES[fmt] <= rules_with_a_fault


@pytest.mark.parametrize("name", ["feed.rss", "feed.atom"])
def test_malformed_xml_gets_one_objection(name: str) -> None:
    [sentence] = validate(name, read_clean(name).replace("</title>", "", 1))
    assert sentence.startswith("well-formed: ")


def test_objection_names_the_element_and_its_line() -> None:
    [sentence] = validate("feed.rss", read_clean("feed.rss").replace("Thu, 01 Jan 2026", "Fri, 01 Jan 2026"))
    assert sentence == (
        "text-value: rss/channel/item[2]/pubDate (line 62): 'Fri, 01 Jan 2026 18:30:00 GMT' is on a Thu, not a Fri"
    )


def test_allowed_rules_are_not_applied() -> None:
    text = read_clean("feed.atom").replace("2026-01-01T18:30:00Z</updated>", "2026-01-02T05:30:00Z</updated>")
    address = "https://news.example/feed.atom"
    assert rules_of(objections(text.encode(), "atom", address)) == {"same-updated"}
    assert objections(text.encode(), "atom", address, allow={"same-updated"}) == []


@pytest.mark.parametrize("name", ["feed.rss", "feed.atom", "feed.json"])
def test_dates_up_to_a_day_after_now_are_allowed(name: str) -> None:
    document, address = read_clean(name).encode(), f"https://news.example/{name}"
    assert objections(document, format_of(name), address, now=datetime(2026, 1, 1, 7, tzinfo=UTC)) == []
    assert rules_of(objections(document, format_of(name), address, now=datetime(2026, 1, 1, tzinfo=UTC))) == {"date"}
