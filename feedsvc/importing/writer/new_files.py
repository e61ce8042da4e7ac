"""Creation of files in a newsroom by an import: complete or not at all, and never in place of another file."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.importing.writer.base import IMPORT_FOLDER
from feedsvc.importing.writer.media_sources import COPY_SUFFIX
from feedsvc.support.atomic_write import TEMPORARY_PREFIX, remove_temporary_files, rename_without_replacing

# One name in each folder, because only one import runs in a newsroom: the next one replaces what a killed one left.
_TEMPORARY_NAME: Final = f"{TEMPORARY_PREFIX}import"


def create_file(file: Path, data: bytes) -> bool:
    """Create a file, and its folders. Return False, and change nothing, if it exists. Raises OSError if it cannot be written."""
    temporary = file.with_name(_TEMPORARY_NAME)
    try:
        _write(temporary, data)
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        _write(temporary, data)
    try:
        rename_without_replacing(temporary, file)
    except FileExistsError:
        return False
    finally:
        with suppress(OSError):
            temporary.unlink()
    return True


def remove_leftovers(root: Path) -> None:
    """Remove the temporary files that a killed import left in articles/, pages/ and .feedsvc/import/.

    Beginnings of fetched files stay. Call it with the lock of the newsroom held (`folder_lock(root)`).
    """
    for top in (ARTICLES_FOLDER, PAGES_FOLDER):
        remove_temporary_files(folder for folder, _, _ in os.walk(root / top))
    for top, is_own in ((ARTICLES_FOLDER, False), (PAGES_FOLDER, False), (IMPORT_FOLDER, True)):
        for folder, _, names in os.walk(root / top):
            for name in names:
                if name == _TEMPORARY_NAME or (is_own and (name.startswith(TEMPORARY_PREFIX) or name.endswith(COPY_SUFFIX))):
                    with suppress(OSError):
                        os.unlink(os.path.join(folder, name))


def _write(file: Path, data: bytes) -> None:
    with open(file, "wb") as stream:
        stream.write(data)
