"""Statistics of the reloads of a content folder, for /status and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ReloadStatistics:
    """The last reload of the folder: when it began, how many seconds it took, how many articles it changed, added or removed.

    The first reading counts as a reload of all articles; a reload of an unusable folder does not count. `total_reloads` and
    `total_seconds` are the number and the duration of all reloads of this process, including this one.
    """

    began_at: datetime
    seconds: float
    changed_articles: int
    total_reloads: int = 1
    total_seconds: float = 0.0

    def add_reload(self, at: datetime, seconds: float, changed: int) -> ReloadStatistics:
        """Return the statistics after another reload, which began at the moment `at` and changed `changed` articles."""
        return ReloadStatistics(
            began_at=at,
            seconds=seconds,
            changed_articles=changed,
            total_reloads=self.total_reloads + 1,
            total_seconds=self.total_seconds + seconds,
        )
