"""Who polls: now with an entity tag and now without, in every coding, every kind of document; and who opens articles."""

from __future__ import annotations

import gzip
import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Final
from urllib.parse import quote, urlsplit

import brotli
from backports import zstd

from feedsvc.publication.document import digest
from tests.helpers.http_client import SECONDS, Response, ask_on
from tests.live.edited_files import STABLE_PATHS
from tests.live.editions import ObservedResponse
from tests.live.editors import SimulatedEditors

OPENED: Final = "/articles/pictured/"  # an article that is always there
_CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}
_PATHS: Final = (*STABLE_PATHS, "/static/site.css", "/subscribe/", "/tag/port/feed.json", "/feed", "/news-sitemap.xml")
_EXPECTED: Final = (200, 204, 301, 304, 404, 410)


class Reader(threading.Thread):
    """Until `over`. `heard` grows; an answer that cannot be had, or is none of those that may be, ends it with `failure`."""

    def __init__(self, url: str, desk: SimulatedEditors, over: threading.Event, random: Random, pause: float) -> None:
        super().__init__(daemon=True)
        self._netloc, self._desk, self._over, self._random, self._pause = urlsplit(url).netloc, desk, over, random, pause
        self._tags: dict[str, str] = {}
        self.heard: list[ObservedResponse] = []
        self.counts: Counter[str] = Counter()
        self.failure: Exception | None = None

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._netloc, timeout=SECONDS)
        try:
            while not self._over.wait(self._random.uniform(0.5, 1.5) * self._pause):
                self._poll(connection)
                if self._random.random() < 0.05:
                    self._open(connection)
        except Exception as failure:  # noqa: BLE001 - told by whoever waits for the end
            self.failure = failure
        finally:
            connection.close()

    def _poll(self, connection: http.client.HTTPConnection) -> None:
        path, coding = self._path(), self._random.choice([*_CODINGS])
        tag = self._tags.get(path, "") if self._random.random() < 0.5 else ""
        tag = "" if path.startswith("/media/") else tag  # a file's tag is not made from its bytes
        headers = {name: value for name, value in (("Accept-Encoding", coding), ("If-None-Match", tag)) if value}
        asked = time.time()
        got = ask_on(connection, quote(path), headers)
        answered = time.time()
        assert got.status in _EXPECTED, (path, got)
        body = _CODINGS[got["content-encoding"]](got.body)
        self.counts[f"{got.status} {got['content-encoding']}".strip()] += 1
        self._tags[path] = got["etag"] if got.status == 200 else tag
        kept = b"" if path.startswith("/media/") else body
        said = _said(got, body, tag)
        self.heard.append(
            ObservedResponse(
                requested_at=asked,
                received_at=answered,
                path=path,
                outcome=said,
                etag=got["etag"],
                last_modified=got["last-modified"],
                body=kept,
            )
        )

    def _open(self, connection: http.client.HTTPConnection) -> None:
        agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0 {self._random.random()}"
        got = ask_on(connection, f"{OPENED}views", {"Sec-Fetch-Site": "same-origin", "User-Agent": agent}, "POST")
        assert got.status == 204, got
        self.counts["opened"] += 1

    def _path(self) -> str:
        if self._random.random() < 0.7:
            return self._random.choice(_PATHS)
        slug = self._random.choice(self._desk.slugs[-60:])
        return self._random.choice([f"/articles/{slug}/", f"/articles/once-{slug}/"])


def _said(got: Response, body: bytes, tag: str) -> tuple[int, str]:
    """What the edition said; by a 304, that what the reader has is of now."""
    if got.status == 304:
        assert got["etag"] == tag, (got, tag)
        return 200, tag.strip('W/"')
    return got.status, got["location"] if got.status == 301 else digest(body)
