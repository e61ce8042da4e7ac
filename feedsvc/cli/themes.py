"""Loading of the content folder with a trial of its theme, for commands that run once."""

from __future__ import annotations

from pathlib import Path

from feedsvc import service
from feedsvc.cli.terminal import ReadingProgress
from feedsvc.content.folder import ContentSnapshot, load_content
from feedsvc.support.clock import wall_clock


def load_with_theme_trial(content: Path, *, is_check: bool = False) -> ContentSnapshot:
    """Load the content folder and render its newest articles with its theme in a limited process, the theme's trial.

    The result includes the problems of the theme and has the theme without the files at fault. A folder without theme is only
    loaded. Raises ContentError if the folder is missing or, without `is_check` (see `load_content`), its site.yaml is unusable,
    FeedsvcError if the trial cannot be carried out.
    """
    snapshot = load_content(content, on_read=ReadingProgress(), is_check=is_check)
    if not snapshot.theme:
        return snapshot
    # Imported on first use: the libraries of pages take a quarter of the time of a check.
    return service.theme_adoption(None, is_required=True).apply(snapshot, wall_clock())
