"""Bucket: a static tree in the state folder, and the same files as objects below one prefix of a bucket.

The manifest, one object, names the objects that builds put there. Before the first put it gets the names of all former and new
objects, without digests for those to put or delete; after the last delete, the names and digests of the new ones. So the next
build completes one that was interrupted anywhere, and no object is deleted that the manifest does not name.
"""

from __future__ import annotations

import gzip
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple, Self
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from feedsvc.content.folder import Baseline
from feedsvc.errors import FeedsvcError
from feedsvc.export import aliases
from feedsvc.export.contents import content_type_at
from feedsvc.export.hosts import HOSTING_BUCKET
from feedsvc.export.layout import (
    COMPRESSED_SUFFIXES,
    MANIFEST_FILE,
    MISSING_PATH,
    SERVICE_PATHS,
    file_name,
    path_of_file,
    write_order_key,
)
from feedsvc.export.manifest import FileState
from feedsvc.export.progress import BuildResult, Progress, no_progress
from feedsvc.export.static_tree import StaticTree
from feedsvc.publication import CACHE_CONTROL, CACHE_CONTROL_MISSING, Publication
from feedsvc.routes import FeedAt, place_of
from feedsvc.support.digest import blake2b, file_sha256, sha256

_SCHEME: Final = "s3://"
_MAX_REQUESTS: Final = 16  # at the same time
_MAX_PARTS: Final = 4  # of one file at the same time
_PART_SIZE: Final = 8 * 1024 * 1024  # bytes of a large file in one request
_MAX_RETRIES: Final = 6  # of one request, in some seconds
_MAX_KEY_LENGTH: Final = 1024  # bytes (Amazon S3 User Guide, "Naming Amazon S3 objects")
_INVALID_CHARACTER: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # control characters, and bytes that are not UTF-8
_DIGEST_LENGTH: Final = 24  # hexadecimal digits
_MARK: Final = "feedsvc"  # key of the mark in an object's metadata
_MANIFEST_HEADERS: Final = {"Content-Type": "application/gzip", "Cache-Control": "private, no-store"}  # only feedsvc reads it
_MISSING_NAME: Final = file_name(MISSING_PATH)
_LOG: Final = logging.getLogger(__name__)


class _Entry(NamedTuple):
    """Entry of the manifest: digest of the object's headers and bytes, "" if unknown; size and time of the file in the tree."""

    digest: str = ""
    size: int = -1
    time: int = 0


class _Manifest(NamedTuple):
    """Manifest of a bucket: the fingerprint of the facts that all files of the tree share, and entries by name."""

    fingerprint: str
    entries: Mapping[str, _Entry]


