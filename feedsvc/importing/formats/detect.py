"""Formats of sources: which of them a file, folder or address has, and the reader for it."""

from __future__ import annotations

import os
from pathlib import Path

from feedsvc.importing.feed_source import is_address, open_feed_source
from feedsvc.importing.source import ImportSource, ImportSourceError
from feedsvc.importing.wordpress import is_wordpress_export, open_wordpress_export
from feedsvc.support.http import HostAccess


def open_source(where: str, access: HostAccess) -> ImportSource:
    """Open an export of WordPress or a feed. `where` is the path of a file or folder, or the http or https address of a feed.

    The documents of an address are fetched now. `access` says which hosts may be asked; a plainly internal host in `where`
    (localhost, an IP address) may be asked, too. Raises ImportSourceError if nothing is there, or nothing of a known format.
    """
    if is_address(where):
        return open_feed_source(where, access=access)
    if not os.path.exists(where):
        raise ImportSourceError(
            f"there is no file or folder {where}; give an export of WordPress, or a feed, or its https address"
        )
    path = Path(where)
    return open_wordpress_export(path) if is_wordpress_export(path) else open_feed_source(where, access=access)
