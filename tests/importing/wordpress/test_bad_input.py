"""Exports that are damaged, hostile or invalid: what is good is read, and each fault has its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from feedsvc.importing.source import PostState
from tests.importing.wordpress.reading import read_all
from tests.importing.wordpress_export import WxrItem, export_xml, write_export

BOMB = (
    '<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY file SYSTEM "file:///etc/passwd">]>'
)


def posts_with(marker: str, replacement: str, *, count: int = 3) -> str:
    """Return an export of posts 1 to `count`, with a text in place of MARKER in the second."""
    contents = ["MARKER" if number == 2 else "x" for number in range(1, count + 1)]
    items = [WxrItem(number=number, title=f"T{number}", content=content) for number, content in enumerate(contents, 1)]
    text = export_xml(items)
    assert marker in text
    return text.replace(marker, replacement)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("replacement", "body", "reason"),
    [
        ("a <![CDATA[b]]> c", "<p>a &lt;![CDATA[b]]> c</p>", "not well-formed"),
        ("<script>//<![CDATA[\nx()\n//]]></script> c", None, "not well-formed"),
        ("a]]>b", "<p>a]]>b</p>", "not well-formed"),
    ],
)
def test_fault_in_a_text_is_named_with_its_line(tmp_path: Path, replacement: str, body: str | None, reason: str) -> None:
    text = posts_with("MARKER", replacement)
    (tmp_path / "export.xml").write_text(text, "utf-8")
    posts, omissions = read_all(tmp_path / "export.xml")
    assert list(posts) == ["1", "2", "3"]
    if body is not None:
        assert posts["2"].body.replace("<![CDATA[", "&lt;![CDATA[") == body
    (omission,) = omissions
    assert reason in omission.reason
    line = int(re.search(r"line (\d+)", omission.place)[1])  # type: ignore[index]
    assert abs(line - line_of(text, "T2")) <= replacement.count("\n") + 8


def test_characters_that_xml_forbids_are_removed(tmp_path: Path) -> None:
    (tmp_path / "export.xml").write_text(posts_with("MARKER", "a\x07b"), "utf-8")
    posts, omissions = read_all(tmp_path / "export.xml")
    assert (posts["2"].body, omissions) == ("<p>ab</p>", [])


def test_latin_1_bytes_in_a_utf_8_file(tmp_path: Path) -> None:
    data = posts_with("MARKER", "MARKER").encode().replace(b"MARKER", b"caf\xe9 \x93quoted\x94")
    (tmp_path / "export.xml").write_bytes(data)
    posts, omissions = read_all(tmp_path / "export.xml")
    assert posts["2"].body == "<p>café “quoted”</p>"
    assert "Windows-1252" in omissions[0].reason


def test_entities_of_html_outside_of_cdata(tmp_path: Path) -> None:
    text = posts_with("<![CDATA[MARKER]]>", "caf&eacute;&nbsp;&mdash; R&D &unknown; &#7;a < b")
    (tmp_path / "export.xml").write_text(text, "utf-8")
    posts, _ = read_all(tmp_path / "export.xml")
    assert posts["2"].body == "<p>café\xa0— R&D &unknown; a < b</p>"


def test_surrogates_are_no_text(tmp_path: Path) -> None:
    data = posts_with("<![CDATA[MARKER]]>", "a&#xD800;b &bad;MARK").encode().replace(b"MARK", b"\xed\xa0\x80c")
    (tmp_path / "export.xml").write_bytes(data)
    posts, _ = read_all(tmp_path / "export.xml")
    assert posts["2"].body.startswith("<p>ab &bad;")
    posts["2"].body.encode()


@pytest.mark.parametrize(
    "replacements",
    [
        {'xmlns:wp="http://wordpress.org/export/1.2/"': "", "\t</item>": "\t<plugin:field x:y='1'>v</plugin:field></item>"},
        {"<wp:": "<w:", "</wp:": "</w:", "xmlns:wp": "xmlns:w"},
    ],
    ids=["undeclared", "other prefix"],
)
def test_namespaces_are_recognised(tmp_path: Path, replacements: dict[str, str]) -> None:
    text = posts_with("MARKER", "ok")
    for old, new in replacements.items():
        text = text.replace(old, new)
    (tmp_path / "export.xml").write_text(text, "utf-8")
    posts, omissions = read_all(tmp_path / "export.xml")
    assert (list(posts), omissions) == (["1", "2", "3"], [])


@pytest.mark.parametrize("encoding", ["iso-8859-15", "windows-1251", "utf-16", "utf-8-sig"])
def test_encodings_of_old_sites(tmp_path: Path, encoding: str) -> None:
    word = "Привет" if encoding == "windows-1251" else "prix: 5 €" if encoding == "iso-8859-15" else "日本語"
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    text = posts_with("MARKER", word).replace("UTF-8", declared).replace("Å", "A").replace("ö", "o")
    (tmp_path / "export.xml").write_bytes(text.encode(encoding))
    posts, omissions = read_all(tmp_path / "export.xml")
    assert posts["2"].body == f"<p>{word}</p>"
    assert omissions == []


def test_export_that_ends_within_a_post_keeps_the_posts_before(tmp_path: Path) -> None:
    text = posts_with("MARKER", "long text " * 500)
    (tmp_path / "export.xml").write_text(text[: text.index("long text") + 2000], "utf-8")
    posts, omissions = read_all(tmp_path / "export.xml")
    assert list(posts) == ["1"]
    cut, end = omissions
    assert 'item "T2"' in cut.what
    assert "the file ends within it" in cut.reason
    assert "ends early, after 2 items" in end.reason


@pytest.mark.parametrize("field", ["wp:post_password", "wp:status"])
def test_post_whose_password_or_state_is_lost_is_a_draft(tmp_path: Path, field: str) -> None:
    """Damaged XML must not publish a post that only readers with a password could see."""
    text = posts_with("MARKER", "only for members")
    start = text.index(f"<{field}>", text.index("only for members"))
    (tmp_path / "export.xml").write_text(f"{text[:start]}<wp:lost>&{text[start + len(field) + 2 :]}", "utf-8")
    posts, omissions = read_all(tmp_path / "export.xml")
    assert [posts[number].state for number in ("1", "2", "3")] == [PostState.PUBLISHED, PostState.DRAFT, PostState.PUBLISHED]
    assert "its state or password is lost, so it is a draft" in omissions[0].reason


def test_post_that_is_cut_before_its_password_is_left_out(tmp_path: Path) -> None:
    text = posts_with("MARKER", "only for members")
    cut = text.index("<wp:post_password>", text.index("only for members"))
    (tmp_path / "export.xml").write_text(text[:cut], "utf-8")
    posts, omissions = read_all(tmp_path / "export.xml")
    assert list(posts) == ["1"]
    assert "so it is left out" in omissions[0].reason


def test_post_without_end_tag_does_not_hide_the_next(tmp_path: Path) -> None:
    text = posts_with("MARKER", "ok").replace("\t</item>\n", "", 1)
    (tmp_path / "export.xml").write_text(text, "utf-8")
    posts, omissions = read_all(tmp_path / "export.xml")
    assert list(posts) == ["1", "2", "3"]
    assert "no end tag" in omissions[0].reason


def test_post_that_ends_within_cdata_does_not_hide_the_next(tmp_path: Path) -> None:
    text = posts_with("MARKER", "cut")
    start = text.index("cut")
    (tmp_path / "export.xml").write_text(text[:start] + text[text.index("\t<item>", start) :], "utf-8")
    posts, omissions = read_all(tmp_path / "export.xml")
    assert list(posts) == ["1", "3"]
    assert 'item "T2"' in omissions[0].what


def test_text_of_an_item_within_cdata_is_text(tmp_path: Path) -> None:
    code = "<pre>&lt;x&gt;</pre>\n<item>\n<title>no item</title>\n</item>"
    posts, omissions = read_all(write_export(tmp_path / "export.xml", WxrItem(number=1, content=code), WxrItem(number=2)))
    assert list(posts) == ["1", "2"]
    assert "no item" in posts["1"].body
    assert omissions == []


def test_document_type_expands_nothing_and_reads_no_file(tmp_path: Path) -> None:
    text = posts_with("<![CDATA[MARKER]]>", "&c;&file;")
    (tmp_path / "export.xml").write_text(text.replace("<rss ", f"{BOMB}\n<rss ", 1), "utf-8")
    assert read_all(tmp_path / "export.xml")[0]["2"].body == "<p>&c;&file;</p>"


def test_many_unclosed_elements_blocks_and_shortcodes_do_not_hang(tmp_path: Path) -> None:
    content = "<item " * 20_000 + "[a " * 20_000 + "<p" * 20_000 + "<!-- wp:x " * 5_000 + "<iframe " * 5_000 + "[caption]" * 3_000
    content += " " * 100_000 + "<!-- wp:a {" * 5_000
    posts, _ = read_all(write_export(tmp_path / "export.xml", WxrItem(number=1, content=content)))
    assert posts["1"].body
