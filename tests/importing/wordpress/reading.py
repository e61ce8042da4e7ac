"""Reading of generated exports in tests: posts by number, and omissions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from feedsvc.importing.formats import open_source
from feedsvc.importing.source import ImportSource, Omission, SourcePost
from feedsvc.support.http import HostAccess

_NUMBERED: Final = re.compile(r"/\?p=([0-9]+)")


def open_export(path: Path, post_types: Mapping[str, str] = MappingProxyType({})) -> ImportSource:
    """Open an export with the given kinds of further types of posts."""
    return open_source(str(path), HostAccess(), post_types)


def read_all(path: Path) -> tuple[dict[str, SourcePost], list[Omission]]:
    """Return the posts of an export by their number at the source, and the omissions."""
    posts, omissions = {}, []
    for part in open_export(path).posts():
        if isinstance(part, Omission):
            omissions.append(part)
        else:
            posts[next(match[1] for address in part.other_addresses if (match := _NUMBERED.search(address)))] = part
    return posts, omissions
