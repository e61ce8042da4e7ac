"""Formats of sources: which of them a file, folder or address has, and the reader for it."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from feedsvc.importing.feed_source import is_address, open_feed_source
from feedsvc.importing.source import ImportSource, ImportSourceError
from feedsvc.importing.wordpress import open_wordpress_export
from feedsvc.support.http import HostAccess

_HEAD_SIZE: Final = 64 * 1024  # bytes of a file that name its system
# Beginning of a file of another system -> the system and an address of its feed; names of members of an archive count, too.
_OTHER_SYSTEMS: Final = (
    (
        re.compile(rb'"db"\s*:\s*\[|"data"\s*:\s*\{\s*"(?:posts|actions)"|"lexical"|"mobiledoc"'),
        "Ghost",
        "https://old.example/rss/",
    ),
    (re.compile(rb"posts/\d+\.[\w-]+\.html|posts\.csv"), "Substack", "https://old.substack.com/feed"),
    (re.compile(rb"posts/\d{4}-\d\d-\d\d_[^/]*\.html"), "Medium", "https://medium.com/feed/NAME"),
    (re.compile(rb"\A(?:AUTHOR|TITLE|BASENAME): .*\n", re.MULTILINE), "Movable Type", "https://old.example/atom.xml"),
    (re.compile(rb"(?:posts/html/\d+\.html|<tumblr )"), "Tumblr", "https://old.example/rss"),
    (re.compile(rb"INSERT INTO|CREATE TABLE|mysqldump", re.IGNORECASE), "database", "https://old.example/feed/"),
)


def open_source(where: str, access: HostAccess, post_types: Mapping[str, str] = MappingProxyType({})) -> ImportSource:
    """Open an export of WordPress or a feed. `where` is the path of a file or folder, or the http or https address of a feed.

    The documents of an address are fetched now. `access` says which hosts may be asked; a plainly internal host in `where`
    (localhost, an IP address) may be asked, too. `post_types` maps further types of WordPress's posts to "article" or "page".
    Raises ImportSourceError if nothing is there, or nothing of a known format.
    """
    if is_address(where):
        return open_feed_source(where, access=access)
    if not os.path.exists(where):
        raise ImportSourceError(
            f"there is no file or folder {where}; give an export of WordPress, or a feed, or its https address"
        )
    path = Path(where)
    if export := open_wordpress_export(path, post_types):
        return export
    try:
        return open_feed_source(where, access=access)
    except ImportSourceError as error:
        for pattern, system, feed in _OTHER_SYSTEMS if path.is_file() else ():
            if pattern.search(_head(path)):
                reason = f"this is a {system} export, which is not read yet; give the address of its feed, such as {feed}"
                raise ImportSourceError(f"{where}: {reason}") from error
        raise


def _head(path: Path) -> bytes:
    """Return the beginning of a file; of a zip archive, the names of its members."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return "\n".join(archive.namelist()).encode()
    with path.open("rb") as file:
        return file.read(_HEAD_SIZE)