class Bucket:
    """Export to one prefix of a bucket, for a `with` block, which holds the build lock of the tree.

    `build` and `update` raise FeedsvcError as StaticTree does, if a request fails, if another build runs, and if an object of
    other origin is in the way.
    """

    def __init__(self, address: str, trees: Path, *, selection: str = "", coding: str = "", processes: int | None = None) -> None:
        """Take an address s3://BUCKET/PREFIX, and the folder `trees` for the trees of all addresses.

        `selection` and `processes` are those of StaticTree; `coding` is that of documents, "" for none. Raises FeedsvcError for a
        malformed address.
        """
        self._storage = _Storage(address)
        self.out = self._storage.address
        self._coding, self._folder = coding, trees / blake2b(self.out, size=12).hex()
        codings = (coding,) if coding else ()
        self._tree = StaticTree(self._folder, selection=selection, codings=codings, processes=processes, host=HOSTING_BUCKET)
        # A mark is a digest and this suffix: builds to other prefixes have another one.
        self._mark_suffix = f"-{blake2b(self.out, size=4).hex()}"
        self._known_manifest: _Manifest | None = None
        self._omitted_names: set[str] = set()

    def __enter__(self) -> Self:
        self._tree.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._tree.__exit__()

    def build(self, publication: Publication, progress: Progress = no_progress, baseline: Baseline | None = None) -> BuildResult:
        """Build the tree (`StaticTree.build`), put all objects that differ from their files, and delete obsolete ones."""
        self._tree.build(publication, progress, baseline)
        return self._synchronise(publication, progress)

    def update(self, publication: Publication, paths: Iterable[str]) -> BuildResult:
        """Update the tree (`StaticTree.update`), and put and delete objects as `build` does."""
        self._tree.update(publication, paths)
        return self._synchronise(publication, no_progress)

    def mark_complete(self, publication: Publication, name: str) -> None:
        """Record the content folder's state `name` for the next build of the tree (`StaticTree.mark_complete`)."""
        self._tree.mark_complete(publication, name)

    def advice(self, publication: Publication) -> Iterable[str]:
        """Return sentences for the operator on old addresses that no object can answer."""
        return self._tree.advice(publication)

    def _synchronise(self, publication: Publication, progress: Progress) -> BuildResult:
        """Put the objects that differ from the files of the tree, and delete those without a file.

        An object that the manifest does not name stays at the path of an auxiliary file, such as 404.html.
        """
        former, self._known_manifest = self._known_manifest or self._read_manifest(), None
        recorded = former.entries if former else {}
        entries = self._entries(publication, former)
        changed = {name for name, entry in entries.items() if name not in recorded or entry.digest != recorded[name].digest}
        for name, mark in self._marks(former, changed).items():
            if mark == entries[name].digest + self._mark_suffix:
                changed.remove(name)  # an object that is current, but not recorded
            elif not mark.endswith(self._mark_suffix):
                self._reject_overwrite(publication, name)
                changed.remove(name)
                del entries[name]
        obsolete = sorted(recorded.keys() - entries.keys())
        manifest = _Manifest(self._tree.build_fingerprint, entries)
        if changed or obsolete:
            unfinished = {**recorded, **dict.fromkeys((*changed, *obsolete), _Entry())}
            etag = self._write_manifest(_Manifest("", unfinished))
            for _ in progress(self._put(publication, changed, entries), len(changed)):
                pass
            self._storage.delete(obsolete)
            self._reject_concurrent_build(etag, unfinished)
        if manifest != former:
            self._write_manifest(manifest)
        self._known_manifest = manifest
        return BuildResult(written=len(changed), unchanged=len(entries) - len(changed), removed=len(obsolete))

    def _entries(self, publication: Publication, former: _Manifest | None) -> dict[str, _Entry]:
        """Return the entries of all files of the tree. Only files that changed since the `former` manifest are read."""
        is_same_build = former is not None and former.fingerprint == self._tree.build_fingerprint
        known = former.entries if former and is_same_build else {}
        entries: dict[str, _Entry] = {}
        for name, state in self._tree.files.items():
            if self._is_omitted(name):
                continue
            entry = known.get(name, _Entry())
            if not entry.digest or (entry.size, entry.time) != (state.size, state.time):
                entry = _Entry(self._digest(publication, name, state), state.size, state.time)
            entries[name] = entry
        return entries

    def _is_omitted(self, name: str) -> bool:
        """Return whether no object can have this name. Log a warning at the first call with such a name."""
        if name not in self._omitted_names and (fault := self._storage.key_fault(name)):
            self._omitted_names.add(name)
            _LOG.warning("feedsvc: /%s is not uploaded: %s", name, fault)
        return name in self._omitted_names

    def _source(self, name: str, state: FileState) -> tuple[Path, bool]:
        """Return the file with the bytes of an object, and whether it is a compressed variant."""
        is_encoded = bool(self._coding) and state.compressed_sizes[list(COMPRESSED_SUFFIXES).index(self._coding)] > 0
        return self._folder / (name + COMPRESSED_SUFFIXES[self._coding] if is_encoded else name), is_encoded

    def _headers(self, publication: Publication, name: str, *, is_encoded: bool) -> dict[str, str]:
        headers = {
            "Content-Type": content_type_at(publication, path_of_file(name)),
            "Cache-Control": CACHE_CONTROL_MISSING if name == _MISSING_NAME else CACHE_CONTROL,
        }
        return headers | ({"Content-Encoding": self._coding} if is_encoded else {})

    def _digest(self, publication: Publication, name: str, state: FileState) -> str:
        """Return the digest of an object's headers and bytes."""
        source, is_encoded = self._source(name, state)
        headers = self._headers(publication, name, is_encoded=is_encoded)
        with source.open("rb") as file:
            return sha256(repr(headers).encode() + file_sha256(file)).hex()[:_DIGEST_LENGTH]

    def _marks(self, former: _Manifest | None, names: Iterable[str]) -> dict[str, str]:
        """Return the marks of those objects `names` that exist and are not in the `former` manifest; "" for one without a mark.

        Without a manifest, log a warning if there are objects.
        """
        new = [name for name in names if former is None or name not in former.entries]
        if former is None:
            listed = self._storage.names()
            new = [name for name in new if name in listed]
            if listed:
                _LOG.warning(
                    "feedsvc: %s has objects, but no manifest (%s) that says which of them feedsvc put there: nothing is deleted",
                    *(self.out, MANIFEST_FILE),
                )
        with ThreadPoolExecutor(_MAX_REQUESTS, "feedsvc-bucket") as pool:
            marks = zip(new, pool.map(self._storage.mark, new), strict=True)
            return {name: mark for name, mark in marks if mark is not None}

    def _reject_overwrite(self, publication: Publication, name: str) -> None:
        """Raise FeedsvcError unless an object of other origin may stay at this name."""
        path = path_of_file(name)
        if path not in SERVICE_PATHS and not aliases.is_former_path(publication, path):
            raise FeedsvcError(
                f"{self.out}/{name} was not put there by the build to {self.out} and would be overwritten; move it away or "
                "build to another prefix"
            )

    def _put(self, publication: Publication, names: Iterable[str], entries: Mapping[str, _Entry]) -> Iterator[int]:
        """Put objects, and yield 1 for each. Each wave (`_wave_key`) is complete before the next one begins."""

        def put(name: str) -> int:
            source, is_encoded = self._source(name, self._tree.files[name])
            headers = self._headers(publication, name, is_encoded=is_encoded)
            self._storage.put(name, source, headers | {_MARK: entries[name].digest + self._mark_suffix})
            return 1

        key = partial(_wave_key, publication)
        with ThreadPoolExecutor(_MAX_REQUESTS, "feedsvc-bucket") as pool:
            for _, wave in groupby(sorted(names, key=key), key=key):
                yield from pool.map(put, wave)

    def _read_manifest(self) -> _Manifest | None:
        """Return the manifest in the bucket; None if it is missing or damaged."""
        data = self._storage.get(MANIFEST_FILE)
        try:
            content = json.loads(gzip.decompress(data))
            entries = {str(name): _Entry(*fields) for name, fields in content["objects"].items()}
            return _Manifest(content["fingerprint"], entries)
        except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _write_manifest(self, manifest: _Manifest) -> str:
        """Put the manifest and return its entity tag."""
        content = {"fingerprint": manifest.fingerprint, "objects": manifest.entries}
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        return self._storage.put(MANIFEST_FILE, gzip.compress(text.encode(), 6, mtime=0), _MANIFEST_HEADERS)

    def _reject_concurrent_build(self, etag: str, unfinished: Mapping[str, _Entry]) -> None:
        """Raise FeedsvcError if the manifest in the bucket has not the entity tag of the one that this build wrote.

        Another build to the same prefix has written it meanwhile. Let the next build put every object of both again.
        """
        if self._storage.etag(MANIFEST_FILE) != etag:
            other = self._read_manifest()
            self._write_manifest(_Manifest("", dict.fromkeys((*unfinished, *(other.entries if other else ())), _Entry())))
            raise FeedsvcError(f"another build is writing {self.out}; wait for it to end, then build again")


