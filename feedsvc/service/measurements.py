"""Measurements of all processes of a service, for /status and /metrics.

Workers of feedsvc's own server share them in memory. Processes of another server ask each other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from feedsvc.extensions import installed_plugins
from feedsvc.live import Live
from feedsvc.service.peers import Message, PeerProcesses
from feedsvc.support.date_formats import rfc3339
from feedsvc.web import (
    COUNTERS_KEY,
    MetricsSource,
    MetricValues,
    RequestStats,
    SharedCounters,
    Worker,
    counters,
    gauges,
    sum_counters,
)
from feedsvc.websub import Publisher

_GAUGES_KEY: Final = "gauges"  # key of a worker's gauges in its message


def websub_status(publisher: Publisher, worker: Worker | None = None) -> Mapping[str, Any]:
    """Return the status of WebSub as JSON values, with the keys announcing, hubs and purge_failure.

    It is that of the worker that notifies hubs; if no worker does, or without `worker`, that of this process. `worker` is this
    process, if it is one of several workers; `publisher` is that of this process.
    """
    local_status: dict[str, Any] = json.loads(json.dumps(asdict(publisher.status()), default=rfc3339))
    if local_status["announcing"] or not worker:
        return local_status
    alive_pids = worker.slot.alive_pids()
    statuses = (
        message["push"] for number, message in worker.slot.read_messages().items() if number in alive_pids and "push" in message
    )
    return next((status for status in statuses if status["announcing"]), local_status)


def share_measurements(worker: Worker, live: Live, stats: RequestStats, publisher: Publisher) -> MetricsSource:
    """Share this worker's counters, gauges and WebSub status with the other workers, from now on. Call it once in a worker.

    Return a source of the metrics of all workers: the sums of their counters, and their gauges by number of the worker.
    """
    shared_counters = SharedCounters(worker.slot, lambda: counters(live, stats))
    worker.set_message_source(
        lambda: {"push": websub_status(publisher), COUNTERS_KEY: shared_counters.slot_counters(), _GAUGES_KEY: gauges(live)}
    )

    def read_metrics() -> tuple[MetricValues, Mapping[str, MetricValues]]:
        worker.write_message()
        alive_pids, messages = worker.slot.alive_pids(), worker.slot.read_messages()
        return shared_counters(), {
            str(number): message.get(_GAUGES_KEY, {}) for number, message in messages.items() if number in alive_pids
        }

    return read_metrics


def plugin_status() -> Mapping[str, Any]:
    """Return "DISTRIBUTION VERSION" of each plug-in -> summaries of its extensions; {} without plug-ins."""
    summaries: dict[str, list[str]] = {}
    for plugin in installed_plugins():
        summaries.setdefault(f"{plugin.distribution} {plugin.version}", []).append(plugin.summary)
    return summaries


def worker_status(worker: Worker) -> Mapping[str, Any]:
    """Return {"answering": this worker's number, "of": number of workers, "processes": process ids of the living by number}."""
    pids = {str(number): pid for number, pid in worker.slot.alive_pids().items()}
    return {"answering": worker.slot.number, "of": worker.slot.worker_count, "processes": pids}


def measure(live: Live, stats: RequestStats, publisher: Publisher) -> Message:
    """Return the measurements of this process for its peers, as JSON values: its id, status of WebSub, counters and gauges."""
    return {
        "pid": os.getpid(),
        "push": websub_status(publisher),
        COUNTERS_KEY: counters(live, stats),
        _GAUGES_KEY: gauges(live),
    }


def peer_metrics(peers: PeerProcesses) -> MetricsSource:
    """Return a source of the metrics of this process and its peers: the sums of their counters, and the gauges by number.

    The numbers are those of `PeerProcesses.measurements`. If no peer responds, this process has the number "".
    """

    def read_metrics() -> tuple[MetricValues, Mapping[str, MetricValues]]:
        messages = peers.measurements()
        gauges_by_number = {number: message[_GAUGES_KEY] for number, message in messages.items()}
        totals = sum_counters(*(message[COUNTERS_KEY] for message in messages.values()))
        return totals, {"": gauges_by_number["1"]} if len(messages) == 1 else gauges_by_number

    return read_metrics


def peer_websub_status(peers: PeerProcesses) -> Mapping[str, Any]:
    """Return the status of WebSub of the process, this one or a peer, that notifies hubs; if there is none, of this process."""
    local_status: Mapping[str, Any] = peers.own_measurements()["push"]
    if local_status["announcing"]:
        return local_status
    statuses = (message["push"] for message in peers.measurements().values())
    return next((status for status in statuses if status["announcing"]), local_status)


def process_status(peers: PeerProcesses) -> Mapping[str, Any]:
    """Return {"id": id of this process, "all": sorted ids of this process and of the peers that respond}."""
    return {"id": os.getpid(), "all": sorted(message["pid"] for message in peers.measurements().values())}
