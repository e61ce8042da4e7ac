"""Media of a source: files from its hosts or from a folder, in media/ of the newsroom, the same bytes once."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, count, islice
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple, Protocol
from urllib.parse import unquote

from feedsvc import uris
from feedsvc.content.images import read_header
from feedsvc.content.media import IMAGE_TYPES, MEDIA_PREFIX, MEDIA_TYPES, MediaFolder, check_usable
from feedsvc.content.safe_open import open_file
from feedsvc.errors import FeedsvcError
from feedsvc.importing.addresses import host_of, split_address
from feedsvc.importing.http_fetch import fetch_file
from feedsvc.importing.source import Omission
from feedsvc.importing.writer.base import IMPORT_FOLDER, MEDIA, ImportBase
from feedsvc.importing.writer.names import as_slug, portable_name
from feedsvc.importing.writer.report import ImportProgress, ImportReport
from feedsvc.model import MediaFile
from feedsvc.support.digest import file_sha256, sha256
from feedsvc.support.http import HostAccess, HttpError, HttpLimits

DEFAULT_MAX_BYTES: Final = 512 * 1024**2
_ATTEMPTS: Final = 3
_MAX_FAILURES: Final = 10  # requests in succession without any response: then the host is not asked any more
_SECONDS_PER_FILE: Final = 1800.0
_PARTS_FOLDER: Final = f"{IMPORT_FOLDER}/parts"
_THREADS: Final = 4  # files that are fetched at the same time
_BATCH: Final = 32  # files that are fetched before the next ones are begun, so that few wait for their place in media/
_SAVED_BATCHES: Final = 16  # batches after which the base is saved, so that a killed import fetches few files again
_UPLOAD_FOLDERS: Final = ("/wp-content/uploads/", "/uploads/", "/media/", "/images/", "/content/images/")
_MAX_FOLDERS: Final = 6
_SUFFIXES: Final = {media_type: suffix for suffix, media_type in reversed([*MEDIA_TYPES.items()])} | {"image/jpeg": ".jpg"}
_UNKNOWN_FILE: Final = Path(os.devnull)  # in place of a file that is still to be fetched
_STAY: Final = "they stay at their addresses"


# --- places that files come from


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
                times = f"{_MAX_FAILURES} times in succession"
                raise MediumMissingError(f"{host} gave no response {times}, and was not asked any more")
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
        parts = [part for part in PurePosixPath(unquote(split_address(address).path)).parts if part not in ("/", "..")]
        root = self.folder.resolve()
        for start in range(len(parts)):
            file = root.joinpath(*parts[start:])
            with suppress(OSError, ValueError):  # a name that is too long, or has a zero byte
                if file.is_file() and file.resolve().is_relative_to(root):
                    return file
        raise MediumMissingError(f"{self.folder} has no file with this name")

    def get(self, address: str, path: Path) -> str:
        shutil.copyfile(self.find(address), path)
        return ""


# --- names


def upload_path(address: str) -> str:
    """Return the decoded path of a file below the folder in which its system keeps uploads, such as 2020/01/photo.jpg.

    Without such a folder in the address, it is its whole path without the slash at the start.
    """
    path = unquote(split_address(address).path)
    for folder in _UPLOAD_FOLDERS:
        if folder in path:
            return path.partition(folder)[2]
    return path.lstrip("/")


def media_name(address: str, file: Path, media_type: str) -> str:
    """Return the path, "media/2020/01/photo.jpg", for a fetched file. The suffix of an image is that of what the file holds.

    `media_type` is what the server said. It counts only if the file is no image and the name has no known suffix. Another file
    may have the path already.
    """
    *folders, name = [part for part in upload_path(address).split("/") if part] or ["file"]
    own = PurePosixPath(name).suffix if PurePosixPath(name).suffix.lower() in MEDIA_TYPES else ""
    name = f"{as_slug(name.removesuffix(own)) or 'file'}{own}"
    true_type = _image_type(file) or MEDIA_TYPES.get(own.lower()) or media_type
    if MEDIA_TYPES.get(own.lower()) != true_type and true_type in _SUFFIXES:
        name = f"{name.removesuffix(own)}{_SUFFIXES[true_type]}"
    segments = (*filter(None, map(as_slug, folders[-_MAX_FOLDERS:])), name)
    return f"{MEDIA_PREFIX}{'/'.join(map(portable_name, segments))}"


def media_type_of(address: str, stated: str = "") -> str:
    """Return the media type of a file, as it is stated, else by the suffix of its address; "" if that is unknown, too."""
    return stated or MEDIA_TYPES.get(PurePosixPath(split_address(address).path).suffix.lower(), "")


def _image_type(file: Path) -> str:
    try:
        with open_file(str(file)) as stream:
            return read_header(stream).media_type
    except (ValueError, OverflowError, OSError):
        return ""


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file, "" if it cannot be read."""
    try:
        if not file.is_file():  # a pipe would never end
            return ""
        with file.open("rb") as stream:
            return file_sha256(stream).hex()
    except OSError:
        return ""


