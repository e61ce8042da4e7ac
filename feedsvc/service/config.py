"""Settings of a service, whichever server it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from feedsvc.support.client_address import Networks


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceConfig:
    """Settings of a service. If `announce`, changes are announced to hubs, by the purge command, and to the hooks of plug-ins.

    If `has_last_modified`, responses have Last-Modified. `poll_limit` is the number of unconditional GETs of one feed per
    client and hour, 0 for no limit; None for a default limit, or for no limit if there are `trusted_proxies`. Clients in
    `status_networks`, and those on this machine, may read /status and /metrics. `purge_command` is program and arguments, ()
    for none. `base_url` is "" for that of site.yaml. `database_url` is "" for files of reads and tokens in the state folder,
    `access_log_format` is "" for no access log.
    """

    content: Path
    base_url: str
    state_folder: Path
    database_url: str
    trusted_proxies: Networks
    poll_limit: int | None
    status_networks: Networks
    purge_command: tuple[str, ...]
    announce: bool
    has_last_modified: bool
    access_log_format: str
