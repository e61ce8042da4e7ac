"""Serve runner: builds and runs the server of one process, which serves alone or as one of several workers."""

from __future__ import annotations

import json
import logging
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from feedsvc.access import TokenAuthorizer, open_token_store
from feedsvc.audience import ReadCounter, ReadCountMiddleware, Visitors, open_store
from feedsvc.cli.config import ServeConfig
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.cli.options import READS_FILE
from feedsvc.cli.output import format_count, log_edition, log_problem_changes, print_problems, report
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
    counters,
    create_app,
    gauges,
)
from feedsvc.websub import EditionListener, Publisher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


_STARTUP_DELAY: Final = 1.0  # seconds from the start until the file of reads is opened
_GAUGES_KEY: Final = "gauges"  # key of a worker's gauges in its message


def serve(config: ServeConfig, scan: BackgroundScan, listening_socket: socket.socket | None = None) -> None:
    """Serve in this process until SIGTERM or SIGINT. `scan` is a scan of the articles folder that was just started.

    `listening_socket` is a result of `listen`; if it is None, the server listens at the host and port of the configuration.
    """
    _serve(config, listening_socket, None, scan)


def serve_worker(worker: Worker, config: ServeConfig, listening_socket: socket.socket) -> None:
    """Serve in the process of a worker, on the socket that all workers share. Only worker 1 prints the problems for editors."""
    _serve(config, listening_socket, worker)


def _serve(
    config: ServeConfig, listening_socket: socket.socket | None, worker: Worker | None, scan: BackgroundScan | None = None
) -> None:
    is_first = worker is None or worker.slot.number == 1
    with ExitStack() as stack:
        stack.enter_context(watchdog.watching(config.state_folder))
        alerts = Alerts()
        if hang_notice := hang_reports.notice(config.state_folder, wall_clock()):
            alerts.raise_alert("watchdog", hang_notice)
            if not worker:  # the supervisor has printed it when the previous worker ended
                report(hang_notice, logging.WARNING)
        last_modified = (
            stack.enter_context(closing(LastModifiedStore(config.state_folder / "modified.sqlite", alerts)))
            if config.has_last_modified
            else None
        )
        variant_store = VariantStore(config.state_folder / "pictures", alerts)
        content_folder = open_content_folder(config.content, config.base_url, config.state_folder, alerts, scan)
        live = Live(
            content_folder,
            last_modified,
            variant_store=variant_store,
            alerts=alerts,
            theme_adoption=theme_adoption(config.state_folder, alerts),
        )
        gc_control.freeze_heap()
        gc_control.leak_on_exit(live)
        watchdog.start_heartbeat()  # threads start from here on, so this process does not fork any more
        first_edition = live.edition
        if is_first and not config.is_demo:
            print_problems(first_edition.content.problems)
        publisher = stack.enter_context(
            closing(Publisher(config.state_folder, live.clock, purge_command=config.purge_command, alerts=alerts))
        )
        server = Server(
            _application(config, live, publisher, worker, stack),
            host=config.host,
            port=config.port,
            threads=config.threads,
            listening_socket=listening_socket,
        )
        listeners: list[Listener] = [log_problem_changes, log_edition] if is_first else []
        listeners += [_edition_listener(config, publisher, first_edition, worker)] if config.announce else []
        watcher = Watcher(config.content, live, listeners, *([worker.slot] if worker else []))
        end_server = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGHUP, end_server if config.is_demo else lambda *_: watcher.request_full_scan())
        stack.callback(watcher.stop)
        watcher.start()
        message = _startup_message(config, first_edition, server)
        if worker:
            worker.report_ready(f"{message} with {worker.slot.worker_count} workers")
        else:
            report(message)
        server.run()


def _application(
    config: ServeConfig, live: Live, publisher: Publisher, worker: Worker | None, stack: ExitStack
) -> WSGIApplication:
    visitors = Visitors()
    counter = _read_counter(config, live, visitors, stack)
    status_sections, stats = {"push": lambda: _websub_status(publisher, worker)}, RequestStats()
    metrics_source = None
    if worker:
        status_sections["workers"] = lambda: _worker_status(worker)
        metrics_source = _share_measurements(worker, live, stats, publisher)
    app: WSGIApplication = create_app(
        live,
        status_sections,
        stats,
        metrics_source,
        StatusAccess(allowed_networks=config.status_networks, trusted_proxies=config.trusted_proxies),
        token_authorizer=_token_authorizer(config, live, stack),
    )
    app = ReadCountMiddleware(
        app,
        counter,
        visitors,
        live.article_id,
        base_url=live.base_url,
        clock=live.clock,
        trusted_proxies=config.trusted_proxies,
        observe=partial(stats.count, VIEW_BEACON),
    )
    app = _with_poll_limit(app, config, stats)
    if config.access_log_format:
        access_log = stack.enter_context(
            closing(AccessLog(config.access_log_format, sys.stdout.fileno(), config.trusted_proxies))
        )
        app = access_log.wrap(app, live.clock)
    return app