def _wave_key(publication: Publication, name: str) -> tuple[int, int]:
    """Return a sort key by kind: documents come before documents that link to them.

    Archives come before the newest feeds, and these before the copies at their former addresses.
    """
    path = path_of_file(name)
    place = place_of(path)
    is_newest_feed = isinstance(place, FeedAt) and not place.period
    return write_order_key(path)[0], is_newest_feed + (is_newest_feed and bool(publication.redirect_target(path)))


class _Storage:
    """Objects below one prefix of a bucket. Their names are relative to the prefix. Methods raise FeedsvcError."""

    def __init__(self, address: str) -> None:
        """Take an address s3://BUCKET/PREFIX; request nothing yet. Raises FeedsvcError if it is malformed."""
        self._bucket, _, prefix = address.removeprefix(_SCHEME).partition("/")
        if not self._bucket:
            raise FeedsvcError(f"{address} names no bucket; write it like s3://news-example or s3://news-example/daily")
        if "//" in f"/{prefix}":
            plain = re.sub("//+", "/", f"{self._bucket}/{prefix}").rstrip("/")
            raise FeedsvcError(f"{address}: there is no name of a folder between two slashes; write {_SCHEME}{plain}")
        self._prefix = prefix.rstrip("/")
        self.address = f"{_SCHEME}{self._bucket}/{self._prefix}".rstrip("/")

    @cached_property
    def _store(self) -> S3Store:
        """Client of the storage. It takes credentials, region and endpoint from the variables AWS_*."""
        for variable in _ENDPOINT_VARIABLES:
            _check_endpoint(os.environ.get(variable, ""), self.address)
        return S3Store(
            self._bucket,
            prefix=self._prefix or None,
            client_options={"allow_http": True},  # if the endpoint's address has that scheme
            retry_config={"max_retries": _MAX_RETRIES},
        )

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as error:
            raise FeedsvcError(_error_message(str(error), self.address)) from None

    def key_fault(self, name: str) -> str:
        """Return what is wrong with the key of a name and what to do, "" if nothing."""
        length = len(f"{self._prefix}/{name}".lstrip("/").encode("utf-8", "replace"))
        if length > _MAX_KEY_LENGTH:
            return (
                f"its key has {length:,} bytes, and S3 allows {_MAX_KEY_LENGTH:,}; give it a shorter name, or upload below a "
                "shorter prefix"
            )
        return "its key has a character that no key may have; give it another name" if _INVALID_CHARACTER.search(name) else ""

    def get(self, name: str) -> bytes:
        """Return the bytes of an object, b"" if it is missing."""
        with self._translate_errors():
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError as error:
                if _NO_BUCKET_CODE in str(error):
                    raise
                return b""

    def mark(self, name: str) -> str | None:
        """Return the mark in the metadata of an object, "" if there is none; None if the object is missing."""
        with self._translate_errors():
            try:
                return obstore.get(self._store, name, options={"head": True}).attributes.get(_MARK, "")
            except FileNotFoundError:
                return None

    def etag(self, name: str) -> str:
        """Return the entity tag of an object."""
        with self._translate_errors():
            return obstore.head(self._store, name)["e_tag"] or ""

    def names(self) -> set[str]:
        """Return the names of all objects."""
        with self._translate_errors():
            return {entry["path"] for page in obstore.list(self._store) for entry in page}

    def put(self, name: str, body: bytes | Path, headers: Mapping[str, str]) -> str:
        """Put an object with headers, those of other names as metadata; return its entity tag. A large file is put in parts."""
        with self._translate_errors():
            is_large = isinstance(body, Path) and body.stat().st_size > _PART_SIZE
            result = obstore.put(
                *(self._store, name, body),
                attributes={**headers},
                use_multipart=is_large,
                chunk_size=_PART_SIZE,
                max_concurrency=_MAX_PARTS,
            )
            return result["e_tag"] or ""

    def delete(self, names: Sequence[str]) -> None:
        """Delete objects. Names without an object are ignored."""
        if names:
            with self._translate_errors():
                obstore.delete(self._store, names)


