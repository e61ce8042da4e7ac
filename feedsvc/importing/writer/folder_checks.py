"""Checks of the content folder of an import before anything is written, and the error for what cannot be written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from feedsvc.content.reading.files import AUTHORS_FILE, CATEGORIES_FILE, SITE_FILE, TAGS_FILE
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.errors import FeedsvcError
from feedsvc.importing.writer.base import IMPORT_FOLDER
from feedsvc.redirects import REDIRECTS_FILE

_FOLDERS: Final = (ARTICLES_FOLDER, PAGES_FOLDER, "media", ".feedsvc", IMPORT_FOLDER)
_FILES: Final = (SITE_FILE, CATEGORIES_FILE, AUTHORS_FILE, TAGS_FILE, REDIRECTS_FILE)


def check_folder(root: Path) -> None:
    """Raise FeedsvcError if something else is where an import needs a folder or file, or if the parent folder is a newsroom.

    The folders are `root`, articles/, pages/, media/ and .feedsvc/import/; the files are site.yaml, categories.yaml,
    authors.yaml, tags.yaml and redirects.yaml. The last must be UTF-8. Each may be missing. Permissions are not checked.
    """
    for folder in (root, *(root / name for name in _FOLDERS)):
        if os.path.lexists(folder) and not os.path.isdir(folder):
            remedy = "give another name" if folder == root else "move it away, and import again"
            raise FeedsvcError(f"{folder} is not a folder, and nothing was written; {remedy}")
    for file in (root / name for name in _FILES):
        if os.path.lexists(file) and not os.path.isfile(file):
            raise FeedsvcError(f"{file} is not a file, and nothing was written; move it away, and import again")
    if not _is_utf_8(root / REDIRECTS_FILE):
        raise FeedsvcError(f"{root / REDIRECTS_FILE} is not UTF-8, and nothing was written; save it as UTF-8, and import again")
    parent = os.path.dirname(os.path.realpath(root))
    if os.path.exists(os.path.join(parent, SITE_FILE)):
        raise FeedsvcError(
            f"{root} would be inside a newsroom, because {parent} has {SITE_FILE}, and nothing was written; give that folder, "
            "or one outside it"
        )


def _is_utf_8(file: Path) -> bool:
    """Return False for a file with bytes that are not UTF-8. A missing or unreadable file counts as UTF-8."""
    with suppress(OSError):
        try:
            file.read_bytes().decode()
        except UnicodeDecodeError:
            return False
    return True


@contextmanager
def explaining_errors(path: Path) -> Iterator[None]:
    """Raise FeedsvcError with what to do for an OSError in the block, which writes `path`."""
    try:
        yield
    except OSError as error:
        raise FeedsvcError(f"{path} cannot be written ({error.strerror}); give a folder that you may write to") from None
