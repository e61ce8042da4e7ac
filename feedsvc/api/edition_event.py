"""Event that the edition hooks of plug-ins get: what changed, and the newsroom as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from feedsvc.api.newsroom import Newsroom


@dataclass(frozen=True, kw_only=True, slots=True)
class EditionEvent:
    """New edition. `command` is serve, also if another server serves it, or build, which has written all files of the edition.

    `since` is the moment since when the edition is served. `changed_urls` are the addresses whose documents may have changed
    since the previous event, `changed_feeds` those among them that are feeds; both are None if any document may have changed.
    """

    command: Literal["serve", "build"]
    since: datetime
    newsroom: Newsroom
    changed_urls: frozenset[str] | None
    changed_feeds: frozenset[str] | None
