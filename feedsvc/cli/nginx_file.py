"""File for nginx that a build writes outside its tree."""

from __future__ import annotations

import os
from pathlib import Path

from feedsvc.errors import FeedsvcError
from feedsvc.export import write_nginx
from feedsvc.publication import Publication


class NginxFile:
    """Writer of the file that nginx includes, with the former addresses of the site.

    A call with a publication writes the file if its text changed, and raises FeedsvcError if that fails. If `file` is None, it
    does nothing.
    """

    def __init__(self, file: Path | None, *, out: str, content: Path) -> None:
        """Check the file before a build that can take minutes.

        Raises FeedsvcError if the file cannot be written, or is inside `out`, which is public, or inside the content folder.
        """
        self._file = file
        if file:
            _check_outside(file, Path(out), "all files there are public")
            _check_outside(file, content, "feedsvc build writes nothing into the content folder")
            _check_writable(file)

    def __call__(self, publication: Publication) -> None:
        if self._file:
            write_nginx(self._file, publication.catalog)


def _check_writable(file: Path) -> None:
    folder = file.parent
    if file.is_dir():
        raise FeedsvcError(f"--nginx {file}: this is a folder; give a file, such as {file / 'feedsvc-tree.conf'}")
    if not folder.is_dir():
        raise FeedsvcError(f"--nginx {file}: the folder {folder} does not exist; create it, or give another file")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FeedsvcError(f"--nginx {file}: feedsvc may not write in {folder}; change its permissions, or give another file")


def _check_outside(file: Path, folder: Path, reason: str) -> None:
    if file.resolve().is_relative_to(folder.resolve()):
        raise FeedsvcError(f"--nginx {file}: the file must not be in {folder}, because {reason}; give a file in another folder")
