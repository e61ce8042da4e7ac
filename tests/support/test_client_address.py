"""The client address comes from X-Forwarded-For only if trusted proxies sent the request."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.errors import FeedsvcError
from feedsvc.support.client_address import client_address, parse_networks

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
        # Headers from other peers are ignored.
        ("192.0.2.1", "198.51.100.1", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1, 127.0.0.1", "192.0.2.1"),
        # The formats that proxies write.
        ("127.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("127.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("127.0.0.1", "[2001:db8::1]:4711, [2001:db8:5::7]:80", "2001:db8::1"),
        ("127.0.0.1", '"[2001:DB8::1]:4711"', "2001:db8::1"),
        ("127.0.0.1", "::ffff:198.51.100.1, ::ffff:10.9.9.9", "198.51.100.1"),
        ("::ffff:127.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("::1", "198.51.100.1", "198.51.100.1"),
        # If a hop is no address, the proxy that added it is the last known address.
        ("127.0.0.1", "unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.1, _hidden, 10.0.0.1", "10.0.0.1"),
        ("127.0.0.1", "198.51.100.1, 10.0.0.1.1", "127.0.0.1"),
        ("127.0.0.1", "[", "127.0.0.1"),
        ("127.0.0.1", "999.1.1.1:80:80", "127.0.0.1"),
        # A server on a Unix socket has no peer.
        ("", "198.51.100.1", ""),
    ],
)
def test_forwarded_address_is_used_only_from_trusted_proxies(peer: str, forwarded: str | None, expected: str) -> None:
    environ = {"REMOTE_ADDR": peer} | ({} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded})
    assert client_address(environ, PROXIES) == expected
    assert client_address(environ, ()) == peer


def test_request_without_peer_address_has_an_empty_address() -> None:
    assert client_address({}, PROXIES) == ""


@given(st.text() | st.text(alphabet='0123456789abcdef.:[]", %/'))
def test_any_forwarded_header_gives_an_address(forwarded: str) -> None:
    assert client_address({"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}, PROXIES)


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("10.0.0.0/8, 172.16.0.0/12 ::1", ["10.0.0.0/8", "172.16.0.0/12", "::1/128"]),
        ("::ffff:127.0.0.1", ["127.0.0.1/32"]),
        ("::ffff:10.0.0.0/104", ["10.0.0.0/8"]),
        (" ", []),
    ],
)
def test_networks_are_parsed_from_addresses_and_networks(text: str, networks: list[str]) -> None:
    assert [str(network) for network in parse_networks((text,))] == networks


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nginx", "write an address like 127.0.0.1, a network like 10.0.0.0/8, or unix"),
        ("10.0.0.0/33", "write an address like 127.0.0.1, a network like 10.0.0.0/8, or unix"),
        ("*", "write an address like 127.0.0.1, a network like 10.0.0.0/8, or unix"),
        ("10.0.0.1/8", "write 10.0.0.1 for one address, or 10.0.0.0/8 for its network"),
    ],
)
def test_invalid_network_is_an_error_with_a_hint(text: str, hint: str) -> None:
    with pytest.raises(FeedsvcError) as caught:
        parse_networks(("127.0.0.1", text))
    assert str(caught.value) == f"--trusted-proxy '{text}' is no IP address and no network; {hint}"
