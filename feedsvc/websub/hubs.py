"""Hub selection: the hubs that are notified of changes of the feeds below a base_url."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSelection:
    """Hubs of a site. `site_hubs` are all hubs of site.yaml, each once; `base_url` may differ from that of site.yaml."""

    base_url: str
    site_hubs: tuple[str, ...]

    @property
    def reachable_hubs(self) -> tuple[str, ...]:
        """Hubs that can fetch the feeds: if `base_url` is a local address, only local hubs."""
        if not _is_local(self.base_url):
            return self.site_hubs
        return tuple(hub for hub in self.site_hubs if _is_local(hub))

    @property
    def topic_prefix(self) -> str:
        """Prefix of the addresses of all feeds."""
        return f"{self.base_url}/"


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
