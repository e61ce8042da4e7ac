"""A newsroom whose state folder holds one of everything, and what is true of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Final

from feedsvc.audience.buffer import Batch
from feedsvc.audience.spool import write_spool_file
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.cli.options import READS_FILE
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.feeds.digest import FeedDigests
from feedsvc.live.live import Live
from feedsvc.publication.document import Document
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.uris import absolute
from feedsvc.websub.hubs import HubSelection
from feedsvc.websub.publisher import QUEUE_FILE
from feedsvc.websub.queue import DeliveryQueue
from tests.kills.newsroom import BASE, Desk, Edition, Editions, article

HUB: Final = "https://hub.example/"
DATES: Final = "modified.sqlite"
RECORDS: Final = "articles.sqlite"
GENERATION: Final = f"{RECORDS}-generation"
BROKEN: Final = "articles/first-03.yaml"
DAYS: Final = (date(2026, 3, 1), date(2026, 3, 2))


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """`dates` by path, `reads` by article, `told`: the topics that the hub was told of as they are now."""

    dates: Mapping[str, datetime | None]
    reads: Mapping[str, int]
    told: frozenset[str]
    topics: Mapping[str, str]


def topics_of(live: Live) -> dict[str, str]:
    return {absolute(BASE, path): digest for path, digest in FeedDigests().compute(live.edition.publication.catalog).items()}


class House:
    """`states` are copies of the state folder as a clean stop, and as a kill left it; `older` is one of yesterday.

    `earlier` is what is published where the last valid version of the article that `broken` breaks is that of yesterday.
    """

    def __init__(self, home: Path, word: str) -> None:
        self.home = home
        self.desk = Desk(home / "content", Random(1))
        for path in self.desk.articles:
            self.desk.save(path, article(Path(path).stem, word))
        self.older = home / "older"
        self.states = (home / "closed", home / "killed")
        self._fill(self.older, self.older, 0)
        for number, path in enumerate(self.desk.articles[:5]):
            self.desk.save(path, article(Path(path).stem, f"{word}{number}"))
        self.standing = Editions(home / "standing").of(self.desk.files)
        self.earlier = Editions(home / "earlier").of({**self.desk.files, BROKEN: article(Path(BROKEN).stem, word)})
        shutil.copytree(self.older, home / "state")
        self.truth = self._fill(home / "state", self.states[1], 1)
        (home / "state").rename(self.states[0])

    def broken(self) -> Edition:
        """Break an article that stood; what a fresh state publishes from now on."""
        self.desk.save(BROKEN, b"title: [\n")
        return Editions(self.home / "fresh").of(self.desk.files)

    def _fill(self, state: Path, copy: Path, number: int) -> Truth:
        """Use everything that lies in a state folder, of which a copy is made before it is closed."""
        with ExitStack() as parts:
            ledger = parts.enter_context(closing(LastModifiedStore(state / DATES)))
            live = Live(open_content_folder(self.desk.root, "", state), ledger, variant_store=VariantStore(state / "pictures"))
            publication = live.edition.publication
            made = {path: publication.resolve(path) for path in publication.paths()}
            views = parts.enter_context(closing(SqliteReadStore(state / READS_FILE)))
            ids = sorted(one.id for one in live.edition.content.articles)
            views.add({(one, DAYS[number]): 10 + place for place, one in enumerate(ids)}, number + 1)
            store = parts.enter_context(closing(DeliveryQueue(state / QUEUE_FILE)))
            topics = topics_of(live)
            store.synchronize(HubSelection(base_url=BASE, site_hubs=(HUB,)), topics)
            waiting = store.pending_deliveries(HUB)
            for feed in waiting[: len(waiting) // 2]:
                store.mark_delivered(HUB, feed, datetime.now(UTC).timestamp())
            untold = {one.topic for one in store.pending_deliveries(HUB)}
            write_spool_file(state / "unwritten", f"writer{number}", [Batch(number=1, reads={(ids[number], DAYS[number]): 7})])
            (state / "push.lock").touch()
            if copy != state:
                shutil.copytree(state, copy)
            truth = Truth(
                dates={path: one.last_modified for path, one in made.items() if isinstance(one, Document)},
                reads={one: views.total(one) + 7 * (place <= number) for place, one in enumerate(ids)},
                told=frozenset(topics.keys() - untold),
                topics=topics,
            )
        live._folder._cache.close()  # type: ignore[union-attr]
        return truth
