"""Incremental builds: if the content of the last build is known, only paths that may differ since are examined."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from feedsvc.content.folder import Baseline
from feedsvc.export.progress import MAX_INCREMENTAL_PATHS
from feedsvc.publication import Publication, differing_paths
from feedsvc.routes import ListingRef


@dataclass(frozen=True, slots=True)
class BuildBaseline:
    """The content state that a tree was built from: its name, and the moment of the catalog that was made of it.

    `name` is the name of the folder's state, followed by the selection and the host if these are not the default, and by
    digests of redirect rules, static pages and root files (`StaticTree`). It is "" if the folder's state has no name.
    """

    name: str
    moment: datetime

    def __str__(self) -> str:
        return f"{self.name} {self.moment.timestamp()!r}"


def parse_baseline(text: str) -> BuildBaseline | None:
    """Return the baseline that a manifest recorded as text (`str` of it); None for any other text."""
    name, _, seconds = text.partition(" ")
    try:
        return BuildBaseline(name, datetime.fromtimestamp(float(seconds), UTC)) if name else None
    except (ValueError, OverflowError, OSError):
        return None


def matches(last_build: BuildBaseline | None, name: str, publication: Publication) -> bool:
    """Return whether `last_build` has this name, and no scheduled change lies between its moment and the publication's.

    Return False if `last_build` is None (unknown) or its moment is later than that of the publication's catalog.
    """
    moment, change = publication.catalog.now, publication.last_change
    return (
        last_build is not None
        and last_build.name == name
        and last_build.moment <= moment
        and (change is None or change <= last_build.moment)
    )


def changed_paths(
    publication: Publication, folder_baseline: Baseline, last_build: BuildBaseline | None, name: str
) -> frozenset[str] | None:
    """Return the paths whose documents may differ from those of the last build; None if they are unknown or too many.

    `last_build` is the baseline that the last build recorded, None if it is unknown. `folder_baseline` is the state that the
    first reading of the content folder started from, with the articles that this reading removed, replaced or added. `name` is
    the name of the BuildBaseline of `folder_baseline`, "" if it has none.

    The paths are unknown unless `last_build` has that name and a moment that is not after the publication's, and if all may
    differ. Too many are more than MAX_INCREMENTAL_PATHS paths, or more than that many articles in `folder_baseline`.
    """
    catalog = publication.catalog
    if last_build is None or not name or last_build.name != name or last_build.moment > catalog.now:
        return None
    if len(folder_baseline.added) + len(folder_baseline.removed) > MAX_INCREMENTAL_PATHS:
        return None
    # Compute these totals and tags on the current catalog first: `apply_changes` then derives the former catalog's at less cost.
    site_listing = catalog.listings[ListingRef()]
    _ = site_listing.archive_index.totals, site_listing.page_index.totals, catalog.tags.most_used, catalog.tags.starts
    # Undo the changes of articles: the work grows with their number.
    former_catalog = catalog.apply_changes(
        catalog.content, last_build.moment, removed=folder_baseline.added, added=folder_baseline.removed
    )
    paths = differing_paths(former_catalog, catalog, former_catalog.change.inverse) if former_catalog.change else None
    return paths if paths is not None and len(paths) <= MAX_INCREMENTAL_PATHS else None
