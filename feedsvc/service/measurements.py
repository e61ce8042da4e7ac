"""Measurements of the processes of a service, for /status and /metrics: counters, gauges and the status of WebSub.

Each process replaces its own file in the folder `metrics` of the state folder once a second, and reads those of the others. The
counters of a process that has ended are added to `ended.json` there, so that sums never decrease.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any, Final

from feedsvc.extensions import installed_plugins
from feedsvc.support.date_formats import rfc3339
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.state_folder import ensure_folder, replace_file
from feedsvc.websub import Publisher

_LOG: Final = logging.getLogger(__name__)
_FOLDER: Final = "metrics"
_PROCESS_FILES: Final = "[0-9]*.json"
_ENDED_FILE: Final = "ended.json"
_WRITE_INTERVAL: Final = 1.0  # seconds
_LIFETIME: Final = 5.0  # seconds; a process that has written nothing for as long has ended

MetricValues = Mapping[str, float]
# JSON values of one process, with at least `pid`, `worker` (0 on another server), `push`, `counters` and `gauges`.
Measurements = Mapping[str, Any]


class ProcessMeasurements:
    """Measurements of this process and of all others with the same state folder: its workers, or processes of another server.

    If the folder cannot be used, a warning is logged, and this process is the only one.
    """

    def __init__(self, state_folder: Path, measure: Callable[[], Measurements], worker: int = 0) -> None:
        """Begin to write a file once a second. `measure`, called in several threads, returns `push`, `counters` and `gauges`.

        The counters start at 0 with this process and only grow. `worker` is the number of this worker of feedsvc's own server.
        """
        self._folder, self._measure, self._worker = state_folder / _FOLDER, measure, worker
        self._path = self._new_path()
        self._written: MetricValues = {}  # counters in the file
        self._removed: MetricValues = {}  # counters in the files of this process that another process took for one that has ended
        self._is_failing = False
        self._lock, self._stop = threading.Lock(), threading.Event()
        self.write()
        threading.Thread(target=self._run, name="feedsvc-metrics", daemon=True).start()

    def running(self) -> list[Measurements]:
        """Return the measurements of all running processes, of this one last. Those of others are at most a second old.

        A process that was killed less than five seconds ago may be among them, before the one that replaces it.
        """
        own = self.write()
        others = (_read(path) for path in self._files(is_running=True) if path != self._path)
        return [*(other for other in others if other), own]

    def metrics(self) -> tuple[MetricValues, Mapping[str, MetricValues]]:
        """Return the sums of the counters of all processes, ended ones included, and the gauges of the running ones by number.

        The number is that of the worker. Processes of another server are counted in the order of their ids; a single one is "".
        """
        running = self.running()
        if len(running) == 1 and not self._worker:
            return self._totals(), {"": running[0]["gauges"]}
        ordered = running if self._worker else sorted(running, key=lambda process: process["pid"])
        return self._totals(), {str(process["worker"] or n): process["gauges"] for n, process in enumerate(ordered, 1)}

    def write(self) -> Measurements:
        """Replace the file of this process, and return what is in it."""
        with self._lock:
            if self._written and not self._path.exists():
                # This process was paused, and another one has added these counters to those of ended processes.
                self._removed, self._written, self._path = sum_counters((self._removed, self._written)), {}, self._new_path()
            own = self._own()
            try:
                ensure_folder(self._folder)
                replace_file(self._path, json.dumps(own).encode())
            except OSError as error:
                if not self._is_failing:
                    _LOG.warning("feedsvc: measurements cannot be written (%s), so /metrics is that of one process", error)
                self._is_failing = True
            else:
                self._written, self._is_failing = own["counters"], False
            return own

    def close(self) -> None:
        """Stop writing, and add the counters of this process to those of ended ones."""
        self._stop.set()
        self.write()
        with suppress(OSError), folder_lock(self._folder):
            self._end([self._path])

    def _run(self) -> None:
        while not self._stop.wait(_WRITE_INTERVAL):
            self.write()
            if self._files(is_running=False):
                with suppress(OSError), folder_lock(self._folder):
                    self._end(self._files(is_running=False))

    def _own(self) -> Measurements:
        measured = self._measure()
        counters = {name: count - self._removed.get(name, 0) for name, count in measured["counters"].items()}
        return {**measured, "pid": os.getpid(), "worker": self._worker, "counters": counters}

    def _new_path(self) -> Path:
        """Return the path of a new file: processes in different containers may have the same id."""
        return self._folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"

    def _files(self, *, is_running: bool) -> list[Path]:
        """Return the files of running or of ended processes, oldest first, by the clock of the file system."""
        times: dict[Path, float] = {}
        for path in self._folder.glob(_PROCESS_FILES):
            with suppress(OSError):
                times[path] = path.stat().st_mtime
        now = times.get(self._path, 0.0)
        return sorted((path for path, time in times.items() if (now - time < _LIFETIME) is is_running), key=times.__getitem__)

    def _totals(self) -> MetricValues:
        # The files of processes come first: one that is missing meanwhile is in the other file.
        counters = {path.name: _read(path).get("counters", {}) for path in self._folder.glob(_PROCESS_FILES)}
        counters[self._path.name] = self._own()["counters"]
        ended = _read(self._folder / _ENDED_FILE)
        others = (values for name, values in counters.items() if name not in ended.get("files", ()))
        return sum_counters((ended.get("counters", {}), *others))

    def _end(self, paths: Iterable[Path]) -> None:
        """Add the counters of files to those of ended processes, and delete the files. Call it with the folder's lock held.

        The names of the files are stored, so that no process counts one twice, even if this one is killed before it deletes it.
        """
        ended = _read(self._folder / _ENDED_FILE)
        files = {path.name: _read(path).get("counters", {}) for path in paths}
        counters = [values for name, values in files.items() if name not in ended.get("files", ())]
        total = sum_counters((ended.get("counters", {}), *counters))
        replace_file(self._folder / _ENDED_FILE, json.dumps({"counters": total, "files": list(files)}).encode())
        for name in files:
            (self._folder / name).unlink(missing_ok=True)


def _read(path: Path) -> Measurements:
    """Return the JSON object in a file; {} if there is none."""
    with suppress(OSError, ValueError):
        value = json.loads(path.read_bytes())
        if isinstance(value, dict):
            return value
    return {}


def sum_counters(counters: Iterable[MetricValues]) -> dict[str, float]:
    """Return name -> sum of the counters of this name."""
    sums: dict[str, float] = {}
    for name, count in chain.from_iterable(values.items() for values in counters):
        sums[name] = sums.get(name, 0) + count
    return sums


def websub_status(publisher: Publisher, processes: ProcessMeasurements | None = None) -> Mapping[str, Any]:
    """Return the status of WebSub as JSON values, with the keys announcing, hubs and purge_failure.

    It is that of the process that notifies hubs; if no process of `processes` does, or without them, that of this process.
    Any process can read the status of the hubs.
    """
    status: dict[str, Any] = json.loads(json.dumps(asdict(publisher.status()), default=rfc3339))
    if processes and not status["announcing"]:
        publishing = (process["push"] for process in processes.running() if process["push"]["announcing"])
        return {**next(publishing, status), "hubs": status["hubs"]}
    return status


def plugin_status() -> Mapping[str, Any]:
    """Return "DISTRIBUTION VERSION" of each plug-in -> summaries of its extensions; {} without plug-ins."""
    summaries: dict[str, list[str]] = {}
    for plugin in installed_plugins():
        summaries.setdefault(f"{plugin.distribution} {plugin.version}", []).append(plugin.summary)
    return summaries


def worker_status(processes: ProcessMeasurements, number: int, count: int) -> Mapping[str, Any]:
    """Return {"answering": this worker's number, "of": number of workers, "processes": process ids of the running by number}."""
    return {"answering": number, "of": count, "processes": {str(p["worker"]): p["pid"] for p in processes.running()}}


def process_status(processes: ProcessMeasurements) -> Mapping[str, Any]:
    """Return {"id": id of this process, "all": sorted ids of this process and of the others that run}."""
    return {"id": os.getpid(), "all": sorted(process["pid"] for process in processes.running())}
