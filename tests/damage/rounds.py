"""One damage after the other, each on a copy of a sound state folder, and what must hold after it."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from feedsvc.audience.spool import read_spool_files
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.cli.options import READS_FILE
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.errors import TextUnavailableError
from feedsvc.live.live import Live
from feedsvc.publication.document import Document, FileResource
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.support.leader_lock import LeaderLock
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.publisher import LOCK_FILE, QUEUE_FILE
from feedsvc.websub.queue import DeliveryQueue
from tests.damage.damages import DAMAGES, Target
from tests.damage.newsroom import BROKEN, DATES, GENERATION, HUB, RECORDS, House, topics_of
from tests.kills.newsroom import BASE, Edition

_SECOND = timedelta(seconds=1)


class Rounds:
    """A house of this test's own, and another newsroom with the same names and other words."""

    def __init__(self, home: Path, *, broken: bool) -> None:
        self._home, self._is_broken = home, broken
        self._house, other = House(home / "own", "own"), House(home / "other", "alien")
        self._fresh = self._house.broken() if broken else self._house.standing
        self._others = (*other.states, self._house.older)
        self._is_put_back = False

    def run(self, seed: str) -> Iterator[str]:
        """Damage a state folder; everything that is wrong then."""
        random = Random(seed)
        state, self._is_put_back = self._home / "state", False
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(random.choice(self._house.states), state)
        damages = [random.choice(DAMAGES) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        is_late = random.random() < 0.3
        target = Target(state=state, random=random, others=self._others, is_running=is_late)

        def damage() -> set[Path]:
            touched = {path for one in damages for path in one(target)}
            self._is_put_back = _same_bytes(state / GENERATION, self._house.older / GENERATION)
            return touched

        what = f"{seed}: {[one.__name__ for one in damages]}{' while it runs' if is_late else ''}"
        began = datetime.now(UTC) - _SECOND
        with _lines() as lines:
            try:
                wrong = [*self._after(state, damage, began, is_late=is_late)]
                wrong += [f"at the second start: {one}" for one in self._once(state, set(), began)]
            except Exception as error:
                raise AssertionError(f"{what} ended a process") from error
        yield from (f"{what}: {one}" for one in wrong)
        yield from (f"{what}: a line break in {line!r}" for line in lines if "\n" in line)

    def _after(self, state: Path, damage: Callable[[], set[Path]], began: datetime, *, is_late: bool) -> Iterator[str]:
        if not is_late:
            touched = damage()
            yield from self._once(state, {path.relative_to(state).parts[0] for path in touched}, began)
            return
        with self._live(state) as live:
            touched = damage()
            names = {path.relative_to(state).parts[0] for path in touched}
            yield from self._published(live, names)
            live.reload()
            yield from self._published(live, names)

    @contextmanager
    def _live(self, state: Path) -> Iterator[Live]:
        with closing(LastModifiedStore(state / DATES)) as ledger:
            newsroom = open_content_folder(self._house.desk.root, "", state)
            yield Live(newsroom, ledger, variant_store=VariantStore(state / "pictures"))
            newsroom._cache.close()  # type: ignore[union-attr]

    def _once(self, state: Path, names: set[str], began: datetime) -> Iterator[str]:
        """A start, in the order of `serve`."""
        with ExitStack() as parts, self._live(state) as live:
            yield from self._published(live, names)
            yield from self._dates(live, names, began)
            yield from self._reads(parts.enter_context(closing(SqliteReadStore(state / READS_FILE))), state, names)
            turn = LeaderLock(state / LOCK_FILE)
            if not turn.acquire():
                yield "it is nobody's turn to announce"
            turn.release()
            yield from self._told(parts.enter_context(closing(DeliveryQueue(state / QUEUE_FILE))), live, names)

    def _published(self, live: Live, names: set[str]) -> Iterator[str]:
        """Every document is as a fresh state gives it, or as the sound one does where something stands in."""
        for _ in range(3):
            try:
                found = _edition(live)
                break
            except TextUnavailableError:  # the watching thread does the same
                live.reload(live.paths_with_lost_text())
        else:
            yield "a text stays lost"
            return
        allowed = [self._fresh, self._house.standing] if self._is_broken else [self._fresh]
        if self._is_broken and self._is_put_back:  # a state folder of yesterday, if the records went back as well
            allowed.append(self._house.earlier)
        if found not in allowed:
            nearest = min(allowed, key=lambda one: len(_differing(found, one)))
            differing = _differing(found, nearest)
            yield f"{len(differing)} documents are others: {sorted(differing)[:3]}"
        if self._is_broken and names and not _is_of(names, RECORDS) and live.edition.content.last_valid_paths != {BROKEN}:
            yield "the last valid version is lost, though its file is sound"

    def _dates(self, live: Live, names: set[str], began: datetime) -> Iterator[str]:
        publication, truth = live.edition.publication, self._house.truth.dates
        for path in publication.paths():
            made = publication.resolve(path)
            if not isinstance(made, Document) or (self._is_broken and made.body != self._house.standing.get(path)):
                continue
            if made.last_modified != truth.get(path) and (
                (names and not _is_of(names, DATES)) or not _is_new(made.last_modified, began)
            ):
                yield f"{path} has the date {made.last_modified}, not {truth.get(path)}"

    def _reads(self, views: SqliteReadStore, state: Path, names: set[str]) -> Iterator[str]:
        for one in read_spool_files(state / "unwritten"):
            for batch in one.batches:
                views.add(batch.reads, batch.number, writer=one.writer)
            one.file.unlink()
        found, truth = views.totals_since(None), self._house.truth.reads
        for article, count in found.items():
            if count > truth.get(article, 0):
                yield f"{article} was never read {count} times"
        if names and not _is_of(names, READS_FILE) and "unwritten" not in names and dict(found) != dict(truth):
            yield f"reads are lost, though their files are sound: {dict(found)}"

    def _told(self, store: DeliveryQueue, live: Live, names: set[str]) -> Iterator[str]:
        store.synchronize(HubSelection(base_url=BASE, site_hubs=(HUB,)), topics_of(live))
        untold, told = store.pending_topics(), self._house.truth.told
        if self._is_broken:  # feeds may be others by now
            return
        for topic in self._house.truth.topics.keys() - told - untold:
            yield f"the hub was never told of {topic}"
        if names and not _is_of(names, QUEUE_FILE) and untold & told:
            yield f"the hub is told again of {sorted(untold & told)[:3]}"


def _edition(live: Live) -> Edition:
    publication = live.edition.publication
    found = Edition()
    for path in publication.paths():
        made = publication.resolve(path)
        found[path] = Path(made.location).read_bytes() if isinstance(made, FileResource) else made.body  # type: ignore[union-attr]
    return found


def _differing(one: Edition, other: Edition) -> set[str]:
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}


def _same_bytes(one: Path, other: Path) -> bool:
    return one.is_file() and one.read_bytes() == other.read_bytes()


def _is_of(names: set[str], file: str) -> bool:
    return any(name.startswith(file) for name in names)


def _is_new(moment: datetime | None, began: datetime) -> bool:
    return moment is None or moment >= began


@contextmanager
def _lines() -> Iterator[list[str]]:
    """What is logged meanwhile."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("feedsvc")
    logger.addHandler(handler)
    try:
        yield found
    finally:
        logger.removeHandler(handler)
