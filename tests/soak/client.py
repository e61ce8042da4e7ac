"""A polling client: with and without an entity tag, with every coding, for every kind of document; it also reads articles."""

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

READ_ARTICLE: Final = "/articles/pictured/"  # an article that always exists
_CODINGS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}
_PATHS: Final = (*STABLE_PATHS, "/static/site.css", "/subscribe/", "/tag/port/feed.json", "/feed", "/news-sitemap.xml")
_EXPECTED_STATUSES: Final = (200, 204, 301, 304, 404, 410)


class PollingClient(threading.Thread):
    """Thread that polls until `stopping` is set. `responses` grows.

    An unexpected status or a failed request ends it with `failure`.
    """

    def __init__(self, url: str, editors: SimulatedEditors, stopping: threading.Event, random: Random, pause: float) -> None:
        super().__init__(daemon=True)
        self._netloc, self._editors, self._stopping, self._random, self._pause = (
            urlsplit(url).netloc,
            editors,
            stopping,
            random,
            pause,
        )
        self._etags: dict[str, str] = {}
        self.responses: list[ObservedResponse] = []
        self.counts: Counter[str] = Counter()
        self.failure: Exception | None = None

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._netloc, timeout=SECONDS)
        try:
            while not self._stopping.wait(self._random.uniform(0.5, 1.5) * self._pause):
                self._poll(connection)
                if self._random.random() < 0.05:
                    self._send_read(connection)
        except Exception as failure:  # noqa: BLE001 - raised by the main thread
            self.failure = failure
        finally:
            connection.close()

    def _poll(self, connection: http.client.HTTPConnection) -> None:
        path, coding = self._choose_path(), self._random.choice([*_CODINGS])
        etag = self._etags.get(path, "") if self._random.random() < 0.5 else ""
        etag = "" if path.startswith("/media/") else etag  # the entity tag of a media file does not depend on its bytes
        headers = {name: value for name, value in (("Accept-Encoding", coding), ("If-None-Match", etag)) if value}
        requested_at = time.time()
        response = ask_on(connection, quote(path), headers)
        received_at = time.time()
        assert response.status in _EXPECTED_STATUSES, (path, response)
        body = _CODINGS[response["content-encoding"]](response.body)
        self.counts[f"{response.status} {response['content-encoding']}".strip()] += 1
        self._etags[path] = response["etag"] if response.status == 200 else etag
        body_to_compare = b"" if path.startswith("/media/") else body
        outcome = _outcome(response, body, etag)
        self.responses.append(
            ObservedResponse(
                requested_at=requested_at,
                received_at=received_at,
                path=path,
                outcome=outcome,
                etag=response["etag"],
                last_modified=response["last-modified"],
                body=body_to_compare,
            )
        )

    def _send_read(self, connection: http.client.HTTPConnection) -> None:
        agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0 {self._random.random()}"
        response = ask_on(connection, f"{READ_ARTICLE}views", {"Sec-Fetch-Site": "same-origin", "User-Agent": agent}, "POST")
        assert response.status == 204, response
        self.counts["reads"] += 1

    def _choose_path(self) -> str:
        if self._random.random() < 0.7:
            return self._random.choice(_PATHS)
        slug = self._random.choice(self._editors.slugs[-60:])
        return self._random.choice([f"/articles/{slug}/", f"/articles/once-{slug}/"])


def _outcome(response: Response, body: bytes, etag: str) -> tuple[int, str]:
    """Return status and digest, or status and location, of the edition; after a 304, that of the client's cached response."""
    if response.status == 304:
        assert response["etag"] == etag, (response, etag)
        return 200, etag.strip('W/"')
    return response.status, response["location"] if response.status == 301 else digest(body)
