"""Who may read /status and /metrics: this machine, and whom the operator named. Paths and mistakes are nobody else's business."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from feedsvc.support.client_address import Networks, client, is_among

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Headers that proxies, tunnels and content networks add. What a proxy on this machine passes on comes from elsewhere.
_PASSED_ON: Final = tuple(
    (f"HTTP_{name.upper().replace('-', '_')}", name)
    for name in (
        "Forwarded",  # RFC 7239
        "Via",  # RFC 9110 section 7.6.3
        "CDN-Loop",  # RFC 8586
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-Port",
        "X-Forwarded-Scheme",
        "X-Forwarded-Server",
        "X-Forwarded-Prefix",
        "X-Forwarded-By",
        "X-Forwarded-Ssl",
        "X-Forwarded",
        "X-Original-Forwarded-For",
        "X-Original-Host",
        "X-Real-IP",
        "X-Client-IP",
        "X-Cluster-Client-IP",
        "X-Envoy-External-Address",
        "Client-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "Fastly-Client-IP",
        "Fly-Client-IP",
    )
)


def passed_on_by(environ: WSGIEnvironment) -> str:
    """Return the name of a header which says that the request was passed on, "" if there is none. An empty header counts."""
    return next((name for key, name in _PASSED_ON if key in environ), "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """`opened` are further addresses that may come in; `trusted` are the proxies that are believed about who asks."""

    opened: Networks = ()
    trusted: Networks = ()

    def admits(self, environ: WSGIEnvironment) -> bool:
        peer = environ.get("REMOTE_ADDR", "")
        if not passed_on_by(environ):
            return (is_loopback(peer) and _is_own(environ.get("HTTP_HOST", ""))) or is_among(peer, self.opened)
        return is_among(peer, self.trusted) and is_among(client(environ, self.trusted), self.opened)


def is_loopback(address: str) -> bool:
    """Whether an IP address, as text, is this machine's own."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return (ip.ipv4_mapped or ip).is_loopback if isinstance(ip, IPv6Address) else ip.is_loopback


def is_here(host: str) -> bool:
    """Whether a Host header names this machine in a way that no stranger can give to a name of his own."""
    name = _name(host)
    return name == "localhost" or name.endswith(".localhost") or is_loopback(name)


def _is_own(host: str) -> bool:
    """The same, where a program may leave Host out or use a name of the house: those have no dot.

    Otherwise a page that an editor looks at could read this machine's answers, once its own name leads to 127.0.0.1.
    """
    return is_here(host) or "." not in _name(host)


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return "."
