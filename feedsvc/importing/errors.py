"""Errors of imports."""

from __future__ import annotations

from feedsvc.errors import FeedsvcError


class ImportSourceError(FeedsvcError):
    """Raised if a source cannot be read at all. The text names the file or address, the fault, and what to do."""


class DamagedFeedError(ImportSourceError):
    """Raised for a feed whose items cannot be read, because it ends early or has other faults."""
