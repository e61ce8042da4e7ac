"""Request statistics: numbers of responses by labels and status, and durations. Counting is cheap: it runs for every request."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from feedsvc.free_places import RootFileAt, StaticPageAt
from feedsvc.publication import Document
from feedsvc.routes import (
    ArchiveAt,
    ArticleAt,
    FeedAt,
    FileAt,
    IssueAt,
    PageAt,
    Place,
    SiteDocumentAt,
    SitemapAt,
    TagsAt,
    VariantAt,
    place_of,
)

# Upper ends in seconds: those of prometheus_client, so that rules for other programs hold here, too.
DURATION_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
_KINDS: Final[Mapping[type[Place], str]] = {
    FeedAt: "feed",
    PageAt: "page",
    TagsAt: "page",
    ArchiveAt: "page",
    ArticleAt: "article",
    IssueAt: "page",
    StaticPageAt: "page",
    FileAt: "file",
    RootFileAt: "file",
    VariantAt: "file",
    SiteDocumentAt: "directory",
    SitemapAt: "directory",
}
SECONDS_KEY: Final = "seconds"
RESPONSES_PREFIX: Final = "answers "  # of the names of response counters, before kind, format ("" for none) and status


class Labels(NamedTuple):
    """Labels of a response, by which it is counted.

    `kind` is that of the document or file (a value of _KINDS, such as "feed"), else "redirect", "views" (a request to the read
    counters), "private" (a private feed) or "other". `format` is the suffix of a public or private feed, such as "rss", else
    "".
    """

    kind: str
    format: str = ""


REDIRECT: Final = Labels("redirect")
MEDIA: Final = Labels("file")
VIEW_BEACON: Final = Labels("views")
OTHER: Final = Labels("other")


class RequestStats:
    """Request counters. Thread-safe."""

    def __init__(self) -> None:
        self.responses: Counter[tuple[Labels, int]] = Counter()  # by labels and status, those from the response cache included
        self.cache_hits = 0  # responses from the response cache
        # Responses in each bucket, not cumulated. Bucket i ends with DURATION_BUCKETS[i]; the last one has no end.
        self._buckets = [0] * (len(DURATION_BUCKETS) + 1)
        self._seconds = 0.0
        self._lock = threading.Lock()

    def count(self, labels: Labels, status: int, seconds: float, *, cache_hits: int = 0) -> None:
        """Count one response, computed in `seconds`. `cache_hits` is 1 if it came from the response cache, else 0."""
        with self._lock:
            self.responses[labels, status] += 1
            self._buckets[bisect_left(DURATION_BUCKETS, seconds)] += 1
            self._seconds += seconds
            self.cache_hits += cache_hits

    def counters(self) -> dict[str, float]:
        """Return the counters of responses and durations, but not `cache_hits`, by name.

        RESPONSES_PREFIX begins the names of response counters; `bucket_name` returns those of durations, and SECONDS_KEY is that
        of their sum.
        """
        with self._lock:
            names = {
                f"{RESPONSES_PREFIX}{labels.kind} {labels.format} {status}": n for (labels, status), n in self.responses.items()
            }
            return {**names, **{bucket_name(i): number for i, number in enumerate(self._buckets)}, SECONDS_KEY: self._seconds}


def bucket_name(index: int) -> str:
    """Return the counter's name of the bucket `index` of durations."""
    return f"bucket {index}"


def labels_of(document: Document) -> Labels:
    """Return the labels of a document's responses, OTHER if its path is no address."""
    place = place_of(document.path)
    return OTHER if place is None else Labels(_KINDS[type(place)], place.suffix if isinstance(place, FeedAt) else "")
