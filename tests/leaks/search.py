"""Search the responses of a server and the files of a static tree for the words of hidden articles."""

from __future__ import annotations

import gzip
import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from feedsvc.export import MANIFEST_FILE
from feedsvc.extensions import BUILT_IN_SUFFIXES
from feedsvc.publication.publication import Publication
from feedsvc.routes import WELL_KNOWN_FEEDS
from tests.helpers.http_client import Response

_WORD: Final = re.compile(r"zq[a-z]+")
_GZIP_HEADERS: Final = {"Accept-Encoding": "gzip"}
_PERIODS: Final = ("2019-05", "2019-06", "2019-05-15", "2026-01", "2098-07", "2098-08", "2098-09", "2026-03", "2026-03-01")
_LISTINGS: Final = ("/", "/tag/harbour/", "/category/asia/", "/author/quiet/")

# (path as sent, headers) -> response
Fetch = Callable[[str, Mapping[str, str]], Response]


def hidden_words(data: bytes | str) -> set[str]:
    """Return the hidden words in some bytes: as they are, percent-encoded, as character references, or as JSON escapes."""
    text = data if isinstance(data, str) else data.decode(errors="replace")
    spellings = (text, unquote(text), html.unescape(text), re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text))
    return {word for spelling in spellings for word in _WORD.findall(unicodedata.normalize("NFKC", spelling).casefold())}


def words_in_response(response: Response) -> set[str]:
    """Return the hidden words in the headers and the decompressed body of a response."""
    body = gzip.decompress(response.body) if response["content-encoding"] == "gzip" else response.body
    return hidden_words(body) | hidden_words("\n".join(f"{name}: {value}" for name, value in response.headers.items()))


def find_leaks(fetch: Fetch, paths: Iterable[str]) -> dict[str, set[str]]:
    """Return path -> the hidden words in its plain or compressed response, for each path with such words."""
    return {
        path: words
        for path in paths
        if (words := words_in_response(fetch(path, {})) | words_in_response(fetch(path, _GZIP_HEADERS)))
    }


def all_paths(edition: Publication) -> list[str]:
    """Return every path of an edition, a missing one, and the paths for operators."""
    return [*(quote(path) for path in edition.paths_with_redirects()), "/nothing/", "/healthz", "/readyz", "/metrics", "/status"]


def guessed_paths(kinds: Iterable[str]) -> Iterator[str]:
    """Yield paths that an attacker would try who knows the content of the hidden articles."""
    for marker in (f"zq{kind}" for kind in kinds):
        for name in (
            f"{marker}slug-é",
            f"{marker}alias",
            f"{marker}stem",
            f"{marker}id",
            f"tag:news.example,2026:{marker}id",
            f"{marker}folder",
        ):
            spellings = {name, name.upper(), *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}
            for spelling in spellings:
                yield from (
                    f"/articles/{quote(spelling)}{suffix}" for suffix in ("", "/", "/views", "/feed.atom", "?x=1", "/index.html")
                )
                yield f"/{quote(spelling)}"
            yield "/articles/" + "".join(f"%{byte:02x}" for byte in name.encode()) + "/"
        yield from (f"/media/{marker}{name}" for name in ("image.png", "inner.png", "talk.mp3"))
        yield from (f"/sized/0123abcd-{width}/{marker}image.png" for width in (320, 640))
        yield from (f"/tag/{marker}tag/{suffix}" for suffix in _listing_suffixes())


def other_listing_paths() -> Iterator[str]:
    """Yield the paths of listings and archives for months in which only hidden articles were published."""
    for listing in _LISTINGS:
        yield from (f"{listing}{suffix}" for suffix in _listing_suffixes())
    yield from (f"/sitemap-{period}.xml" for period in (*_PERIODS, "listings"))


def _listing_suffixes() -> Iterator[str]:
    yield ""
    yield from (f"feed.{suffix}" for suffix in BUILT_IN_SUFFIXES)
    yield from WELL_KNOWN_FEEDS
    for period in _PERIODS:
        yield f"archive/{period}/"
        yield from (f"archive/{period}/feed.{suffix}" for suffix in BUILT_IN_SUFFIXES)


def find_leaks_in_tree(out: Path) -> dict[str, set[str]]:
    """Return file name -> the hidden words in its name and bytes, for each file of a static tree with such words."""
    files = [file for file in out.rglob("*") if file.is_file()]
    assert "index.html" in (out / MANIFEST_FILE).read_text()
    words_by_file = {
        str(file.relative_to(out)): hidden_words(str(file.relative_to(out))) | hidden_words(_read_decompressed(file))
        for file in files
    }
    return {name: words for name, words in words_by_file.items() if words}


def _read_decompressed(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
