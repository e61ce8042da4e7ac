"""Test the reading of XML with the faults that feeds have."""

from __future__ import annotations

import pytest

from feedsvc.importing.xml_items import XmlDocument, decode, encoding_of, raw_text


def document(data: bytes, charset: str = "") -> XmlDocument:
    return XmlDocument(decode(data, encoding_of(data, charset)).encode(errors="surrogateescape"))


def title(data: bytes, charset: str = "") -> str:
    return raw_text(document(data, charset).head.element)


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("<a>é–</a>".encode(), "", "é–"),
        ("\ufeff<a>é</a>".encode(), "iso-8859-1", "é"),
        ('<?xml version="1.0" encoding="windows-1251"?><a>Привет</a>'.encode("cp1251"), "", "Привет"),
        ("<?xml version='1.0' encoding='iso-8859-1'?><a>“é”</a>".encode("cp1252"), "", "“é”"),
        ("<a>é</a>".encode("latin-1"), "", "é"),
        ("<a>日本</a>".encode("shift_jis"), "shift_jis", "日本"),
        ('<?xml version="1.0" encoding="utf-16"?><a>日本</a>'.encode("utf-16"), "", "日本"),
        ('<?xml version="1.0"?><a>x</a>'.encode("utf-16-le"), "", "x"),
        ("<a>é</a>".encode(), "no-such-charset", "é"),
        (b'<?xml version="1.0" encoding="hex"?><a>x</a>', "", "x"),
        ('<?xml version="1.0" encoding="us-ascii"?><a>é</a>'.encode(), "", "é"),
    ],
)
def test_encodings(data: bytes, charset: str, text: str) -> None:
    assert title(data, charset) == text


def test_bytes_that_no_encoding_explains_are_still_read() -> None:
    assert title(b"<a>x\x81\xff</a>") == "xÿ"
    assert "Windows-1252" in document(b"<a>\xff</a>").head.fault


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("R&D, AT&T, a & b, &", "R&D, AT&T, a & b, &"),
        ("caf&eacute;&nbsp;&mdash;&lt;b&gt;&amp;", "café\u00a0—<b>&"),
        ("&unknown; &#8217; &#x2019; &#150;", "&unknown; ’ ’ –"),
        ("<![CDATA[R&D &eacute; <b>]]>", "R&D &eacute; <b>"),
        ("<![CDATA[a]]]]><![CDATA[>b]]>", "a]]>b"),
        ("<!-- R&D --> x", " x"),
        ("a\x0bb\x00c\ufffe", "abc"),
        ("&#0;&#11;x", "x"),
        ("&amp;amp;", "&amp;"),
        ("&apos;&quot;", "'\""),
    ],
)
def test_references_of_html_and_lone_ampersands(markup: str, text: str) -> None:
    head = document(f"<a>{markup}</a>".encode("utf-8", "surrogatepass")).head
    assert (raw_text(head.element), head.fault) == (text, "")


def test_entities_of_the_document_stay_as_they_are_written() -> None:
    found = document(b"<!DOCTYPE a [<!-- Don't edit [this] --><!ENTITY co \"<b>News</b>\">]><a>It's &co;</a>")
    assert (raw_text(found.head.element), found.root, found.has_entities) == ("It's &co;", "a", True)


def test_line_numbers_count_the_document_type() -> None:
    found = document(b'<?xml version="1.0"?>\n<!DOCTYPE a [\n<!ENTITY x "y">\n]>\n<rss>\n<item/>\n</rss>')
    assert [item.line for item in found.items()] == [6]


@pytest.mark.parametrize(
    ("markup", "texts", "line"),
    [
        ("<item>\n<title>Cats <b> & dogs &amp; x</title><guid>1</guid></item>", ["Cats <b> & dogs & x", "1"], 2),
        ("<item>\n<title><![CDATA[a]]>b &amp;]]></title><guid>1</guid></item>", ["a]]>b &amp;", "1"], 2),
        ("<item><title>A</title>\n<guid isPermaLink=false>1</guid></item>", ["A", "1"], 2),
        ("<item><title>A <!-- b</title><guid>1</guid></item>", ["A <!-- b", "1"], 1),
        ("<item foo><title>A</title><guid>1</guid></item>", ["A", "1"], 1),
        ("<item><title>A</title><guid>1</guid><p></item>", ["A", "1"], 1),
        ("<item><title>A</title><guid>1</guid>", ["A", "1"], 1),
    ],
)
def test_item_that_is_not_well_formed_is_read_as_far_as_possible(markup: str, texts: list[str], line: int) -> None:
    items = list(document(f"<rss><channel>{markup}\n<item><title>Next</title></item></channel></rss>".encode()).items())
    assert [[raw_text(element) for element in item.element] for item in items] == [texts, ["Next"]]
    assert (bool(items[0].fault), items[1].fault) == (True, "")
    assert items[0].fault_line == line or "end tag" in items[0].fault


BOMB = "<!DOCTYPE a [<!ENTITY l0 'lol'>" + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)) + "]>"


@pytest.mark.parametrize(
    "text",
    [
        f"{BOMB}<a>&l9;</a>",
        f"<!DOCTYPE a [<!ENTITY l '{'x' * 100_000}'>]><a>{'&l;' * 100_000}</a>",
        "<!DOCTYPE a [<!ENTITY l SYSTEM 'file:///etc/passwd'>]><a>&l;</a>",
        "<!DOCTYPE a [<!ENTITY % p SYSTEM 'http://127.0.0.1:9/x'>%p;]><a>&l;</a>",
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/x'><a>&l;</a>",
        f"<a>{'<![CDATA[' * 100_000}</a>",
        f"<a>{'<!--' * 100_000}</a>",
        f"<!DOCTYPE a [{'<!ENTITY ' * 100_000}",
        "<!DOCTYPE a " + "[" * 100_000,
        "<a>" + "&" * 1_000_000 + "</a>",
        "<a>" * 100_000,
        "<?xml " + " " * 1_000_000,
    ],
)
def test_bombs_are_not_expanded(text: str) -> None:
    text = title(text.encode())
    assert len(text) <= 1_100_000
    assert "root:" not in text
