"""Incremental builds: if the state of the last build is known, only the paths that may differ from it are examined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from feedsvc.content.folder import Baseline
from feedsvc.publication import Publication
from feedsvc.routes import ListingRef

MAX_CHANGED_PATHS = 1000  # paths that may differ; if there are more, all are examined


@dataclass(frozen=True, slots=True)
class BuildBaseline:
    """The state of the content folder that a tree was built from: its name, and the moment at which it was published."""

    name: str
    moment: datetime

    def __str__(self) -> str:
        return f"{self.name} {self.moment.timestamp()!r}"


def parse_baseline(text: str) -> BuildBaseline | None:
    """Return the baseline that a manifest recorded as text; None for any other text."""
    name, _, seconds = text.partition(" ")
    try:
        return BuildBaseline(name, datetime.fromtimestamp(float(seconds), UTC)) if name else None
    except (ValueError, OverflowError, OSError):
        return None


def matches(last: BuildBaseline | None, name: str, publication: Publication) -> bool:
    """Return whether the last build published the same: this state, without a scheduled change since."""
    now, change = publication.catalog.now, publication.last_change
    return last is not None and last.name == name and last.moment <= now and (change is None or change <= last.moment)


def changed_paths(publication: Publication, origin: Baseline, last: BuildBaseline | None, name: str) -> frozenset[str] | None:
    """Return the paths that may differ from the last build; None if that is unknown, or if they are more than MAX_CHANGED_PATHS.

    `name` is the name of the tree that is built from the baseline `origin`.
    """
    catalog = publication.catalog
    if last is None or not name or last.name != name or last.moment > catalog.now:
        return None
    if len(origin.added) + len(origin.removed) > MAX_CHANGED_PATHS:
        return None
    # Compute these on the current catalog first: `apply_changes` then derives those of the former one at less cost.
    site = catalog.listings[ListingRef()]
    _ = site.archive_index.totals, site.page_index.totals, catalog.tags.most_used, catalog.tags.starts
    # The former catalog: removed articles are added again, and added ones removed.
    former = catalog.apply_changes(catalog.content, last.moment, removed=origin.added, added=origin.removed)
    found = publication.changed_since(publication.next_edition(former))
    return found if len(found) <= MAX_CHANGED_PATHS else None
