"""Test the reading of XML with the faults that feeds have."""

from __future__ import annotations

import pytest

from feedsvc.importing.feed_source.xml_text import decode_xml, parse_xml


def title(data: bytes, charset: str = "") -> str:
    tree = parse_xml(data, charset)
    assert tree is not None
    return "".join(tree.root.itertext())


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
    assert decode_xml(b"<a>\x81\xff</a>").startswith("<a>")


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
    tree = parse_xml(f"<a>{markup}</a>".encode("utf-8", "surrogatepass"))
    assert tree is not None
    assert ("".join(tree.root.itertext()), tree.faults) == (text, ())


def test_short_entities_of_the_document_are_replaced() -> None:
    assert title(b"<!DOCTYPE a [<!ENTITY co \"News &#38; Co\"><!ENTITY b 'B'>]><a>&co; &b;</a>") == "News & Co B"


def test_an_apostrophe_in_a_comment_of_the_document_type_hides_no_entry() -> None:
    assert title(b"<!DOCTYPE a [<!-- Don't edit [this] --><!ENTITY co \"X\">]><a>It's &co;</a>") == "It's X"


def test_line_numbers_count_the_document_type() -> None:
    tree = parse_xml(b'<?xml version="1.0"?>\n<!DOCTYPE a [\n<!ENTITY x "y">\n]>\n<a>\n<b/>\n</a>')
    assert tree is not None
    assert tree.root[0].sourceline == 6


BOMB = "<!DOCTYPE a [<!ENTITY l0 'lol'>" + "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10)) + "]>"


@pytest.mark.parametrize(
    "document",
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
def test_bombs_are_not_expanded(document: str) -> None:
    tree = parse_xml(document.encode())
    text = "".join(tree.root.itertext()) if tree else ""
    assert len(text) <= 1_100_000
    assert "root:" not in text
