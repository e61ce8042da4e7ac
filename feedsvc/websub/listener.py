"""Edition listener: passes each new edition to the publisher."""

from __future__ import annotations

from collections.abc import Iterable

from feedsvc.feeds import FeedDigests
from feedsvc.live import Edition
from feedsvc.uris import absolute
from feedsvc.websub.publisher import Publisher


class EditionListener:
    """Listener of the Watcher that passes each edition with a new publication to the publisher. Its constructor passes `first`.

    With `needs_addresses`, it passes with each later edition the addresses that may have changed since the edition before it,
    for a purge command.
    """

    def __init__(self, publisher: Publisher, first: Edition, *, needs_addresses: bool) -> None:
        self._publisher, self._needs_addresses = publisher, needs_addresses
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
        self._publisher.set_edition(site.base_url, site.hubs, lambda: self._digests.compute(catalog), changed_urls)
