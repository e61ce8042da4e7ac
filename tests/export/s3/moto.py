"""An object storage server (moto) in its own process on the loopback interface, with a log of all requests."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import boto3

from tests import ROOT
from tests.audience.waiting import wait_until

CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
# Without this, obstore would ask the network for the credentials of the machine.
ISOLATION: Final = {"AWS_METADATA_ENDPOINT": "http://127.0.0.1:9"}
_LINE: Final = re.compile(r'"(?:\x1b\[[0-9;]*m)*(?P<method>[A-Z]+) (?P<target>\S+) HTTP/')


class StorageRequest(NamedTuple):
    """A request to the storage server, as its log shows it."""

    method: str
    key: str
    query: str


class Storage:
    """The server process. `url` is the value for AWS_ENDPOINT_URL."""

    def __init__(self, folder: Path) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "moto.log"
        with self._log.open("wb") as log:
            words = [sys.executable, "-m", "tests.export.s3.moto_server", "-H", "127.0.0.1", "-p", str(port)]
            self._process = subprocess.Popen(words, stdout=log, stderr=log, cwd=ROOT)
        wait_until(lambda: _is_listening(port))
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
        return {**CREDENTIALS, **ISOLATION, "AWS_ENDPOINT_URL": self.url}

    def create_bucket(self) -> Bucket:
        name = f"news-{next(self._numbers)}"
        self.client.create_bucket(Bucket=name)
        return Bucket(self, name)

    def log_size(self) -> int:
        """Return the size of the log, which marks a moment for `requests`."""
        return self._log.stat().st_size

    def requests(self, since: int, bucket: str) -> list[StorageRequest]:
        """Return the requests for a bucket and its objects that were logged after `since`."""
        with self._log.open("rb") as log:
            log.seek(since)
            matches = [_LINE.search(line.decode()) for line in log if line.endswith(b"\n")]
        targets = [(match["method"], urlsplit(match["target"])) for match in matches if match]
        return [
            StorageRequest(method, unquote(target.path).removeprefix(f"/{bucket}").removeprefix("/"), target.query)
            for method, target in targets
            if target.path.startswith(f"/{bucket}")
        ]


class Bucket:
    """A bucket, accessed with boto3 independently of feedsvc."""

    def __init__(self, storage: Storage, name: str) -> None:
        self._storage, self.name = storage, name
        self._client = storage.client
        self._since = 0
        self.clear_requests()

    def clear_requests(self) -> None:
        """Ignore all requests up to now."""
        self._since = self._storage.log_size()

    def requests(self, *methods: str) -> list[StorageRequest]:
        """Return the requests with these methods since `clear_requests`."""
        return [request for request in self._storage.requests(self._since, self.name) if request.method in methods]

    def put(self, key: str, body: bytes = b"", **headers: str) -> None:
        self._client.put_object(Bucket=self.name, Key=key, Body=body, **headers)

    def copy_onto_itself(self, key: str, **headers: Any) -> None:
        source = {"Bucket": self.name, "Key": key}
        self._client.copy_object(Bucket=self.name, Key=key, CopySource=source, MetadataDirective="REPLACE", **headers)

    def get(self, key: str) -> dict[str, Any]:
        response = self._client.get_object(Bucket=self.name, Key=key)
        with contextlib.closing(response["Body"]) as body:
            return {**response, "Body": body.read()}

    def allow_reading(self) -> None:
        """Let clients without credentials get objects, as the bucket of a public site does."""
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{self.name}/*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._client.put_bucket_policy(Bucket=self.name, Policy=policy)

    def remove(self, key: str) -> None:
        self._client.delete_object(Bucket=self.name, Key=key)

    def all_keys(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]


@contextlib.contextmanager
def storage(folder: Path) -> Iterator[Storage]:
    server = Storage(folder)
    try:
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
