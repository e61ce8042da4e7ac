"""The objects below one prefix of a bucket: listed, read, put many at once, removed. The only room with s3fs and botocore.

Credentials and endpoint are found as those libraries find them: AWS_* variables, ~/.aws, fsspec's configuration.
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
from feedsvc.export.file_writer import open_source
from feedsvc.export.s3.errors import reason
from feedsvc.export.s3.objects import Object, Seen

SCHEME: Final = "s3://"
_AT_ONCE: Final = 32  # requests
_IN_MEMORY: Final = 32 * 1024 * 1024  # bytes that are under way; one object may be more
_PART: Final = 8 * 1024 * 1024  # bytes of a large file that are one request
_COPIED: Final = 1024 * 1024  # bytes at once
_TOGETHER: Final = 4  # parts of one file
_MOST_REMOVED: Final = 1000  # by one request
_MARK: Final = "feedsvc"  # the metadata's key
_SAID: Final[Mapping[str, str]] = {
    "Content-Type": "ContentType",
    "Cache-Control": "CacheControl",
    "Content-Encoding": "ContentEncoding",
}
# A part of the inventory is for nobody else.
_PRIVATE: Final = {"ContentType": "application/gzip", "CacheControl": "private, no-store"}

_FAULTS: Final = (OSError, BotoCoreError, ValueError, *s3fs.core.S3_RETRYABLE_ERRORS)

_T = TypeVar("_T")
_R = TypeVar("_R")
# (what was put, what it is now)
Then = Callable[[Object, Seen], None]

for _name in ("aiobotocore", "asyncio", "botocore", "fsspec", "s3fs"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)  # what goes wrong is told once, in a sentence


class Bucket:
    """Every method raises FeedsvcError, and nothing is under way any more then. Names are relative to the prefix."""

    def __init__(self, address: str) -> None:
        """`address` is s3://BUCKET or s3://BUCKET/PREFIX."""
        self._bucket, _, prefix = address.removeprefix(SCHEME).partition("/")
        if not self._bucket:
            raise FeedsvcError(f"{address} names no bucket; write it like s3://news-example or s3://news-example/daily")
        if "//" in f"/{prefix}":
            plain = re.sub("//+", "/", f"{self._bucket}/{prefix}").rstrip("/")
            raise FeedsvcError(f"{address}: no name of a folder stands between two slashes; write {SCHEME}{plain}")
        prefix = prefix.rstrip("/")
        self.address = f"{SCHEME}{self._bucket}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._runner: asyncio.Runner | None = None
        self._system: Any = None
        self._client: Any = None
        self._under_way: dict[asyncio.Task[None], int] = {}

    def listed(self) -> dict[str, Seen]:
        """All that lies there, by name."""
        return self._run(self._listed)

    def read(self, names: Sequence[str]) -> list[bytes]:
        return self._run(lambda: self._each(self._read, names)) if names else []

    def marks(self, names: Sequence[str]) -> dict[str, str]:
        """Name -> mark, "" for objects that nobody put with one."""
        return dict(zip(names, self._run(lambda: self._each(self._mark, names)), strict=True)) if names else {}

    def put(self, several: Sequence[Object], then: Then) -> None:
        """Begin to put objects. Waits where too much is under way; `drain` waits until nothing is."""
        if several:
            self._run(lambda: self._begin(several, then))

    def drain(self) -> None:
        if self._under_way:
            self._run(lambda: self._finish(asyncio.ALL_COMPLETED))

    def create(self, name: str, body: bytes) -> bool:
        """Put an object where there is none of its name; whether there was none."""
        return self._run(lambda: self._create(name, body))

    def remove(self, names: Sequence[str]) -> None:
        if names:
            self._run(lambda: self._remove(names))

    def rest(self) -> None:
        """Close the connections, until they are needed again: no copy of this process may share them."""
        runner, self._runner = self._runner, None
        if runner:
            with runner:
                runner.run(self._close())

    def _run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        self._runner = self._runner or asyncio.Runner()
        try:
            return self._runner.run(self._connected(work))
        except _FAULTS as error:
            sentence = reason(error, self.address, self._endpoint())
            self.rest()
            raise FeedsvcError(sentence) from None
        except BaseException:
            self.rest()
            raise

    def _endpoint(self) -> str:
        return str(self._client.meta.endpoint_url) if self._client else ""

    async def _connected(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        if self._client is None:
            self._system = s3fs.S3FileSystem(asynchronous=True, skip_instance_cache=True, use_listings_cache=False)
            self._system.config_kwargs = {"max_pool_connections": _AT_ONCE, **self._system.config_kwargs}
            self._client = await self._system.set_session()
        return await work()

    async def _close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)
        self._under_way.clear()
        client, self._client = self._client, None
        if client:
            await client.close()

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}"

    async def _call(self, method: str, **said: Any) -> Any:
        return await self._of("call_s3")(method, Bucket=self._bucket, **said)

    def _of(self, name: str) -> Callable[..., Awaitable[Any]]:
        """fsspec's names for what is to be awaited begin with a line."""
        found: Callable[..., Awaitable[Any]] = getattr(self._system, f"_{name}")
        return found

    async def _each(self, work: Callable[[_T], Coroutine[Any, Any, _R]], many: Sequence[_T]) -> list[_R]:
        done: list[_R] = []
        for start in range(0, len(many), _AT_ONCE):
            done += await asyncio.gather(*map(work, many[start : start + _AT_ONCE]))
        return done

    async def _listed(self) -> dict[str, Seen]:
        return {name: seen async for name, seen in self._all()}

    async def _all(self) -> AsyncIterator[tuple[str, Seen]]:
        said = {"Prefix": self._prefix}
        while True:
            page = await self._call("list_objects_v2", **said)
            for one in page.get("Contents", ()):
                yield one["Key"][len(self._prefix) :], _seen(one)
            if not page.get("IsTruncated"):
                return
            said["ContinuationToken"] = page["NextContinuationToken"]

    async def _read(self, name: str) -> bytes:
        data: bytes = await self._of("cat_file")(f"{self._bucket}/{self._key(name)}", max_concurrency=1)
        return data

    async def _mark(self, name: str) -> str:
        answer = await self._call("head_object", Key=self._key(name))
        return str(answer["Metadata"].get(_MARK, ""))

    async def _begin(self, several: Sequence[Object], then: Then) -> None:
        for one in several:
            weight = min(one.size, _PART * _TOGETHER)
            while self._under_way and (len(self._under_way) >= _AT_ONCE or self._weight() + weight > _IN_MEMORY):
                await self._finish(asyncio.FIRST_COMPLETED)
            self._under_way[asyncio.create_task(self._put(one, then))] = weight

    def _weight(self) -> int:
        return sum(self._under_way.values())

    async def _finish(self, when: str) -> None:
        done, _ = await asyncio.wait(self._under_way, return_when=when)
        for task in done:
            del self._under_way[task]
            task.result()

    async def _put(self, one: Object, then: Then) -> None:
        key = self._key(one.name)
        said: dict[str, Any] = {_SAID[name]: value for name, value in one.headers} | {"Metadata": {_MARK: one.mark}}
        if one.location and one.size >= 2 * _PART:
            target = f"{self._bucket}/{key}"
            with _descriptor_of(one) as file:
                # By its descriptor: its path may lead elsewhere once s3fs opens it.
                place = f"/dev/fd/{file.fileno()}"
                await self._of("put_file")(place, target, chunksize=_PART, max_concurrency=_TOGETHER, **said)
            answer = await self._call("head_object", Key=key)
        else:
            body = _bytes(one) if one.location else one.body
            answer = await self._call("put_object", Key=key, Body=body, **said)
        then(one, _seen(answer))

    async def _create(self, name: str, body: bytes) -> bool:
        mark = secrets.token_hex(12)
        said = {"Key": self._key(name), "Body": body, "Metadata": {_MARK: mark}, **_PRIVATE}
        try:
            await self._call("put_object", IfNoneMatch="*", **said)
        except OSError as error:
            status = _status(error)
            if status == HTTPStatus.NOT_IMPLEMENTED:  # a storage that knows no conditions
                await self._call("put_object", **said)
            elif status == HTTPStatus.PRECONDITION_FAILED:
                # A request whose answer was lost is said again, and finds what it has put itself.
                return await self._mark(name) == mark
            else:
                raise
        return True

    async def _remove(self, names: Sequence[str]) -> None:
        for part in _pieces(names):
            keys = [{"Key": self._key(name)} for name in part]
            answer = await self._call("delete_objects", Delete={"Objects": keys, "Quiet": True})
            for fault in answer.get("Errors", ()):
                raise ClientError({"Error": fault}, "DeleteObjects")


