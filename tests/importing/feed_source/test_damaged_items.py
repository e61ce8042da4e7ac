"""Feeds with an item that is not well-formed: all others are imported, and the report says how many are missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.importing.feed_source import open_feed_source
from feedsvc.importing.feed_source.parse import parse_feed
from feedsvc.importing.source import Omission, SourcePost
from tests.importing.writer.memory_source import run_import

_RSS = "<rss xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>\n<title>Old</title>\n{}</channel></rss>"
_ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'>\n<title>Old</title>\n{}</feed>"


def _rss_item(number: int, title: str = "Title", description: str = "Text", end: str = "</item>") -> str:
    return (
        f"<item><title>{title} {number}</title><link>https://old.example/{number}</link>\n"
        f"<dc:creator>Mina</dc:creator><description>{description}</description>{end}\n"
    )


def _entry(number: int, title: str = "Title") -> str:
    return f"<entry><id>tag:old.example,2020:{number}</id><title>{title} {number}</title>\n<summary>Text</summary></entry>\n"


def _read(text: str, tmp_path: Path) -> tuple[list[str], list[Omission]]:
    """Return the titles of the posts of a feed, and its omissions."""
    file = tmp_path / "old.xml"
    file.write_text(text, "utf-8")
    records = [*open_feed_source(str(file)).posts()]
    omissions = [record for record in records if isinstance(record, Omission)]
    return [record.title for record in records if isinstance(record, SourcePost)], omissions


@pytest.mark.parametrize(
    ("damaged", "name", "reason"),
    [
        (_rss_item(2, title="Cats <b> & dogs"), "'Cats'", "<b> has no end tag before </title>, at line 5"),
        (_rss_item(2, description="Cats <br> dogs"), "'Title 2'", "<br> has no end tag before </description>, at line 6"),
        (_rss_item(2, title="Cats </b> dogs"), "'Cats'", "<title> has no end tag before </b>, at line 5"),
        (_rss_item(2, end=""), "'Title 2'", "it has no end tag"),
        (_rss_item(2, title="A\nlong <b>title"), "'A long'", "<b> has no end tag before </title>, at line 6"),
    ],
)
def test_items_after_a_tag_without_an_end_are_imported(tmp_path: Path, damaged: str, name: str, reason: str) -> None:
    titles, omissions = _read(_RSS.format(_rss_item(1) + damaged + _rss_item(3) + _rss_item(4)), tmp_path)
    assert titles == ["Title 1", "Title 3", "Title 4"]
    assert omissions == [
        Omission("old.xml, line 5", name, f"its XML is not well-formed ({reason}), so it is left out"),
        Omission(
            "old.xml",
            "a part of the feed",
            "1 item is missing, because its XML is not well-formed; correct the feed, and read it again",
            is_end=True,
        ),
    ]


def test_entries_of_atom_after_tags_without_an_end_are_imported(tmp_path: Path) -> None:
    text = _ATOM.format(_entry(1) + _entry(2, "A <b>") + _entry(3, "B <i>") + _entry(4))
    titles, omissions = _read(text, tmp_path)
    assert titles == ["Title 1", "Title 4"]
    assert [omission.place for omission in omissions] == ["old.xml, line 5", "old.xml, line 7", "old.xml"]
    assert omissions[-1].reason.startswith("2 items are missing, because their XML is not well-formed")


def test_items_beside_a_damaged_one_keep_their_lines_authors_and_base(tmp_path: Path) -> None:
    text = _ATOM.format(
        _entry(1) + _entry(2, "A <b>") + "<entry><title>C</title><link href='c/'/><content type='xhtml'>"
        "<div xmlns='http://www.w3.org/1999/xhtml'>Text <b>C</b></div></content></entry>"
    )
    text = text.replace("<feed ", "<feed xml:base='https://old.example/' ").replace(
        "</title>\n<entry>", "</title><author><name>Mina</name></author>\n<entry>", 1
    )
    document = parse_feed(text.encode(), "old.xml")
    assert [item.place for item in document.items] == ["old.xml, item 1, line 3", "old.xml, item 2, line 7"]
    assert document.items[1].address == "https://old.example/c/"
    assert "Text <b>C</b>" in document.items[1].content
    assert [author.name for author in document.items[1].authors] == ["Mina"]
    assert document.faults == ()


def test_item_with_an_undeclared_prefix_is_no_damaged_one() -> None:
    text = _RSS.format(_rss_item(1) + "<item><title>B</title><media:x>y</media:x></item>" + _rss_item(3))
    document = parse_feed(text.encode(), "old.xml")
    assert [item.title for item in document.items] == ["Title 1", "B", "Title 3"]
    assert document.damaged_items == ()
    assert "not well-formed at line 5" in document.faults[0]


def test_tags_of_items_in_a_text_are_no_items(tmp_path: Path) -> None:
    text = _RSS.format(_rss_item(1, description="<![CDATA[</item><item>]]>") + _rss_item(2, title="<b>") + _rss_item(3))
    assert _read(text, tmp_path)[0] == ["Title 1", "Title 3"]


def test_import_of_a_feed_with_a_damaged_item_has_the_exit_status_of_an_incomplete_one(tmp_path: Path) -> None:
    (tmp_path / "old.xml").write_text(_RSS.format(_rss_item(1) + _rss_item(2, title="<b>")), "utf-8")
    source = open_feed_source(str(tmp_path / "old.xml"))
    assert source.site.feed_entries == 2
    report = run_import(tmp_path / "newsroom", *source.posts(), site=source.site, base_url="https://old.example")
    assert len(report.created) == 1
    assert [end.what for end in report.ends] == ["a part of the feed"]


def test_report_says_that_entities_of_entities_stay_as_they_are(tmp_path: Path) -> None:
    bomb = "<!DOCTYPE rss [<!ENTITY a0 'x'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 9)) + "]>"
    titles, omissions = _read(bomb + _RSS.format(_rss_item(1, title="&a8; &a0; &eacute;")), tmp_path)
    assert titles == ["&a8; x é 1"]
    reason = "entities of its document type stay as they are written, because they are long or contain others: &a8;"
    assert omissions == [Omission("old.xml", "the document", reason)]
