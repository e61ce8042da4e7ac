"""Compare the responses of a static file server with those of the live server."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bench.web import GZIP, Client, Response

# Headers that each server sets itself: validators, and headers about the connection.
_SERVER_HEADERS: Final = frozenset({"etag", "last-modified", "date", "server", "connection", "keep-alive"})
_OTHER_NAMES: Final = (".", "404.html", "410.html", "views.json")
_COMPRESSED_SUFFIXES: Final = (".br", ".gz", ".zst")
BROWSER: Final[Mapping[str, str]] = {"Sec-Fetch-Dest": "document", **GZIP}


def document_paths(tree: Path) -> list[str]:
    """Return the percent-encoded path of every document in a static tree, sorted.

    Without compressed copies, error pages and views.json, which a server that counts reads answers in another way.
    """
    names = sorted(str(file.relative_to(tree)) for file in tree.rglob("*") if file.is_file())
    return [quote("/" + name.removesuffix("index.html"), safe="/~") for name in names if _is_document(name)]


def _is_document(name: str) -> bool:
    is_compressed_copy = name.endswith(_COMPRESSED_SUFFIXES) and not name.startswith("media/")
    return not (is_compressed_copy or name.rpartition("/")[2].startswith(_OTHER_NAMES))


def differences(
    live: Client, static: Client, path: str, headers: Mapping[str, str], method: str = "GET", *, is_tree: bool = False
) -> Iterator[str]:
    """Return a line for each difference between the two responses for a path: status, header or body.

    If `is_tree` is True, `static` serves a static tree: Cache-Control is its own, and the view of a feed for browsers is not
    compressed.
    """
    live_response, static_response = live.ask(path, headers, method), static.ask(path, headers, method)
    if live_response.status != static_response.status:
        yield f"{path}: {live_response.status} live, {static_response.status} here"
    is_uncompressed = is_tree and live_response.headers.get("content-type", "").startswith("text/xml")
    # Two gzip implementations may produce different lengths.
    ignored = {"content-length"} if is_uncompressed or live_response.headers.get("content-encoding") else set()
    ignored |= {"content-encoding", "transfer-encoding"} if is_uncompressed else set()
    ignored |= {"cache-control"} if is_tree else set()
    compared = (live_response.headers.keys() | static_response.headers.keys()) - _SERVER_HEADERS
    for name in sorted(compared - ignored):
        if live_response.headers.get(name) != static_response.headers.get(name):
            yield f"{path}: {name}: {live_response.headers.get(name)!r} live, {static_response.headers.get(name)!r} here"
    if _decompressed_body(live_response) != _decompressed_body(static_response):
        yield f"{path}: another body"


def _decompressed_body(response: Response) -> bytes:
    return (
        gzip.decompress(response.body) if response.body and response.headers.get("content-encoding") == "gzip" else response.body
    )
