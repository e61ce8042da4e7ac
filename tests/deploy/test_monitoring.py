"""Dashboard and alert rules: their metrics and labels are those of a running server, and a Prometheus evaluates them on it."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bench import nginx
from bench.web import free_port
from tests import ROOT
from tests.helpers.http_client import ask
from tests.helpers.programs import killing, require_program
from tests.helpers.running_server import ServerProcess

DASHBOARD: Final = json.loads((nginx.DEPLOY_FILES / "grafana-dashboard.json").read_text("utf-8"))
ALERTS: Final = nginx.DEPLOY_FILES / "prometheus-alerts.yaml"
ALERT_TESTS: Final = Path(__file__).parent / "prometheus_alert_tests.yaml"
CONFIGURATION: Final = nginx.DEPLOY_FILES / "prometheus.yaml"
INSTALL: Final = "apt-get install prometheus"
# Labels that Prometheus adds, the one of several workers, and that of histograms.
ADDED_LABELS: Final = {"job", "instance", "worker", "le"}
# Names in an expression that are no metrics.
FUNCTIONS: Final = {*("sum", "min", "max", "by", "rate", "changes", "time", "histogram_quantile", "label_values")}
VARIABLES: Final = {"$__rate_interval": "5s", "$job": "feedsvc", "$instance": ".*"}


def alerts() -> dict[str, str]:
    """Return the expression of each alert."""
    (group,) = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return {rule["alert"]: rule["expr"] for rule in group["rules"]}


def panels() -> dict[str, list[str]]:
    """Return the expressions of each panel, with values for the variables of Grafana."""
    return {panel["title"]: [with_values(target["expr"]) for target in panel["targets"]] for panel in DASHBOARD["panels"]}


def with_values(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


def expressions() -> list[str]:
    annotations = [with_values(annotation["expr"]) for annotation in DASHBOARD["annotations"]["list"]]
    return [*alerts().values(), *(expression for panel in panels().values() for expression in panel), *annotations]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server of the sample newsroom, which has answered some requests."""
    process = ServerProcess(ROOT / "content", tmp_path_factory.mktemp("state"))
    try:
        make_requests(process.url)
        yield process
        process.terminate()
        assert process.wait() == 0
    finally:
        process.kill()


def make_requests(url: str) -> None:
    tag = ask(url, "/feed.rss")["ETag"]
    for path in ("/", "/feed.atom", "/nothing"):
        ask(url, path)
    ask(url, "/feed.rss", {"If-None-Match": tag})


@pytest.fixture(scope="module")
def labels_by_metric(server: ServerProcess) -> dict[str, set[str]]:
    labels: dict[str, set[str]] = {"up": set()}
    for family in text_string_to_metric_families(ask(server.url, "/metrics").body.decode()):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


def test_every_metric_and_label_exists_in_a_running_server(labels_by_metric: dict[str, set[str]]) -> None:
    for expression in expressions():
        text = re.sub(r'"[^"]*"', '""', expression)
        outside = re.sub(r"\{.*?\}|\[.*?\]|\bby \(.*?\)", "", text)
        names = set(re.findall(r"[a-z_]{2,}", outside)) - FUNCTIONS
        assert names
        assert names <= labels_by_metric.keys(), expression
        for name, selector in re.findall(r"([a-z_]+)\{(.*?)\}", text):
            assert set(re.findall(r"([a-z_]+)[!=]", selector)) <= labels_by_metric[name] | ADDED_LABELS, expression
        for grouping in re.findall(r"\bby \((.*?)\)", text):
            known = set().union(*(labels_by_metric[name] for name in names)) | ADDED_LABELS
            assert set(re.split(r",\s*", grouping)) <= known, expression


def test_every_metric_of_feedsvc_is_in_the_dashboard(labels_by_metric: dict[str, set[str]]) -> None:
    shown = {name for panel in panels().values() for expression in panel for name in re.findall(r"\w+", expression)}
    own = {name for name in labels_by_metric if name.startswith("feedsvc_") and not name.endswith(("_created", "_count", "_sum"))}
    unneeded = {"feedsvc_edition", "feedsvc_last_reload_timestamp_seconds"}
    assert {name for name in own if name not in shown} == unneeded


def test_panels_have_unique_places_and_one_data_source() -> None:
    places = [tuple(panel["gridPos"].values()) for panel in DASHBOARD["panels"]]
    assert len(set(places)) == len(places)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in DASHBOARD["panels"])
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    assert {json.dumps(panel["datasource"]) for panel in DASHBOARD["panels"]} == {
        json.dumps({"type": "prometheus", "uid": "${datasource}"})
    }


def test_alerts_fire_when_they_should() -> None:
    promtool = require_program("promtool", INSTALL)
    tested = yaml.safe_load(ALERT_TESTS.read_text("utf-8"))["tests"]
    assert {case["alertname"] for test in tested for case in test["alert_rule_test"]} == alerts().keys()
    for arguments in (("check", "rules", ALERTS), ("check", "config", CONFIGURATION), ("test", "rules", ALERT_TESTS)):
        result = subprocess.run([promtool, *arguments], check=False, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_prometheus_has_a_value_for_every_panel(server: ServerProcess, tmp_path: Path) -> None:
    prometheus, port = require_program("prometheus", INSTALL), free_port()
    configuration = yaml.safe_load(CONFIGURATION.read_text("utf-8"))
    configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    (scrape,) = configuration["scrape_configs"]
    scrape["static_configs"] = [{"targets": [server.url.removeprefix("http://").strip("/")]}]
    (tmp_path / "prometheus.yaml").write_text(yaml.safe_dump(configuration), "utf-8")
    (tmp_path / ALERTS.name).write_text(ALERTS.read_text("utf-8"), "utf-8")
    options = (f"--config.file={tmp_path}/prometheus.yaml", f"--storage.tsdb.path={tmp_path}/data")
    listen = f"--web.listen-address=127.0.0.1:{port}"
    url = f"http://127.0.0.1:{port}/"
    with (
        (tmp_path / "log").open("wb") as log,
        killing(subprocess.Popen([prometheus, *options, listen], stdout=log, stderr=log, cwd=tmp_path)),
    ):
        for _ in range(120):
            if is_scraped(url, server.url):
                break
        missing = {title: exprs for title, exprs in panels().items() if not all(query(url, expr) for expr in exprs)}
        for expression in alerts().values():
            query(url, expression)  # no error
        rules = ask(url, "/api/v1/rules").body
    assert missing == {}
    assert {rule["health"] for group in json.loads(rules)["data"]["groups"] for rule in group["rules"]} == {"ok"}


def is_scraped(prometheus: str, url: str) -> bool:
    """Make requests, and return whether Prometheus has three samples of the server and has evaluated the rules."""
    make_requests(url)
    time.sleep(0.5)
    try:
        (result,) = query(prometheus, 'count_over_time(up{job="feedsvc"}[5s])') or [None]
        groups = json.loads(ask(prometheus, "/api/v1/rules").body)["data"]["groups"]
    except (OSError, ValueError):
        return False
    is_evaluated = all(rule["health"] == "ok" for group in groups for rule in group["rules"])
    return bool(result) and int(result["value"][1]) >= 4 and is_evaluated


def query(url: str, expression: str) -> list[dict[str, Any]]:
    answer = json.loads(ask(url, f"/api/v1/query?query={quote(expression)}").body)
    assert answer["status"] == "success", (expression, answer)
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result
