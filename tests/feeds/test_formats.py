"""RSS, Atom and JSON Feed of one feed: the same fields, and the same bytes in every process and locale."""

from __future__ import annotations

import locale
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from lxml import etree

from feedsvc.extensions import BUILT_IN_SUFFIXES
from feedsvc.feed_model import Person, Term
from feedsvc.feeds import FORMATS, formats
from feedsvc.model import Source
from feedsvc.support.date_formats import rfc822, rfc3339
from tests.feeds.rendering import ATOM, EVERY_FORMAT, XML_TEXT, as_json, render
from tests.helpers.feeds import BASE, QUIET_DAY, SUMMIT, TOMBSTONE, at, feed_of, rich_feed


def test_plugins_can_have_the_suffix_of_no_built_in_format() -> None:
    assert tuple(formats._BUILT_IN) == BUILT_IN_SUFFIXES


@EVERY_FORMAT
def test_threads_render_the_same_bytes_without_changing_the_locale(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> str:
        raise AssertionError("the locale belongs to the whole process")

    monkeypatch.setattr(locale, "setlocale", forbidden)
    feed = replace(rich_feed(suffix), items=(SUMMIT, TOMBSTONE, QUIET_DAY) * 10)
    with ThreadPoolExecutor(8) as pool:
        documents = set(pool.map(lambda _: render(feed, suffix), range(40)))
    assert documents == {render(feed, suffix)}


def test_the_locale_does_not_change_the_bytes() -> None:
    before = locale.setlocale(locale.LC_ALL)
    expected = [fmt.render(rich_feed(fmt.suffix)) for fmt in FORMATS.values()]
    try:
        locale.setlocale(locale.LC_ALL, _comma_locale())
        assert [fmt.render(rich_feed(fmt.suffix)) for fmt in FORMATS.values()] == expected
    finally:
        locale.setlocale(locale.LC_ALL, before)


def _comma_locale() -> str:
    """Return a locale with decimal commas and other names of months, "C" if the machine has none."""
    before = locale.setlocale(locale.LC_ALL)
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "es_ES.UTF-8"):
        try:
            return locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        finally:
            locale.setlocale(locale.LC_ALL, before)
    return "C"


def test_dates_are_utc_and_have_four_digits_for_the_year() -> None:
    assert (rfc822(at(2)), rfc3339(at(2))) == ("Fri, 02 Jan 2026 04:00:00 GMT", "2026-01-02T04:00:00Z")
    early = at(2).replace(year=999, microsecond=5)
    assert (rfc822(early)[8:16], rfc3339(early)) == ("Jan 0999", "0999-01-02T04:00:00Z")


@given(title=XML_TEXT, summary=XML_TEXT, name=XML_TEXT)
def test_any_text_is_parsed_back_from_atom_and_json(title: str, summary: str, name: str) -> None:
    entry = replace(
        SUMMIT,
        title=title,
        summary=summary,
        content=summary,
        authors=(Person(name=name),),
        categories=(Term(term=name, scheme=""),),
        sources=(Source(name=title, url=BASE),),
    )
    feed = replace(feed_of(entry), title=title, subtitle=summary, author=Person(name=name))
    atom = etree.fromstring(render(feed, "atom"))
    (item,) = atom.iterfind(f"{ATOM}entry")
    for parent in (atom, item):
        assert parent.findtext(f"{ATOM}title") == title
        assert parent.findtext(f"{ATOM}author/{ATOM}name") == name
    assert (atom.findtext(f"{ATOM}subtitle"), item.findtext(f"{ATOM}summary")) == (summary, summary)
    assert item.findtext(f"{ATOM}content") == summary
    assert [category.get("term") for category in item.iterfind(f"{ATOM}category")] == [name]
    assert [link.get("title") for link in item.iterfind(f"{ATOM}link[@rel='via']")] == [title]

    document = as_json(feed)
    assert (document["title"], document["description"]) == (title, summary)
    (json_item,) = document["items"]
    assert (json_item["title"], json_item["summary"], json_item["content_html"]) == (title, summary, summary)
    assert (json_item["authors"], json_item["tags"]) == ([{"name": name}], [name])
