"""moto's server in a process of its own: object storage on loopback, with a log of every request in its order."""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import boto3

from tests.audience.waiting import until

KEYS: Final = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
# Nothing of who runs the tests may be found, nor asked for in the network.
ALONE: Final = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
_LINE: Final = re.compile(r'"(?:\x1b\[[0-9;]*m)*(?P<method>[A-Z]+) (?P<target>\S+) HTTP/')


class Asked(NamedTuple):
    method: str
    key: str
    query: str


class Storage:
    """`url` is what AWS_ENDPOINT_URL is to be."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("moto_server", path=str(Path(sys.executable).parent))
        assert program, "moto_server is missing: make .venv/test.done"
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "moto.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
        until(lambda: _answers(port))
        self._numbers = itertools.count(1)
        self.client: Any = self.service("s3")

    def service(self, name: str) -> Any:
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        return boto3.client(name, endpoint_url=self.url, **keys)

    def stop(self) -> None:
        self.client.close()
        self._process.kill()
        self._process.wait()

    @property
    def variables(self) -> dict[str, str]:
        return {**KEYS, **ALONE, "AWS_ENDPOINT_URL": self.url}

    def bucket(self) -> Shelf:
        name = f"news-{next(self._numbers)}"
        self.client.create_bucket(Bucket=name)
        return Shelf(self, name)

    def heard(self) -> int:
        """A moment, for `asked`."""
        return self._log.stat().st_size

    def asked(self, since: int, bucket: str) -> list[Asked]:
        """Each request for something in a bucket, in the order of their answers."""
        with self._log.open("rb") as log:
            log.seek(since)
            found = [_LINE.search(line.decode()) for line in log if line.endswith(b"\n")]
        split = [(one["method"], urlsplit(one["target"])) for one in found if one]
        return [
            Asked(method, unquote(target.path).removeprefix(f"/{bucket}").removeprefix("/"), target.query)
            for method, target in split
            if target.path.startswith(f"/{bucket}")
        ]


class Shelf:
    """A bucket of its own, seen with other eyes than feedsvc's."""

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage, self.name = storage, name
        self._client = storage.client
        self._since = 0
        self.listen()

    def listen(self) -> None:
        self._since = self._storage.heard()

    def asked(self, *methods: str) -> list[Asked]:
        """Since `listen`."""
        return [one for one in self._storage.asked(self._since, self.name) if one.method in methods]

    def put(self, key: str, body: bytes = b"", **said: str) -> None:
        self._client.put_object(Bucket=self.name, Key=key, Body=body, **said)

    def copy_onto_itself(self, key: str, **said: Any) -> None:
        source = {"Bucket": self.name, "Key": key}
        self._client.copy_object(Bucket=self.name, Key=key, CopySource=source, MetadataDirective="REPLACE", **said)

    def get(self, key: str) -> dict[str, Any]:
        answer = self._client.get_object(Bucket=self.name, Key=key)
        with contextlib.closing(answer["Body"]) as body:
            return {**answer, "Body": body.read()}

    def remove(self, key: str) -> None:
        self._client.delete_object(Bucket=self.name, Key=key)

    def all_keys(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]


@contextlib.contextmanager
def storage(folder: Path) -> Iterator[Storage]:
    made = Storage(folder)
    try:
        yield made
    finally:
        made.stop()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
