"""The parts of one serving process, put together; alone, or as one of several workers."""

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

from feedsvc.audience.counter import Counter
from feedsvc.audience.middleware import Audience
from feedsvc.audience.sqlite_store import FileViews
from feedsvc.audience.visitors import Visitors
from feedsvc.cli.config import Plan
from feedsvc.cli.content_folder import folder
from feedsvc.cli.options import VIEWS
from feedsvc.cli.output import log, number, tell
from feedsvc.cli.themes import adoption
from feedsvc.content.folder.prefetch import Look
from feedsvc.content.media.thumbnails import Renditions
from feedsvc.live.live import Edition, Live
from feedsvc.live.watcher import Listener, Watcher
from feedsvc.publication.last_modified import Ledger
from feedsvc.support import gc_control, hang_reports, watchdog
from feedsvc.support.alerts import Troubles
from feedsvc.support.clock import wall_clock
from feedsvc.support.date_formats import rfc3339
from feedsvc.support.token_bucket import USUAL
from feedsvc.uris import mount
from feedsvc.web import metrics
from feedsvc.web.access_control import Door
from feedsvc.web.access_log import AccessLog
from feedsvc.web.app import Measured, application
from feedsvc.web.rate_limit import Polls
from feedsvc.web.request_stats import READS, Traffic
from feedsvc.web.server import Server
from feedsvc.web.totals import COUNTERS, Totals
from feedsvc.web.worker import Station
from feedsvc.websub.listener import Listening
from feedsvc.websub.publisher import Announcer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from feedsvc.audience.store import Views


_CALM: Final = 1.0  # seconds in which a server answers its first readers, and counts nobody yet
_GAUGES: Final = "gauges"  # the key of a notice that a worker's own figures stand under


def serve(plan: Plan, look: Look) -> None:
    """Serve in this process until it is stopped. `look` is one at the newsroom's articles that was begun just now."""
    _serve(plan, None, None, look)


def serve_as(station: Station, plan: Plan, listening: socket.socket) -> None:
    """Serve as one of several workers. Editors' problems are told by the first."""
    _serve(plan, listening, station)


def _serve(plan: Plan, listening: socket.socket | None, station: Station | None, look: Look | None = None) -> None:
    is_first = station is None or station.seat.number == 1
    with ExitStack() as parts:
        parts.enter_context(watchdog.watching(plan.home))
        troubles = Troubles()
        if hung := hang_reports.notice(plan.home, wall_clock()):
            troubles.come("watchdog", hung)
            if not station:  # the first process said it of the worker whose place this one takes
                click.echo(f"feedsvc: {hung}", err=True)
        ledger = parts.enter_context(closing(Ledger(plan.home / "modified.sqlite", troubles))) if plan.dated else None
        renditions = Renditions(plan.home / "pictures", troubles)
        content = folder(plan.content, plan.base_url, plan.home, troubles, look)
        live = Live(content, ledger, renditions=renditions, troubles=troubles, adoption=adoption(plan.home, troubles))
        gc_control.settle()
        gc_control.keep(live)
        watchdog.start_heartbeat()  # from here on there are threads, and so no copies
        first = live.edition
        if is_first:
            tell(first.content.problems)
        announcer = parts.enter_context(closing(Announcer(plan.home, live.clock, purge=plan.purge, troubles=troubles)))
        server = Server(
            _application(plan, live, announcer, station, parts),
            host=plan.host,
            port=plan.port,
            threads=plan.threads,
            listening=listening,
        )
        listeners: list[Listener] = [log] if is_first else []
        listeners += [_listening(plan, announcer, first, station)] if plan.announce else []
        watcher = Watcher(plan.content, live, listeners, *([station.seat] if station else []))
        signal.signal(signal.SIGHUP, lambda *_: watcher.look())
        parts.callback(watcher.stop)
        watcher.start()
        line = _greeting(plan, first, server)
        if station:
            station.ready(f"{line} with {station.seat.of} workers")
        else:
            click.echo(line, err=True)
        server.run()


