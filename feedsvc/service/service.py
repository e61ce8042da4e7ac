"""Service of one process: its WSGI application with read counts, private feeds, limits and access log, publisher and watcher."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from feedsvc.audience import VIEWS_FILE, MostReadArticles, ViewCounter, ViewsMiddleware, Visitors
from feedsvc.edition_hooks import EditionHooks
from feedsvc.errors import FeedsvcError
from feedsvc.extensions import installed_plugins, load_extensions
from feedsvc.live import Edition, Listener, Live, Watcher
from feedsvc.service.measurements import (
    Measurements,
    ProcessMeasurements,
    plugin_status,
    process_status,
    websub_status,
    worker_status,
)
from feedsvc.service.newsroom import open_token_authorizer
from feedsvc.support.client_address import Networks, normal_peer
from feedsvc.support.token_bucket import DEFAULT_HOURLY_LIMIT
from feedsvc.web import VIEW_BEACON, AccessLog, PollLimit, RequestStats, StatusAccess, Worker, counters, create_app, gauges
from feedsvc.websub import Publisher

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Seconds from an edition until hubs and hooks are told, if there are several processes: each of them has the edition by then.
_ANNOUNCEMENT_DELAY: Final = 2.0

# Servers disagree on its start and length: uWSGI sends the whole file, also for a range.
_FILE_WRAPPER: Final = "wsgi.file_wrapper"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceConfig:
    """Settings of a service. If `announce`, changes are announced to hubs, by the purge command, and to the hooks of plug-ins.

    If `has_last_modified`, responses have Last-Modified. `poll_limit` is the number of unconditional GETs of one feed per
    client and hour, 0 for no limit; None for a default limit, or for no limit if there are `trusted_proxies`. Clients in
    `status_networks`, and those on this machine, may read /status and /metrics. `purge_command` is program and arguments, ()
    for none. `base_url` is "" for that of site.yaml. `database_url` is "" for files of reads and tokens in the state folder,
    `access_log_format` is "" for no access log.
    """

    content: Path
    base_url: str
    state_folder: Path
    database_url: str
    trusted_proxies: Networks
    poll_limit: int | None
    status_networks: Networks
    purge_command: tuple[str, ...]
    announce: bool
    has_last_modified: bool
    access_log_format: str


class Service:
    """Service of one folder in this process: `application` is the WSGI application for a server; `watch` follows changes.

    `worker` is this process if it is one of several workers of feedsvc's own server, else None. `first_edition` is the edition
    with which the service started.
    """

    def __init__(
        self,
        config: ServiceConfig,
        live: Live,
        stack: ExitStack,
        worker: Worker | None = None,
        *,
        is_on_other_server: bool = False,
    ) -> None:
        """Open stores and start the threads that use them; `stack` stops and closes all. Starts no watcher: call `watch`.

        With `is_on_other_server`, there may be other processes with the same state folder. Raises FeedsvcError if a setting is
        invalid, such as the URL of the database.
        """
        self._config, self._live, self._stack, self._worker = config, live, stack, worker
        self._stats, self.first_edition = RequestStats(), live.edition
        self._delay = _ANNOUNCEMENT_DELAY if worker or is_on_other_server else 0.0
        self._publisher = stack.enter_context(
            closing(
                Publisher(
                    config.state_folder, live.clock, purge_command=config.purge_command, alerts=live.alerts, delay=self._delay
                )
            )
        )
        self._processes: ProcessMeasurements | None = None
        if worker or is_on_other_server:
            number = worker.number if worker else 0
            self._processes = stack.enter_context(closing(ProcessMeasurements(config.state_folder, self._measure, number)))
        self.application = self._application()

    def watch(self, listeners: Iterable[Listener], *, calls_hooks: Callable[[], bool]) -> Watcher:
        """Start to follow changes of the folder and, if `config.announce`, to notify hubs and to call the hooks of plug-ins.

        Return the running watcher, whose thread calls `listeners` after each new edition. `calls_hooks`, called after each new
        edition, returns whether this process is the one that calls the hooks. `stack` of the constructor stops the thread.
        """
        push_listeners: list[Listener] = []
        if self._config.announce:
            self._publisher.publish(self.first_edition.publication.catalog)
            push_listeners = [self._publisher.on_edition, self._edition_hooks(calls_hooks)]
        watcher = Watcher(self._config.content, self._live, [*listeners, *push_listeners])
        self._stack.callback(watcher.stop)
        watcher.start()
        return watcher

    def _application(self) -> WSGIApplication:
        config, live = self._config, self._live
        visitors, stats = Visitors(), self._stats
        most_read = MostReadArticles(lambda now: live.current(now).catalog)
        counter = self._view_counter(visitors, most_read)
        app: WSGIApplication = create_app(
            live,
            self._status_sections(),
            stats,
            self._processes.metrics if self._processes else None,
            StatusAccess(allowed_networks=config.status_networks, trusted_proxies=config.trusted_proxies),
            token_authorizer=open_token_authorizer(live, config.state_folder, self._stack, config.database_url),
        )
        app = ViewsMiddleware(
            app,
            counter,
            visitors,
            live.article_id,
            base_url=live.base_url,
            clock=live.clock,
            most_read=most_read,
            trusted_proxies=config.trusted_proxies,
            observe=partial(stats.count, VIEW_BEACON),
        )
        app = _with_poll_limit(app, config, stats)
        if config.access_log_format:
            access_log = self._stack.enter_context(
                closing(AccessLog(config.access_log_format, _stdout_descriptor(), config.trusted_proxies))
            )
            app = access_log.wrap(app, live.clock)
        return app

    def _status_sections(self) -> Mapping[str, Callable[[], Mapping[str, Any]]]:
        worker, processes = self._worker, self._processes
        sections: dict[str, Callable[[], Mapping[str, Any]]] = {"push": lambda: websub_status(self._publisher, processes)}
        if installed_plugins():
            sections["plugins"] = plugin_status
        if processes and worker:
            sections["workers"] = lambda: worker_status(processes, worker.number, worker.count)
        elif processes:
            sections["process"] = lambda: process_status(processes)
        return sections

    def _measure(self) -> Measurements:
        return {
            "push": websub_status(self._publisher),
            "counters": counters(self._live, self._stats),
            "gauges": gauges(self._live),
        }

    def _view_counter(self, visitors: Visitors, most_read: MostReadArticles) -> ViewCounter:
        """Return the counter of views, which `stack` closes."""
        config = self._config
        counter = ViewCounter(
            config.database_url or config.state_folder / VIEWS_FILE,
            self._live.clock,
            self._live.alerts,
            chores=visitors.rotate_day,
            most_read=most_read,
        )
        return self._stack.enter_context(closing(counter))

    def _edition_hooks(self, is_caller: Callable[[], bool]) -> Listener:
        """Return the listener that calls the hooks of plug-ins if this process is the one that does."""
        hooks = EditionHooks(load_extensions().hooks, "serve", self._live.alerts, delay=self._delay)
        self._stack.enter_context(closing(hooks))

        def call_hooks(before: Edition, now: Edition) -> None:
            if is_caller():
                hooks(before, now)

        return call_hooks


def _stdout_descriptor() -> int:
    """Return the file descriptor of stdout. Raises FeedsvcError if it has none, because another server has replaced it."""
    try:
        return sys.stdout.fileno()
    except (AttributeError, OSError, ValueError):
        raise FeedsvcError(
            "--access-log writes to stdout, which this server has closed; use the access log of the server"
        ) from None


def _with_poll_limit(app: WSGIApplication, config: ServiceConfig, stats: RequestStats) -> WSGIApplication:
    """Return the application with the rate limit `config.poll_limit` (--limit-polls); `app` itself for 0, which is no limit.

    Without the option (None), there is a default limit for clients that connect directly from a public address, but none with
    `trusted_proxies`, because the cache of a proxy may fetch for many clients.
    """
    hourly_limit = config.poll_limit if config.poll_limit is not None else 0 if config.trusted_proxies else DEFAULT_HOURLY_LIMIT
    if not hourly_limit:
        return app
    return PollLimit(app, stats, per_hour=hourly_limit, trusted=config.trusted_proxies, is_direct_only=config.poll_limit is None)


def with_own_environ(application: WSGIApplication) -> WSGIApplication:
    """Return a WSGI application that calls `application` with an environ as the middleware of a service expects it.

    PATH_INFO has the whole path, also if the server is configured with a prefix, because base_url has this prefix, too.
    REMOTE_ADDR is an address without port, or "unix" for a client of a unix socket. wsgi.file_wrapper is removed.
    """

    def adapted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        own_environ = {
            **environ,
            "SCRIPT_NAME": "",
            "PATH_INFO": environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""),
            "REMOTE_ADDR": normal_peer(environ.get("REMOTE_ADDR") or ""),
        }
        own_environ.pop(_FILE_WRAPPER, None)
        return application(own_environ, start_response)

    return adapted
