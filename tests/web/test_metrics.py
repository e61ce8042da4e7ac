"""/metrics counts responses by kind, format and status, and reports editions, caches and problems."""

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client import Histogram

import feedsvc
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.live.live import Live
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.support.alerts import ALERT_KINDS, Alerts
from feedsvc.web.app import create_app
from feedsvc.web.request_stats import DURATION_BUCKETS
from tests.helpers.http_client import Response, ask, call
from tests.helpers.running_server import serving
from tests.web.conftest import FakeClock
from tests.web.newsroom import NEXT_CHANGE, write_article, write_newsroom

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def test_responses_are_counted_by_kind_format_and_status(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("counted")
    with serving(write_newsroom(folder / "content"), folder / "state") as server:
        tag = ask(server.url, "/feed.rss")["ETag"]
        files = ("/media/talk.mp3", "/static/feed.css", "/robots.txt")
        for path in ("/feed.atom", "/", "/articles/fish/", *files, "/rss", "/nothing", "/articles/fish/views"):
            ask(server.url, path)
        for _ in range(2):
            ask(server.url, "/feed.rss", {"If-None-Match": tag})
        metrics = ask(server.url, "/metrics").body.decode()
    counts = re.findall(r'feedsvc_requests_total\{format="(.*?)",kind="(.*?)",status="(\d+)"\} (\d+)\.0', metrics)
    assert {(kind, feed_format, status): int(number) for feed_format, kind, status, number in counts} == {
        ("feed", "rss", "200"): 1,
        ("feed", "rss", "304"): 2,
        ("feed", "atom", "200"): 1,
        ("page", "", "200"): 1,
        ("article", "", "200"): 1,
        ("file", "", "200"): 2,
        ("directory", "", "200"): 1,
        ("redirect", "", "301"): 1,
        ("other", "", "404"): 1,
        ("views", "", "503"): 1,  # the number is loaded after the first request
    }
    assert "feedsvc_request_duration_seconds_count 12.0" in metrics
    assert f'feedsvc_build_info{{version="{feedsvc.__version__}"}} 1.0' in metrics
    assert re.search(r"^process_resident_memory_bytes [1-9]", metrics, re.MULTILINE)
    assert re.search(r"^process_cpu_seconds_total [0-9]", metrics, re.MULTILINE)
    assert 'feedsvc_request_duration_seconds_bucket{le="+Inf"} 12.0' in metrics
    assert "feedsvc_document_cache_hits_total 2.0" in metrics
    assert "feedsvc_document_cache_misses_total 6.0" in metrics
    assert float(value_of(metrics, "feedsvc_document_cache_bytes")) > 1000


def value_of(metrics: str, name: str) -> str:
    [line] = [line for line in metrics.splitlines() if line.startswith(f"{name} ")]
    return line.rpartition(" ")[2]


def test_metrics_report_cache_schedule_editions_reloads_and_problems(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content", with_scheduled=True)
    clock = FakeClock()
    live = Live(ContentFolder(content), LastModifiedStore(None), clock)
    app = create_app(live)

    def metric(name: str) -> float:
        return float(value_of(request_locally(app, "/metrics").body.decode(), name))

    assert metric("feedsvc_document_cache_bytes") == 0
    body = call(app, "/feed.rss").body
    assert metric("feedsvc_document_cache_bytes") == len(body)
    gzip_body = call(app, "/feed.rss", {"Accept-Encoding": "gzip"}).body
    assert metric("feedsvc_document_cache_bytes") == len(body) + len(gzip_body)
    assert metric("feedsvc_next_change_timestamp_seconds") == NEXT_CHANGE.timestamp()
    assert (metric("feedsvc_edition"), metric("feedsvc_reloads_total")) == (1, 1)
    seconds_before = metric("feedsvc_reload_duration_seconds_total")
    assert seconds_before > 0
    write_article(content, "new", "title: [")
    clock.advance()
    live.reload()
    write_article(content, "newer", "title: New\npublished: 2026-02-27")
    clock.advance()
    live.reload()
    assert (metric("feedsvc_edition"), metric("feedsvc_reloads_total")) == (2, 3)
    assert metric("feedsvc_reload_duration_seconds_total") > seconds_before
    assert metric('feedsvc_problems{severity="error"}') == 1


def test_each_kind_of_alert_has_a_gauge(tmp_path: Path) -> None:
    """A rule could not tell a full disk from a hub that was away."""
    alerts = Alerts()
    app = create_app(
        Live(ContentFolder(write_newsroom(tmp_path / "content")), LastModifiedStore(None), FakeClock(), alerts=alerts)
    )
    for subject in ("acme log", "acme mail"):
        alerts.raise_alert("hook", "It failed.", subject=subject)
    lines = request_locally(app, "/metrics").body.decode().splitlines()
    gauges = {line for line in lines if line.startswith("feedsvc_alerts{")}
    assert gauges == {f'feedsvc_alerts{{kind="{kind}"}} {2.0 if kind == "hook" else 0.0}' for kind in ALERT_KINDS}
    assert alerts.active == {"hook acme log": "It failed.", "hook acme mail": "It failed."}


def test_durations_have_the_buckets_of_other_programs() -> None:
    """The ends were 0.1 and 1 second, so that the alert at half a second was a guess."""
    assert (*DURATION_BUCKETS, math.inf) == Histogram.DEFAULT_BUCKETS


def request_locally(app: "WSGIApplication", path: str) -> Response:
    return call(lambda environ, start: app({**environ, "REMOTE_ADDR": "127.0.0.1"}, start), path)
