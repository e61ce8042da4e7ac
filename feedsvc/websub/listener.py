"""Edition listener: passes each new edition to the publisher."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from feedsvc.feeds import FeedDigests
from feedsvc.live import Edition
from feedsvc.uris import absolute
from feedsvc.websub.publisher import Publisher


def _single_process_barrier() -> Callable[[], bool]:
    return lambda: True


class EditionListener:
    """Listener of the Watcher that passes each edition with a new publication to the publisher. Its constructor passes `first`.

    With `needs_addresses`, it passes with each later edition the addresses that may have changed since the edition before it,
    for a purge command. `create_barrier` is called for each edition that is passed, and returns a function that returns whether
    all workers have loaded the edition; None means that there is one process only. The publisher calls that function only in
    the process that holds the leader lock.
    """

    def __init__(
        self,
        publisher: Publisher,
        first: Edition,
        *,
        needs_addresses: bool,
        create_barrier: Callable[[], Callable[[], bool]] | None = None,
    ) -> None:
        self._publisher, self._needs_addresses = publisher, needs_addresses
        self._create_barrier = create_barrier or _single_process_barrier
        self._digests = FeedDigests()
        self._submit(first, ())

    def __call__(self, before: Edition, now: Edition) -> None:
        if before.publication is not now.publication:
            paths = now.publication.changed_since(before.publication) if self._needs_addresses else ()
            self._submit(now, paths)

    def _submit(self, edition: Edition, paths: Iterable[str]) -> None:
        catalog = edition.publication.catalog
        site = catalog.site
        changed_urls = [absolute(site.base_url, path) for path in paths]
        self._publisher.set_edition(
            site.base_url, site.hubs, lambda: self._digests.compute(catalog), changed_urls, self._create_barrier()
        )
