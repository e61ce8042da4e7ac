"""Access control for /status and /metrics, which contain paths and problems of the content folder.

Only clients on this machine and clients whose addresses the option --open-status names may read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from feedsvc.support.client_address import UNIX_PEER, Networks, client_address, is_in_networks, parse_address

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Headers that proxies, tunnels and content networks add. A request with one of them comes from another machine, even if a proxy
# on this machine forwards it.
# Forwarded: RFC 7239; Via: RFC 9110 section 7.6.3; CDN-Loop: RFC 8586.
_FORWARDING_HEADERS: Final = """
    Forwarded Via CDN-Loop X-Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Forwarded-Scheme
    X-Forwarded-Server X-Forwarded-Prefix X-Forwarded-By X-Forwarded-Ssl X-Original-Forwarded-For X-Original-Host X-Real-IP
    X-Client-IP X-Cluster-Client-IP X-Envoy-External-Address Client-IP True-Client-IP CF-Connecting-IP Fastly-Client-IP
    Fly-Client-IP
"""
_HEADER_NAMES: Final = {f"HTTP_{name.upper().replace('-', '_')}": name for name in _FORWARDING_HEADERS.split()}


def forwarding_header(environ: WSGIEnvironment) -> str:
    """Return the name of a header, even an empty one, that shows that a proxy forwarded the request; "" if there is none."""
    return next((name for key, name in _HEADER_NAMES.items() if key in environ), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusAccess:
    """Rule for access to /status and /metrics.

    A request without forwarding header is allowed if its peer is a loopback address and its Host is local or has no dot, or if
    the peer is in `allowed_networks`. A request with a forwarding header is allowed only if the peer is one of
    `trusted_proxies` and the client in X-Forwarded-For (without that header, the peer) is in `allowed_networks`. A client of a
    unix socket does not count as this machine, because it usually is a proxy, which may add no header.
    """

    allowed_networks: Networks = ()
    trusted_proxies: Networks = ()

    def allows(self, environ: WSGIEnvironment) -> bool:
        """Return whether this request may read /status and /metrics, by REMOTE_ADDR, Host and the forwarding headers."""
        peer = environ.get("REMOTE_ADDR", "")
        if not forwarding_header(environ):
            return (is_loopback(peer) and _is_local_name(environ.get("HTTP_HOST", ""))) or is_in_networks(
                peer, self.allowed_networks
            )
        client = client_address(environ, self.trusted_proxies)
        return (
            is_in_networks(peer, self.trusted_proxies) and client != UNIX_PEER and is_in_networks(client, self.allowed_networks)
        )


def is_loopback(address: str) -> bool:
    """Return whether a text is a loopback IP address, with or without a zone (%eth0). False if the text is not an IP address."""
    ip = parse_address(address)
    return ip is not None and ip.is_loopback


def is_local_host(host: str) -> bool:
    """Return whether a Host header names this machine: localhost, a name below .localhost, or a loopback IP address.

    The header may have a port. This is a defense against DNS rebinding: the Host of a page of another site is the name
    of that site, even if the name resolves to 127.0.0.1.
    """
    name = _host_name(host)
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)


def _is_local_name(host: str) -> bool:
    """Return whether a Host header is a local host (`is_local_host`) or has no dot, as "" has none: programs may omit Host.

    Other names with a dot are refused because of DNS rebinding: a page in an editor's browser could read responses of this
    machine once the page's own name resolves to 127.0.0.1.
    """
    return is_local_host(host) or "." not in _host_name(host)


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return "."
