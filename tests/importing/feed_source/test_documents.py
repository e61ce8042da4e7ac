"""Test the documents of a feed: files, folders, and archives and pages of an address on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.importing import feed_source as module
from feedsvc.importing.feed_source import FeedDocuments, FeedLimits, open_documents, read_document
from feedsvc.importing.source import ImportSourceError
from feedsvc.support.http import HostAccess
from tests.helpers.document_server import Document, DocumentServer, document_server
from tests.importing.feed_source import samples


@pytest.fixture
def server() -> Iterator[DocumentServer]:
    with document_server() as running:
        yield running


def feed(number: int, older: str = "", rel: str = "prev-archive") -> Document:
    link = f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="{rel}" href="{older}"/>' if older else ""
    items = "".join(f"<item><guid>{number}-{index}</guid><title>Item {number}-{index}</title></item>" for index in range(2))
    return Document(body=f"<rss><channel><title>F</title>{link}{items}</channel></rss>".encode())


def opened(where: str | Path, limits: FeedLimits | None = None) -> FeedDocuments:
    return open_documents(str(where), access=HostAccess(), limits=limits or FeedLimits())


def ids(documents: FeedDocuments) -> list[str]:
    return [item.id for document in documents.documents for item in document.items]


@pytest.mark.parametrize("rel", ["prev-archive", "next"])
def test_archives_and_pages_are_followed_to_the_oldest(server: DocumentServer, rel: str) -> None:
    server.documents |= {"/feed": feed(3, "/2", rel), "/2": feed(2, "/1", rel), "/1": feed(1)}
    documents = opened(f"{server.url}/feed")
    assert ids(documents) == ["3-0", "3-1", "2-0", "2-1", "1-0", "1-1"]
    assert server.requests == ["/feed", "/2", "/1"]
    assert documents.omissions == []


def test_next_url_of_json_feed_is_followed(server: DocumentServer) -> None:
    text = samples.JSON_FEED.replace("https://j.example/feed.json", f"{server.url}/feed.json")
    server.documents |= {
        "/feed.json": Document(body=text.encode()),
        "/feed.json?page=2": Document(body=b'{"items": [{"id": "1"}]}'),
    }
    assert ids(opened(f"{server.url}/feed.json")) == ["7", "8", "1"]


def test_loop_of_archives_ends(server: DocumentServer) -> None:
    server.documents |= {"/feed": feed(2, "/1"), "/1": feed(1, "/feed")}
    assert ids(opened(f"{server.url}/feed")) == ["2-0", "2-1", "1-0", "1-1"]


def test_pages_with_the_same_items_for_ever_end(server: DocumentServer) -> None:
    server.documents["/?page=1"] = feed(1, "/?page=2", "next")
    server.documents |= {f"/?page={number}": feed(2, f"/?page={number + 1}", "next") for number in range(2, 50)}
    assert ids(opened(f"{server.url}/?page=1")) == ["1-0", "1-1", "2-0", "2-1"]
    assert len(server.requests) == 3


def test_limits_of_an_endless_archive_are_reported(server: DocumentServer) -> None:
    server.documents |= {f"/{number}": feed(number, f"/{number + 1}") for number in range(20)}
    documents = opened(f"{server.url}/0", FeedLimits(documents=3))
    assert len(ids(documents)) == 6
    assert "more than 3 documents" in documents.omissions[0].reason
    documents = opened(f"{server.url}/0", FeedLimits(total_bytes=400))
    assert documents.omissions
    assert len(documents.documents) < 5


@pytest.mark.parametrize(("older", "reason"), [("/gone", "404 Not Found"), ("http://[::1]:1/secret", "private network")])
def test_archive_that_is_gone_or_inside_the_network_is_named_and_the_rest_stays(
    server: DocumentServer, older: str, reason: str
) -> None:
    server.documents["/feed"] = feed(2, older)
    documents = opened(f"{server.url}/feed")
    assert ids(documents) == ["2-0", "2-1"]
    assert documents.omissions[0].place == (f"{server.url}{older}" if older.startswith("/") else older)
    assert reason in documents.omissions[0].reason


def test_server_that_is_busy_is_asked_again(server: DocumentServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSES", (0.0, 0.0))
    answers = iter([Document(status=503), Document(status=429), feed(1)])
    server.documents["/feed"] = lambda _fields: next(answers)
    assert ids(opened(f"{server.url}/feed")) == ["1-0", "1-1"]


def test_charset_of_the_response_counts(server: DocumentServer) -> None:
    body = "<rss><channel><title>Привет</title></channel></rss>".encode("cp1251")
    server.documents["/feed"] = Document(body=body, headers={"Content-Type": "text/xml; charset=windows-1251"})
    assert read_document(f"{server.url}/feed", access=HostAccess(), limits=FeedLimits()).title == "Привет"


def test_folder_of_files_is_read_by_name_and_others_are_named(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    files = {"a.xml": feed(1).body, "b/c.rss": feed(2).body, "d.json": b"{}", "e.txt": b"x", ".git/f.xml": b"x", ".g.xml": b"x"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    documents = opened(tmp_path)
    assert ids(documents) == ["1-0", "1-1", "2-0", "2-1"]
    assert [document.place for document in documents.documents] == ["a.xml", "b/c.rss"]
    assert [(omission.place, omission.reason) for omission in documents.omissions] == [
        ("d.json", "it is JSON, but no JSON Feed: a JSON Feed is an object with the keys version, title and items")
    ]


def test_truncated_json_feed_in_a_folder_makes_the_source_end_early(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(feed(1).body)
    (tmp_path / "b.json").write_bytes(b'{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id": "1"')
    (omission,) = opened(tmp_path).omissions
    assert (omission.place, omission.is_end) == ("b.json", True)
    assert omission.reason.startswith("its JSON is invalid: ")


def test_folder_without_feeds_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImportSourceError, match="is a feed"):
        opened(tmp_path)


def test_file_that_is_missing_or_too_large_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImportSourceError, match="No such file"):
        opened(tmp_path / "none.xml")
    (tmp_path / "large.xml").write_bytes(feed(1).body)
    with pytest.raises(ImportSourceError, match="larger than 0 MiB"):
        opened(tmp_path / "large.xml", FeedLimits(document_bytes=50))


def test_file_says_where_its_older_documents_are(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(feed(1, "https://old.example/2025").body)
    [omission] = opened(tmp_path / "feed.xml").omissions
    assert "https://old.example/2025" in omission.reason
