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
    """Client of one prefix of a bucket; names of objects are relative to the prefix.

    Each method that sends requests may raise FeedsvcError. Before that, it cancels all other requests.
    """

    def __init__(self, address: str) -> None:
        """Take an address s3://BUCKET or s3://BUCKET/PREFIX; request nothing yet. Raises FeedsvcError if it is malformed."""
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
        """Return name -> state of all objects below the prefix, those of other origin included."""
        return self._run(self._list_all)

    def read(self, names: Sequence[str]) -> list[bytes]:
        """Return the bytes of the objects `names`, in the same order. Raises FeedsvcError if one is missing, too."""
        return self._run(lambda: self._gather_in_batches(self._read, names)) if names else []

    def read_digests(self, names: Sequence[str]) -> dict[str, str]:
        """Return name -> digest in the metadata of the object, where feedsvc stored it; "" for objects of other origin."""
        digests = self._run(lambda: self._gather_in_batches(self._read_digest, names)) if names else []
        return dict(zip(names, digests, strict=True))

    def put(self, objects: Sequence[BucketObject], on_put: OnPut) -> None:
        """Start to put objects and return; a finished one is passed to `on_put` with its state, now or in a later call.

        Wait first while too many objects (_MAX_REQUESTS) or bytes (_MAX_BYTES_IN_FLIGHT) are being sent.
        """
        if objects:
            self._run(lambda: self._start_puts(objects, on_put))

    def drain(self) -> None:
        """Wait until all objects that `put` started are finished."""
        if self._tasks:
            self._run(lambda: self._await_tasks(asyncio.ALL_COMPLETED))

    def create(self, name: str, body: bytes) -> bool:
        """Put a part of the manifest, with its headers, unless there is an object of its name; return whether it was put.

        A storage that does not support conditional requests replaces an object of that name; then the result is True.
        """
        return self._run(lambda: self._create(name, body))

    def remove(self, names: Sequence[str]) -> None:
        """Remove these objects. Names without an object are ignored."""
        if names:
            self._run(lambda: self._remove(names))

    def close_connections(self) -> None:
        """Cancel unfinished puts and close all connections. The next request opens new connections.

        Call it before a fork: processes must not share connections.
        """
        runner, self._runner = self._runner, None
        if runner:
            with runner:
                runner.run(self._close())

    def _run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        self._runner = self._runner or asyncio.Runner()
        try:
            return self._runner.run(self._with_client(work))
        except _ERRORS as error:
            message = error_message(error, self.address, self._endpoint())
            self.close_connections()
            raise FeedsvcError(message) from None
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

    def key(self, name: str) -> str:
        """Return the key of the object with a name."""
        return f"{self._prefix}{name}"

    async def _call(self, method: str, **arguments: Any) -> Any:
        return await self._s3fs_method("call_s3")(method, Bucket=self._bucket, **arguments)

    def _s3fs_method(self, name: str) -> Callable[..., Awaitable[Any]]:
        """Return a coroutine method of s3fs, whose name there is `name` with a leading underscore."""
        method: Callable[..., Awaitable[Any]] = getattr(self._filesystem, f"_{name}")
        return method

    async def _gather_in_batches(self, work: Callable[[_T], Coroutine[Any, Any, _R]], items: Sequence[_T]) -> list[_R]:
        results: list[_R] = []
        for start in range(0, len(items), _MAX_REQUESTS):
            results += await asyncio.gather(*map(work, items[start : start + _MAX_REQUESTS]))
        return results

    async def _list_all(self) -> dict[str, StoredObject]:
        return {name: stored async for name, stored in self._iterate_objects()}

    async def _iterate_objects(self) -> AsyncIterator[tuple[str, StoredObject]]:
        arguments = {"Prefix": self._prefix}
        while True:
            page = await self._call("list_objects_v2", **arguments)
            for entry in page.get("Contents", ()):
                yield entry["Key"][len(self._prefix) :], _stored_object(entry)
            if not page.get("IsTruncated"):
                return
            arguments["ContinuationToken"] = page["NextContinuationToken"]

    async def _read(self, name: str) -> bytes:
        data: bytes = await self._s3fs_method("cat_file")(f"{self._bucket}/{self.key(name)}", max_concurrency=1)
        return data

    async def _read_digest(self, name: str) -> str:
        response = await self._call("head_object", Key=self.key(name))
        return str(response["Metadata"].get(_DIGEST_KEY, ""))

    async def _start_puts(self, objects: Sequence[BucketObject], on_put: OnPut) -> None:
        for bucket_object in objects:
            weight = min(bucket_object.size, _PART_SIZE * _MAX_PARALLEL_PARTS)
            while self._tasks and (len(self._tasks) >= _MAX_REQUESTS or self._bytes_in_flight() + weight > _MAX_BYTES_IN_FLIGHT):
                await self._await_tasks(asyncio.FIRST_COMPLETED)
            self._tasks[asyncio.create_task(self._put(bucket_object, on_put))] = weight

    def _bytes_in_flight(self) -> int:
        return sum(self._tasks.values())

    async def _await_tasks(self, when: str) -> None:
        done, _ = await asyncio.wait(self._tasks, return_when=when)
        for task in done:
            del self._tasks[task]
            task.result()

    async def _put(self, bucket_object: BucketObject, on_put: OnPut) -> None:
        key = self.key(bucket_object.name)
        arguments: dict[str, Any] = {_HEADER_ARGUMENTS[name]: value for name, value in bucket_object.headers}
        arguments["Metadata"] = {_DIGEST_KEY: bucket_object.digest}
        if bucket_object.location and bucket_object.size >= 2 * _PART_SIZE:
            target = f"{self._bucket}/{key}"
            with _open_source_file(bucket_object) as file:
                # Name the file by its descriptor: its path may lead to another file by the time s3fs opens it.
                descriptor_path = f"/dev/fd/{file.fileno()}"
                await self._s3fs_method("put_file")(
                    descriptor_path, target, chunksize=_PART_SIZE, max_concurrency=_MAX_PARALLEL_PARTS, **arguments
                )
            response = await self._call("head_object", Key=key)
        else:
            body = _read_source(bucket_object) if bucket_object.location else bucket_object.body
            response = await self._call("put_object", Key=key, Body=body, **arguments)
        on_put(bucket_object, _stored_object(response))

    async def _create(self, name: str, body: bytes) -> bool:
        token = secrets.token_hex(12)
        arguments = {"Key": self.key(name), "Body": body, "Metadata": {_DIGEST_KEY: token}, **_MANIFEST_HEADERS}
        try:
            await self._call("put_object", IfNoneMatch="*", **arguments)
        except OSError as error:
            status = _http_status(error)
            if status == HTTPStatus.NOT_IMPLEMENTED:  # the storage does not support conditional requests
                await self._call("put_object", **arguments)
            elif status == HTTPStatus.PRECONDITION_FAILED:
                # botocore repeats a request whose response was lost. The repetition then finds its own object.
                return await self._read_digest(name) == token
            else:
                raise
        return True

    async def _remove(self, names: Sequence[str]) -> None:
        for batch in _batches(names):
            keys = [{"Key": self.key(name)} for name in batch]
            response = await self._call("delete_objects", Delete={"Objects": keys, "Quiet": True})
            for error in response.get("Errors", ()):
                raise ClientError({"Error": error}, "DeleteObjects")


