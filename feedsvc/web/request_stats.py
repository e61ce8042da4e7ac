"""Request statistics: numbers of responses by labels and status, and durations. Counting is cheap: it runs for every request."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
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
_RESPONSES_KEY: Final = "answers"
_LABELS_KEY: Final = "labels"  # key in the cache of Document.derived_data


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


@dataclass(slots=True)
class _ThreadCounts:
    responses: defaultdict[Labels, defaultdict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    buckets: list[int] = field(default_factory=lambda: [0] * (len(DURATION_BUCKETS) + 1))
    seconds: float = 0.0
    cache_hits: int = 0


class RequestStats:
    """Request counters. `count` adds to the counters of its thread without a lock; other methods return sums over all threads."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._thread_counts: list[_ThreadCounts] = []

    def count(self, labels: Labels, status: int, seconds: float, *, cache_hits: int = 0) -> None:
        """Count one response, computed in `seconds`. `cache_hits` is 1 if it came from the response cache, else 0."""
        try:
            counts: _ThreadCounts = self._local.counts
        except AttributeError:
            counts = self._local.counts = _ThreadCounts()
            self._thread_counts.append(counts)
        counts.responses[labels][status] += 1
        counts.buckets[bisect_left(DURATION_BUCKETS, seconds)] += 1
        counts.seconds += seconds
        counts.cache_hits += cache_hits

    def responses(self) -> dict[tuple[Labels, int], int]:
        """Return the numbers of responses by labels and status, those from the response cache included."""
        total: Counter[tuple[Labels, int]] = Counter()
        for counts in list(self._thread_counts):
            for labels, numbers in counts.responses.copy().items():
                total.update({(labels, status): number for status, number in numbers.copy().items()})
        return dict(total)

    def counters(self) -> dict[str, float]:
        """Return the counters of responses and durations, but not `cache_hits`, by name.

        `parse_response_name` parses the names of response counters; `bucket_name` returns those of durations, and SECONDS_KEY is
        that of their sum.
        """
        buckets, seconds = self.durations()
        responses = {
            f"{_RESPONSES_KEY} {labels.kind} {labels.format} {status}": n for (labels, status), n in self.responses().items()
        }
        return {**responses, **{bucket_name(index): number for index, number in enumerate(buckets)}, SECONDS_KEY: seconds}

    def cache_hits(self) -> int:
        """Return the number of responses that came from the response cache."""
        return sum(counts.cache_hits for counts in list(self._thread_counts))

    def durations(self) -> tuple[list[int], float]:
        """Return the number of responses in each bucket, not cumulated, and the seconds of all responses together.

        Bucket i ends with DURATION_BUCKETS[i]; the last one has no end. Before the first response, there are no buckets.
        """
        thread_counts = list(self._thread_counts)
        return [sum(column) for column in zip(*(counts.buckets for counts in thread_counts), strict=True)], sum(
            counts.seconds for counts in thread_counts
        )


def bucket_name(index: int) -> str:
    """Return the counter's name of the bucket `index` in `RequestStats.durations`."""
    return f"bucket {index}"


def parse_response_name(name: str) -> tuple[str, str, str] | None:
    """Return the kind, format ("" for none) and status, as text, in the name of a response counter; None for another counter."""
    prefix, _, rest = name.partition(" ")
    kind, feed_format, status = rest.split(" ") if prefix == _RESPONSES_KEY else ("", "", "")
    return (kind, feed_format, status) if kind else None


def labels_of(document: Document) -> Labels:
    """Return the labels of a document's responses, OTHER if its path is no address. They are cached in its `derived_data`."""
    labels: Labels | None = document.derived_data.cache.get(_LABELS_KEY)
    if labels is None:
        labels = document.derived_data.cache[_LABELS_KEY] = _labels(place_of(document.path))
    return labels


def _labels(place: Place | None) -> Labels:
    if place is None:
        return OTHER
    return Labels(_KINDS[type(place)], place.suffix if isinstance(place, FeedAt) else "")
