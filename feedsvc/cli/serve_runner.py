"""Serve runner: the parts of one serving process, alone or as one of several workers."""

from __future__ import annotations

import json
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from feedsvc.audience import ReadCounter, ReadCountMiddleware, SqliteReadStore, Visitors
from feedsvc.cli.config import ServeConfig
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.cli.options import READS_FILE
from feedsvc.cli.output import format_count, log_problem_changes, print_problems
from feedsvc.cli.themes import theme_adoption
from feedsvc.content.media import VariantStore
from feedsvc.content.scan import BackgroundScan
from feedsvc.live import Edition, Listener, Live, Watcher
from feedsvc.publication import LastModifiedStore
from feedsvc.support import gc_control, hang_reports, watchdog
from feedsvc.support.alerts import Alerts
from feedsvc.support.clock import wall_clock
from feedsvc.support.date_formats import rfc3339
from feedsvc.support.token_bucket import DEFAULT_HOURLY_LIMIT
from feedsvc.uris import mount_path
from feedsvc.web import (
    COUNTERS_KEY,
    VIEW_BEACON,
    AccessLog,
    MetricsSource,
    MetricValues,
    PollLimit,
    RequestStats,
    Server,
    SharedCounters,
    StatusAccess,
    Worker,
    application,
    counters,
    gauges,
)
from feedsvc.websub import EditionListener, Publisher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from feedsvc.audience import DatabaseReadStore


_STARTUP_DELAY: Final = 1.0  # seconds after the start in which the database of reads is not opened
_GAUGES_KEY: Final = "gauges"  # key of a worker's gauges in its message


def serve(plan: ServeConfig, look: BackgroundScan) -> None:
    """Serve in this process until SIGTERM or SIGINT. `look` is a scan of the articles folder that was just started."""
    _serve(plan, None, None, look)


def serve_worker(station: Worker, plan: ServeConfig, listening: socket.socket) -> None:
    """Serve as the worker `station` of several, on the socket `listening`. Only worker 1 prints the problems for editors."""
    _serve(plan, listening, station)


def _serve(
    plan: ServeConfig, listening: socket.socket | None, station: Worker | None, look: BackgroundScan | None = None
) -> None:
    is_first = station is None or station.slot.number == 1
    with ExitStack() as parts:
        parts.enter_context(watchdog.watching(plan.state_folder))
        troubles = Alerts()
        if hung := hang_reports.notice(plan.state_folder, wall_clock()):
            troubles.raise_alert("watchdog", hung)
            if not station:  # the supervisor has printed it when the previous worker ended
                click.echo(f"feedsvc: {hung}", err=True)
        ledger = (
            parts.enter_context(closing(LastModifiedStore(plan.state_folder / "modified.sqlite", troubles)))
            if plan.has_last_modified
            else None
        )
        renditions = VariantStore(plan.state_folder / "pictures", troubles)
        content = open_content_folder(plan.content, plan.base_url, plan.state_folder, troubles, look)
        live = Live(
            content, ledger, variant_store=renditions, alerts=troubles, theme_adoption=theme_adoption(plan.state_folder, troubles)
        )
        gc_control.freeze_heap()
        gc_control.leak_on_exit(live)
        watchdog.start_heartbeat()  # threads start from here on, so this process does not fork any more
        first = live.edition
        if is_first:
            print_problems(first.content.problems)
        announcer = parts.enter_context(
            closing(Publisher(plan.state_folder, live.clock, purge_command=plan.purge_command, alerts=troubles))
        )
        server = Server(
            _application(plan, live, announcer, station, parts),
            host=plan.host,
            port=plan.port,
            threads=plan.threads,
            listening_socket=listening,
        )
        listeners: list[Listener] = [log_problem_changes] if is_first else []
        listeners += [_edition_listener(plan, announcer, first, station)] if plan.announce else []
        watcher = Watcher(plan.content, live, listeners, *([station.slot] if station else []))
        signal.signal(signal.SIGHUP, lambda *_: watcher.request_full_scan())
        parts.callback(watcher.stop)
        watcher.start()
        line = _startup_message(plan, first, server)
        if station:
            station.report_ready(f"{line} with {station.slot.worker_count} workers")
        else:
            click.echo(line, err=True)
        server.run()


