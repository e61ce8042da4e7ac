"""/metrics in the text format of Prometheus. The only room with prometheus_client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from feedsvc.live import Edition, Live
from feedsvc.web.traffic import BUCKETS, Traffic

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST

# name -> what it tells, and how it is read off.
_GAUGES: Final[Mapping[str, tuple[str, Callable[[Live, Edition], float]]]] = {
    "feedsvc_edition": ("Number of the edition that is served", lambda _, edition: edition.number),
    "feedsvc_edition_since_seconds": ("When the edition came to be, Unix time", lambda _, edition: edition.since.timestamp()),
    "feedsvc_articles": ("Articles that are visible", lambda _, edition: len(edition.publication.catalog.visible)),
    "feedsvc_standing_in": (
        "Files with a problem that are served in their last valid version",
        lambda _, edition: len(edition.content.standing_in),
    ),
    "feedsvc_last_reload_seconds": ("How long the last look at the folder took", lambda live, _: live.reloaded.seconds),
    "feedsvc_last_reload_time_seconds": ("When the folder was last looked at", lambda live, _: live.reloaded.at.timestamp()),
}


def metrics(live: Live, traffic: Traffic) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(live))
    registry.register(_Counts(live, traffic))
    return generate_latest(registry)


class _Gauges(Collector):
    def __init__(self, live: Live) -> None:
        self._live = live

    def collect(self) -> Iterable[GaugeMetricFamily]:
        edition = self._live.edition
        for name, (meaning, read) in _GAUGES.items():
            yield GaugeMetricFamily(name, meaning, value=read(self._live, edition))
        problems = GaugeMetricFamily("feedsvc_problems", "Problems in the content folder", labels=["severity"])
        for severity in ("error", "warning"):
            problems.add_metric([severity], sum(problem.severity == severity for problem in edition.content.problems))
        yield problems
        change = edition.publication.next_change
        if change:
            meaning = "When time alone changes the edition, Unix time"
            yield GaugeMetricFamily("feedsvc_next_change_seconds", meaning, value=change.timestamp())


class _Counts(Collector):
    """What this process answered since it began."""

    def __init__(self, live: Live, traffic: Traffic) -> None:
        self._live, self._traffic = live, traffic

    def collect(self) -> Iterable[Metric]:
        answers = CounterMetricFamily("feedsvc_requests", "Answers; 304 is not modified", labels=["kind", "format", "status"])
        for (labels, status), number in sorted(self._traffic.answers().items()):
            answers.add_metric([labels.kind, labels.format, str(status)], number)
        yield answers
        buckets, seconds = self._traffic.durations()
        ends = [*map(str, BUCKETS), "+Inf"]
        meaning = "How long answers took to make, without sending them"
        cumulated = list(zip(ends, accumulate(buckets or [0] * len(ends)), strict=True))
        yield HistogramMetricFamily("feedsvc_request_seconds", meaning, buckets=cumulated, sum_value=seconds)
        lookups = self._live.edition.publication.lookups
        yield CounterMetricFamily("feedsvc_documents_ready", "Documents that were ready when asked for", value=lookups.hits)
        yield CounterMetricFamily("feedsvc_documents_sought", "Documents that had to be looked for or made", value=lookups.misses)
