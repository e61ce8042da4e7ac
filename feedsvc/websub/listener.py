"""The announcer hung on the live edition: a listener that is told of each new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from feedsvc.feeds.digest import Digests
from feedsvc.live.live import Edition
from feedsvc.uris import absolute
from feedsvc.websub.publisher import Announcer


def _alone() -> Callable[[], bool]:
    return lambda: True


class Listening:
    """`addresses` tells whether anybody wants to know which addresses changed.

    `question` makes, for one edition, what tells whether every worker has it; it is asked only where one announces.
    """

    def __init__(
        self,
        announcer: Announcer,
        first: Edition,
        *,
        addresses: bool,
        question: Callable[[], Callable[[], bool]] = _alone,
    ) -> None:
        self._announcer, self._addresses, self._question = announcer, addresses, question
        self._digests = Digests()
        self._hand_on(first, ())

    def __call__(self, before: Edition, now: Edition) -> None:
        if before.publication is not now.publication:
            paths = now.publication.changed_since(before.publication) if self._addresses else ()
            self._hand_on(now, paths)

    def _hand_on(self, edition: Edition, paths: Iterable[str]) -> None:
        catalog = edition.publication.catalog
        site = catalog.site
        changed = [absolute(site.base_url, path) for path in paths]
        self._announcer.edition(site.base_url, site.hubs, lambda: self._digests.of(catalog), changed, self._question())
