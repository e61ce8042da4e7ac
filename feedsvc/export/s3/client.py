"""S3 client for the objects below one prefix of a bucket: list, read, put many at once, remove.

s3fs is imported only here, botocore only here and in errors.py. These libraries find credentials and endpoint by themselves: in
AWS_* variables, ~/.aws and fsspec's configuration.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import ExitStack
from email.utils import mktime_tz, parsedate_tz
from http import HTTPStatus
from typing import IO, Any, Final, TypeVar

import s3fs
from botocore.exceptions import BotoCoreError, ClientError

from feedsvc.errors import FeedsvcError
from feedsvc.export.file_bytes import open_source
from feedsvc.export.s3.errors import error_message
from feedsvc.export.s3.objects import BucketObject, StoredObject

SCHEME: Final = "s3://"
_MAX_REQUESTS: Final = 32  # requests at the same time
_MAX_BYTES_IN_FLIGHT: Final = 32 * 1024 * 1024  # bytes being sent at the same time; one object may be larger
_PART_SIZE: Final = 8 * 1024 * 1024  # bytes of a large file in one request
_COPY_BLOCK_SIZE: Final = 1024 * 1024  # bytes
_MAX_PARALLEL_PARTS: Final = 4  # parts of one file at the same time
_MAX_KEYS_PER_DELETE: Final = 1000  # in one request
_DIGEST_KEY: Final = "feedsvc"  # key of the digest in an object's metadata
_HEADER_ARGUMENTS: Final[Mapping[str, str]] = {
    "Content-Type": "ContentType",
    "Cache-Control": "CacheControl",
    "Content-Encoding": "ContentEncoding",
}
# Headers of a part of the manifest, which only feedsvc reads.
_MANIFEST_HEADERS: Final = {"ContentType": "application/gzip", "CacheControl": "private, no-store"}

_ERRORS: Final = (OSError, BotoCoreError, ValueError, *s3fs.core.S3_RETRYABLE_ERRORS)

_T = TypeVar("_T")
_R = TypeVar("_R")
# (the object that was put, its state in the storage)
OnPut = Callable[[BucketObject, StoredObject], None]

for _name in ("aiobotocore", "asyncio", "botocore", "fsspec", "s3fs"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # each error is reported once, by FeedsvcError


class BucketClient:
    """Client of one prefix; names of objects are relative to the prefix.

    Each method that sends requests raises FeedsvcError. All other requests have been cancelled then.
    """

    def __init__(self, address: str) -> None:
        """Take an address s3://BUCKET or s3://BUCKET/PREFIX. Raises FeedsvcError if it is malformed."""
        self._bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
        if not self._bucket:
            raise FeedsvcError(f"{address} names no bucket; write it like s3://news-example or s3://news-example/daily")
        if "//" in f"/{prefix}":
            plain = re.sub("//+", "/", f"{self._bucket}/{prefix}").rstrip("/")
            raise FeedsvcError(f"{address}: there is no name of a folder between two slashes; write {SCHEME}{plain}")
        prefix = prefix.rstrip("/")
        self.address = f"{SCHEME}{self._bucket}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._runner: asyncio.Runner | None = None
        self._filesystem: Any = None
        self._client: Any = None
        self._tasks: dict[asyncio.Task[None], int] = {}

    def list_objects(self) -> dict[str, StoredObject]:
        """Return name -> state of all objects below the prefix."""
        return self._run(self._list_all)

    def read(self, names: Sequence[str]) -> list[bytes]:
        """Return the bytes of these objects, in the same order."""
        return self._run(lambda: self._gather_in_batches(self._read, names)) if names else []

    def read_digests(self, names: Sequence[str]) -> dict[str, str]:
        """Return name -> digest that feedsvc stored in the object's metadata; "" for objects of other origin, which have none."""
        return (
            dict(zip(names, self._run(lambda: self._gather_in_batches(self._read_digest, names)), strict=True)) if names else {}
        )

    def put(self, several: Sequence[BucketObject], then: OnPut) -> None:
        """Start to put objects and return; call `then` for each one that is finished, in this or a later call.

        Wait while too many objects or bytes are being sent.
        """
        if several:
            self._run(lambda: self._start_puts(several, then))

    def drain(self) -> None:
        """Wait until all objects that `put` started are finished."""
        if self._tasks:
            self._run(lambda: self._await_tasks(asyncio.ALL_COMPLETED))

    def create(self, name: str, body: bytes) -> bool:
        """Put an object unless there is one of its name; return whether it was put."""
        return self._run(lambda: self._create(name, body))

    def remove(self, names: Sequence[str]) -> None:
        if names:
            self._run(lambda: self._remove(names))

    def close_connections(self) -> None:
        """Close all connections. The next request opens new ones. Call it before a fork: processes must not share connections."""
        runner, self._runner = self._runner, None
        if runner:
            with runner:
                runner.run(self._close())

    def _run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        self._runner = self._runner or asyncio.Runner()
        try:
            return self._runner.run(self._with_client(work))
        except _ERRORS as error:
            sentence = error_message(error, self.address, self._endpoint())
            self.close_connections()
            raise FeedsvcError(sentence) from None
        except BaseException:
            self.close_connections()
            raise

    def _endpoint(self) -> str:
        return str(self._client.meta.endpoint_url) if self._client else ""

    async def _with_client(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        if self._client is None:
            self._filesystem = s3fs.S3FileSystem(asynchronous=True, skip_instance_cache=True, use_listings_cache=False)
            self._filesystem.config_kwargs = {"max_pool_connections": _MAX_REQUESTS, **self._filesystem.config_kwargs}
            self._client = await self._filesystem.set_session()
        return await work()

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        client, self._client = self._client, None
        if client:
            await client.close()

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}"

    async def _call(self, method: str, **said: Any) -> Any:
        return await self._s3fs_method("call_s3")(method, Bucket=self._bucket, **said)

    def _s3fs_method(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Return a coroutine method of s3fs, whose name there is `name` with a leading underscore."""
        found: Callable[..., Awaitable[Any]] = getattr(self._filesystem, f"_{name}")
        return found

    async def _gather_in_batches(self, work: Callable[[_T], Coroutine[Any, Any, _R]], many: Sequence[_T]) -> list[_R]:
        done: list[_R] = []
        for start in range(0, len(many), _MAX_REQUESTS):
            done += await asyncio.gather(*map(work, many[start : start + _MAX_REQUESTS]))
        return done

    async def _list_all(self) -> dict[str, StoredObject]:
        return {name: seen async for name, seen in self._iterate_objects()}

    async def _iterate_objects(self) -> AsyncIterator[tuple[str, StoredObject]]:
        said = {"Prefix": self._prefix}
        while True:
            page = await self._call("list_objects_v2", **said)
            for one in page.get("Contents", ()):
                yield one["Key"][len(self._prefix) :], _stored_object(one)
            if not page.get("IsTruncated"):
                return
            said["ContinuationToken"] = page["NextContinuationToken"]

    async def _read(self, name: str) -> bytes:
        data: bytes = await self._s3fs_method("cat_file")(f"{self._bucket}/{self._key(name)}", max_concurrency=1)
        return data

    async def _read_digest(self, name: str) -> str:
        answer = await self._call("head_object", Key=self._key(name))
        return str(answer["Metadata"].get(_DIGEST_KEY, ""))

    async def _start_puts(self, several: Sequence[BucketObject], then: OnPut) -> None:
        for one in several:
            weight = min(one.size, _PART_SIZE * _MAX_PARALLEL_PARTS)
            while self._tasks and (len(self._tasks) >= _MAX_REQUESTS or self._bytes_in_flight() + weight > _MAX_BYTES_IN_FLIGHT):
                await self._await_tasks(asyncio.FIRST_COMPLETED)
            self._tasks[asyncio.create_task(self._put(one, then))] = weight

    def _bytes_in_flight(self) -> int:
        return sum(self._tasks.values())

    async def _await_tasks(self, when: str) -> None:
        done, _ = await asyncio.wait(self._tasks, return_when=when)
        for task in done:
            del self._tasks[task]
            task.result()

    async def _put(self, one: BucketObject, then: OnPut) -> None:
        key = self._key(one.name)
        said: dict[str, Any] = {_HEADER_ARGUMENTS[name]: value for name, value in one.headers} | {
            "Metadata": {_DIGEST_KEY: one.digest}
        }
        if one.location and one.size >= 2 * _PART_SIZE:
            target = f"{self._bucket}/{key}"
            with _open_source_file(one) as file:
                # Name the file by its descriptor: its path may lead to another file by the time s3fs opens it.
                place = f"/dev/fd/{file.fileno()}"
                await self._s3fs_method("put_file")(
                    place, target, chunksize=_PART_SIZE, max_concurrency=_MAX_PARALLEL_PARTS, **said
                )
            answer = await self._call("head_object", Key=key)
        else:
            body = _read_source(one) if one.location else one.body
            answer = await self._call("put_object", Key=key, Body=body, **said)
        then(one, _stored_object(answer))

    async def _create(self, name: str, body: bytes) -> bool:
        mark = secrets.token_hex(12)
        said = {"Key": self._key(name), "Body": body, "Metadata": {_DIGEST_KEY: mark}, **_MANIFEST_HEADERS}
        try:
            await self._call("put_object", IfNoneMatch="*", **said)
        except OSError as error:
            status = _http_status(error)
            if status == HTTPStatus.NOT_IMPLEMENTED:  # the storage does not support conditional requests
                await self._call("put_object", **said)
            elif status == HTTPStatus.PRECONDITION_FAILED:
                # botocore repeats a request whose answer was lost. The repetition then finds its own object.
                return await self._read_digest(name) == mark
            else:
                raise
        return True

    async def _remove(self, names: Sequence[str]) -> None:
        for part in _batches(names):
            keys = [{"Key": self._key(name)} for name in part]
            answer = await self._call("delete_objects", Delete={"Objects": keys, "Quiet": True})
            for fault in answer.get("Errors", ()):
                raise ClientError({"Error": fault}, "DeleteObjects")


def _batches(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + _MAX_KEYS_PER_DELETE] for start in range(0, len(names), _MAX_KEYS_PER_DELETE))


def _stored_object(said: Mapping[str, Any]) -> StoredObject:
    """Return an object's state from a listing or a response. A response to PUT has no Last-Modified, so its Date is used."""
    moment = said.get("LastModified")
    return StoredObject(
        said["ETag"].strip('"'), int(moment.timestamp()) if moment else _response_time(said.get("ResponseMetadata", {}))
    )


def _response_time(answered: Mapping[str, Any]) -> int:
    date = parsedate_tz(answered.get("HTTPHeaders", {}).get("date"))
    return mktime_tz(date) if date else 0


def _read_source(one: BucketObject) -> bytes:
    with open_source(one.location, is_cleaned=one.is_cleaned) as file:
        return file.read()


def _open_source_file(one: BucketObject) -> IO[bytes]:
    """Open the object's bytes as a file. For an image to clean, it is a temporary file without the metadata."""
    source = open_source(one.location, is_cleaned=one.is_cleaned)
    if not one.is_cleaned:
        return source
    with source, ExitStack() as opened:
        whole = opened.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(source, whole, _COPY_BLOCK_SIZE)
        whole.flush()
        opened.pop_all()
        return whole


def _http_status(error: OSError) -> int:
    """Return the HTTP status of the response that caused an exception of s3fs, 0 if there was no response."""
    cause = error.__cause__
    return int(cause.response["ResponseMetadata"]["HTTPStatusCode"]) if isinstance(cause, ClientError) else 0
