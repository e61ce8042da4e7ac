"""Errors of imports."""

from __future__ import annotations

from feedsvc.errors import FeedsvcError


class ImportSourceError(FeedsvcError):
    """Raised if a source cannot be read at all. The text names the file or address, the fault, and what to do."""


class DamagedFeedError(ImportSourceError):
    """Raised for a JSON Feed whose JSON is invalid, so that no item can be read. Damaged XML is read in part instead."""
