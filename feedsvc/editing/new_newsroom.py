"""Creation of a newsroom's folder. It overwrites nothing. What a killed process leaves, the next call deletes or completes.

All files are written into a hidden folder inside the new one. That folder is renamed to STAGING_FOLDER when it is complete.
Then its entries are moved to their places, site.yaml last: without that file, no command reads the folder as a newsroom.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from feedsvc.content.reading.files import SETTINGS_FILES, SITE_FILE
from feedsvc.content.reading.page import PAGES_FOLDER
from feedsvc.content.scan import ARTICLES_FOLDER
from feedsvc.editing.schema_files import SCHEMA_FOLDER, write_schemas
from feedsvc.editing.starter_newsroom import GIT_IGNORE_FILE, VSCODE_FOLDER
from feedsvc.errors import FeedsvcError
from feedsvc.support.atomic_write import rename_without_replacing
from feedsvc.support.file_lock import folder_lock
from feedsvc.support.posix import quote_argument

STAGING_FOLDER: Final = ".feedsvc-init"
_OWN_NAMES: Final = (*SETTINGS_FILES, ARTICLES_FOLDER, PAGES_FOLDER, "media", "theme", SCHEMA_FOLDER.partition("/")[0])
# Names that other programs write, too. Their files stay, and ours are left out.
_SHARED_NAMES: Final = (GIT_IGNORE_FILE, VSCODE_FOLDER)


def check_is_free(folder: Path) -> None:
    """Raise FeedsvcError if a newsroom must not be written into a folder, which may be missing.

    It must not be a file, have files of a newsroom (empty folders are allowed), or be directly inside a newsroom.
    """
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise FeedsvcError(f"{folder} is not a folder, and nothing was written; give another name")
    parent = os.path.dirname(os.path.realpath(folder))
    if os.path.exists(os.path.join(parent, SITE_FILE)) and os.path.realpath(folder) != parent:
        raise FeedsvcError(
            f"{folder} would be inside a newsroom, because {parent} has {SITE_FILE}, and nothing was written; "
            "give a folder outside it"
        )
    if names := [name for name in _OWN_NAMES if _is_in_use(folder / name)]:
        serve = f"it is a newsroom already: feedsvc serve {quote_argument(str(folder))} serves it"
        hint = serve if SITE_FILE in names else "give an empty folder"
        raise FeedsvcError(f"{folder} has {', '.join(names)}, and nothing was written; {hint}")


def create_newsroom(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Create a newsroom of `files`, path below the folder -> bytes, and schemas for text editors.

    Return which of .gitignore and .vscode existed: they stay as they are, and those of `files` are left out. Missing folders are
    created. Raises FeedsvcError, with nothing written, if `check_is_free` does or if a file cannot be written. If a complete file
    cannot be moved to its place, raises FeedsvcError, and `complete_newsroom` can move the rest.
    """
    check_is_free(folder)
    with _creating_folder(folder), folder_lock(folder):
        check_is_free(folder)  # again, because another process may have had the lock
        for leftover in [*folder.glob(f"{STAGING_FOLDER}.*")]:  # of a process that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        shared = tuple(name for name in _SHARED_NAMES if os.path.lexists(folder / name))
        temporary = folder / f"{STAGING_FOLDER}.{secrets.token_hex(4)}"
        try:
            _write_files(temporary, files)
            temporary.rename(folder / STAGING_FOLDER)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _move_entries(folder)
    return shared


def complete_newsroom(folder: Path) -> bool:
    """Complete the newsroom of a `create_newsroom` that was killed, or could not move a file to its place. Return True.

    Return False if nothing was to be completed. Raises FeedsvcError if an entry cannot be moved to its place.
    """
    staging = folder / STAGING_FOLDER
    if not os.path.isdir(staging):
        return False
    with _explaining_errors(folder), folder_lock(folder):
        if not os.path.isdir(staging):
            return False  # another process has completed it
        _move_entries(folder)
    return True


def _is_in_use(path: Path) -> bool:
    """Return whether anything but an empty folder exists at a path."""
    if os.path.isdir(path) and not os.path.islink(path):
        with suppress(OSError):
            return bool(os.listdir(path))
    return os.path.lexists(path)


@contextmanager
def _explaining_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FeedsvcError(f"{folder} cannot be written ({error.strerror}); give a folder that you may write to") from None


@contextmanager
def _creating_folder(folder: Path) -> Iterator[None]:
    """Create a folder with its parents. If the block fails, remove each created folder that is empty.

    An OSError of the block becomes a FeedsvcError.
    """
    missing = [path for path in (folder, *folder.parents) if not os.path.lexists(path)]
    try:
        with _explaining_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            yield
    except BaseException:
        for path in missing:
            with suppress(OSError):
                path.rmdir()
        raise


def _write_files(root: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    write_schemas(root)


def _move_entries(folder: Path) -> None:
    """Move all entries of STAGING_FOLDER to their places, site.yaml last, and remove it. The caller must hold the folder's lock.

    An entry of _SHARED_NAMES is deleted if its place is taken. Raises FeedsvcError if something else exists at the place of
    another entry, OSError if a move fails.
    """
    staging = folder / STAGING_FOLDER
    for entry in sorted(staging.iterdir(), key=lambda entry: (entry.name == SITE_FILE, entry.name)):
        target = folder / entry.name
        if entry.name in _SHARED_NAMES and os.path.lexists(target):
            _remove(entry)
            continue
        try:
            _move(entry, target)
        except OSError as error:
            if os.path.lexists(target):
                hint = f"move it away and run feedsvc init again, or delete {staging}"
                raise FeedsvcError(f"{staging} has the rest of a new newsroom, but {target} exists, too; {hint}") from None
            raise error from None
    staging.rmdir()


def _move(entry: Path, target: Path) -> None:
    """Move a file or folder without replacing anything: into an existing folder, move the content.

    Raises OSError if something else is at a place, or if a move fails.
    """
    if entry.is_dir():
        if not os.path.isdir(target):
            entry.rename(target)
            return
        for child in entry.iterdir():
            _move(child, target / child.name)
        entry.rmdir()
        return
    try:
        rename_without_replacing(entry, target)
    except FileExistsError:
        if not os.path.samefile(entry, target):
            raise
        entry.unlink()  # a killed process has linked it already


def _remove(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry)
    else:
        entry.unlink()
