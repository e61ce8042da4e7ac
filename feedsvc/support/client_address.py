"""Client address of a request: the peer, or the address that trusted reverse proxies name in X-Forwarded-For."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, Literal

from feedsvc.errors import FeedsvcError

# REMOTE_ADDR of a client of a unix socket, and the word for all of these among networks. Only programs that may open the socket's
# file can be such clients, and these have no address.
UNIX_PEER: Final = "unix"
Networks = tuple[IPv4Network | IPv6Network | Literal["unix"], ...]

_SEPARATORS: Final = re.compile(r"[\s,]+")
_IPV4_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_UNIX_PEER_NAMES: Final = ("unix", "unix:")  # the latter is nginx's


def parse_networks(texts: Iterable[str], option: str = "--trusted-proxy") -> Networks:
    """Return the networks in some texts. Each text may contain several addresses and networks, separated by spaces or commas.

    The words `unix` and `unix:` stand for the clients of a unix socket.

    An IPv6 network of mapped IPv4 addresses (::ffff:0:0/96) becomes the IPv4 network. `option` is the command-line option with
    these texts. Raises FeedsvcError, which names the option, for any other text, also for 10.0.0.1/8: host bits must be 0.
    """
    parts = (part for text in texts for part in _SEPARATORS.split(text) if part)
    return tuple("unix" if part in _UNIX_PEER_NAMES else _parse_network(part, option) for part in parts)


def client_address(environ: Mapping[str, Any], trusted: Networks) -> str:
    """Return the peer's address or, if the peer is in `trusted`, the last one in X-Forwarded-For that is not in `trusted`.

    If all are, return the leftmost; without X-Forwarded-For, the peer's. Anything to the left of the result may be forged.

    A hop that is no address ends the search: then the result is the address of the proxy that added this hop. The result is
    UNIX_PEER if that is a client of a unix socket, and "" if the server does not know the peer's address.
    """
    address = str(environ.get("REMOTE_ADDR", ""))
    hops = [hop for hop in str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
    while hops and is_in_networks(address, trusted) and (hop := parse_address(hops.pop())):
        address = str(hop)
    return address


def client_prefix(address: str) -> str:
    """Return the part of an address that identifies a client.

    Of IPv6 it is the /64 network, such as 2001:db8::/64, in which a client can use any address. Of IPv4, also if mapped into
    IPv6, it is the IPv4 address. A text that is no address is returned unchanged.
    """
    ip = parse_address(address)
    if isinstance(ip, IPv6Address):
        return str(IPv6Network((int(ip), 64), strict=False))
    return str(ip or address)


def is_global_address(address: str) -> bool:
    """Return whether a text is an address of the public internet: False for loopback, private and invalid addresses."""
    ip = parse_address(address)
    return ip is not None and ip.is_global


def is_in_networks(text: str, networks: Networks) -> bool:
    """Return whether a text is an address, perhaps with a port, in one of these networks; False for any other text.

    The text UNIX_PEER is in them only if UNIX_PEER is one of them.
    """
    if text == UNIX_PEER:
        return UNIX_PEER in networks
    address = parse_address(text)
    return address is not None and any(address in network for network in networks if not isinstance(network, str))


def normal_peer(text: str) -> str:
    """Return `text`, the REMOTE_ADDR that another WSGI server sets, in the form that this module expects.

    Servers write an address with its port or in brackets, and nothing or `unix:` for a client of a unix socket. The result is the
    bare address, IPv4 instead of mapped IPv6, or UNIX_PEER. Any other text is returned unchanged.
    """
    if not text or text in _UNIX_PEER_NAMES:
        return UNIX_PEER
    return str(parse_address(text) or text)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in a text of a proxy: 192.0.2.1, 192.0.2.1:4711, 2001:db8::1, [2001:db8::1]:4711; else None.

    A mapped IPv4 address (::ffff:192.0.2.1) is returned as IPv4. Quotation marks and a zone (%eth0) are ignored.
    """
    host = text.strip().strip('"')
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _parse_network(text: str, option: str) -> IPv4Network | IPv6Network:
    try:
        return _unmap_ipv4(ip_network(text))
    except ValueError:
        hint = "write an address like 127.0.0.1, a network like 10.0.0.0/8, or unix"
        with suppress(ValueError):  # an address with a prefix length, such as 10.0.0.1/8
            hint = f"write {text.partition('/')[0]} for one address, or {ip_network(text, strict=False)} for its network"
        raise FeedsvcError(f"{option} '{text}' is no IP address and no network; {hint}") from None


def _unmap_ipv4(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """Return an IPv4-mapped IPv6 network (the form of a dual-stack socket) as an IPv4 network; any other network unchanged."""
    if isinstance(network, IPv4Network) or not network.subnet_of(_IPV4_MAPPED):
        return network
    return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - _IPV4_MAPPED.prefixlen))