def _batches(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + _MAX_KEYS_PER_DELETE] for start in range(0, len(names), _MAX_KEYS_PER_DELETE))


def _stored_object(response: Mapping[str, Any]) -> StoredObject:
    """Return an object's state from its entry in a listing or from a response to HEAD or PUT.

    A response to PUT has no Last-Modified, so its Date is used.
    """
    last_modified = response.get("LastModified")
    time = int(last_modified.timestamp()) if last_modified else _response_time(response.get("ResponseMetadata", {}))
    return StoredObject(response["ETag"].strip('"'), time)


def _response_time(metadata: Mapping[str, Any]) -> int:
    date = parsedate_tz(metadata.get("HTTPHeaders", {}).get("date"))
    return mktime_tz(date) if date else 0


def _read_source(bucket_object: BucketObject) -> bytes:
    with open_source(bucket_object.location, is_cleaned=bucket_object.is_cleaned) as file:
        return file.read()


def _open_source_file(bucket_object: BucketObject) -> IO[bytes]:
    """Open the object's bytes as a file. For an image to clean, it is a temporary file without the metadata."""
    source = open_source(bucket_object.location, is_cleaned=bucket_object.is_cleaned)
    if not bucket_object.is_cleaned:
        return source
    with source, ExitStack() as stack:
        temporary = stack.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(source, temporary, _COPY_BLOCK_SIZE)
        temporary.flush()
        stack.pop_all()
        return temporary


def _http_status(error: OSError) -> int:
    """Return the HTTP status of the response that caused an exception of s3fs, 0 if there was no response."""
    cause = error.__cause__
    return int(cause.response["ResponseMetadata"]["HTTPStatusCode"]) if isinstance(cause, ClientError) else 0