def _application(
    plan: ServeConfig, live: Live, announcer: Publisher, station: Worker | None, parts: ExitStack
) -> WSGIApplication:
    visitors = Visitors()
    counter = _read_counter(plan, live, visitors, parts)
    additions, traffic = {"push": lambda: _websub_status(announcer, station)}, RequestStats()
    measured = None
    if station:
        additions["workers"] = lambda: _worker_status(station)
        measured = _share_measurements(station, live, traffic, announcer)
    served = application(
        live,
        additions,
        traffic,
        measured,
        StatusAccess(allowed_networks=plan.status_networks, trusted_proxies=plan.trusted_proxies),
    )
    app: WSGIApplication = ReadCountMiddleware(
        served,
        counter,
        visitors,
        live.article_id,
        base_url=live.base_url,
        clock=live.clock,
        trusted_proxies=plan.trusted_proxies,
        observe=partial(traffic.count, VIEW_BEACON),
    )
    app = _with_poll_limit(app, plan, traffic)
    if plan.access_log_format:
        accesses = parts.enter_context(closing(AccessLog(plan.access_log_format, sys.stdout.fileno(), plan.trusted_proxies)))
        app = accesses.wrap(app, live.clock)
    return app


def _read_counter(plan: ServeConfig, live: Live, visitors: Visitors, parts: ExitStack) -> ReadCounter:
    """Return the read counter; `parts` closes it.

    A database that the operator names is used at once, to report errors. The file of the state folder is opened later, after
    _STARTUP_DELAY.
    """
    store = parts.enter_context(
        closing(_open_database(plan.database_url) if plan.database_url else SqliteReadStore(plan.state_folder / READS_FILE))
    )
    counter = ReadCounter(
        store,
        live.clock,
        periodic_work=visitors.rotate_day,
        spool_folder=plan.state_folder / "unwritten",
        alerts=live.alerts,
        startup_delay=0.0 if plan.database_url else _STARTUP_DELAY,
    )
    return parts.enter_context(closing(counter))


def _open_database(database: str) -> DatabaseReadStore:
    from feedsvc.audience import DatabaseReadStore  # noqa: PLC0415 - who names none need not wait for SQLAlchemy

    return DatabaseReadStore(database)


def _with_poll_limit(app: WSGIApplication, plan: ServeConfig, traffic: RequestStats) -> WSGIApplication:
    """Return the application with a rate limit for polls: that of --limit-polls, 0 for none.

    Without the option there is a default limit, but none behind a proxy, because its cache may fetch for many clients.
    """
    hourly = plan.poll_limit if plan.poll_limit is not None else 0 if plan.trusted_proxies else DEFAULT_HOURLY_LIMIT
    if not hourly:
        return app
    return PollLimit(app, traffic, per_hour=hourly, trusted=plan.trusted_proxies, is_direct_only=plan.poll_limit is None)


def _edition_listener(plan: ServeConfig, announcer: Publisher, first: Edition, station: Worker | None) -> EditionListener:
    if station:
        return EditionListener(
            announcer, first, needs_addresses=bool(plan.purge_command), create_barrier=station.slot.sync_barrier
        )
    return EditionListener(announcer, first, needs_addresses=bool(plan.purge_command))


def _startup_message(plan: ServeConfig, first: Edition, server: Server) -> str:
    base = first.content.site.base_url
    address = f"{server.url}{mount_path(base)[1:]}{'/' if mount_path(base) else ''}"
    count = format_count(len(first.publication.catalog.visible), "article")
    return f"feedsvc: serving {count} of {plan.content} at {address} as {base}/"


def _websub_status(announcer: Publisher, station: Worker | None = None) -> Mapping[str, Any]:
    """Return the publisher's status as JSON values: that of the worker that publishes, else that of this process."""
    own: dict[str, Any] = json.loads(json.dumps(asdict(announcer.status()), default=rfc3339))
    if own["announcing"] or not station:
        return own
    living = station.slot.alive_pids()
    told = (notice["push"] for number, notice in station.slot.read_messages().items() if number in living and "push" in notice)
    return next((push for push in told if push["announcing"]), own)


def _share_measurements(station: Worker, live: Live, traffic: RequestStats, announcer: Publisher) -> MetricsSource:
    """Publish this worker's counters, gauges and publisher status to the others. Return a source of all workers' metrics."""
    totals = SharedCounters(station.slot, lambda: counters(live, traffic))
    station.set_message_source(
        lambda: {"push": _websub_status(announcer), COUNTERS_KEY: totals.slot_counters(), _GAUGES_KEY: gauges(live)}
    )

    def measured() -> tuple[MetricValues, Mapping[str, MetricValues]]:
        station.write_message()
        living, notices = station.slot.alive_pids(), station.slot.read_messages()
        return totals(), {str(number): notice.get(_GAUGES_KEY, {}) for number, notice in notices.items() if number in living}

    return measured


def _worker_status(station: Worker) -> Mapping[str, Any]:
    """Return the number of the answering worker, the number of workers, and the process id of each."""
    processes = {str(number): pid for number, pid in station.slot.alive_pids().items()}
    return {"answering": station.slot.number, "of": station.slot.worker_count, "processes": processes}
