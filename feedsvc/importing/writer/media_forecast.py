"""Forecast of media for a dry run: which files an import would put into media/, and where, without a file being written there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Final

from feedsvc import uris
from feedsvc.content.media import MEDIA_PREFIX, MediaFolder, check_usable
from feedsvc.importing.source import Omission
from feedsvc.importing.writer.media import MediaLibrary, is_same_file
from feedsvc.importing.writer.media_names import media_name, numbered
from feedsvc.importing.writer.media_sources import MediaOrigin, MediumMissingError
from feedsvc.model import MediaFile
from feedsvc.support.digest import file_sha256

_UNKNOWN_FILE: Final = Path(os.devnull)  # in place of a file that is still to be fetched


class ForecastMedia(MediaFolder):
    """Media files of a content folder, and the files at `paths` that an import would add.

    Each file that would be added counts as usable, and as an image of 1 x 1 pixels, whatever it is.
    """

    def __init__(self, root: Path, paths: Iterable[str]) -> None:
        super().__init__(root)
        self._forecast = frozenset(paths)

    def file(self, path: str) -> MediaFile:
        if path in self._forecast:
            return MediaFile(path=path, location="", type="application/octet-stream", length=1)
        return super().file(path)

    def image_size(self, path: str) -> tuple[int, int]:
        return (1, 1) if path in self._forecast else super().image_size(path)


def is_missing_file(media: MediaFolder, base_url: str, address: str) -> bool:
    """Return whether an address is below media/ of the site at `base_url`, which has no usable file at this path."""
    path = uris.path_below(base_url, address).removeprefix("/")
    if not path.startswith(MEDIA_PREFIX):
        return False
    try:
        media.file(path)
    except ValueError:
        return True
    return False


class MediaForecast:
    """Forecast of the files of one import. `paths` are the paths in media/, not in use yet, that `add` gave to files."""

    def __init__(self, root: Path, library: MediaLibrary) -> None:
        self._root, self._library = root, library
        self.paths: dict[str, None] = {}

    def add(self, addresses: Iterable[str], origin: MediaOrigin) -> Iterator[Omission | None]:
        """Give the library the paths that files would get in media/. Yield for each None, or an omission with the reason.

        A file that `origin` finds on this machine is read and checked where it is. For any other, it is assumed that it can be
        fetched and is what its name says. The paths are given as the generator is consumed.
        """
        for address in addresses:
            try:
                file = origin.find(address)
                if file is None:
                    path = self._unused_path(address, _UNKNOWN_FILE)
                    self._library.expect(address, path)
                else:
                    self._add_file(address, file)
            except (MediumMissingError, ValueError) as error:
                yield Omission(address, "file", str(error))
            except OSError as error:
                yield Omission(address, "file", f"{error.filename} cannot be read ({error.strerror})")
            else:
                yield None

    def _add_file(self, address: str, file: Path) -> None:
        """Add a file of this machine. Raises ValueError if no article can use it, OSError if it cannot be read."""
        with open(file, "rb") as stream:
            digest = file_sha256(stream).hex()
        path = self._library.path_of_digest(digest)
        if not path:
            path = self._unused_path(address, file)
            check_usable(path, str(file))
        self._library.expect(address, path, digest)

    def _unused_path(self, address: str, file: Path) -> str:
        wanted = media_name(address, file, "")
        for number in count(1):
            path, target = numbered(wanted, number), self._root / numbered(wanted, number)
            is_there = os.path.lexists(target)
            if path not in self.paths and (not is_there or is_same_file(target, file)):
                self.paths |= {} if is_there else {path: None}
                return path
        raise AssertionError
