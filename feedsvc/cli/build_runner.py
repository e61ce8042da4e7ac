"""Build runner: builds a static tree, in a folder or a bucket, as a BuildConfig says."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from feedsvc import feeds
from feedsvc.catalog import Catalog
from feedsvc.cli.config import BuildConfig
from feedsvc.cli.nginx_file import NginxFile
from feedsvc.cli.output import format_count, log_edition, log_problem_changes, next_change_sentence, print_problems, report
from feedsvc.cli.target import Target, open_target
from feedsvc.cli.terminal import writing_progress
from feedsvc.content.folder import ContentFolder
from feedsvc.content.media import VariantStore
from feedsvc.edition_hooks import EditionHooks
from feedsvc.errors import ContentError, FeedsvcError
from feedsvc.export import COMPRESSED_SUFFIXES, BuildResult, Prefetch, StaticTree, start_prefetch
from feedsvc.extensions import installed_plugins, load_extensions
from feedsvc.live import Live, Watcher
from feedsvc.pages import ThemeSelection, compile_builtin_templates
from feedsvc.publication import Publication, code_fingerprint
from feedsvc.support import process, watchdog
from feedsvc.support.process_pool import available_processors

_RETRY_SECONDS: Final = 5.0  # seconds until a failed update of the tree is tried again
_MAX_FOREIGN: Final = 5  # names of files of other origin in a report
_HOOK_SECONDS: Final = 300.0  # how long the end of a build waits for the hooks of plug-ins


def prefetch_tree(out: Path) -> Prefetch:
    """Start to compare the static tree in `out` with its manifest, in a fork if possible. Pass the result to `build`."""
    return start_prefetch(out)


def build(config: BuildConfig, newsroom: ContentFolder, prefetch: Prefetch | None) -> None:
    """Build the tree, print the numbers of files, and with `config.watch` keep it up to date until SIGTERM or SIGINT.

    `prefetch` is a result of `prefetch_tree` or None. Raises ContentError, with nothing written, if the content folder cannot
    be used, or if files have errors and `config.skip_broken` is False. Raises FeedsvcError for other faults, perhaps after a
    part of the tree was written. If a fault of that kind occurs in an update of the tree, it is reported instead, and the
    update is tried again.
    """
    feeds.enlarge_caches()
    nginx_file = NginxFile(config.nginx_file, out=config.out, content=config.content)
    selection = ThemeSelection(config.state_folder, is_required=True)
    live = Live(newsroom, None, variant_store=VariantStore(config.state_folder / "pictures"), theme_selection=selection)
    process.leak_on_exit(live)
    # Processes that are forked from here on inherit both.
    if not config.only:
        compile_builtin_templates()
    code_fingerprint()
    content = live.edition.content
    if content.errors and not config.skip_broken:
        raise ContentError(
            "nothing was written, because files have errors; correct them, or build without them with --skip-broken",
            content.problems,
        )
    print_problems(content.problems)
    _check_plugins(live.edition.publication.catalog)
    if count := len({feed.id for feed in content.private_feeds.values()}):
        report(f"{format_count(count, 'private feed')} left out of the tree: only feedsvc serve has tokens")
    with open_target(
        config.out,
        config.content,
        only=config.only,
        file_codings=config.file_codings,
        object_coding=config.object_coding,
        processes=config.processes,
        trees=config.state_folder / "buckets",
        prefetch=prefetch,
        host=config.hosting,
    ) as tree:
        process.freeze_heap()
        publication = live.edition.publication
        publication.make_variants(writing_progress, config.processes or available_processors())
        print_problems(problem for problem in live.image_problems if problem not in content.problems)
        result = tree.build(publication, writing_progress, newsroom.baseline)
        _print_result(tree.out, result, copied_codings=config.file_codings if isinstance(tree, StaticTree) else ())
        for sentence in tree.advice(publication):
            report(sentence)
        tree.mark_complete(publication, newsroom.state_name)
        nginx_file(publication)
        hooks = EditionHooks(load_extensions().hooks, "build", live.alerts)  # a thread: no process is forked from here on
        if result.written or result.removed:
            hooks.submit(publication.catalog, live.edition.since, None)
        if config.watch:
            process.freeze_heap()
            last_written = _TreeUpdater(config.content, live, tree, publication, nginx_file, hooks=hooks).run()
            if last_written is live.edition.publication:
                tree.mark_complete(last_written, newsroom.state_name)
        else:
            report(next_change_sentence(publication.catalog.next_visible_change, content))
        hooks.close(_HOOK_SECONDS)


def _check_plugins(catalog: Catalog) -> None:
    """Render one feed in each format, if there are plug-ins. Raises PluginError if one of them fails."""
    entries = feeds.EntryCache(catalog)
    for suffix, one in feeds.FORMATS.items() if installed_plugins() else ():
        listing = next((listing for ref, listing in catalog.listings.items() if one.has_listing(ref)), None)
        if listing is not None:
            one.render(feeds.build_feed(listing, entries, suffix, one.media_type))


class _TreeUpdater:
    """Loop that writes new editions into the tree until SIGTERM or SIGINT.

    If several editions are published while one is written, only the newest of them is written next. SIGHUP makes the watcher
    examine every file.
    """

    def __init__(
        self, content: Path, live: Live, tree: Target, publication: Publication, nginx_file: NginxFile, *, hooks: EditionHooks
    ) -> None:
        """Prepare the loop. `publication` is the one that the tree contains."""
        self._hooks = hooks
        self._live, self._tree, self._written_publication, self._nginx_file = live, tree, publication, nginx_file
        self._last_error = ""
        self._wake_event = threading.Event()
        self._is_stopping = False
        self._watcher = Watcher(content, live, [log_problem_changes, log_edition, lambda *_: self._wake_event.set()])

    def run(self) -> Publication:
        """Run the loop and return the publication that is in the tree at the end, which may be older than the current one.

        An update that fails with a FeedsvcError is reported and tried again every 5 seconds.
        """
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._stop)
        signal.signal(signal.SIGHUP, lambda *_: self._watcher.request_full_scan())
        watchdog.start()
        self._watcher.start()
        report(f"keeping {self._tree.out} up to date")
        self._warm_up()
        timeout = None
        while not self._is_stopping:
            self._wake_event.wait(timeout)
            self._wake_event.clear()
            timeout = None if self._is_stopping or self._update_tree() else _RETRY_SECONDS
        self._watcher.stop()
        return self._written_publication

    def _warm_up(self) -> None:
        """Compute what the next update needs of the publication in the tree, until there is an edition to write.

        Errors are ignored here, because they are reported when a document is written.
        """
        with suppress(FeedsvcError, OSError):
            for _ in self._written_publication.warm_up():
                if self._wake_event.is_set():
                    return

    def _stop(self, *_: object) -> None:
        watchdog.limit_stop()
        self._is_stopping = True
        self._wake_event.set()

    def _update_tree(self) -> bool:
        publication = self._live.edition.publication
        if publication is self._written_publication:
            return True
        try:
            paths = publication.changed_since(self._written_publication)
            result = self._tree.update(publication, paths)
            self._nginx_file(publication)
        except FeedsvcError as error:
            if str(error) != self._last_error:
                report(f"{error}; tried again every {_RETRY_SECONDS:.0f} seconds", logging.WARNING)
            self._last_error = str(error)
            return False
        self._written_publication, self._last_error = publication, ""
        _print_result(self._tree.out, result)
        if result.written or result.removed:
            self._hooks.submit(publication.catalog, self._live.edition.since, paths)
        return True


def _print_result(out: Path | str, result: BuildResult, *, copied_codings: Sequence[str] = ()) -> None:
    """Print how many files were written, unchanged and removed. `copied_codings` are the codings of their compressed copies.

    With `copied_codings`, also print that these copies are not counted.
    """
    endings = ", ".join(ending for coding, ending in COMPRESSED_SUFFIXES.items() if coding in copied_codings)
    note = f"; their compressed copies ({endings}) are not counted" if endings else ""
    report(f"{out}: {format_count(result.written, 'file')} written, {result.unchanged} unchanged, {result.removed} removed{note}")
    if result.reason:
        report(f"{out}: every document was rendered, because {result.reason}")
    if result.foreign:
        more = len(result.foreign) - _MAX_FOREIGN
        names = f"{', '.join(result.foreign[:_MAX_FOREIGN])}{f' and {more} more' if more > 0 else ''}"
        report(f"{out}: files of other origin stay as they are: {names}")
