"""A first look at a newsroom's articles, which a copy of this process takes while other things are done."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from feedsvc.content.folder import scanner
from feedsvc.content.folder.scanner import Seen
from feedsvc.support.process_pool import Begun

Look = Begun[Seen]


def looking(root: Path) -> Look:
    """Begins at once; the answer can be had in its block, and is to be had soon: it tells of now."""
    return Begun(partial(scanner.look, root, scanner.ARTICLES))
