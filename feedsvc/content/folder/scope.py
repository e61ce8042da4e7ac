"""Scope of a reading: the paths of the content folder that it scans, or None for everything."""

from __future__ import annotations

from typing import Final

from feedsvc.content.folder.file_names import paths_within, top_folder
from feedsvc.content.folder.free_files import FREE_FOLDERS
from feedsvc.content.folder.theme_files import THEME_FOLDER
from feedsvc.content.scan import ARTICLES_FOLDER

MEDIA_FOLDER: Final = "media"
SCANNED_FOLDERS: Final = (ARTICLES_FOLDER, MEDIA_FOLDER, THEME_FOLDER, *FREE_FOLDERS)
ALL_BUT_ARTICLES: Final = "/"  # stands for all paths outside articles/; no path relative to the content folder


def scan_scope(paths: frozenset[str] | None) -> frozenset[str] | None:
    """Return the paths as they are. Return None, for everything, if given None or a path outside SCANNED_FOLDERS."""
    return paths if paths is not None and all(top_folder(path) in SCANNED_FOLDERS for path in paths) else None


def article_scope(paths: frozenset[str] | None) -> frozenset[str] | None:
    """Return those of the paths that are in articles/. Return None like `scan_scope`, but not for ALL_BUT_ARTICLES."""
    return paths_within(scan_scope(paths and paths - {ALL_BUT_ARTICLES}), ARTICLES_FOLDER)
