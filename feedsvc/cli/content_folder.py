"""Content folder as a command opens it: with a parse cache in the state folder, or without one to read it once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from feedsvc.cli.terminal import ReadingProgress
from feedsvc.content import folder
from feedsvc.content.folder import ContentFolder, ContentSnapshot, Settings, content_store_file, load_content
from feedsvc.content.schema.field_types import require_base_url
from feedsvc.errors import FeedsvcError
from feedsvc.support.alerts import Alerts
from feedsvc.support.clock import wall_clock

_BASE_URL_OPTION: Final = "--base-url"


def open_content_folder(content: Path, base_url: str, state: Path, alerts: Alerts | None = None) -> ContentFolder:
    """Open the content folder with its parse cache (the records of read files) in the state folder `state`.

    Nothing is read yet; the first reading shows its progress. `base_url`, unless "", replaces that of site.yaml. `alerts` gets
    an alert while the cache cannot be written. Raises FeedsvcError for an invalid `base_url`, or if the cache file cannot be
    used; errors of the folder are raised when it is read.
    """
    require_base_url(base_url, _BASE_URL_OPTION)
    return folder.open_content_folder(content, base_url, state, alerts, on_read=ReadingProgress())


def load_without_theme_check(content: Path, base_url: str) -> ContentSnapshot:
    """Load the content folder once, for commands that render no pages. `load_with_theme_check` also checks the theme.

    Raises FeedsvcError for an invalid `base_url`, ContentError if the folder is missing or its site.yaml is unusable. Errors in
    other files are problems of the result.
    """
    require_base_url(base_url, _BASE_URL_OPTION)
    return load_content(content, base_url, ReadingProgress())


def load_with_theme_check(content: Path, *, is_check: bool = False) -> ContentSnapshot:
    """Load the content folder once, and check its theme (`pages.ThemeSelection`), whose problems are among those of the result.

    Raises ContentError if the folder is missing or, without `is_check` (see `load_content`), its site.yaml is unusable,
    FeedsvcError if the theme could not be checked.
    """
    snapshot = load_content(content, on_read=ReadingProgress(), is_check=is_check)
    if not snapshot.theme:
        return snapshot
    from feedsvc.pages import ThemeSelection  # noqa: PLC0415 - the libraries of pages take a quarter of the time of a check

    return ThemeSelection(is_required=True).apply(snapshot, wall_clock())


def load_with_last_valid_versions(content: Path, base_url: str, state: Path) -> tuple[ContentSnapshot, str]:
    """Load the content folder once, with the parse cache in the state folder `state`, if there is one.

    No record in the cache changes, but those of new files are added if many files are read, and a damaged cache is replaced.
    Also return a sentence that says why last valid versions of files are unknown. It is "" if they are known, and if the cache
    is missing but no file has an error. Raises the errors of `load_without_theme_check`.
    """
    require_base_url(base_url, _BASE_URL_OPTION)
    file = content_store_file(base_url, state)
    if not file.exists():
        notice = f"last valid versions are unknown, because no server has written {file}; give --state and --base-url if one runs"
        snapshot = load_content(content, base_url, ReadingProgress())
        return snapshot, notice if snapshot.errors else ""
    try:
        content_folder = folder.open_content_folder(content, base_url, state, on_read=ReadingProgress())
    except FeedsvcError as error:
        return load_content(content, base_url, ReadingProgress()), f"{error}; last valid versions are unknown"
    return content_folder.read().content, ""


def load_settings(content: Path, base_url: str) -> Settings:
    """Read only the settings of the content folder, for commands that need no articles.

    Raises the errors of `load_without_theme_check`.
    """
    require_base_url(base_url, _BASE_URL_OPTION)
    return folder.load_settings(content, base_url)
