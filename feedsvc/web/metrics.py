"""Metrics: /metrics in the Prometheus text format. No other module imports prometheus_client.

Each process collects plain numbers first, so that the counters of several workers can be added.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import CollectorRegistry

from feedsvc import __version__
from feedsvc.live import Edition, Live
from feedsvc.support.alerts import ALERT_KINDS, AlertKind
from feedsvc.web.request_stats import DURATION_BUCKETS, RESPONSES_PREFIX, SECONDS_KEY, RequestStats, bucket_name

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST

MetricValues = Mapping[str, float]

_CACHE_HITS: Final = "ready"
_CACHE_MISSES: Final = "sought"
_RELOADS: Final = "looks"
_RELOAD_SECONDS: Final = "spent"
# Metrics of this process with the names that Prometheus clients share; only Linux has them.
_PROCESS: Final = ProcessCollector(registry=None)
_SEVERITIES: Final = ("error", "warning")
_COUNTERS: Final = (
    ("feedsvc_document_cache_hits", _CACHE_HITS, "Look-ups of documents that were in the cache"),
    ("feedsvc_document_cache_misses", _CACHE_MISSES, "Look-ups of documents that were not in the cache"),
    ("feedsvc_reloads", _RELOADS, "Reloads of the content folder, the first one included"),
    ("feedsvc_reload_duration_seconds", _RELOAD_SECONDS, "Duration of all reloads of the content folder"),
)
_LABELS: Final = {"feedsvc_problems": ["severity"], "feedsvc_alerts": ["kind"]}


def _problems(severity: str) -> Callable[[Live, Edition], float]:
    return lambda _, edition: sum(problem.severity == severity for problem in edition.content.problems)


def _alerts(kind: AlertKind) -> Callable[[Live, Edition], float]:
    return lambda live, _: live.alerts.count(kind)


def _next_change(_: Live, edition: Edition) -> float | None:
    next_change = edition.publication.catalog.next_visible_change
    return next_change.timestamp() if next_change else None


# Name -> help text, and label -> function that reads the value; None if there is no value.
_GAUGES: Final[Mapping[str, tuple[str, Mapping[str, Callable[[Live, Edition], float | None]]]]] = {
    "feedsvc_edition": ("Number of the edition that is served", {"": lambda _, edition: edition.number}),
    "feedsvc_edition_timestamp_seconds": (
        "Time at which the edition was published, Unix time",
        {"": lambda _, edition: edition.since.timestamp()},
    ),
    "feedsvc_articles": ("Visible articles", {"": lambda _, edition: len(edition.publication.catalog.visible)}),
    "feedsvc_document_cache_bytes": (
        "Bytes of the cached documents, in all content codings",
        {"": lambda _, edition: edition.publication.cached_bytes},
    ),
    "feedsvc_serving_last_valid": (
        "Files with a problem that are served in their last valid version",
        {"": lambda _, edition: len(edition.content.last_valid_paths)},
    ),
    "feedsvc_alerts": (
        "Active alerts; /status contains their texts",
        {kind: _alerts(kind) for kind in ALERT_KINDS},
    ),
    "feedsvc_last_reload_duration_seconds": (
        "Duration of the last reload of the content folder",
        {"": lambda live, _: live.last_reload.seconds},
    ),
    "feedsvc_last_reload_timestamp_seconds": (
        "Time of the last reload of the content folder, Unix time",
        {"": lambda live, _: live.last_reload.began_at.timestamp()},
    ),
    "feedsvc_problems": (
        "Problems in the content folder, without warnings that only `feedsvc check` computes, such as a missing summary",
        {severity: _problems(severity) for severity in _SEVERITIES},
    ),
    "feedsvc_next_change_timestamp_seconds": (
        "Time of the next scheduled change that readers see, Unix time",
        {"": _next_change},
    ),
}


def gauges(live: Live) -> dict[str, float]:
    """Return the current gauges of this process. A key is the metric's name, a space, and the value of its label in _LABELS.

    Keys of other metrics end with the space. A gauge without a value is left out.
    """
    edition, values = live.edition, dict[str, float]()
    for name, (_, readers) in _GAUGES.items():
        for label, read_value in readers.items():
            value = read_value(live, edition)
            values |= {f"{name} {label}": value} if value is not None else {}
    return values | {f"{sample.name} ": sample.value for family in _PROCESS.collect() for sample in family.samples}


def counters(live: Live, stats: RequestStats) -> dict[str, float]:
    """Return the counters of this process since its start, by name. They only grow; those of several processes can be added.

    They are responses by kind, format and status, durations, look-ups in the document cache, and reloads. A response from the
    response cache counts as a document that was in the document cache.
    """
    lookups, last_reload = live.edition.publication.cache_statistics, live.last_reload
    cache_hits = lookups.hits + stats.cache_hits
    return {
        **stats.counters(),
        _CACHE_HITS: cache_hits,
        _CACHE_MISSES: lookups.misses,
        _RELOADS: last_reload.total_reloads,
        _RELOAD_SECONDS: last_reload.total_seconds,
    }


def render_metrics(totals: MetricValues, gauges_by_worker: Mapping[str, MetricValues]) -> bytes:
    """Render /metrics. `totals` are the `counters` of all processes added up; `gauges_by_worker` has `gauges` by worker number.

    The number is a text, such as "1"; in a service of one process, the only key is "", and there is no label for it.
    """
    families = [*_gauge_families(gauges_by_worker), *_process_families(gauges_by_worker), *_counter_families(totals)]
    return generate_latest(_Families(families))


class _Families(CollectorRegistry):
    """Registry of metrics that were collected before."""

    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__(auto_describe=False)
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _gauge_families(gauges_by_worker: Mapping[str, MetricValues]) -> Iterator[Metric]:
    for name, (help_text, readers) in _GAUGES.items():
        labels = [*(["worker"] if "" not in gauges_by_worker else []), *_LABELS.get(name, [])]
        family = GaugeMetricFamily(name, help_text, labels=labels)
        for worker, values in gauges_by_worker.items():
            for label in readers:
                if (value := values.get(f"{name} {label}")) is not None:
                    family.add_metric([label_value for label_value in (worker, label) if label_value], value)
        if family.samples:
            yield family
    family = GaugeMetricFamily("feedsvc_build_info", "Version of the program; the value is 1", labels=["version"])
    family.add_metric([__version__], 1)
    yield family


def _process_families(gauges_by_worker: Mapping[str, MetricValues]) -> Iterator[Metric]:
    """Yield the metrics of ProcessCollector (memory, processor time) of each process."""
    for template in _PROCESS.collect():
        family = Metric(template.name, template.documentation, template.type)
        for worker, values in gauges_by_worker.items():
            for sample in template.samples:
                if (value := values.get(f"{sample.name} ")) is not None:
                    family.add_sample(sample.name, {"worker": worker} if worker else {}, value)
        if family.samples:
            yield family


def _counter_families(totals: MetricValues) -> Iterator[Metric]:
    """Yield all counters: requests, their durations, look-ups in the document cache, and reloads."""
    responses = CounterMetricFamily(
        "feedsvc_requests", "Responses; status 304 is not modified", labels=["kind", "format", "status"]
    )
    for name, number in sorted(totals.items()):
        if name.startswith(RESPONSES_PREFIX):
            responses.add_metric(name.removeprefix(RESPONSES_PREFIX).split(" "), number)
    yield responses
    ends = [*map(str, DURATION_BUCKETS), "+Inf"]
    buckets = list(zip(ends, accumulate(totals.get(bucket_name(index), 0) for index in range(len(ends))), strict=True))
    help_text = "Time to compute responses, without sending them"
    yield HistogramMetricFamily(
        "feedsvc_request_duration_seconds", help_text, buckets=buckets, sum_value=totals.get(SECONDS_KEY, 0)
    )
    for name, key, help_text in _COUNTERS:
        yield CounterMetricFamily(name, help_text, value=totals.get(key, 0))