def _token_authorizer(config: ServeConfig, live: Live, stack: ExitStack) -> TokenAuthorizer:
    """Return the authorizer of private feeds; `stack` closes it."""
    store = stack.enter_context(closing(open_token_store(config.state_folder, config.database_url)))

    def has_private_feeds() -> bool:
        return bool(live.edition.content.private_feeds)

    return stack.enter_context(closing(TokenAuthorizer(store, live.alerts, has_private_feeds)))


def _read_counter(config: ServeConfig, live: Live, visitors: Visitors, stack: ExitStack) -> ReadCounter:
    """Return the read counter; `stack` closes it.

    A database that the operator names is used at once, to report errors. The file of the state folder is opened later, after
    _STARTUP_DELAY.
    """
    store = stack.enter_context(closing(open_store(config.database_url or config.state_folder / READS_FILE)))
    counter = ReadCounter(
        store,
        live.clock,
        periodic_work=visitors.rotate_day,
        spool_folder=config.state_folder / "unwritten",
        alerts=live.alerts,
        startup_delay=0.0 if config.database_url else _STARTUP_DELAY,
    )
    return stack.enter_context(closing(counter))


def _with_poll_limit(app: WSGIApplication, config: ServeConfig, stats: RequestStats) -> WSGIApplication:
    """Return the application with a rate limit for polls: that of --limit-polls, 0 for none.

    Without the option there is a default limit, but none behind a proxy, because its cache may fetch for many clients.
    """
    hourly_limit = config.poll_limit if config.poll_limit is not None else 0 if config.trusted_proxies else DEFAULT_HOURLY_LIMIT
    if not hourly_limit:
        return app
    return PollLimit(app, stats, per_hour=hourly_limit, trusted=config.trusted_proxies, is_direct_only=config.poll_limit is None)


def _edition_listener(
    config: ServeConfig, publisher: Publisher, first_edition: Edition, worker: Worker | None
) -> EditionListener:
    if worker:
        return EditionListener(
            publisher, first_edition, needs_addresses=bool(config.purge_command), create_barrier=worker.slot.sync_barrier
        )
    return EditionListener(publisher, first_edition, needs_addresses=bool(config.purge_command))


def _startup_message(config: ServeConfig, first_edition: Edition, server: Server) -> str:
    base_url = first_edition.content.site.base_url
    address = f"{server.url}{mount_path(base_url)[1:]}{'/' if mount_path(base_url) else ''}"
    count = format_count(len(first_edition.publication.catalog.visible), "article")
    public_address = "" if address == f"{base_url}/" else f" as {base_url}/"
    return f"serving {count} of {config.content} at {address}{public_address}"


def _websub_status(publisher: Publisher, worker: Worker | None = None) -> Mapping[str, Any]:
    """Return the status of WebSub as JSON values: that of the worker that notifies hubs; if there is none, of this process."""
    local_status: dict[str, Any] = json.loads(json.dumps(asdict(publisher.status()), default=rfc3339))
    if local_status["announcing"] or not worker:
        return local_status
    alive_pids = worker.slot.alive_pids()
    statuses = (
        message["push"] for number, message in worker.slot.read_messages().items() if number in alive_pids and "push" in message
    )
    return next((status for status in statuses if status["announcing"]), local_status)


def _share_measurements(worker: Worker, live: Live, stats: RequestStats, publisher: Publisher) -> MetricsSource:
    """Share this worker's counters, gauges and WebSub status with the other workers. Return a source of all workers' metrics."""
    shared_counters = SharedCounters(worker.slot, lambda: counters(live, stats))
    worker.set_message_source(
        lambda: {"push": _websub_status(publisher), COUNTERS_KEY: shared_counters.slot_counters(), _GAUGES_KEY: gauges(live)}
    )

    def read_metrics() -> tuple[MetricValues, Mapping[str, MetricValues]]:
        worker.write_message()
        alive_pids, messages = worker.slot.alive_pids(), worker.slot.read_messages()
        return shared_counters(), {
            str(number): message.get(_GAUGES_KEY, {}) for number, message in messages.items() if number in alive_pids
        }

    return read_metrics


def _worker_status(worker: Worker) -> Mapping[str, Any]:
    """Return the number of the answering worker, the number of workers, and the process id of each."""
    pids = {str(number): pid for number, pid in worker.slot.alive_pids().items()}
    return {"answering": worker.slot.number, "of": worker.slot.worker_count, "processes": pids}
