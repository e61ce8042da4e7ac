"""What a static tree's server says of a document beside what the live server says."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bench.web import GZIP, Client, Got

# A server's own: its validators, and what speaks of the connection.
_OWN: Final = frozenset({"etag", "last-modified", "date", "server", "connection", "keep-alive"})
_TWINS: Final = (".br", ".gz", ".zst")
BROWSER: Final[Mapping[str, str]] = {"Sec-Fetch-Dest": "document", **GZIP}


def addresses(tree: Path) -> list[str]:
    """The percent-encoded path of every document in a tree, in order."""
    names = sorted(str(file.relative_to(tree)) for file in tree.rglob("*") if file.is_file())
    return [quote("/" + name.removesuffix("index.html"), safe="/~") for name in names if _is_document(name)]


def _is_document(name: str) -> bool:
    twin = name.endswith(_TWINS) and not name.startswith("media/")
    return not (twin or name.rpartition("/")[2].startswith((".", "404.html", "410.html")))


def differences(live: Client, static: Client, path: str, headers: Mapping[str, str], method: str = "GET") -> Iterator[str]:
    """A line for each thing that the two say otherwise of one address."""
    one, other = live.ask(path, headers, method), static.ask(path, headers, method)
    if one.status != other.status:
        yield f"{path}: {one.status} live, {other.status} here"
    for name in sorted((one.headers.keys() | other.headers.keys()) - _OWN - _length(one)):
        if one.headers.get(name) != other.headers.get(name):
            yield f"{path}: {name}: {one.headers.get(name)!r} live, {other.headers.get(name)!r} here"
    if _plain(one) != _plain(other):
        yield f"{path}: another body"


def _length(got: Got) -> frozenset[str]:
    # Another gzip may pack a byte better.
    return frozenset({"content-length"} if got.headers.get("content-encoding") else ())


def _plain(got: Got) -> bytes:
    return gzip.decompress(got.body) if got.body and got.headers.get("content-encoding") == "gzip" else got.body
