"""The command `feedsvc build s3://...`: its output, its errors, and saves that it follows."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from feedsvc.cli.target import open_target
from feedsvc.errors import FeedsvcError
from feedsvc.export import MANIFEST_FILE
from tests.audience.waiting import wait_until
from tests.export.s3.moto import CREDENTIALS, ISOLATION, Bucket, Storage
from tests.helpers import newsrooms
from tests.helpers.forked_process import run_module, start_module
from tests.helpers.http_client import SECONDS
from tests.helpers.log_lines import without_times
from tests.helpers.running_server import environment

BASE_URL = "https://news.example"
SITE: Mapping[str, str | bytes] = {
    **newsrooms.SITE,
    "site.yaml": f"title: Daily\nbase_url: {BASE_URL}\nid_domain: news.example\nfeed: {{entries: 6}}\nlogo: media/logo.png\n",
}


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    result = run_module("feedsvc", "build", *arguments, env=environment({**ISOLATION, **variables}), timeout=SECONDS * 3)
    assert "Traceback" not in result.stderr, result.stderr
    return result


def error_message(*arguments: str | Path, **variables: str) -> str:
    """Run a build that fails; return its error message, which is one line."""
    result = run(*arguments, **variables)
    assert result.returncode == 2, result.stderr
    [line] = result.stderr.splitlines()
    return line.removeprefix("feedsvc: error: ")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return newsrooms.write(tmp_path / "small", {**SITE, **newsrooms.article("one"), **newsrooms.article("two")})


def test_build_prints_the_number_of_uploaded_files_and_then_no_change(small: Path, bucket: Bucket, tmp_path: Path) -> None:
    address = f"s3://{bucket.name}/news"
    outputs = [run(address, small, "--state", tmp_path / "state").stderr.splitlines() for _ in range(2)]
    count = sum(MANIFEST_FILE not in key for key in bucket.all_keys())
    assert outputs[0] == [f"feedsvc: {address}: {count} files written, 0 unchanged, 0 removed", "feedsvc: no change is scheduled"]
    assert outputs[1][0] == f"feedsvc: {address}: 0 files written, {count} unchanged, 0 removed"
    assert not Path("s3:").exists()


def test_missing_bucket_is_an_error(small: Path, storage: Storage) -> None:
    sentence = error_message("s3://no-such-bucket/x", small, **storage.variables)
    assert sentence == f"s3://no-such-bucket/x: there is no such bucket at {storage.url}; create it, or correct its name"


def test_missing_credentials_are_an_error(small: Path, storage: Storage) -> None:
    sentence = error_message("s3://news", small, AWS_ENDPOINT_URL=storage.url, AWS_DEFAULT_REGION="us-east-1")
    assert sentence == (
        "s3://news: there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (profiles in ~/.aws are not read)"
    )


def test_unreachable_storage_is_an_error(small: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        sentence = error_message("s3://news", small, **CREDENTIALS, AWS_ENDPOINT_URL=url)
    assert sentence == f"s3://news: the storage at {url} cannot be reached; check AWS_ENDPOINT_URL and the network"


@pytest.mark.parametrize("url", ["storage", "storage:9000", "ftp://storage", "http://[storage"])
def test_invalid_endpoint_is_an_error_that_names_the_variable(small: Path, url: str) -> None:
    assert error_message("s3://news", small, **CREDENTIALS, AWS_ENDPOINT_URL=url) == (
        f"s3://news: the storage's address is malformed ({url}); write AWS_ENDPOINT_URL like https://storage.example"
    )


def open_any(out: str, folder: Path, coding: str = "") -> object:
    """Open the target of a build; return it."""
    options = {"only": "", "file_codings": (), "object_coding": coding, "processes": 1, "trees": folder / "trees"}
    return open_target(out, folder / "content", **options)


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("gs://news", "gs://news: feedsvc cannot build there; give a folder, or s3://BUCKET/PREFIX"),
        ("s3://", "s3:// names no bucket; write it like s3://news-example or s3://news-example/daily"),
        ("s3:///x", "s3:///x names no bucket; write it like s3://news-example or s3://news-example/daily"),
        ("s3:news", "s3:news: the address of a bucket is s3://news; for a folder of this name, give ./s3:news"),
        ("s3:/news/x", "s3:/news/x: the address of a bucket is s3://news/x; for a folder of this name, give ./s3:/news/x"),
        ("S3://news", "S3://news: the address of a bucket is s3://news; for a folder of this name, give ./S3://news"),
        ("s3:", "s3:: the address of a bucket is s3://BUCKET/PREFIX; for a folder of this name, give ./s3:"),
        ("s3://b//x/", "s3://b//x/: there is no name of a folder between two slashes; write s3://b/x"),
        ("s3://b/x//y", "s3://b/x//y: there is no name of a folder between two slashes; write s3://b/x/y"),
    ],
)
def test_invalid_bucket_address_is_an_error(out: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(FeedsvcError) as raised:
        open_any(out, tmp_path)
    assert str(raised.value) == sentence


def test_folder_may_be_named_like_a_bucket_address_but_has_no_gzip_only(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        error_message("s3:news", small)
        == "s3:news: the address of a bucket is s3://news; for a folder of this name, give ./s3:news"
    )
    monkeypatch.chdir(tmp_path)
    assert run("./s3:news", small).returncode == 0
    assert Path("s3:news/feed.rss").is_file()
    with pytest.raises(FeedsvcError, match="--gzip-only is for s3:// addresses only;"):
        open_any("out", tmp_path, coding="gzip")


def test_missing_obstore_is_an_error_with_the_install_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "feedsvc.export.bucket", raising=False)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(FeedsvcError, match=r"^s3:// needs the package obstore; install it with: pip install 'feedsvc\[s3\]'$"):
        open_any("s3://news", tmp_path)


@contextmanager
def enforcing_permissions(storage: Storage) -> Iterator[None]:
    """Let the storage check permissions within the block."""
    _enforce_after(storage, "0")
    try:
        yield
    finally:
        _enforce_after(storage, "inf")


def _enforce_after(storage: Storage, requests: str) -> None:
    with urlopen(
        Request(f"{storage.url}/moto-api/reset-auth", data=requests.encode(), headers={"Content-Type": "text/plain"})
    ) as response:
        assert response.status == 200


def create_user(storage: Storage, name: str, *actions: str) -> dict[str, str]:
    """Create a user with these permissions; return the environment variables with its credentials."""
    iam: Any = storage.service("iam")
    iam.create_user(UserName=name)
    if actions:
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    iam.close()
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def test_missing_permissions_are_an_error_that_names_them(small: Path, bucket: Bucket, storage: Storage) -> None:
    no_permissions, read_permissions = (
        create_user(storage, "nobody"),
        create_user(storage, "reader", "s3:ListBucket", "s3:GetObject"),
    )
    address = f"s3://{bucket.name}/news"
    with enforcing_permissions(storage):
        for credentials, operation in ((no_permissions, "GET"), (read_permissions, "PUT")):
            sentence = error_message(address, small, **{**storage.variables, **credentials})
            assert sentence == (
                f"{address}: access is denied ({operation}); allow these credentials s3:ListBucket on the bucket, "
                "and s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix"
            )
        invalid = {
            "InvalidAccessKeyId": {"AWS_ACCESS_KEY_ID": "unknown"},
            "SignatureDoesNotMatch": {**read_permissions, "AWS_SECRET_ACCESS_KEY": "wrong"},
        }
        for code, credentials in invalid.items():
            sentence = error_message(address, small, **{**storage.variables, **credentials})
            assert sentence.startswith(f"{address}: the credentials are not accepted ({code}); set AWS_ACCESS_KEY_ID")
    assert bucket.all_keys() == []


def test_build_watch_uploads_every_save(small: Path, bucket: Bucket, tmp_path: Path) -> None:
    arguments = ("build", f"s3://{bucket.name}/news", small, "--watch", "--state", tmp_path / "state")
    with start_module("feedsvc", *arguments, stderr=subprocess.PIPE, env=environment()) as process:
        try:
            assert process.stderr
            wait_until(lambda: "news/feed.rss" in bucket.all_keys())
            assert "files written" in process.stderr.readline()
            assert without_times(process.stderr.readline()) == f"feedsvc: keeping s3://{bucket.name}/news up to date\n"
            bucket.clear_requests()
            newsrooms.write(small, newsrooms.article("one", title="Saved meanwhile"))
            wait_until(lambda: b"Saved meanwhile" in bucket.get("news/feed.rss")["Body"])
            assert "news/articles/one/index.html" in {request.key for request in bucket.requests("PUT")}
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()
