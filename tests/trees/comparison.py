"""Compare trees, and compute their digests."""

from __future__ import annotations

import gzip
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from difflib import unified_diff
from itertools import islice
from pathlib import Path
from typing import Final

RECORD: Final = Path(__file__).with_name("digests.json")
Tree = Mapping[str, bytes]
# Another version of libvips writes other bytes for a copy of a picture. The pages name each copy with its width.
_NAMES_ONLY: Final = ("sized/",)


def digests(tree: Tree) -> dict[str, str]:
    """Return a digest for each folder at the top of the tree, and one for the files beside them (".").

    It is the same on every machine: names represent the copies of pictures, and .gz files are decompressed.
    """
    sums: defaultdict[str, hashlib._Hash] = defaultdict(hashlib.sha256)
    for name, data in sorted(tree.items()):
        text = gzip.decompress(data) if name.endswith(".gz") else data
        digest = "" if name.startswith(_NAMES_ONLY) else hashlib.sha256(text).hexdigest()
        sums[name.partition("/")[0] if "/" in name else "."].update(f"{name}\n{digest}\n".encode())
    return {folder: value.hexdigest()[:16] for folder, value in sums.items()}


def differences(before: Tree, after: Tree, diff_lines: int = 0) -> Iterator[str]:
    """Yield a line for each file that differs, and for a changed text the first `diff_lines` lines of a unified diff."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        yield f"{'added  ' if old is None else 'removed' if new is None else 'changed'}  {name}"
        if diff_lines and old is not None and new is not None:
            yield from islice(_diff(old, new), diff_lines)


def _diff(old: bytes, new: bytes) -> Iterator[str]:
    try:
        lines, new_lines = old.decode().splitlines(), new.decode().splitlines()
    except UnicodeDecodeError:
        return
    for line in islice(unified_diff(lines, new_lines, lineterm="", n=0), 2, None):
        yield f"    {line}"
