"""Detection of a source's format: what counts as an export is exactly what the reader of exports can read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from feedsvc.importing import ImportSourceError
from feedsvc.importing.formats import open_source
from feedsvc.importing.source import SourceSystem
from feedsvc.support.http import HostAccess
from tests.importing.wordpress_export import WxrItem, export_xml

EXPORT = export_xml([WxrItem(number=1)])
FEED = '<rss version="2.0"><channel><title>News</title><item><title>One</title><guid>1</guid></item></channel></rss>'


def system_of(path: Path) -> SourceSystem:
    return open_source(str(path), HostAccess()).site.system


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_export_in_another_encoding_is_recognised(tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    (tmp_path / "export.xml").write_bytes(f"{mark}{EXPORT}".encode(encoding))
    assert system_of(tmp_path / "export.xml") is SourceSystem.WORDPRESS


@pytest.mark.parametrize(("data", "name"), [(b"\x1f\x8b\x08\0", "gzip"), (b"PK\x03\x04 no archive", "zip")])
def test_compressed_export_is_refused_with_the_way_around(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / "export").write_bytes(data)
    with pytest.raises(ImportSourceError, match=f"it is compressed with {name}; decompress it first"):
        open_source(str(tmp_path / "export"), HostAccess())


def test_folder_of_parts_with_hidden_files_of_macos_is_an_export(tmp_path: Path) -> None:
    (tmp_path / "._part-1.xml").write_bytes(b"\0\5\x16\7")
    (tmp_path / "part-1.xml").write_text(EXPORT, "utf-8")
    assert system_of(tmp_path) is SourceSystem.WORDPRESS


def test_folders_of_feeds_are_feeds(tmp_path: Path) -> None:
    for folder, name in (("xml", "feed.xml"), ("rss", "feed.rss")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(FEED, "utf-8")
        assert system_of(tmp_path / folder) is SourceSystem.FEED


def test_feeds_beside_an_archive_that_cannot_be_read_are_feeds(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED, "utf-8")
    (tmp_path / "other.zip").write_bytes(b"PK\3\4 damaged")
    assert system_of(tmp_path) is SourceSystem.FEED


def test_name_that_no_file_can_have_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImportSourceError, match="there is no file or folder"):
        open_source(str(tmp_path / ("x" * 300)), HostAccess())


def test_scheme_in_capital_letters_is_an_address() -> None:
    with pytest.raises(ImportSourceError, match=r"nowhere\.invalid"):
        open_source("HTTPS://nowhere.invalid/feed", HostAccess())


@pytest.mark.parametrize(
    ("name", "content", "system"),
    [
        ("old.ghost.json", '{"db": [{"meta": {"version": "5.0"}, "data": {"posts": []}}]}', "Ghost"),
        ("posts.txt", "AUTHOR: Anna\nTITLE: Walk\n-----\nBODY:\nText\n", "Movable Type"),
        ("dump.sql", "-- dump\nCREATE TABLE `posts` (id INT);", "database"),
    ],
)
def test_export_of_another_system_is_named_with_the_way_around(tmp_path: Path, name: str, content: str, system: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(
        ImportSourceError, match=rf"this is a {system} export, which is not read yet; give the address of its feed"
    ):
        open_source(str(tmp_path / name), HostAccess())


@pytest.mark.parametrize(
    ("member", "system"), [("posts/1234.a-walk.html", "Substack"), ("posts/2020-01-02_A-walk-5f.html", "Medium")]
)
def test_archive_of_another_system_is_named(tmp_path: Path, member: str, system: str) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr(member, "<p>Text</p>")
    with pytest.raises(ImportSourceError, match=f"this is a {system} export"):
        open_source(str(tmp_path / "export.zip"), HostAccess())
