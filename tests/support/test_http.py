"""Test which hosts a request may go to."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from feedsvc.importing import with_named_host
from feedsvc.support.http import HostAccess, HostRefusedError, HttpClient, HttpLimits, is_public
from tests.helpers.document_server import Document, document_server

PUBLIC = ("8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808", "192.88.99.1")
INTERNAL = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255"),
    *("224.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "::ffff:127.0.0.1", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INTERNAL)
def test_addresses_of_the_own_network_are_refused_in_every_spelling(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]".strip("[]")])
def test_loopback_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(HostRefusedError, match="inside a private network"):
        HostAccess().select(host, socket.getaddrinfo(host, 80))


def test_connection_goes_to_an_address_of_the_only_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that gives another answer a moment later changes nothing (DNS rebinding)."""
    lookups = []

    def getaddrinfo(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        lookups.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    access = HostAccess(internal_hosts=frozenset({"old.example"}))
    with document_server() as server, closing(HttpClient(access, HttpLimits())) as client:
        server.documents["/"] = Document(body=b"x")
        with client.request(server.url.replace("127.0.0.1", "old.example") + "/", {}) as response:
            assert b"".join(response.blocks()) == b"x"
    assert lookups == ["old.example"]


def test_of_several_addresses_only_public_ones_are_connected_to() -> None:
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("127.0.0.1", "8.8.8.8", "10.0.0.1")]
    assert HostAccess().select("old.example", addresses) == addresses[1:2]


def test_other_hosts_than_the_named_ones_are_refused() -> None:
    access = HostAccess(internal_hosts=frozenset({"localhost"}), only_hosts=frozenset({"old.example"}))
    with pytest.raises(HostRefusedError, match="not named"):
        access.check_host("localhost")


@pytest.mark.parametrize(
    ("address", "is_allowed"),
    [
        ("http://127.0.0.1:8000/feed", True),
        ("http://localhost/feed", True),
        ("http://[::1]/feed", True),
        ("http://wiki/feed", True),
        ("https://old.example/feed", False),
        ("https://127.0.0.1.nip.example/feed", False),
    ],
)
def test_internal_host_that_the_operator_wrote_is_allowed_if_it_is_plainly_one(address: str, *, is_allowed: bool) -> None:
    assert bool(with_named_host(HostAccess(), address).internal_hosts) == is_allowed
