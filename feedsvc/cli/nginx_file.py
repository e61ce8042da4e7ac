"""What a build writes beside its tree: a file for nginx."""

from __future__ import annotations

import os
from pathlib import Path

from feedsvc.errors import FeedsvcError
from feedsvc.export import write_nginx
from feedsvc.publication.publication import Publication


class Beside:
    """Writes what nginx has to know of a publication into a file, where one is named."""

    def __init__(self, file: Path | None, *, out: str, content: Path) -> None:
        """Raises FeedsvcError where no such file can or may be: before a tree is made, which can take minutes."""
        self._file = file
        if file:
            _refuse_inside(file, Path(out), "what lies there is public")
            _refuse_inside(file, content, "nothing is written into a newsroom")
            _refuse_place(file)

    def __call__(self, publication: Publication) -> None:
        if self._file:
            write_nginx(self._file, publication.catalog)


def _refuse_place(file: Path) -> None:
    folder = file.parent
    if file.is_dir():
        raise FeedsvcError(f"{file} is a folder; --nginx names a file, like {file / 'feedsvc-tree.conf'}")
    if not folder.is_dir():
        raise FeedsvcError(f"{file} cannot be written: {folder} is no folder; make it, or name another file with --nginx")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FeedsvcError(f"{file} cannot be written: {folder} may not be written to; change its rights, or name another file")


def _refuse_inside(file: Path, folder: Path, why: str) -> None:
    if file.resolve().is_relative_to(folder.resolve()):
        raise FeedsvcError(f"{file} lies in {folder}, and {why}; name a file elsewhere with --nginx")
