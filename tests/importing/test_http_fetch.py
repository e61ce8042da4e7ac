"""Test GET requests of imports against real servers on loopback."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from feedsvc.importing.http_fetch import fetch_document, fetch_file
from feedsvc.support.http import HostAccess, HttpError, HttpLimits
from tests.helpers.document_server import Document, DocumentServer, document_server

LOCAL = HostAccess(internal_hosts=frozenset({"127.0.0.1"}))
BODY = bytes(range(256)) * 2000


@pytest.fixture
def server() -> Iterator[DocumentServer]:
    with document_server() as running:
        yield running


@contextmanager
def raw_server(response: bytes) -> Iterator[str]:
    """Answer one request with these bytes, then keep the connection open until the end."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(response)
                ended.wait(30)

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            ended.set()
            thread.join()


def test_document_has_its_address_type_and_charset(server: DocumentServer) -> None:
    server.documents["/old?a=1"] = Document(status=301, headers={"Location": "/feed"})
    server.documents["/feed"] = Document(body=b"<rss/>", headers={"Content-Type": "Text/XML; Charset=ISO-8859-1"})
    document = fetch_document(f"{server.url}/old?a=1", access=LOCAL)
    assert (document.address, document.data) == (f"{server.url}/feed", b"<rss/>")
    assert (document.media_type, document.charset) == ("text/xml", "iso-8859-1")
    assert "feedsvc/" in server.fields[0]["User-Agent"]
    assert not {"Cookie", "Authorization", "Referer"} & set(server.fields[1])


def test_address_with_spaces_and_other_scripts_is_encoded(server: DocumentServer) -> None:
    server.documents["/Bild%20%C3%A4.jpg"] = Document(body=b"x")
    assert fetch_document(f"{server.url}/Bild ä.jpg#part", access=LOCAL).data == b"x"


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://", "mailto:a@b.example", "x", "http://a b"]
)
def test_other_addresses_than_http_are_refused(address: str) -> None:
    with pytest.raises(HttpError):
        fetch_document(address, access=LOCAL)


def test_internal_host_is_refused_unless_it_is_allowed(server: DocumentServer) -> None:
    server.documents["/"] = Document(body=b"secret")
    with pytest.raises(HttpError, match="private network"):
        fetch_document(f"{server.url}/", access=HostAccess())
    assert server.requests == []


@pytest.mark.parametrize(
    "target", ["http://127.0.0.2:1/", "http://[::1]/", "file:///etc/passwd", "http://169.254.169.254/latest/"]
)
def test_redirect_into_the_network_is_refused(server: DocumentServer, target: str) -> None:
    server.documents["/"] = Document(status=302, headers={"Location": target})
    with pytest.raises(HttpError, match=r"private network|not an http"):
        fetch_document(f"{server.url}/", access=LOCAL)


def test_redirect_to_a_host_that_was_not_named_is_refused(server: DocumentServer) -> None:
    server.documents["/"] = Document(status=302, headers={"Location": "https://other.example/"})
    access = HostAccess(internal_hosts=LOCAL.internal_hosts, only_hosts=LOCAL.internal_hosts)
    with pytest.raises(HttpError, match=r"other\.example/: this host was not named"):
        fetch_document(f"{server.url}/", access=access)


def test_redirect_loop_ends(server: DocumentServer) -> None:
    server.documents["/"] = Document(status=302, headers={"Location": "/"})
    with pytest.raises(HttpError, match="more than 8 redirects"):
        fetch_document(f"{server.url}/", access=LOCAL)
    assert len(server.requests) == 9


def test_status_is_in_the_error_and_says_whether_a_later_request_may_succeed(server: DocumentServer) -> None:
    server.documents |= {"/gone": Document(status=410), "/busy": Document(status=503)}
    errors = []
    for path in ("/gone", "/busy", "/none"):
        with pytest.raises(HttpError) as caught:
            fetch_document(f"{server.url}{path}", access=LOCAL)
        errors.append((caught.value.status, caught.value.is_temporary))
    assert errors == [(410, False), (503, True), (404, False)]


