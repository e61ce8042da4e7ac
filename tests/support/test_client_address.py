"""Who is believed about where a request comes from."""

import json
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.errors import FeedsvcError
from feedsvc.support.client_address import client_address, parse_networks
from tests.audience.counting_server import FIREFOX
from tests.audience.waiting import SECONDS, until
from tests.helpers.running_server import serving
from tests.web.newsroom import write_newsroom

PROXIES = parse_networks(("10.0.0.0/8", "127.0.0.1 ::1,2001:db8:5::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("127.0.0.1", None, "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", " , ,", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "198.51.100.1,", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "6.6.6.6, 198.51.100.1 ,10.0.0.1", "198.51.100.1"),
        ("127.0.0.1", "10.0.0.2, 10.0.0.1", "10.0.0.2"),
        # Who is not trusted is not believed.
        ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1, 127.0.0.1", "192.0.2.1"),
        # As proxies write it.
        ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("127.0.0.1", "[2001:db8::1]:4711, [2001:db8:5::7]:80", "2001:db8::1"),
        ("127.0.0.1", '"[2001:DB8::1]:4711"', "2001:db8::1"),
        ("127.0.0.1", "::ffff:198.51.100.1, ::ffff:10.9.9.9", "198.51.100.1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::1", "198.51.100.1", "198.51.100.1"),
        # A hop that is no address: whoever wrote it is the last one known.
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1, _hidden, 10.0.0.1", "10.0.0.1"),
        ("127.0.0.1", "198.51.100.1, 10.0.0.1.1", "127.0.0.1"),
        ("127.0.0.1", "[", "127.0.0.1"),
        ("127.0.0.1", "999.1.1.1:80:80", "127.0.0.1"),
        # A server on a Unix socket has no peer.
        ("", "198.51.100.1", ""),
    ],
)
def test_only_trusted_proxies_are_believed(peer: str, forwarded: str | None, expected: str) -> None:
    environ = {"REMOTE_ADDR": peer} | ({} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded})
    assert client_address(environ, PROXIES) == expected
    assert client_address(environ, ()) == peer


def test_a_request_without_any_address_comes_from_nobody() -> None:
    assert client_address({}, PROXIES) == ""


@given(st.text() | st.text(alphabet='0123456789abcdef.:[]", %/'))
def test_whatever_a_proxy_passes_on_there_is_an_answer(forwarded: str) -> None:
    assert client_address({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}, PROXIES)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("10.0.0.0/8, 172.16.0.0/12 ::1", ["10.0.0.0/8", "172.16.0.0/12", "::1/128"]),
        ("::ffff:127.0.0.1", ["127.0.0.1/32"]),
        ("::ffff:10.0.0.0/104", ["10.0.0.0/8"]),
        (" ", []),
    ],
)
def test_proxies_are_addresses_and_networks(given: str, read: list[str]) -> None:
    assert [str(one) for one in parse_networks((given,))] == read


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("nginx", "write an address like 127.0.0.1 or a network like 10.0.0.0/8"),
        ("10.0.0.0/33", "write an address like 127.0.0.1 or a network like 10.0.0.0/8"),
        ("*", "write an address like 127.0.0.1 or a network like 10.0.0.0/8"),
        ("10.0.0.1/8", "write 10.0.0.1 for one address, or 10.0.0.0/8 for its network"),
    ],
)
def test_what_is_no_proxy_is_told_with_what_to_write(given: str, hint: str) -> None:
    with pytest.raises(FeedsvcError) as caught:
        parse_networks(("127.0.0.1", given))
    assert str(caught.value) == f"--trusted-proxy '{given}' is no IP address and no network; {hint}"


class Readers:
    """People who read one article, each request by a connection of its own."""

    def __init__(self, url: str, slug: str) -> None:
        self._place, self._path = urlsplit(url).netloc, f"/articles/{slug}/views"

    def ask(self, method: str, peer: str = "127.0.0.1", forwarded: tuple[str, ...] = ()) -> bytes:
        connection = HTTPConnection(self._place, timeout=SECONDS, source_address=(peer, 0))
        connection.putrequest(method, self._path)
        for name, value in (("User-Agent", FIREFOX), *(("X-Forwarded-For", one) for one in forwarded)):
            connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as answer:
            body = answer.read()
        connection.close()
        assert answer.status in (200, 204)
        return body

    def counted(self) -> int:
        return int(json.loads(self.ask("GET"))["views"])


def test_readers_behind_a_trusted_proxy_are_told_apart_and_forged_ones_are_not(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    with serving(content, tmp_path / "state", "--trusted-proxy", "127.0.0.1", "--trusted-proxy", "127.7.0.0/16") as server:
        readers = Readers(server.url, "bay")
        for forwarded in (("198.51.100.1",), ("198.51.100.2:4711",), ("6.6.6.6", "198.51.100.1, 127.7.0.9")):
            readers.ask("POST", forwarded=forwarded)
        until(lambda: readers.counted() == 2)
        for forged in ("198.51.100.7", "198.51.100.8", "198.51.100.9, 127.0.0.1"):
            readers.ask("POST", "127.0.0.2", (forged,))
        until(lambda: readers.counted() == 3)


def test_without_the_option_nobody_is_believed(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    with serving(content, tmp_path / "state") as server:
        readers = Readers(server.url, "bay")
        for forwarded in ("198.51.100.1", "198.51.100.2"):
            readers.ask("POST", forwarded=(forwarded,))
        until(lambda: readers.counted() == 1)
