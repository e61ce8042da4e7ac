"""What a tree was built from the last time, if that is known: then most of it need not be made to see that it is the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from feedsvc.content.folder.baseline import Origin
from feedsvc.publication.publication import Publication
from feedsvc.routes import ListingRef

SPARE = 1000  # paths that may differ; where there are more, nothing is spared


@dataclass(frozen=True, slots=True)
class Signed:
    """A state of a newsroom by its name, and the moment at which it was published."""

    name: str
    moment: datetime

    def __str__(self) -> str:
        return f"{self.name} {self.moment.timestamp()!r}"


def signed(text: str) -> Signed | None:
    """What somebody signed with; None for anything else."""
    name, _, seconds = text.partition(" ")
    try:
        return Signed(name, datetime.fromtimestamp(float(seconds), UTC)) if name else None
    except (ValueError, OverflowError, OSError):
        return None


def is_still(last: Signed | None, name: str, publication: Publication) -> bool:
    """Whether the very same was published then: that state, and no change was scheduled since."""
    now, change = publication.catalog.now, publication.last_change
    return last is not None and last.name == name and last.moment <= now and (change is None or change <= last.moment)


def differing(publication: Publication, origin: Origin, last: Signed | None, name: str) -> frozenset[str] | None:
    """The paths that may be others than in what was signed; None where that cannot be told, or all may be.

    `name` is what the tree of the origin would be signed with.
    """
    catalog = publication.catalog
    if last is None or not name or last.name != name or last.moment > catalog.now:
        return None
    if len(origin.come) + len(origin.gone) > SPARE:
        return None
    # Of these both are asked for them; from the one, the other has them for less.
    site = catalog.listings[ListingRef()]
    _ = site.months.totals, site.pages.totals, catalog.tags.most_used, catalog.tags.starts
    # What went comes back and what came goes: the catalog as it was.
    former = catalog.replaced(catalog.content, last.moment, gone=origin.come, come=origin.gone)
    found = publication.changed_since(publication.after(former))
    return found if len(found) <= SPARE else None
