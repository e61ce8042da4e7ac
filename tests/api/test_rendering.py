"""Rendering for callers of the API: addresses of formats, formats and namespaces of their own, and errors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest
from lxml import etree

from feedsvc.api import Element, FieldError, Format, Namespace, formats, new_entry, new_feed, render

HOME = "https://harbour.example/"
MOMENT = datetime(2026, 1, 2, 9, 30, tzinfo=UTC)
FEED = new_feed(
    title="Harbour Notes",
    url=HOME,
    language="en",
    entries=[new_entry(title="Tide", url=f"{HOME}tide", published=MOMENT)],
    feed_url=f"{HOME}notes.rss",
)
ATOM = "{http://www.w3.org/2005/Atom}link"
X = "https://x.example/ns"


def self_links(document: bytes) -> list[tuple[str, str]]:
    root = etree.fromstring(document)
    return [(str(link.get("href")), str(link.get("type"))) for link in root.iter(ATOM) if link.get("rel") == "self"]


def test_a_feed_has_its_own_address_with_the_type_of_the_format() -> None:
    assert self_links(render(FEED, "rss")) == [(f"{HOME}notes.rss", "application/rss+xml")]
    assert self_links(render(FEED, "atom", url=f"{HOME}notes.atom")) == [(f"{HOME}notes.atom", "application/atom+xml")]


def test_built_in_formats_come_first() -> None:
    assert [form.suffix for form in formats()][:3] == ["rss", "atom", "json"]


def test_a_format_of_the_caller_renders() -> None:
    titles = Format(suffix="txt", name="Titles", media_type="text/plain", render=lambda feed: feed.entries[0].title.encode())
    assert render(FEED, titles) == b"Tide"
    with pytest.raises(FieldError, match="namespaces: the format 'txt' takes none"):
        render(FEED, titles, namespaces=[])


def test_an_unknown_format_is_named_with_the_nearest() -> None:
    with pytest.raises(FieldError, match="format: 'jsn' is none of rss, atom, json; did you mean 'json'"):
        render(FEED, "jsn")


def namespace(*elements: Element, prefix: str = "x", uri: str = X) -> Namespace:
    return Namespace(prefix=prefix, uri=uri, entry_elements=lambda _: elements, feed_elements=lambda _: elements)


@pytest.mark.parametrize(("suffix", "entry_path"), [("rss", "channel/item"), ("atom", "{http://www.w3.org/2005/Atom}entry")])
def test_elements_are_escaped_and_parsed_back(suffix: str, entry_path: str) -> None:
    text = "a < b & \"c\" 'd' ]]> \x00\ud800 ü\r\nnext"
    elements = (
        Element("x:text", text),
        Element("x:attributes", attributes={"one": text, "xml:lang": "ko"}),
        Element("x:parent", children=(Element("x:child", "1"), Element("dc:subject", "2"))),
    )
    root = etree.fromstring(render(FEED, suffix, namespaces=[namespace(*elements)]))
    clean = "a < b & \"c\" 'd' ]]>  ü\nnext"
    for parent in (root.find(entry_path), root.find("channel") if suffix == "rss" else root):
        assert parent is not None
        assert parent.findtext(f"{{{X}}}text") == clean
        attributes = parent.find(f"{{{X}}}attributes")
        assert attributes is not None
        assert attributes.get("one") == clean
        assert parent.findtext(f"{{{X}}}parent/{{{X}}}child") == "1"
        assert parent.findtext(f"{{{X}}}parent/{{http://purl.org/dc/elements/1.1/}}subject") == "2"


@pytest.mark.parametrize("suffix", ["rss", "atom"])
def test_added_lines_are_indented_as_all_others(suffix: str) -> None:
    plain = render(FEED, suffix).decode().splitlines()
    extended = render(FEED, suffix, namespaces=[namespace(Element("x:text", "1"))]).decode().splitlines()
    added = [line for line in extended if "<x:text>" in line]
    assert [len(line) - len(line.lstrip()) for line in added] == ([4, 6] if suffix == "rss" else [2, 4])
    assert [line for line in extended if "x:" not in line][2:] == [line for line in plain if "x:" not in line][2:]


def test_only_namespaces_that_are_used_are_declared() -> None:
    assert b"x.example" not in render(FEED, "rss", namespaces=[Namespace(prefix="x", uri=X, entry_elements=lambda _: [])])
    assert b"x.example" not in render(FEED, "rss", namespaces=[])


def test_json_objects_are_members_of_items_and_of_the_feed() -> None:
    both = Namespace(prefix="x", uri=X, entry_json=lambda entry: {"n": [len(entry.title)]}, feed_json=lambda _: {"ü": None})
    document = render(FEED, "json", namespaces=[both]).decode()
    assert '\n "_x": {\n  "ü": null\n },\n "items": [\n' in document
    assert ',\n   "_x": {\n    "n": [\n     4\n    ]\n   }\n  }\n ]\n}\n' in document


@pytest.mark.parametrize(
    ("namespaces", "message"),
    [
        ([namespace(prefix="dc")], "'dc' or its URI"),
        ([namespace(uri="http://purl.org/dc/elements/1.1/")], "'x' or its URI"),
        ([namespace(), namespace(prefix="y")], "'y' or its URI"),
        ([namespace(Element("y:z"))], "'y:z' has the prefix of no namespace"),
    ],
)
def test_conflicting_namespaces_are_refused(namespaces: Iterable[Namespace], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        render(FEED, "rss", namespaces=namespaces)


def test_a_namespace_of_another_type_is_an_error_that_names_its_place() -> None:
    with pytest.raises(FieldError, match=r"^namespaces\[1\]: expected Namespace, not str$"):
        render(FEED, "rss", namespaces=[namespace(), "x"])  # type: ignore[list-item] - the mistake


def test_two_objects_of_one_name_in_json_are_an_error() -> None:
    one, other = (Namespace(prefix="x", uri=X, feed_json=lambda _, n=n: {"n": n}) for n in (1, 2))
    assert b'"_x"' in render(FEED, "json", namespaces=[one, namespace()])
    with pytest.raises(ValueError, match="'x' belongs to two namespaces"):
        render(FEED, "json", namespaces=[one, other])


def test_a_namespace_may_add_elements_of_one_that_feeds_have() -> None:
    dublin = namespace(Element("dc:subject", "Tides"), prefix="dc", uri="http://purl.org/dc/elements/1.1/")
    assert b"<dc:subject>Tides</dc:subject>" in render(FEED, "rss", namespaces=[dublin])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Element("rating"), "Element.name: expected a prefix and a name"),
        (lambda: Element("x:a", 3), "Element.text of x:a: expected str, not int"),
        (lambda: Element("x:a", attributes={"n": 3}), r"Element.attributes\['n'\] of x:a: expected str, not int"),
        (lambda: Element("x:a", attributes={"xmlns:y": "z"}), "Element.attributes of x:a"),
        (lambda: Element("x:a", "t", children=(Element("x:b"),)), "has both a text and children"),
        (lambda: Namespace(prefix="xml2", uri=X), "Namespace.prefix"),
        (lambda: Namespace(prefix="x", uri="ns"), "Namespace.uri"),
        (lambda: Namespace(prefix="x", uri=X, formats=("json",)), "Namespace.formats"),
        (lambda: Namespace(prefix="x", uri=X, entry_elements=3), "Namespace.entry_elements: expected a function"),
        (lambda: Format(suffix="xml", name="X", media_type="a/b", render=str), "'xml' is not available"),
        (lambda: Format(suffix="C S V", name="X", media_type="a/b", render=str), "Format.suffix"),
        (lambda: Format(suffix="csv", name="", media_type="a/b", render=str), "Format.name"),
        (lambda: Format(suffix="csv", name="X", media_type="text/csv; charset=utf-8", render=str), "Format.media_type"),
    ],
)
def test_an_error_of_an_extension_names_the_field(build: object, message: str) -> None:
    assert callable(build)
    with pytest.raises((ValueError, TypeError), match=message):
        build()
