"""Places that the files of a source come from: its own hosts, or a folder with a copy of its uploads."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, Protocol
from urllib.parse import unquote

from feedsvc.importing.addresses import host_of, split_address
from feedsvc.importing.http_fetch import fetch_file
from feedsvc.support.http import HostAccess, HttpError, HttpLimits

DEFAULT_MAX_BYTES: Final = 512 * 1024**2
COPY_SUFFIX: Final = ".copy"  # of a file that is not complete yet
_ATTEMPTS: Final = 3
_MAX_FAILURES: Final = 10  # requests in succession without any response: then the host is not asked any more
_SECONDS_PER_FILE: Final = 1800.0


class MediumMissingError(Exception):
    """Raised if a file cannot be had. The text is the reason, for the report."""


class MediaOrigin(Protocol):
    """Place that files come from. Several threads call its methods at the same time."""

    def has(self, address: str) -> bool:
        """Return whether the host of the address is one whose files come from this place. The file itself may be missing."""

    def find(self, address: str) -> Path | None:
        """Return the file if it is on this machine, None if it must be fetched. Raises MediumMissingError if there is none."""

    def get(self, address: str, path: Path) -> str:
        """Write the file with this address to `path`, in place of a former one, and return its media type, "" if it is unknown.

        Raises MediumMissingError if there is no such file, OSError if it cannot be written.
        """


@dataclass(slots=True)
class WebMedia:
    """Files at the hosts of `access`, each at most `max_bytes`. A request with a temporary error is repeated up to two times.

    The pause before the first repetition is `pause` seconds, then twice as long. After ten requests in succession without a
    response, a host is not asked any more.
    """

    access: HostAccess
    max_bytes: int = DEFAULT_MAX_BYTES
    pause: float = 1.0
    _failures: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def has(self, address: str) -> bool:
        return self.access.only_hosts is None or host_of(address) in self.access.only_hosts

    def find(self, address: str) -> Path | None:  # noqa: ARG002 - as MediaOrigin
        return None

    def get(self, address: str, path: Path) -> str:
        host = host_of(address)
        for attempt in range(1, _ATTEMPTS + 1):
            if self._failures[host] >= _MAX_FAILURES:
                raise MediumMissingError(
                    f"{host} gave no response {_MAX_FAILURES} times in succession, and was not asked any more"
                )
            try:
                limits = HttpLimits(max_bytes=self.max_bytes, total=_SECONDS_PER_FILE)
                media_type = fetch_file(address, path, access=self.access, limits=limits)
            except HttpError as error:
                self._count(host, is_failure=error.status == 0 and error.is_temporary)
                if not error.is_temporary or attempt == _ATTEMPTS:
                    raise MediumMissingError(error.reason) from None
                time.sleep(self.pause * 2 ** (attempt - 1))
            else:
                self._count(host, is_failure=False)
                return media_type
        raise AssertionError

    def _count(self, host: str, *, is_failure: bool) -> None:
        with self._lock:
            self._failures[host] = self._failures[host] + 1 if is_failure else 0


@dataclass(frozen=True, slots=True)
class FolderMedia:
    """Files in a folder on this machine, each at the end of its address's path: 2020/01/a.jpg, or uploads/2020/01/a.jpg.

    `has` is True for addresses at `hosts`; `find` and `get` look for any address.
    """

    folder: Path
    hosts: frozenset[str]

    def has(self, address: str) -> bool:
        return host_of(address) in self.hosts

    def find(self, address: str) -> Path:
        if file := self._find(address):
            return file
        raise MediumMissingError(f"{self.folder} has no file with this name")

    def get(self, address: str, path: Path) -> str:
        file = self.find(address)
        copy = path.with_name(f"{path.name}{COPY_SUFFIX}")
        shutil.copyfile(file, copy)
        copy.replace(path)
        return ""

    def _find(self, address: str) -> Path | None:
        """Return the file in the folder at the longest end of the address's path; None if there is none."""
        parts = [part for part in PurePosixPath(unquote(split_address(address).path)).parts if part not in ("/", "..")]
        root = self.folder.resolve()
        for start in range(len(parts)):
            file = root.joinpath(*parts[start:])
            with suppress(OSError, ValueError):  # a name that is too long, or has a zero byte
                if file.is_file() and file.resolve().is_relative_to(root):
                    return file
        return None
