"""Compare the responses of a static file server with those of the live server."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bench.web import GZIP, Client, Response

# Headers that each server sets itself: validators, and headers about the connection.
_SERVER_HEADERS: Final = frozenset({"etag", "last-modified", "date", "server", "connection", "keep-alive"})
_OTHER_NAMES: Final = (".", "404.html", "410.html", "views.json")
_COMPRESSED_SUFFIXES: Final = (".br", ".gz", ".zst")
# In a feed that the live server sends to a browser that navigates to it. A static tree has one file for all clients.
_BROWSER_SCRIPT: Final = re.compile(rb'<script xmlns="[^"]+" defer="defer" src="[^"]*/static/feed\.js"/>')
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

    If `is_tree` is True, `static` serves a static tree, whose feeds have no script for browsers.
    """
    live_response, static_response = live.ask(path, headers, method), static.ask(path, headers, method)
    if live_response.status != static_response.status:
        yield f"{path}: {live_response.status} live, {static_response.status} here"
    live_body, scripts = _decompressed_body(live_response), 0
    if is_tree and headers.get("Sec-Fetch-Dest") == "document":
        live_body, scripts = _BROWSER_SCRIPT.subn(b"", live_body, count=1)
    # Two gzip implementations may produce different lengths, and a script makes a feed longer.
    has_other_length = scripts or live_response.headers.get("content-encoding")
    compared = (live_response.headers.keys() | static_response.headers.keys()) - _SERVER_HEADERS
    for name in sorted(compared - ({"content-length"} if has_other_length else set())):
        if live_response.headers.get(name) != static_response.headers.get(name):
            yield f"{path}: {name}: {live_response.headers.get(name)!r} live, {static_response.headers.get(name)!r} here"
    if live_body != _decompressed_body(static_response):
        yield f"{path}: another body"


def _decompressed_body(response: Response) -> bytes:
    return (
        gzip.decompress(response.body) if response.body and response.headers.get("content-encoding") == "gzip" else response.body
    )