# --- files in media/


class _Fetched(NamedTuple):
    """Result of one fetch: its file in the folder of parts, the media type that the server said, and why there is no file."""

    address: str
    file: Path
    media_type: str
    reason: str = ""


class MediaLibrary(MediaFolder):
    """Files that imports put into media/: their paths by their addresses at the source.

    In a dry run, the files that an import would add count as usable, each as an image of 1 x 1 pixels.
    """

    def __init__(self, root: Path, base: ImportBase) -> None:
        super().__init__(root)
        self._root, self._base = root, base
        self._paths: dict[str, str] = {}
        self._paths_by_digest: dict[str, str] = {}
        self._expected: dict[str, str] = {}  # path -> address, "" for a file of this machine
        for address, (path, digest) in base.entries(MEDIA).items():
            if (root / path).is_file():
                self._paths[address] = self._paths_by_digest[digest] = path

    def file(self, path: str) -> MediaFile:
        if path in self._expected:
            return MediaFile(path=path, location="", type="application/octet-stream", length=1)
        return super().file(path)

    def image_size(self, path: str) -> tuple[int, int]:
        return (1, 1) if path in self._expected else super().image_size(path)

    def path_of(self, address: str) -> str:
        """Return the path ("media/photo.jpg") of the file with this address, "" if there is none. Fragments are ignored."""
        return self._paths.get(address.partition("#")[0], "")

    def is_there(self, address: str) -> bool:
        """Return whether the file with this address is in media/, or in a dry run in a folder on this machine."""
        path = self.path_of(address)
        return bool(path) and not self._expected.get(path)

    def is_missing(self, base_url: str, address: str) -> bool:
        """Return whether an address is below media/ of the site at `base_url`, which has no usable file at this path."""
        path = uris.path_below(base_url, address).removeprefix("/")
        if not path.startswith(MEDIA_PREFIX):
            return False
        try:
            self.file(path)
        except ValueError:
            return True
        return False

    def fetch(self, addresses: Iterable[str], origin: MediaOrigin) -> Iterator[Omission | None]:
        """Fetch files, put them into media/ and their entries into the base. Yield for each None, or an omission.

        Files are fetched as the generator is consumed, several at once. No file in media/ is replaced: a name in use gets a
        number, and a file with the same bytes that an import put there already is used again. Raises FeedsvcError if a file
        cannot be read or written on this machine.
        """
        parts = self._root / _PARTS_FOLDER
        waiting = iter(addresses)
        with _explain_errors(self._root), ThreadPoolExecutor(_THREADS, "feedsvc-fetch") as pool:
            shutil.rmtree(parts, ignore_errors=True)  # of a killed import
            parts.mkdir(parents=True)
            for number in count(1):
                if not (batch := [*islice(waiting, _BATCH)]):
                    break
                yield from map(self._place, pool.map(lambda address: _fetch(address, parts, origin), batch))
                if number % _SAVED_BATCHES == 0:
                    self._base.save()
            shutil.rmtree(parts, ignore_errors=True)

    def _place(self, fetched: _Fetched) -> Omission | None:
        if fetched.reason:
            return Omission(fetched.address, "file", fetched.reason)
        with fetched.file.open("rb") as file:
            digest = file_sha256(file).hex()
        try:
            path = self._paths_by_digest.get(digest) or self._move(fetched, digest)
        except ValueError as error:
            return Omission(fetched.address, "file", str(error))
        finally:
            fetched.file.unlink(missing_ok=True)
        self._paths[fetched.address] = self._paths_by_digest[digest] = path
        self._base.put(MEDIA, fetched.address, path, digest)
        return None

    def _move(self, fetched: _Fetched, digest: str) -> str:
        """Move a file to an unused name in media/, and return its path. Raises ValueError if the file cannot be used there.

        If media/ has the same file by that name, return its path, and leave the fetched one where it is.
        """
        path = self._unused_path(media_name(fetched.address, fetched.file, fetched.media_type), digest)
        target = self._root / path
        if not os.path.lexists(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(fetched.file, target)
            try:  # raises what `check` would say if an article cannot show or offer the file
                if self.sendable_file(path, keep_metadata=False).type in IMAGE_TYPES:
                    super().image_size(path)
            except ValueError:
                target.unlink()
                raise
        return path

    def _unused_path(self, wanted: str, digest: str) -> str:
        """Return a path, with a number if needed, that no file has, or only one with this digest."""
        pure = PurePosixPath(wanted)
        numbered = (str(pure.with_name(f"{pure.stem}-{number}{pure.suffix}")) for number in count(2))
        for path in chain([wanted], numbered):
            target = self._root / path
            if path not in self._expected and (not os.path.lexists(target) or (digest and _digest(target) == digest)):
                return path
        raise AssertionError

    def forecast(self, addresses: Iterable[str], origin: MediaOrigin) -> Iterator[Omission | None]:
        """Give files the paths that they would get in media/, for a dry run. Yield for each None, or an omission.

        A file that `origin` finds on this machine is read and checked where it is. For any other, it is assumed that it can be
        fetched and is what its name says.
        """
        for address in addresses:
            try:
                self._expect(address, origin.find(address))
            except (MediumMissingError, ValueError) as error:
                yield Omission(address, "file", str(error))
            else:
                yield None

    def _expect(self, address: str, file: Path | None) -> None:
        digest = _digest(file) if file else ""
        path = self._paths_by_digest.get(digest, "") if digest else ""
        if not path:
            path = self._unused_path(media_name(address, file or _UNKNOWN_FILE, ""), digest)
            if file:
                check_usable(path, str(file))
            if not os.path.lexists(self._root / path):
                self._expected[path] = "" if file else address
        self._paths[address] = path
        self._paths_by_digest |= {digest: path} if digest else {}


def _fetch(address: str, parts: Path, origin: MediaOrigin) -> _Fetched:
    file = parts / sha256(address).hex()[:32]
    try:
        return _Fetched(address, file, origin.get(address, file))
    except MediumMissingError as error:
        return _Fetched(address, file, "", str(error))


@contextmanager
def _explain_errors(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FeedsvcError(
            f"{error.filename or root} cannot be written ({error.strerror}); what is there stays, and the next import goes on "
            "from there"
        ) from None


def fetch_files(
    files: Mapping[str, str],
    origin: MediaOrigin | None,
    library: MediaLibrary,
    report: ImportReport,
    progress: ImportProgress,
    *,
    remote_kinds: frozenset[str],
) -> None:
    """Fetch the files that are not in media/ yet at hosts of `origin`, and count them in the report.

    `files` are media types, "" if unknown, by address. A dry run only forecasts paths. Files at other hosts, those of
    `remote_kinds` ("audio" of audio/mpeg), and all if `origin` is None (--no-media), stay at their addresses, with one omission
    for all of a reason; a file that cannot be fetched has an omission of its own.
    """
    missing = [address for address in files if not library.path_of(address)]
    if origin is None:
        report.fetches_files = False
        report.files.add(len(files) - len(missing), len(files))
        report.omit(_uncollected(len(missing), "", f"{_STAY}, because of --no-media"))
        return
    local = [one for one in missing if media_type_of(one, files[one]).partition("/")[0] not in remote_kinds]
    wanted = [address for address in local if origin.has(address)]
    kept = len(files) - len(missing)
    report.files.add(kept, kept + len(wanted))
    reason = f"{_STAY}; --allow-host HOST fetches those of a host"
    report.omit(_uncollected(len(missing) - len(local), "", f"{_STAY}, because of --keep-remote"))
    report.omit(_uncollected(len(local) - len(wanted), " at other hosts", reason))
    results = library.forecast(wanted, origin) if report.is_dry_run else library.fetch(wanted, origin)
    for address, omission in zip(wanted, progress("Fetching files", results, len(wanted)), strict=True):
        report.files.kept += omission is None and library.is_there(address)
        report.omit([omission] if omission else [])


def _uncollected(count: int, where: str, reason: str) -> Iterator[Omission]:
    if count:
        yield Omission("", f"{count} file{'' if count == 1 else 's'}{where}", reason)