# Error messages for operators. obstore's exceptions have the storage's response only in their text.
_ENDPOINT_VARIABLES: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_NO_BUCKET_CODE: Final = "NoSuchBucket"
_ACCESS_DENIED: Final = (
    "access is denied ({request}); allow these credentials s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and "
    "s3:DeleteObject below the prefix"
)
_INVALID_CREDENTIALS: Final = (
    "the credentials are not accepted ({code}); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to those of an account that may "
    "write there"
)
_WRONG_REGION: Final = "the bucket is in another region ({code}); set AWS_DEFAULT_REGION to the bucket's region"
# By the error code in the response, or by its status, because a response to HEAD has no code.
_TEMPLATES_BY_CODE: Final[Mapping[str, str]] = {
    _NO_BUCKET_CODE: "there is no such bucket{at}; create it, or correct its name",
    "InvalidBucketName": "this is not a valid name of a bucket; correct it",
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "403"), _ACCESS_DENIED),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "401"), _INVALID_CREDENTIALS),
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"), _WRONG_REGION
    ),
}
# By a part of the text, if there was no response.
_TEMPLATES_BY_TEXT: Final[Mapping[str, str]] = {
    # The last source of credentials is the machine's own role.
    "/latest/": "there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (profiles in ~/.aws are not read)",
    "redirect without LOCATION": _WRONG_REGION,
    "HTTP error": "the storage{at} cannot be reached; check AWS_ENDPOINT_URL and the network",
}
_CODE: Final = re.compile(r"<Code>(\w+)</Code>|\(code: (\w+)\)|status code: (\d+)(?!.*<Code>)", re.DOTALL)
_MESSAGE: Final = re.compile(r"<Message>([^<]+)</Message>")
_REQUEST: Final = re.compile(r"performing ([A-Z]+)")


def _check_endpoint(url: str, address: str) -> None:
    """Raise FeedsvcError if the storage's URL, "" for Amazon's, is malformed. obstore would end with a stack of its own."""
    try:
        parts = urlsplit(url)
        is_valid = not url or (parts.scheme in ("http", "https") and bool(parts.hostname))
    except ValueError:
        is_valid = False
    if not is_valid:
        raise FeedsvcError(
            f"{address}: the storage's address is malformed ({url}); write AWS_ENDPOINT_URL like https://storage.example"
        )


def _error_message(text: str, address: str) -> str:
    """Return one sentence for operators on an error of the bucket at `address`, with advice if the error is a known one."""
    text = text.partition("\n\nDebug source")[0]
    endpoint = next(filter(None, map(os.environ.get, _ENDPOINT_VARIABLES)), "")
    code = next(filter(None, match.groups()), "") if (match := _CODE.search(text)) else ""
    request = match[1] if (match := _REQUEST.search(text)) else "DELETE"
    message = match[1] if (match := _MESSAGE.search(text)) else " ".join(text.split()).rstrip(".")
    by_text = (template for part, template in _TEMPLATES_BY_TEXT.items() if part in text)
    template = _TEMPLATES_BY_CODE.get(code) or ("{request} failed ({code}: {message})" if code else next(by_text, "{message}"))
    values = {"at": f" at {endpoint}" if endpoint else "", "request": request, "code": code or "redirect", "message": message}
    return f"{address}: {template.format(**values)}"
