"""Edition hooks: a thread that calls the hooks of plug-ins after new editions, in a server or in the command `build`."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from feedsvc.api import EditionEvent, Newsroom
from feedsvc.catalog import Catalog
from feedsvc.errors import PluginError
from feedsvc.extensions import PluginHook
from feedsvc.live import Edition
from feedsvc.routes import FeedAt, place_of
from feedsvc.support.alerts import Alerts
from feedsvc.uris import absolute

_LONG_CALL_SECONDS: Final = 60.0  # a call that takes longer raises an alert
_STOP_SECONDS: Final = 5.0  # how long the end of a server waits for a running call

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """Edition for which the hooks have not been called yet: its catalog, and the moment since when it is served.

    `paths` (relative to base_url, with a leading slash) are those of the documents that may have changed since the edition for
    which the hooks were called last; None if any may have. `due` is when they are called, in seconds of time.monotonic.
    """

    catalog: Catalog
    since: datetime
    paths: frozenset[str] | None
    due: float


class EditionHooks:
    """Thread that calls all hooks of plug-ins, one after the other, for an edition.

    The object is a Listener of the watcher, which calls it after new editions, but not after the first one of a process. It
    then submits the edition, if its publication is new. `submit` accepts any edition. Without hooks, neither has an effect.

    Editions that come while hooks run are joined: the next calls get the newest one, with the changes of all. A hook that
    raises an exception causes an alert, and so does one that has been running for more than a minute when an edition comes; the
    alert is cleared when a call of this hook ends without exception. A slow hook delays only other hooks. The hooks are called
    `delay` seconds after an edition, when other processes have loaded it, too. The thread starts with the first edition for which
    hooks are called.
    """

    def __init__(
        self,
        hooks: Sequence[PluginHook],
        command: Literal["serve", "build"],
        alerts: Alerts,
        *,
        delay: float = 0.0,
    ) -> None:
        self._hooks, self._alerts, self._delay = hooks, alerts, delay
        self._command: Literal["serve", "build"] = command
        self._condition = threading.Condition()
        self._pending: _Change | None = None
        self._is_stopping = False
        self._running: tuple[PluginHook, float] | None = None  # hook and monotonic start of its call
        self._thread: threading.Thread | None = None

    def __call__(self, before: Edition, now: Edition) -> None:
        if self._hooks and before.publication is not now.publication:
            paths = now.publication.changed_since(before.publication)
            self.submit(now.publication.catalog, now.since, paths)

    def submit(self, catalog: Catalog, since: datetime, paths: Iterable[str] | None) -> None:
        """Pass an edition, served since `since`, to the thread, which calls the hooks. Does not wait for them.

        `paths` are the paths (relative to base_url, with a leading slash) of the documents that may have changed, None if any
        may have. An alert is raised if a hook has been running for more than a minute.
        """
        if not self._hooks:
            return
        self._report_long_call()
        with self._condition:
            former = self._pending
            changed = None if paths is None or (former and former.paths is None) else frozenset(paths)
            if former and former.paths and changed is not None:
                changed |= former.paths
            self._pending = _Change(catalog=catalog, since=since, paths=changed, due=time.monotonic() + self._delay)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="feedsvc-hooks", daemon=True)
                self._thread.start()
            self._condition.notify()

    def close(self, timeout: float = _STOP_SECONDS) -> None:
        """Stop the thread once it has called the hooks for all editions passed so far; wait for that at most `timeout` seconds.

        From now on, the hooks are called without delay. A call that still runs after
        `timeout` seconds is logged, and ends with the process.
        """
        if self._thread is None:
            return
        with self._condition:
            self._is_stopping = True
            self._condition.notify()
        self._thread.join(timeout)
        if running := self._running:
            _LOG.warning("feedsvc: %s was still running after %.0f seconds and is ended", running[0].plugin, timeout)

    def _run(self) -> None:
        while change := self._next_change():
            with self._condition:
                self._condition.wait_for(lambda: self._is_stopping, max(0.0, change.due - time.monotonic()))
            try:
                event = _event(self._command, change)
            except Exception:  # noqa: BLE001 - one edition must not end the thread
                _LOG.exception("feedsvc: the hooks of plug-ins could not be called for an edition")
                continue
            for hook in self._hooks:
                self._call(hook, event)

    def _next_change(self) -> _Change | None:
        """Wait for a pending change and return it. None if the thread should stop and no change is pending."""
        with self._condition:
            self._condition.wait_for(lambda: self._pending or self._is_stopping)
            change, self._pending = self._pending, None
            return change

    def _call(self, hook: PluginHook, event: EditionEvent) -> None:
        subject = f"{hook.plugin.distribution} {hook.plugin.name}"
        self._running = hook, time.monotonic()
        try:
            hook.plugin.call("failed", lambda: hook.function(event))
        except PluginError as error:
            self._alerts.raise_alert("hook", str(error), f"{hook.plugin} works again", subject=subject)
        else:
            self._alerts.clear("hook", subject)
        finally:
            self._running = None

    def _report_long_call(self) -> None:
        if (running := self._running) and time.monotonic() - running[1] > _LONG_CALL_SECONDS:
            hook = running[0]
            message = f"{hook.plugin} has been running for more than {_LONG_CALL_SECONDS:.0f} seconds; other hooks wait for it"
            subject = f"{hook.plugin.distribution} {hook.plugin.name}"
            self._alerts.raise_alert("hook", message, f"{hook.plugin} has ended", subject=subject)


def _event(command: Literal["serve", "build"], change: _Change) -> EditionEvent:
    base_url = change.catalog.site.base_url
    urls: frozenset[str] | None = None
    feeds: frozenset[str] | None = None
    if change.paths is not None:
        urls = frozenset(absolute(base_url, path) for path in change.paths)
        feeds = frozenset(absolute(base_url, path) for path in change.paths if isinstance(place_of(path), FeedAt))
    return EditionEvent(
        command=command, since=change.since, newsroom=Newsroom(change.catalog), changed_urls=urls, changed_feeds=feeds
    )
