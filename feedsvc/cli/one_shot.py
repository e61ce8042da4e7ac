"""One-shot loading of the content folder, for commands that read it once."""

from __future__ import annotations

from pathlib import Path

from feedsvc.cli.content_folder import check_base_url
from feedsvc.cli.themes import theme_adoption
from feedsvc.content.folder import ContentSnapshot, load_content
from feedsvc.support.clock import wall_clock


def load_untried(content: Path, base_url: str) -> ContentSnapshot:
    """Load the content folder for commands that render no pages. There is no trial of the theme (`load_with_theme_trial`)."""
    check_base_url(base_url)
    return load_content(content, base_url)


def load_with_theme_trial(content: Path) -> ContentSnapshot:
    """Load the content folder and render its newest articles with its theme in a limited process, the theme's trial.

    The result has the problems of the theme. Raises FeedsvcError if the trial cannot be carried out.
    """
    return theme_adoption(None, is_required=True).apply(load_content(content), wall_clock())
