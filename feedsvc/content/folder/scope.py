"""Scope of a reading: the paths of the content folder that it scans, or None for everything."""

from __future__ import annotations

from typing import Final

from feedsvc.content.folder.file_names import top_folder
from feedsvc.content.folder.free_files import FREE_FOLDERS
from feedsvc.content.folder.theme_files import THEME_FOLDER
from feedsvc.content.scan import ARTICLES_FOLDER

MEDIA_FOLDER: Final = "media"
SCANNED_FOLDERS: Final = (ARTICLES_FOLDER, MEDIA_FOLDER, THEME_FOLDER, *FREE_FOLDERS)


def scan_scope(paths: frozenset[str] | None) -> frozenset[str] | None:
    """Return the paths as they are. Return None, for everything, if given None or a path outside SCANNED_FOLDERS."""
    return paths if paths is not None and all(top_folder(path) in SCANNED_FOLDERS for path in paths) else None
