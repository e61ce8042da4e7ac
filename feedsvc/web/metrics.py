"""/metrics in the text format of Prometheus. The only room with prometheus_client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from feedsvc.live import Edition, Live

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


def metrics(live: Live) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gauges(live))
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
