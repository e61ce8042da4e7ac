"""Reading of generated exports in tests: posts by number, and omissions."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from feedsvc.importing.source import Omission, SourcePost
from feedsvc.importing.wordpress import open_wordpress_export

_NUMBERED: Final = re.compile(r"/\?p=([0-9]+)")


def read_all(path: Path) -> tuple[dict[str, SourcePost], list[Omission]]:
    """Return the posts of an export by their number at the source, and the omissions."""
    posts, omissions = {}, []
    for part in open_wordpress_export(path).posts():
        if isinstance(part, Omission):
            omissions.append(part)
        else:
            posts[next(match[1] for address in part.other_addresses if (match := _NUMBERED.search(address)))] = part
    return posts, omissions
