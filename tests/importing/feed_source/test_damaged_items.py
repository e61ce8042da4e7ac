"""Feeds with an item that is not well-formed: it is read as far as possible and named with its line; all others are whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedsvc.importing.feed_reader import parse_feed
from feedsvc.importing.feed_source import open_feed_source
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
    ("damaged", "title", "line"),
    [
        (_rss_item(2, title="Cats <b> & dogs"), "Cats & dogs 2", 5),
        (_rss_item(2, description="Cats <br> dogs"), "Title 2", 6),
        (_rss_item(2, title="Cats </b> dogs"), "Cats dogs 2", 5),
        (_rss_item(2, title="A\nlong <b>title"), "A long title 2", 6),
        (_rss_item(2, end=""), "Title 2", 5),
    ],
)
def test_item_with_a_tag_without_an_end_is_imported_and_named(tmp_path: Path, damaged: str, title: str, line: int) -> None:
    titles, omissions = _read(_RSS.format(_rss_item(1) + damaged + _rss_item(3) + _rss_item(4)), tmp_path)
    assert titles == ["Title 1", title, "Title 3", "Title 4"]
    (omission,) = omissions
    assert (omission.place, omission.what) == ("old.xml, item 2, line 5", f"a part of '{title}'")
    assert omission.reason.startswith(f"its XML is not well-formed at line {line} (")
    assert not omission.is_end


def test_entries_of_atom_after_tags_without_an_end_are_imported(tmp_path: Path) -> None:
    text = _ATOM.format(_entry(1) + _entry(2, "A <b>") + _entry(3, "B <i>") + _entry(4))
    titles, omissions = _read(text, tmp_path)
    assert titles == ["Title 1", "A <b> 2", "B <i> 3", "Title 4"]
    assert [omission.place for omission in omissions] == ["old.xml, item 2, line 5", "old.xml, item 3, line 7"]


def test_items_beside_a_damaged_one_keep_their_lines_authors_and_base(tmp_path: Path) -> None:
    text = _ATOM.format(
        _entry(1) + _entry(2, "A <b>") + "<entry><title>C</title><link href='c/'/><content type='xhtml'>"
        "<div xmlns='http://www.w3.org/1999/xhtml'>Text <b>C</b></div></content></entry>"
    )
    text = text.replace("<feed ", "<feed xml:base='https://old.example/' ").replace(
        "</title>\n<entry>", "</title><author><name>Mina</name></author>\n<entry>", 1
    )
    document = parse_feed(text.encode(), "old.xml")
    assert [item.place.rpartition(" ")[2] for item in document.items] == ["3", "5", "7"]
    assert [item.id for item in document.items] == ["tag:old.example,2020:1", "tag:old.example,2020:2", ""]
    assert document.items[2].address == "https://old.example/c/"
    assert "Text <b>C</b>" in document.items[2].content
    assert [author.name for author in document.items[2].authors] == ["Mina"]
    assert document.faults == ()


def test_item_with_an_undeclared_prefix_is_no_damaged_one() -> None:
    text = _RSS.format(_rss_item(1) + "<item><title>B</title><media:x>y</media:x></item>" + _rss_item(3))
    document = parse_feed(text.encode(), "old.xml")
    assert [(item.title, item.faults) for item in document.items] == [("Title 1", ()), ("B", ()), ("Title 3", ())]


def test_tags_of_items_in_a_text_are_no_items(tmp_path: Path) -> None:
    text = _RSS.format(_rss_item(1, description="<![CDATA[</item><item>]]>") + _rss_item(2, title="<b>") + _rss_item(3))
    assert _read(text, tmp_path)[0] == ["Title 1", "2", "Title 3"]


def test_import_of_a_feed_that_ends_early_has_the_exit_status_of_an_incomplete_one(tmp_path: Path) -> None:
    (tmp_path / "old.xml").write_text(_RSS.format(_rss_item(1) + _rss_item(2)).partition("<title>Title 2")[0], "utf-8")
    source = open_feed_source(str(tmp_path / "old.xml"))
    report = run_import(tmp_path / "newsroom", *source.posts(), site=source.site, base_url="https://old.example")
    assert len(report.created) == 1
    assert [end.what for end in report.ends] == ["what may follow"]


def test_podcast_elements_that_are_not_read_are_listed(tmp_path: Path) -> None:
    names = " xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' xmlns:podcast='https://podcastindex.org/namespace/1.0'"
    item = _rss_item(1).replace("</item>", "<itunes:duration>9</itunes:duration><podcast:transcript url='x'/></item>")
    _, omissions = _read(_RSS.format(item).replace("<rss", f"<rss{names}"), tmp_path)
    assert [omission.what for omission in omissions] == ["elements of a podcast: itunes:duration (1), podcast:transcript (1)"]


def test_report_says_that_entities_of_entities_stay_as_they_are(tmp_path: Path) -> None:
    bomb = "<!DOCTYPE rss [<!ENTITY a0 'x'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 9)) + "]>"
    titles, omissions = _read(bomb + _RSS.format(_rss_item(1, title="&a8; &a0; &eacute;")), tmp_path)
    assert titles == ["&a8; &a0; é 1"]
    reason = "entities that its document type declares stay as they are written"
    assert omissions == [Omission("old.xml", "the document", reason)]
