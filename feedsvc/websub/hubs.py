"""Which hubs are told of the feeds below a base_url."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """`named` are all hubs of site.yaml, each once; `base_url` may be another one than site.yaml's."""

    base_url: str
    named: tuple[str, ...]

    @property
    def hubs(self) -> tuple[str, ...]:
        """Those that could fetch the feeds: what is served to this machine alone is no hub's business elsewhere."""
        if not _is_local(self.base_url):
            return self.named
        return tuple(hub for hub in self.named if _is_local(hub))

    @property
    def below(self) -> str:
        """What the address of each feed begins with."""
        return f"{self.base_url}/"


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
