"""A build, once its command line is read."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

import click

from feedsvc import feeds
from feedsvc.cli.config import BuildPlan
from feedsvc.cli.nginx_file import Beside
from feedsvc.cli.output import bar, log, next_change, tell
from feedsvc.cli.target import Target, target
from feedsvc.cli.themes import adoption
from feedsvc.content.folder.folder import Folder
from feedsvc.content.media.thumbnails import Renditions
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.export import Built
from feedsvc.export.prefetch import Look, looking
from feedsvc.live.live import Live
from feedsvc.live.watcher import Watcher
from feedsvc.pages import theme
from feedsvc.publication import fingerprints
from feedsvc.publication.publication import Publication
from feedsvc.support import gc_control, hang_reports, watchdog
from feedsvc.support.clock import wall_clock
from feedsvc.support.process_pool import at_hand

_AGAIN: Final = 5.0  # seconds until a tree that could not be written is tried again


def prepare() -> None:
    """What every build comes to need, while there is time for it: other processes that are made then have it, too."""
    theme.prepare()
    fingerprints.program()


def looking_at(out: Path) -> Look:
    """At the tree in a folder, from now on."""
    return looking(out)


def build(plan: BuildPlan, newsroom: Folder, ahead: Look | None) -> None:
    """Build, and with `plan.watch` stay. `ahead` is a look at the tree that was begun just now.

    Raises ContentError and FeedsvcError where nothing can be built.
    """
    with watchdog.watching(plan.home):
        if hung := hang_reports.notice(plan.home, wall_clock()):
            click.echo(f"feedsvc: {hung}", err=True)
        _build(plan, newsroom, ahead)


def _build(plan: BuildPlan, newsroom: Folder, ahead: Look | None) -> None:
    feeds.make_room()
    beside = Beside(plan.nginx, out=plan.out, content=plan.content)
    chosen = adoption(plan.home, required=True)
    live = Live(newsroom, None, renditions=Renditions(plan.home / "pictures", once=True), adoption=chosen)
    gc_control.keep(live)
    read = live.edition.content
    if read.errors and not plan.skip_broken:
        raise ContentError("nothing was written; mend the files above, or leave them out with --skip-broken", read.problems)
    tell(read.problems)
    with target(
        plan.out,
        plan.content,
        only=plan.only,
        twins=plan.twins,
        coding=plan.coding,
        processes=plan.processes,
        ahead=ahead,
        host=plan.host,
    ) as tree:
        gc_control.settle()
        publication = live.edition.publication
        publication.make_copies(bar, plan.processes or at_hand())
        tell(problem for problem in live.picture_problems if problem not in read.problems)
        _say(tree.out, tree.whole(publication, bar, newsroom.origin))
        for sentence in tree.advice(publication):
            click.echo(f"feedsvc: {sentence}", err=True)
        tree.sign(publication, newsroom.state)
        beside(publication)
        if plan.watch:
            gc_control.settle()
            written = _Following(plan.content, live, tree, publication, beside).run()
            if written is live.edition.publication:
                tree.sign(written, newsroom.state)
        else:
            click.echo(f"feedsvc: {next_change(publication.catalog.next_visible_change, read)}", err=True)


class _Following:
    """Writes each edition into the tree, the newest where several came meanwhile, until SIGTERM or SIGINT."""

    def __init__(self, content: Path, live: Live, tree: Target, written: Publication, beside: Beside) -> None:
        self._live, self._tree, self._written, self._beside = live, tree, written, beside
        self._told = ""
        self._news = threading.Event()
        self._stopping = False
        self._watcher = Watcher(content, live, [log, lambda *_: self._news.set()])

    def run(self) -> Publication:
        """What is in the tree at the end."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        signal.signal(signal.SIGHUP, lambda *_: self._watcher.look())
        watchdog.start_heartbeat()
        self._watcher.start()
        click.echo(f"feedsvc: keeping {self._tree.out} in step", err=True)
        self._make_ready()
        pause = None
        while not self._stopping:
            self._news.wait(pause)
            self._news.clear()
            pause = None if self._stopping or self._follow() else _AGAIN
        self._watcher.stop()
        return self._written

    def _make_ready(self) -> None:
        """While nobody waits for anything. What cannot be made is told when it is wanted."""
        with suppress(FeedsvcError, OSError):
            for _ in self._written.readied():
                if self._news.is_set():
                    return

    def _stop(self, *_: object) -> None:
        self._stopping = True
        self._news.set()

    def _follow(self) -> bool:
        publication = self._live.edition.publication
        if publication is self._written:
            return True
        try:
            built = self._tree.update(publication, publication.changed_since(self._written))
            self._beside(publication)
        except FeedsvcError as error:
            if str(error) != self._told:
                click.echo(f"feedsvc: {error}; tried again every {_AGAIN:.0f} seconds", err=True)
            self._told = str(error)
            return False
        self._written, self._told = publication, ""
        _say(self._tree.out, built)
        return True


def _say(out: Path | str, built: Built) -> None:
    click.echo(f"feedsvc: {out}: {built.written} files written, {built.unchanged} unchanged, {built.removed} removed", err=True)
