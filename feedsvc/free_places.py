"""Places whose names editors choose: static pages, and files in root/.

`routes.place_of` returns one of these for a path that has the form of no other place and whose first segment is not reserved.
Only the content says which of them exist.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Final

WELL_KNOWN_FOLDER: Final = ".well-known"  # RFC 8615
_INDEX_FILE: Final = "index.html"  # the file of a page in a tree


@dataclass(frozen=True, slots=True)
class StaticPageAt:
    """Page of a file in pages/ of the content folder."""

    slug: str


@dataclass(frozen=True, slots=True)
class RootFileAt:
    """File in root/ of the content folder. `path` is relative to that folder, "ads.txt"."""

    path: str


FreePlace = StaticPageAt | RootFileAt


def free_place(path: str, reserved_names: Container[str]) -> FreePlace | None:
    """Return the place of a path: a static page if it is one segment with a final slash, else a file in root/.

    None for a path without leading slash; for a path whose first segment is empty, as in "/", or one of `reserved_names`; and
    for a path that would be a file but ends with a slash or with the segment index.html. The page or file need not exist.
    """
    name = path[1:]
    top, slash, rest = name.partition("/")
    if not top or path[0] != "/" or top in reserved_names:
        return None
    if slash and not rest:
        return StaticPageAt(top)
    return None if name.endswith("/") or name.rpartition("/")[2] == _INDEX_FILE else RootFileAt(name)
