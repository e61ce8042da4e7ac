"""Settings of a service, whichever server it runs on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from feedsvc.support.client_address import Networks


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceConfig:
    """Settings of a service. If `has_last_modified`, responses have Last-Modified.

    `poll_limit` is None without the option --limit-polls. `base_url`, `database_url` and `access_log_format` are "" if not given.
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
