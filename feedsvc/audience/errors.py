"""Errors of reports on read counts."""

from __future__ import annotations

from feedsvc.errors import FeedsvcError


def no_reads_error(location: str) -> FeedsvcError:
    """Return the error for a report on a file or database that does not exist or has no table of reads."""
    return FeedsvcError(
        f"there are no reads in {location} yet; feedsvc serve counts them; give another place with --state or --database"
    )
