"""Hosts that an import may connect to.

The addresses that an import fetches come from a foreign file, which could name the services of the own network (server-side
request forgery). So a host's addresses are looked up once and checked, and the connection goes to a checked address: a name
server that gives another answer a moment later changes nothing.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeAlias

from feedsvc.importing.addresses import host_of

# Family, type, protocol, canonical name and address, as socket.getaddrinfo returns them.
SocketAddress: TypeAlias = tuple[Any, Any, int, str, Any]

_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052 section 2.1: an IPv4 address stands in the last 32 bits
# Beside those that `ipaddress` calls not global: IPv4-compatible, Teredo, 6to4 and site-local addresses.
_OTHER_INTERNAL: Final = tuple(map(IPv6Network, ("::/96", "2001::/32", "2002::/16", "fec0::/10")))


class HostRefusedError(Exception):
    """Raised for a host that must not be connected to. The text is the reason, without the host's name at its beginning."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostAccess:
    """Rule about the hosts that a fetch may connect to: by default, those with a public address. Names are in lower-case IDNA.

    Hosts in `internal_hosts` may have addresses that are not public: loopback, private, link-local. Unless `only_hosts` is
    None, a fetch connects to no other hosts, also if a redirect leads there. A host in `only_hosts` still needs a public
    address, unless it is in `internal_hosts`, too.
    """

    internal_hosts: frozenset[str] = frozenset()
    only_hosts: frozenset[str] | None = None

    def resolve(self, host: str, port: int) -> list[SocketAddress]:
        """Return the addresses of a host to which connections may go, at least one: its public ones; if it is internal, all.

        Internal are the hosts in `internal_hosts`. Raises HostRefusedError if `only_hosts` is not None and does not have the
        host, or if a host that is not internal has no public address. Raises OSError or UnicodeError if its name cannot be
        resolved. Blocks as long as the system's resolver.
        """
        name = host.lower()
        if self.only_hosts is not None and name not in self.only_hosts:
            raise HostRefusedError("this host was not named as one to fetch from")
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if name in self.internal_hosts:
            return list(addresses)
        public = [address for address in addresses if is_public(str(address[4][0]))]
        if not public:
            raise HostRefusedError(
                f"its address {addresses[0][4][0]} is inside a private network; if that is meant, name it with --allow-host"
            )
        return public


def with_named_host(access: HostAccess, address: str) -> HostAccess:
    """Return `access` with the host of `address`, which an operator wrote, among `internal_hosts`, if it is plainly internal.

    That is any IP address, also a public one, or a name without a dot such as localhost. For another host `access` is returned
    unchanged, because the owner of a name decides where it leads.
    """
    host = host_of(address)
    is_internal = host and ("." not in host or ":" in host or host.replace(".", "").isdigit())
    return replace(access, internal_hosts=access.internal_hosts | {host}) if is_internal else access


def is_public(text: str) -> bool:
    """Return whether an IP address is one of the public internet (IANA's special-purpose registries). It may have a zone (%eth0).

    An IPv6 address that carries an IPv4 address (mapped, NAT64) is public only if that one is. Addresses of tunnels (6to4,
    Teredo) and multicast are never public. Raises ValueError for a text that is no IP address.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        if any(address in network for network in _OTHER_INTERNAL):
            return False
        if address.ipv4_mapped or address in _NAT64:
            address = IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.is_global and not address.is_multicast
