"""Rounds of damages: damage a copy of a valid state folder, and check what the service does with it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random

from feedsvc.audience import VIEWS_FILE
from feedsvc.audience.store import ViewStore
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.errors import TextUnavailableError
from feedsvc.live.live import Live
from feedsvc.publication.document import Document, FileResource
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.support.file_lock import FileLock
from feedsvc.support.state_folder import open_lock_file
from feedsvc.websub.deliveries import QUEUE_FILE, DeliveryTable
from feedsvc.websub.publisher import LOCK_FILE
from tests.damage.damages import DAMAGES, Target
from tests.damage.newsroom import BROKEN_PATH, DATES_FILE, RECORDS_FILE, NewsroomWithState, site_with_hub, topics_of
from tests.kills.newsroom import PublishedDocuments

_SECOND = timedelta(seconds=1)


class DamageRounds:
    """The rounds on one newsroom. Foreign files come from another newsroom with the same paths and other texts."""

    def __init__(self, home: Path, *, broken: bool) -> None:
        self._home, self._is_broken = home, broken
        self._newsroom = NewsroomWithState(home / "own", "own")
        self._expected_documents = self._newsroom.break_article() if broken else self._newsroom.documents
        self._other_folders = (self._newsroom.older,)

    def run(self, seed: str) -> Iterator[str]:
        """Damage a state folder as `seed` determines; yield the problems that follow."""
        random = Random(seed)
        state = self._home / "state"
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(random.choice(self._newsroom.states), state)
        damages = [random.choice(DAMAGES) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        while_running = random.random() < 0.3
        target = Target(state=state, random=random, other_folders=self._other_folders, is_running=while_running)

        def damage() -> set[Path]:
            return {path for damage_function in damages for path in damage_function(target)}

        description = (
            f"{seed}: {[damage_function.__name__ for damage_function in damages]}{' while it runs' if while_running else ''}"
        )
        start = datetime.now(UTC) - _SECOND
        with _log_messages() as messages:
            try:
                problems = [*self._damage_and_check(state, damage, start, while_running=while_running)]
                problems += [f"at the second start: {problem}" for problem in self._check_start(state, set(), start)]
            except Exception as error:
                raise AssertionError(f"{description} ended a process") from error
        yield from (f"{description}: {problem}" for problem in problems)
        yield from (f"{description}: a line break in {message!r}" for message in messages if "\n" in message)

    def _damage_and_check(
        self, state: Path, damage: Callable[[], set[Path]], start: datetime, *, while_running: bool
    ) -> Iterator[str]:
        if not while_running:
            damaged_paths = damage()
            yield from self._check_start(state, {path.relative_to(state).parts[0] for path in damaged_paths}, start)
            return
        with self._live(state) as live:
            damaged_paths = damage()
            damaged_names = {path.relative_to(state).parts[0] for path in damaged_paths}
            yield from self._check_documents(live, damaged_names)
            live.reload()
            yield from self._check_documents(live, damaged_names)

    @contextmanager
    def _live(self, state: Path) -> Iterator[Live]:
        with closing(LastModifiedStore(state / DATES_FILE)) as date_store:
            folder = open_content_folder(self._newsroom.editors.root, "", state)
            yield Live(folder, date_store, variant_store=VariantStore(state / "pictures"))
            folder._store.close()  # type: ignore[union-attr]

    def _check_start(self, state: Path, damaged_names: set[str], start: datetime) -> Iterator[str]:
        """Start the service in the order of `serve`, and check every store."""
        with ExitStack() as stack, self._live(state) as live:
            yield from self._check_documents(live, damaged_names)
            yield from self._check_dates(live, damaged_names, start)
            yield from self._check_views(stack.enter_context(closing(ViewStore(state / VIEWS_FILE))), damaged_names)
            lock = FileLock(partial(open_lock_file, state / LOCK_FILE))
            if not lock.acquire():
                yield "no process can take the lock of the publisher"
            lock.release()
            yield from self._check_queue(stack.enter_context(closing(DeliveryTable(state / QUEUE_FILE))), live, damaged_names)

    def _check_documents(self, live: Live, damaged_names: set[str]) -> Iterator[str]:
        """Check that all documents equal those of an empty state folder, or those with a last valid version if one is used."""
        for _ in range(3):
            try:
                documents = _read_documents(live)
                break
            except TextUnavailableError:  # the watcher thread does the same
                live.reload(live.paths_with_lost_text())
        else:
            yield "a text remains unavailable"
            return
        allowed_documents = [self._expected_documents]
        if self._is_broken:  # the state folder may be the older one
            allowed_documents += [self._newsroom.documents, self._newsroom.older_documents]
        if documents not in allowed_documents:
            closest = min(allowed_documents, key=lambda allowed: len(_differing_paths(documents, allowed)))
            differing_paths = _differing_paths(documents, closest)
            yield f"{len(differing_paths)} documents differ: {sorted(differing_paths)[:3]}"
        if (
            self._is_broken
            and damaged_names
            and not _contains_file(damaged_names, RECORDS_FILE)
            and live.edition.content.last_valid_paths != {BROKEN_PATH}
        ):
            yield "the last valid version is lost, though its file is not damaged"

    def _check_dates(self, live: Live, damaged_names: set[str], start: datetime) -> Iterator[str]:
        publication, expected = live.edition.publication, self._newsroom.expected.last_modified
        for path in publication.paths():
            resource = publication.resolve(path)
            if not isinstance(resource, Document) or (self._is_broken and resource.body != self._newsroom.documents.get(path)):
                continue
            if resource.last_modified != expected.get(path) and (
                (damaged_names and not _contains_file(damaged_names, DATES_FILE)) or not _is_recent(resource.last_modified, start)
            ):
                yield f"{path} has the date {resource.last_modified}, not {expected.get(path)}"

    def _check_views(self, store: ViewStore, damaged_names: set[str]) -> Iterator[str]:
        totals, expected = store.totals_since(None), self._newsroom.expected.views
        if damaged_names and not _contains_file(damaged_names, VIEWS_FILE) and dict(totals) != dict(expected):
            yield f"views are lost, though their file is not damaged: {dict(totals)}"

    def _check_queue(self, table: DeliveryTable, live: Live, damaged_names: set[str]) -> Iterator[str]:
        table.synchronize(site_with_hub(live), topics_of(live))
        pending_topics, announced_topics = table.pending_topics(), self._newsroom.expected.announced_topics
        if self._is_broken:  # feeds may have changed
            return
        for topic in self._newsroom.expected.topic_digests.keys() - announced_topics - pending_topics:
            yield f"the change of {topic} is neither announced nor pending"
        if damaged_names and not _contains_file(damaged_names, QUEUE_FILE) and pending_topics & announced_topics:
            yield f"{sorted(pending_topics & announced_topics)[:3]} would be announced again"


def _read_documents(live: Live) -> PublishedDocuments:
    publication = live.edition.publication
    publication.make_variants(lambda steps, _: steps, 1)
    documents = PublishedDocuments()
    for path in publication.paths():
        resource = publication.resolve(path)
        documents[path] = Path(resource.location).read_bytes() if isinstance(resource, FileResource) else resource.body  # type: ignore[union-attr]
    return documents


def _differing_paths(first: PublishedDocuments, second: PublishedDocuments) -> set[str]:
    return {path for path in first.keys() | second.keys() if first.get(path) != second.get(path)}


def _contains_file(names: set[str], file_name: str) -> bool:
    return any(name.startswith(file_name) for name in names)


def _is_recent(moment: datetime | None, start: datetime) -> bool:
    return moment is None or moment >= start


@contextmanager
def _log_messages() -> Iterator[list[str]]:
    """Collect the messages that are logged within the block."""
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("feedsvc")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)
