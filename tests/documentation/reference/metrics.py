"""Generate docs/reference/metrics.md from /metrics of a running application."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from flask import Flask
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from feedsvc.content.folder import ContentFolder
from feedsvc.live import Live
from feedsvc.support.alerts import Alerts
from feedsvc.web import create_app, metrics
from feedsvc.web.request_stats import RequestStats
from tests.documentation.reference.markdown import code, introduction, table

_INTRODUCTION: Final = introduction(
    "Metrics",
    "`/metrics` of a running application",
    "`/metrics` is in the text format of Prometheus, and answers only this machine and the addresses of `--open-status` "
    "([Monitor](../how-to/monitor.md)). With `--workers`, counters are the sums of all processes, and gauges have the label "
    "`worker`, the number of the process. A gauge without a value, such as the next change if nothing is scheduled, is absent. "
    "Names that begin with `process_` exist on Linux only.",
)
_FILES: Final = {
    "site.yaml": "title: T\nbase_url: https://news.example\nid_domain: news.example\n",
    # A scheduled article, so that there is a next change.
    "articles/a.yaml": "id: tag:news.example,2026:a\ntitle: A\npublished: 9000-01-01\nsummary: S.\nbody: B.\n",
}
_SUFFIXES: Final = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}


def metrics_page() -> str:
    """Return the text of docs/reference/metrics.md."""
    with TemporaryDirectory() as folder:
        write_newsroom(Path(folder))
        live = Live(ContentFolder(Path(folder), ""), None, alerts=Alerts())
        stats = RequestStats()
        families = scrape(create_app(live, stats=stats))

        def two_workers() -> tuple[metrics.MetricValues, dict[str, metrics.MetricValues]]:
            return metrics.counters(live, stats), {worker: metrics.gauges(live) for worker in ("0", "1")}

        families_of_workers = scrape(create_app(live, stats=stats, metrics_source=two_workers))
    rows = (_row(family, families_of_workers[name]) for name, family in families.items())
    return f"{_INTRODUCTION}\n{table(('metric', 'type', 'labels', 'meaning'), rows)}"


def write_newsroom(folder: Path) -> None:
    for path, text in _FILES.items():
        file = folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")


def scrape(app: Flask) -> dict[str, Metric]:
    """Return the metrics of an application by name, after a request for a feed."""
    client = app.test_client()
    assert client.get("/feed.rss").status_code == 200
    response = client.get("/metrics")
    assert response.status_code == 200, response.text
    return {family.name: family for family in text_string_to_metric_families(response.text)}


def _row(family: Metric, family_of_workers: Metric) -> tuple[str, str, str, str]:
    names = ", ".join(code(f"{family.name}{suffix}") for suffix in _SUFFIXES.get(family.type, ("",)))
    labels = dict.fromkeys(name for name in _labels(family_of_workers))
    return names, family.type, ", ".join(code(name) for name in labels), family.documentation


def _labels(family: Metric) -> Iterator[str]:
    return (name for sample in family.samples for name in sample.labels)
