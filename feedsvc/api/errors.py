"""Error of the constructors of feeds and entries. It names the field."""

from __future__ import annotations

from feedsvc.errors import FeedsvcError


class FieldError(FeedsvcError, ValueError):
    """Raised if a value cannot stand in a feed. `field` is the argument at fault: "published", or "entries[3].id"."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
