"""/metrics in the text format of Prometheus. The only room with prometheus_client.

What a process measures is a mapping of plain numbers first, so that several workers can add theirs up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from feedsvc.live.live import Edition, Live
from feedsvc.web.request_stats import BUCKETS, SECONDS, Traffic, answer_of, bucket

MEDIA_TYPE: Final = CONTENT_TYPE_LATEST

Numbers = Mapping[str, float]

_READY: Final = "ready"
_SOUGHT: Final = "sought"
_LOOKS: Final = "looks"
_SPENT: Final = "spent"
_SEVERITIES: Final = ("error", "warning")


def _problems(severity: str) -> Callable[[Live, Edition], float]:
    return lambda _, edition: sum(problem.severity == severity for problem in edition.content.problems)


def _next_change(_: Live, edition: Edition) -> float | None:
    change = edition.publication.next_change
    return change.timestamp() if change else None


# name -> what it tells, further labels, and how it is read off: None where there is nothing to tell.
_GAUGES: Final[Mapping[str, tuple[str, Mapping[str, Callable[[Live, Edition], float | None]]]]] = {
    "feedsvc_edition": ("Number of the edition that is served", {"": lambda _, edition: edition.number}),
    "feedsvc_edition_since_seconds": (
        "When the edition came to be, Unix time",
        {"": lambda _, edition: edition.since.timestamp()},
    ),
    "feedsvc_articles": ("Articles that are visible", {"": lambda _, edition: len(edition.publication.catalog.visible)}),
    "feedsvc_documents_bytes": (
        "Bytes of the documents that are kept ready, in all their codings",
        {"": lambda _, edition: edition.publication.kept_bytes},
    ),
    "feedsvc_standing_in": (
        "Files with a problem that are served in their last valid version",
        {"": lambda _, edition: len(edition.content.standing_in)},
    ),
    "feedsvc_troubles": (
        "What is wrong with the machine and waits for its operator; /status tells what to do",
        {"": lambda live, _: len(live.troubles.now)},
    ),
    "feedsvc_last_reload_seconds": ("How long the last look at the folder took", {"": lambda live, _: live.reloaded.seconds}),
    "feedsvc_last_reload_time_seconds": (
        "When the folder was last looked at",
        {"": lambda live, _: live.reloaded.at.timestamp()},
    ),
    "feedsvc_problems": ("Problems in the content folder", {severity: _problems(severity) for severity in _SEVERITIES}),
    "feedsvc_next_change_seconds": ("When time alone changes the edition, Unix time", {"": _next_change}),
}


def gauges(live: Live) -> dict[str, float]:
    """How things stand in this process: name, a space and a further label -> number."""
    edition, found = live.edition, dict[str, float]()
    for name, (_, several) in _GAUGES.items():
        for label, read in several.items():
            value = read(live, edition)
            found |= {f"{name} {label}": value} if value is not None else {}
    return found


def counts(live: Live, traffic: Traffic) -> dict[str, float]:
    """What this process did since it began: numbers that only grow, and may be added to other processes'."""
    lookups, last = live.edition.publication.lookups, live.reloaded
    ready = lookups.hits + traffic.again()
    return {**traffic.numbers(), _READY: ready, _SOUGHT: lookups.misses, _LOOKS: last.looks, _SPENT: last.spent}


def metrics(counted: Numbers, standing: Mapping[str, Numbers]) -> bytes:
    """`counted` is of all processes together; `standing` has the gauges of each worker by its number, "" of one alone."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(standing))
    registry.register(_Counts(counted))
    return generate_latest(registry)


class _Gauges(Collector):
    def __init__(self, standing: Mapping[str, Numbers]) -> None:
        self._standing = standing

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for name, (meaning, several) in _GAUGES.items():
            labels = [*(["worker"] if "" not in self._standing else []), *(["severity"] if "" not in several else [])]
            family = GaugeMetricFamily(name, meaning, labels=labels)
            for worker, numbers in self._standing.items():
                for label in several:
                    if (value := numbers.get(f"{name} {label}")) is not None:
                        family.add_metric([each for each in (worker, label) if each], value)
            if family.samples:
                yield family


class _Counts(Collector):
    """What was answered."""

    def __init__(self, counted: Numbers) -> None:
        self._counted = counted

    def collect(self) -> Iterable[Metric]:
        answers = CounterMetricFamily("feedsvc_requests", "Answers; 304 is not modified", labels=["kind", "format", "status"])
        for name, number in sorted(self._counted.items()):
            if labels := answer_of(name):
                answers.add_metric(list(labels), number)
        yield answers
        ends = [*map(str, BUCKETS), "+Inf"]
        buckets = accumulate(self._counted.get(bucket(index), 0) for index in range(len(ends)))
        meaning = "How long answers took to make, without sending them"
        cumulated, seconds = list(zip(ends, buckets, strict=True)), self._counted.get(SECONDS, 0)
        yield HistogramMetricFamily("feedsvc_request_seconds", meaning, buckets=cumulated, sum_value=seconds)
        for name, key, meaning in (
            ("feedsvc_documents_ready", _READY, "Documents that were ready when asked for"),
            ("feedsvc_documents_sought", _SOUGHT, "Documents that had to be looked for or made"),
            ("feedsvc_reloads", _LOOKS, "Looks at the folder, the first reading too"),
            ("feedsvc_reload_seconds", _SPENT, "How long all looks at the folder took"),
        ):
            yield CounterMetricFamily(name, meaning, value=self._counted.get(key, 0))
