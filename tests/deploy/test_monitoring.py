"""Dashboard and alert rules: their metrics and labels are those of a running server, and Prometheus's own tool accepts them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bench import nginx
from tests import ROOT
from tests.helpers.http_client import ask
from tests.helpers.programs import require_program
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
def labels_by_metric(server: ServerProcess) -> dict[str, dict[str, set[str]]]:
    """Return the labels of each metric with their values."""
    labels: dict[str, dict[str, set[str]]] = {"up": {}}
    for family in text_string_to_metric_families(ask(server.url, "/metrics").body.decode()):
        for sample in family.samples:
            own = labels.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                own.setdefault(label, set()).add(value)
    return labels


def test_every_metric_label_and_value_exists_in_a_running_server(labels_by_metric: dict[str, dict[str, set[str]]]) -> None:
    for expression in expressions():
        text = re.sub(r'"[^"]*"', '""', expression)
        outside = re.sub(r"\{.*?\}|\[.*?\]|\bby \(.*?\)", "", text)
        names = set(re.findall(r"[a-z_]{2,}", outside)) - FUNCTIONS
        assert names
        assert names <= labels_by_metric.keys(), expression
        for name, selector in re.findall(r"([a-z_]+)\{(.*?)\}", expression):
            for label, operator, value in re.findall(r'([a-z_]+)(=~?|!=)"(.*?)"', selector):
                if label not in ADDED_LABELS:
                    assert label in labels_by_metric[name], expression
                    assert operator != "=" or value in labels_by_metric[name][label], expression
        for grouping in re.findall(r"\bby \((.*?)\)", text):
            known = set().union(*(labels_by_metric[name] for name in names)) | ADDED_LABELS
            assert set(re.split(r",\s*", grouping)) <= known, expression


def test_every_metric_of_feedsvc_is_in_the_dashboard(labels_by_metric: dict[str, dict[str, set[str]]]) -> None:
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


def test_alerts_fire_when_they_should_and_expressions_of_panels_are_valid(tmp_path: Path) -> None:
    promtool = require_program("promtool", INSTALL)
    tested = yaml.safe_load(ALERT_TESTS.read_text("utf-8"))["tests"]
    assert {case["alertname"] for test in tested for case in test["alert_rule_test"]} == alerts().keys()
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions())]
    (tmp_path / "panels.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    files = (ALERTS, tmp_path / "panels.yaml")
    for arguments in (("check", "rules", *files), ("check", "config", CONFIGURATION), ("test", "rules", ALERT_TESTS)):
        result = subprocess.run([promtool, *arguments], check=False, capture_output=True, text=True)
        assert result.returncode == 0, result.stdout + result.stderr