def _application(plan: Plan, live: Live, announcer: Announcer, station: Station | None, parts: ExitStack) -> WSGIApplication:
    visitors = Visitors()
    counter = _counter(plan, live, visitors, parts)
    additions, traffic = {"push": lambda: _push(announcer, station)}, Traffic()
    measured = None
    if station:
        additions["workers"] = lambda: _workers(station)
        measured = _together(station, live, traffic, announcer)
    served = application(live, additions, traffic, measured, Door(opened=plan.opened, trusted=plan.trusted))
    app: WSGIApplication = Audience(
        served,
        counter,
        visitors,
        live.article_id,
        base_url=live.base_url,
        clock=live.clock,
        trusted=plan.trusted,
        told=partial(traffic.count, READS),
    )
    app = _limited(app, plan, traffic)
    if plan.access_log:
        accesses = parts.enter_context(closing(AccessLog(plan.access_log, sys.stdout.fileno(), plan.trusted)))
        app = accesses.around(app, live.clock)
    return app


def _counter(plan: Plan, live: Live, visitors: Visitors, parts: ExitStack) -> Counter:
    """A database that somebody names is opened now, and its faults are told; a file of our own has time."""
    store = parts.enter_context(closing(_named(plan.database) if plan.database else FileViews(plan.home / VIEWS)))
    counter = Counter(
        store,
        live.clock,
        chore=visitors.turn,
        spill=plan.home / "unwritten",
        troubles=live.troubles,
        calm=0.0 if plan.database else _CALM,
    )
    return parts.enter_context(closing(counter))


def _named(database: str) -> Views:
    from feedsvc.audience.store import Views  # noqa: PLC0415 - who names none need not wait for SQLAlchemy

    return Views(database)


def _limited(app: WSGIApplication, plan: Plan, traffic: Traffic) -> WSGIApplication:
    """What comes through a proxy is limited only where somebody says so: a cache there may ask for thousands."""
    hourly = plan.polls if plan.polls is not None else 0 if plan.trusted else USUAL
    if not hourly:
        return app
    return Polls(app, traffic, hourly=hourly, trusted=plan.trusted, directly=plan.polls is None)


def _listening(plan: Plan, announcer: Announcer, first: Edition, station: Station | None) -> Listening:
    if station:
        return Listening(announcer, first, addresses=bool(plan.purge), question=station.seat.question)
    return Listening(announcer, first, addresses=bool(plan.purge))


def _greeting(plan: Plan, first: Edition, server: Server) -> str:
    base = first.content.site.base_url
    address = f"{server.url}{mount(base)[1:]}{'/' if mount(base) else ''}"
    count = number(len(first.publication.catalog.visible), "article")
    return f"feedsvc: serving {count} of {plan.content} at {address} as {base}/"


def _push(announcer: Announcer, station: Station | None = None) -> Mapping[str, Any]:
    """How announcing goes, as the worker says that does it."""
    own: dict[str, Any] = json.loads(json.dumps(asdict(announcer.status()), default=rfc3339))
    if own["announcing"] or not station:
        return own
    living = station.seat.living()
    told = (notice["push"] for number, notice in station.seat.notices().items() if number in living and "push" in notice)
    return next((push for push in told if push["announcing"]), own)


def _together(station: Station, live: Live, traffic: Traffic, announcer: Announcer) -> Measured:
    """Tells the other workers of this one, and of all of them who asks."""
    totals = Totals(station.seat, lambda: metrics.counts(live, traffic))
    station.tells(lambda: {"push": _push(announcer), COUNTERS: totals.mine(), _GAUGES: metrics.gauges(live)})

    def measured() -> tuple[metrics.Numbers, Mapping[str, metrics.Numbers]]:
        station.tell()
        living, notices = station.seat.living(), station.seat.notices()
        return totals(), {str(number): notice.get(_GAUGES, {}) for number, notice in notices.items() if number in living}

    return measured


def _workers(station: Station) -> Mapping[str, Any]:
    """Which worker answers, of how many, and the process of each that there is."""
    processes = {str(number): pid for number, pid in station.seat.living().items()}
    return {"answering": station.seat.number, "of": station.seat.of, "processes": processes}
