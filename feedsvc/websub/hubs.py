"""Hub selection: decides which hubs of a site are notified of its changed feeds."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class HubSelection:
    """Hubs of a site. `site_hubs` are the addresses of all hubs in site.yaml, each once.

    `base_url` is the one below which the feeds are published; it need not be that of site.yaml.
    """

    base_url: str
    site_hubs: tuple[str, ...]

    @property
    def reachable_hubs(self) -> tuple[str, ...]:
        """Hubs that can fetch the feeds: all, but if the host of `base_url` is this machine, only hubs on this machine.

        A host is this machine if it is a loopback address, localhost or a name below .localhost.
        """
        if not _is_local(self.base_url):
            return self.site_hubs
        return tuple(hub for hub in self.site_hubs if _is_local(hub))

    @property
    def topic_prefix(self) -> str:
        """Text with which the addresses (topics) of all feeds below base_url begin."""
        return f"{self.base_url}/"


def _is_local(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
