"""Where hidden words are looked for, and how."""

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
from feedsvc.publication.publication import Publication
from feedsvc.routes import FEED_SUFFIXES, WELL_KNOWN_FEEDS
from tests.helpers.http_client import Response

_WORD: Final = re.compile(r"zq[a-z]+")
_GZIP: Final = {"Accept-Encoding": "gzip"}
_PERIODS: Final = ("2019-05", "2019-06", "2019-05-15", "2026-01", "2098-07", "2098-08", "2098-09", "2026-03", "2026-03-01")
_LISTINGS: Final = ("/", "/tag/harbour/", "/category/asia/", "/author/quiet/")

# (path as sent, headers) -> the answer
Ask = Callable[[str, Mapping[str, str]], Response]


def words(data: bytes | str) -> set[str]:
    """The hidden words in some bytes, as they are, percent-encoded, as character references, as JSON escapes."""
    text = data if isinstance(data, str) else data.decode(errors="replace")
    forms = (text, unquote(text), html.unescape(text), re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text))
    return {word for form in forms for word in _WORD.findall(unicodedata.normalize("NFKC", form).casefold())}


def told(got: Response) -> set[str]:
    """The hidden words of an answer: status line and headers, and the body as it is meant."""
    body = gzip.decompress(got.body) if got["content-encoding"] == "gzip" else got.body
    return words(body) | words("\n".join(f"{name}: {value}" for name, value in got.headers.items()))


def found(ask: Ask, paths: Iterable[str]) -> dict[str, set[str]]:
    """Path -> the hidden words that its answer holds, plain or compressed."""
    return {path: seen for path in paths if (seen := told(ask(path, {})) | told(ask(path, _GZIP)))}


def known(edition: Publication) -> list[str]:
    """Every address that an edition has, and those of its machines."""
    return [*(quote(path) for path in edition.paths_with_redirects()), "/nothing/", "/healthz", "/readyz", "/metrics", "/status"]


def guesses(kinds: Iterable[str]) -> Iterator[str]:
    """What somebody would try who knows everything that the hidden articles say."""
    for z in (f"zq{kind}" for kind in kinds):
        for name in (f"{z}slug-é", f"{z}alias", f"{z}stem", f"{z}id", f"tag:news.example,2026:{z}id", f"{z}folder"):
            spelled = {name, name.upper(), *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))}
            for one in spelled:
                yield from (f"/articles/{quote(one)}{end}" for end in ("", "/", "/views", "/feed.atom", "?x=1", "/index.html"))
                yield f"/{quote(one)}"
            yield "/articles/" + "".join(f"%{byte:02x}" for byte in name.encode()) + "/"
        yield from (f"/media/{z}{name}" for name in ("image.png", "inner.png", "talk.mp3"))
        yield from (f"/sized/0123abcd-{width}/{z}image.png" for width in (320, 640))
        yield from (f"/tag/{z}tag/{end}" for end in _ends())


def elsewhere() -> Iterator[str]:
    """Listings' addresses of months in which only hidden articles lie, and the usual names."""
    for listing in _LISTINGS:
        yield from (f"{listing}{end}" for end in _ends())
    yield from (f"/sitemap-{period}.xml" for period in (*_PERIODS, "listings"))


def _ends() -> Iterator[str]:
    yield ""
    yield from (f"feed.{suffix}" for suffix in FEED_SUFFIXES)
    yield from WELL_KNOWN_FEEDS
    for period in _PERIODS:
        yield f"archive/{period}/"
        yield from (f"archive/{period}/feed.{suffix}" for suffix in FEED_SUFFIXES)


def in_tree(out: Path) -> dict[str, set[str]]:
    """File -> the hidden words of its name and bytes, in a static tree."""
    files = [file for file in out.rglob("*") if file.is_file()]
    assert "index.html" in (out / MANIFEST_FILE).read_text()
    every = {str(file.relative_to(out)): words(str(file.relative_to(out))) | words(_plain(file)) for file in files}
    return {name: seen for name, seen in every.items() if seen}


def _plain(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
