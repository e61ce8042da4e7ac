"""The newsroom as it is now, read once."""

from __future__ import annotations

from pathlib import Path

from feedsvc.cli.content_folder import check_base
from feedsvc.cli.themes import adoption
from feedsvc.content.folder.folder import Content, load
from feedsvc.support.clock import wall_clock


def newsroom(content: Path, base_url: str) -> Content:
    """The content folder for commands that make no page; its theme is as it is in the folder, untried."""
    check_base(base_url)
    return load(content, base_url)


def tried(content: Path) -> Content:
    """The content folder with its theme tried now, on the newest articles. Raises FeedsvcError where it cannot be tried."""
    return adoption(None, required=True).applied(load(content), wall_clock())
