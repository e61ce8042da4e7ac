"""Where a request comes from: the peer, or whom the reverse proxies that are trusted name in X-Forwarded-For."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

from feedsvc.errors import FeedsvcError

Networks = tuple[IPv4Network | IPv6Network, ...]

_BETWEEN: Final = re.compile(r"[\s,]+")
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def networks(texts: Iterable[str], option: str = "--trusted-proxy") -> Networks:
    """Addresses and networks, several in one text with spaces or commas between. Raises FeedsvcError for what is neither.

    `option` is what they were given with.
    """
    return tuple(_network(part, option) for text in texts for part in _BETWEEN.split(text) if part)


def client(environ: Mapping[str, Any], trusted: Networks) -> str:
    """The last address before the trusted proxies: what stands left of it in X-Forwarded-For is hearsay.

    A hop that is no address ends the search; then the proxy that wrote it stands for the client. "" is nobody's address.
    """
    found = str(environ.get("REMOTE_ADDR", ""))
    hops = [hop for hop in str(environ.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
    while hops and is_among(found, trusted) and (hop := _address(hops.pop())):
        found = str(hop)
    return found


def home(address: str) -> str:
    """An address as one visitor has it: IPv6 gives everybody a /64 to choose from."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or IPv6Network((int(ip), 64), strict=False))


def is_far(address: str) -> bool:
    """Whether an address is one of the open internet: no machine's own, no house's, no nonsense."""
    ip = _address(address.partition("%")[0])
    return ip is not None and ip.is_global


def is_among(text: str, several: Networks) -> bool:
    """Whether a text is an address of one of these networks."""
    address = _address(text)
    return address is not None and any(address in one for one in several)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """As proxies write it: 192.0.2.1, 192.0.2.1:4711, 2001:db8::1, [2001:db8::1]:4711."""
    bare = text.strip().strip('"')
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(text: str, option: str) -> IPv4Network | IPv6Network:
    try:
        return _unmapped(ip_network(text))
    except ValueError:
        hint = _wider(text) or "write an address like 127.0.0.1 or a network like 10.0.0.0/8"
        raise FeedsvcError(f"{option} '{text}' is no IP address and no network; {hint}") from None


def _unmapped(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """IPv4 where it is written as IPv6, as a socket for both does."""
    if isinstance(network, IPv4Network) or not network.subnet_of(_MAPPED):
        return network
    return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - _MAPPED.prefixlen))


def _wider(text: str) -> str:
    """What somebody meant who wrote an address with the size of its network."""
    try:
        return f"write {text.partition('/')[0]} for the one, {ip_network(text, strict=False)} for all around it"
    except ValueError:
        return ""