def _pieces(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + _MOST_REMOVED] for start in range(0, len(names), _MOST_REMOVED))


def _seen(said: Mapping[str, Any]) -> Seen:
    """Of an object in a list or an answer about it; an answer to PUT names no time, and was given soon after it."""
    moment = said.get("LastModified")
    return Seen(said["ETag"].strip('"'), int(moment.timestamp()) if moment else _date(said.get("ResponseMetadata", {})))


def _date(answered: Mapping[str, Any]) -> int:
    date = parsedate_tz(answered.get("HTTPHeaders", {}).get("date"))
    return mktime_tz(date) if date else 0


def _bytes(one: Object) -> bytes:
    with open_source(one.location, is_cleaned=one.is_cleaned) as file:
        return file.read()


def _descriptor_of(one: Object) -> IO[bytes]:
    """The object's bytes as an open file: of a picture that is cleaned there is none yet."""
    source = open_source(one.location, is_cleaned=one.is_cleaned)
    if not one.is_cleaned:
        return source
    with source, ExitStack() as opened:
        whole = opened.enter_context(tempfile.TemporaryFile())
        shutil.copyfileobj(source, whole, _COPIED)
        whole.flush()
        opened.pop_all()
        return whole


def _status(error: OSError) -> int:
    """The status of the answer that an exception of s3fs was made from."""
    cause = error.__cause__
    return int(cause.response["ResponseMetadata"]["HTTPStatusCode"]) if isinstance(cause, ClientError) else 0
