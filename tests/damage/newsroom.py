"""A newsroom whose state folder contains data of every kind, and the data that the service must recover from it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Final

from feedsvc.audience import VIEWS_FILE
from feedsvc.audience.store import ViewStore
from feedsvc.cli.content_folder import open_content_folder
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.feeds.digest import FeedDigests
from feedsvc.live.live import Live
from feedsvc.model import Site
from feedsvc.publication.document import Document
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.uris import absolute
from feedsvc.websub.deliveries import QUEUE_FILE, DeliveryTable
from feedsvc.websub.hub_client import DeliveryOutcome, DeliveryResult
from tests.kills.newsroom import BASE_URL, AtomicEditors, PublishedDocuments, ReferencePublisher, article

HUB_URL: Final = "https://hub.example/"
DATES_FILE: Final = "modified.sqlite"
RECORDS_FILE: Final = "articles.sqlite"
BROKEN_PATH: Final = "articles/first-03.yaml"
DAYS: Final = (date(2026, 3, 1), date(2026, 3, 2))


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedState:
    """The data in a state folder.

    `last_modified` by path, `views` by article id, `announced_topics`: the topics whose current digest the hub has
    received.
    """

    last_modified: Mapping[str, datetime | None]
    views: Mapping[str, int]
    announced_topics: frozenset[str]
    topic_digests: Mapping[str, str]


def topics_of(live: Live) -> dict[str, str]:
    """Return topic URL -> digest of every feed."""
    return {absolute(BASE_URL, path): digest for path, digest in FeedDigests().compute(live.edition.publication.catalog).items()}


def site_with_hub(live: Live) -> Site:
    """Return the site of an edition as if site.yaml named the hub."""
    return replace(live.edition.publication.catalog.site, hubs=(HUB_URL,))


class NewsroomWithState:
    """A newsroom. `states` are copies of its state folder after a clean stop and after a kill, `older` is an earlier copy.

    `older_documents` are published if the last valid version of the article that `break_article` breaks is the older one.
    """

    def __init__(self, home: Path, text_marker: str) -> None:
        self.home = home
        self.editors = AtomicEditors(home / "content", Random(1))
        for path in self.editors.article_paths:
            self.editors.save(path, article(Path(path).stem, text_marker))
        self.older = home / "older"
        self.states = (home / "closed", home / "killed")
        self._use_state_folder(self.older, self.older, 0)
        for number, path in enumerate(self.editors.article_paths[:5]):
            self.editors.save(path, article(Path(path).stem, f"{text_marker}{number}"))
        self.documents = ReferencePublisher(home / "standing").documents_of(self.editors.files)
        self.older_documents = ReferencePublisher(home / "earlier").documents_of(
            {**self.editors.files, BROKEN_PATH: article(Path(BROKEN_PATH).stem, text_marker)}
        )
        shutil.copytree(self.older, home / "state")
        self.expected = self._use_state_folder(home / "state", self.states[1], 1)
        (home / "state").rename(self.states[0])

    def break_article(self) -> PublishedDocuments:
        """Break an article that was valid; return the documents that a start with an empty state folder publishes from now on."""
        self.editors.save(BROKEN_PATH, b"title: [\n")
        return ReferencePublisher(self.home / "fresh").documents_of(self.editors.files)

    def _use_state_folder(self, state: Path, copy: Path, day: int) -> ExpectedState:
        """Use every store of a state folder; make a copy of the folder before the stores are closed."""
        with ExitStack() as stack:
            date_store = stack.enter_context(closing(LastModifiedStore(state / DATES_FILE)))
            live = Live(
                open_content_folder(self.editors.root, "", state), date_store, variant_store=VariantStore(state / "pictures")
            )
            publication = live.edition.publication
            resources = {path: publication.resolve(path) for path in publication.paths()}
            view_store = stack.enter_context(closing(ViewStore(state / VIEWS_FILE)))
            ids = sorted(article.id for article in live.edition.content.articles)
            view_store.add({(article_id, DAYS[day]): 10 + position for position, article_id in enumerate(ids)})
            table = stack.enter_context(closing(DeliveryTable(state / QUEUE_FILE)))
            topics = topics_of(live)
            table.synchronize(site_with_hub(live), topics)
            now = datetime.now(UTC).timestamp()
            pending = table.pending(HUB_URL, now)
            for delivery in pending[: len(pending) // 2]:
                table.store(delivery.after(DeliveryOutcome(result=DeliveryResult.DELIVERED), now, 0.0))
            pending_topics = table.pending_topics()
            (state / "push.lock").touch()
            if copy != state:
                shutil.copytree(state, copy)
            expected = ExpectedState(
                last_modified={
                    path: resource.last_modified for path, resource in resources.items() if isinstance(resource, Document)
                },
                views=view_store.totals_since(None),
                announced_topics=frozenset(topics.keys() - pending_topics),
                topic_digests=topics,
            )
        live._folder._store.close()  # type: ignore[union-attr]
        return expected
