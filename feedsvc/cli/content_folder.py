"""Content folder as a command opens it: with a parse cache in the state folder, or without one to read it once."""

from __future__ import annotations

from pathlib import Path

from feedsvc.content import folder
from feedsvc.content.folder import ContentFolder, ContentSnapshot, Settings, load_content
from feedsvc.content.scan import BackgroundScan
from feedsvc.content.schema import is_base_url
from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Alerts


def open_content_folder(
    content: Path, base_url: str, state: Path, alerts: Alerts | None = None, scan: BackgroundScan | None = None
) -> ContentFolder:
    """Open the folder with its parse cache, as `content.folder.open_content_folder` does.

    Raises FeedsvcError for an invalid `base_url`.
    """
    check_base_url(base_url)
    return folder.open_content_folder(content, base_url, state, alerts, scan)


def load_without_theme_trial(content: Path, base_url: str) -> ContentSnapshot:
    """Load the content folder once, for commands that render no pages. `themes.load_with_theme_trial` also tries the theme.

    Raises FeedsvcError for an invalid `base_url`, ContentError if the folder is not a content folder.
    """
    check_base_url(base_url)
    return load_content(content, base_url)


def load_settings(content: Path, base_url: str) -> Settings:
    """Read only the settings of the content folder, for commands that need no articles. Raises as `load_without_theme_trial`."""
    check_base_url(base_url)
    return folder.load_settings(content, base_url)


def check_base_url(base_url: str) -> None:
    """Raise FeedsvcError if a base URL is not a valid web address; "", which means that none was given, is valid."""
    if base_url and not is_base_url(base_url):
        raise FeedsvcError(
            f"--base-url '{base_url}' is not a web address; give one such as https://example.org or https://example.org/news"
        )
