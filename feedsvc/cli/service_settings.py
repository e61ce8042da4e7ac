"""Settings of a service from the values of the options of `serve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from feedsvc.cli.options import state_folder
from feedsvc.support.client_address import parse_networks

if TYPE_CHECKING:
    from feedsvc.service import ServiceConfig


def service_config(
    *,
    content: Path,
    base_url: str,
    state: Path | None,
    trusted_proxy: tuple[str, ...],
    limit_polls: int | None,
    open_status: tuple[str, ...],
    database: str,
    purge: tuple[str, ...],
    announce: bool,
    no_last_modified: bool,
    access_log: str | None,
) -> ServiceConfig:
    """Return the settings of a service from the values of the options of `serve`. Raises FeedsvcError for an invalid value."""
    from feedsvc.service import ServiceConfig  # noqa: PLC0415 - it imports Flask

    return ServiceConfig(
        content=content,
        base_url=base_url,
        state_folder=state_folder(content, state),
        database_url=database,
        trusted_proxies=parse_networks(trusted_proxy),
        poll_limit=limit_polls,
        status_networks=parse_networks(open_status, "--open-status"),
        purge_command=purge,
        announce=announce,
        has_last_modified=not no_last_modified,
        access_log_format=access_log or "",
    )