def test_gzip_is_decoded_within_the_limit(server: DocumentServer) -> None:
    server.documents["/"] = Document(body=gzip.compress(b"a" * 5000), headers={"Content-Encoding": "gzip"})
    assert fetch_document(f"{server.url}/", access=LOCAL).data == b"a" * 5000


def test_gzip_bomb_is_refused_after_the_limit(server: DocumentServer) -> None:
    bomb = gzip.compress(bytes(300 * 1024**2), 9)
    server.documents["/"] = Document(body=bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(HttpError, match="larger than 1 MiB"):
        fetch_document(f"{server.url}/", access=LOCAL, limits=HttpLimits(max_bytes=1024**2))


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_broken_or_unknown_coding_is_reported(server: DocumentServer, coding: str) -> None:
    server.documents["/"] = Document(body=b"not compressed", headers={"Content-Encoding": coding})
    with pytest.raises(HttpError):
        fetch_document(f"{server.url}/", access=LOCAL)


def test_body_that_ends_too_early_is_no_document(server: DocumentServer) -> None:
    server.documents["/"] = Document(body=BODY, sent=1000)
    with pytest.raises(HttpError, match="closed the connection before") as caught:
        fetch_document(f"{server.url}/", access=LOCAL)
    assert caught.value.is_temporary


def test_endless_body_is_cut_at_the_limit() -> None:
    with (
        raw_server(b"HTTP/1.1 200 OK\r\n\r\n" + bytes(200_000)) as address,
        pytest.raises(HttpError, match="larger than 100000 bytes"),
    ):
        fetch_document(address, access=LOCAL, limits=HttpLimits(max_bytes=100_000))


@pytest.mark.parametrize("response", [b"", b"HTTP/1.1 200 OK\r\nContent-", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"])
def test_server_that_stops_is_left_at_the_deadline(response: bytes) -> None:
    with raw_server(response) as address, pytest.raises(HttpError, match="did not complete its response in time"):
        fetch_document(address, access=LOCAL, limits=HttpLimits(total=0.3))


def test_interim_responses_are_skipped_and_nonsense_is_an_error() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    with raw_server(hints * 2 + b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as address:
        assert fetch_document(address, access=LOCAL).data == b"ok"
    with raw_server(b"SSH-2.0-OpenSSH\r\n") as address, pytest.raises(HttpError):
        fetch_document(address, access=LOCAL)


def test_host_that_does_not_exist_is_a_temporary_error() -> None:
    with pytest.raises(HttpError) as caught:
        fetch_document("http://nowhere.invalid/", access=LOCAL)
    assert caught.value.is_temporary


def test_file_is_fetched_and_leaves_nothing_beside_it(server: DocumentServer, tmp_path: Path) -> None:
    server.documents["/a.png"] = Document(body=BODY, headers={"Content-Type": "image/png"})
    path = tmp_path / "a.png"
    assert fetch_file(f"{server.url}/a.png", path, access=LOCAL) == "image/png"
    assert path.read_bytes() == BODY
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_interrupted_file_is_not_there(server: DocumentServer, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    server.documents["/a.png"] = Document(body=BODY, sent=100_000)
    with pytest.raises(HttpError) as caught:
        fetch_file(f"{server.url}/a.png", path, access=LOCAL)
    assert (caught.value.is_temporary, path.exists()) == (True, False)


def test_folder_that_cannot_be_written_is_no_error_of_the_network(server: DocumentServer, tmp_path: Path) -> None:
    server.documents["/a.png"] = Document(body=BODY)
    with pytest.raises(OSError, match="missing"):
        fetch_file(f"{server.url}/a.png", tmp_path / "missing" / "a.png", access=LOCAL)
