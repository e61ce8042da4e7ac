"""`feedsvc build s3://...` as a person runs it: what it says, what it refuses, and what a kill -9 leaves."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote
from urllib.request import Request, urlopen

import pytest

from feedsvc.export import MANIFEST_FILE
from tests.audience.waiting import until
from tests.export.s3.moto import ALONE, KEYS, Shelf, Storage
from tests.helpers import newsrooms
from tests.helpers.http_client import SECONDS
from tests.helpers.running_server import command, environment

BASE = "https://news.example"
SITE: Mapping[str, str | bytes] = {
    **newsrooms.SITE,
    "site.yaml": f"title: Daily\nbase_url: {BASE}\nid_domain: news.example\nfeed: {{entries: 6}}\nlogo: media/logo.png\n",
}
ROUNDS = 10


def run(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command("build", *arguments),
        check=False,
        capture_output=True,
        text=True,
        env=environment({**ALONE, **variables}),
        timeout=SECONDS * 3,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def said(*arguments: str | Path, **variables: str) -> str:
    """What is told of a fault: one sentence."""
    done = run(*arguments, **variables)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    return line.removeprefix("feedsvc: error: ")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return newsrooms.write(tmp_path / "small", {**SITE, **newsrooms.article("one"), **newsrooms.article("two")})


def test_the_command_says_what_it_put_and_then_that_nothing_changed(small: Path, shelf: Shelf, tmp_path: Path) -> None:
    address = f"s3://{shelf.name}/news"
    told = [run(address, small, "--state", tmp_path / "state").stderr.splitlines() for _ in range(2)]
    count = sum(MANIFEST_FILE not in key for key in shelf.all_keys())
    assert told[0] == [f"feedsvc: {address}: {count} files written, 0 unchanged, 0 removed", "feedsvc: no change is scheduled"]
    assert told[1][0] == f"feedsvc: {address}: 0 files written, {count} unchanged, 0 removed"
    assert not Path("s3:").exists()


def test_a_bucket_that_is_not_there(small: Path, storage: Storage) -> None:
    sentence = said("s3://no-such-bucket/x", small, **storage.variables)
    assert sentence == f"s3://no-such-bucket/x: there is no such bucket at {storage.url}; create it, or correct its name"


def test_no_credentials(small: Path, storage: Storage) -> None:
    sentence = said("s3://news", small, AWS_ENDPOINT_URL=storage.url, AWS_DEFAULT_REGION="us-east-1")
    assert sentence == "s3://news: there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"


def test_a_profile_that_is_not_there(small: Path, storage: Storage) -> None:
    sentence = said("s3://news", small, AWS_ENDPOINT_URL=storage.url, AWS_PROFILE="desk")
    assert sentence == "s3://news: The config profile (desk) could not be found; correct AWS_PROFILE"


def test_a_storage_that_does_not_answer(small: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        sentence = said("s3://news", small, **KEYS, AWS_ENDPOINT_URL=url, AWS_MAX_ATTEMPTS="1")
    assert sentence == f"s3://news: the storage at {url} cannot be reached; check AWS_ENDPOINT_URL and the network"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("storage", "Invalid endpoint: storage"),
        ("storage:9000", "Invalid endpoint: storage:9000"),
        ("ftp://storage", "Custom endpoint `ftp://storage` was not a valid URI"),
        ("http://[storage", "Invalid IPv6 URL"),
    ],
)
def test_who_mistypes_an_endpoint_is_told_which_variable_to_mend(small: Path, url: str, why: str) -> None:
    assert said("s3://news", small, **KEYS, AWS_ENDPOINT_URL=url) == (
        f"s3://news: the storage's address is malformed ({why}); "
        "write AWS_ENDPOINT_URL (or endpoint_url in a configuration) like https://storage.example"
    )


def test_who_mistypes_a_region_is_told_which_variable_to_mend(small: Path) -> None:
    sentence = said("s3://news", small, **{**KEYS, "AWS_DEFAULT_REGION": "us east"})
    assert sentence.startswith("s3://news: ")
    assert sentence.endswith("; correct AWS_DEFAULT_REGION")


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("gs://news", "gs://news: feedsvc cannot build there; give a folder, or s3://BUCKET/PREFIX"),
        ("s3://", "s3:// names no bucket; write it like s3://news-example or s3://news-example/daily"),
        (
            "s3:news-example",
            "s3:news-example: the address of a bucket is s3://news-example; for a folder of this name, give ./s3:news-example",
        ),
        ("s3:/news/x", "s3:/news/x: the address of a bucket is s3://news/x; for a folder of this name, give ./s3:/news/x"),
        ("S3://news", "S3://news: the address of a bucket is s3://news; for a folder of this name, give ./S3://news"),
        ("s3:", "s3:: the address of a bucket is s3://BUCKET/PREFIX; for a folder of this name, give ./s3:"),
        ("s3://b//x/", "s3://b//x/: there is no name of a folder between two slashes; write s3://b/x"),
        ("s3://b/x//y", "s3://b/x//y: there is no name of a folder between two slashes; write s3://b/x/y"),
        ("s3:///x", "s3:///x names no bucket; write it like s3://news-example or s3://news-example/daily"),
    ],
)
def test_an_address_that_nothing_can_be_built_to(
    small: Path, out: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    assert said(out, small) == sentence
    assert list(Path().iterdir()) == [], "no folder of that name was made"


def test_a_folder_may_be_named_like_a_bucket_where_that_is_meant(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    assert run("./s3:news", small).returncode == 0
    assert Path("s3:news/feed.rss").is_file()


def test_only_a_bucket_holds_compressed_documents_alone(small: Path, tmp_path: Path) -> None:
    assert said(tmp_path / "out", small, "--gzip-only").startswith("--gzip-only is for s3:// addresses;")


def test_without_the_extra_one_sentence_says_how_to_install_it(small: Path, tmp_path: Path) -> None:
    (tmp_path / "s3fs.py").write_text("raise ImportError('as if it were not installed')\n")
    path = f"{tmp_path}{os.pathsep}{environment()['PYTHONPATH']}"
    assert said("s3://news", small, PYTHONPATH=path) == "s3:// needs s3fs; install it with: pip install 'feedsvc[s3]'"


def test_the_endpoint_may_stand_in_the_configuration_of_fsspec(small: Path, shelf: Shelf, storage: Storage) -> None:
    config = json.dumps({"endpoint_url": storage.url, "key": "key", "secret": "secret"})
    done = subprocess.run(
        command("build", f"s3://{shelf.name}", small),
        check=False,
        capture_output=True,
        text=True,
        env={**without_variables(), **ALONE, "FSSPEC_S3": config},
    )
    assert done.returncode == 0, done.stderr
    assert "feed.rss" in shelf.all_keys()


def without_variables() -> dict[str, str]:
    return {name: value for name, value in environment().items() if not name.startswith("AWS_")}


@contextmanager
def guarded(storage: Storage) -> Iterator[None]:
    """From now on the storage asks who may do what."""
    _guard(storage, "0")
    try:
        yield
    finally:
        _guard(storage, "inf")


def _guard(storage: Storage, after: str) -> None:
    with urlopen(
        Request(f"{storage.url}/moto-api/reset-auth", data=after.encode(), headers={"Content-Type": "text/plain"})
    ) as answer:
        assert answer.status == 200


def user(storage: Storage, name: str, *actions: str) -> dict[str, str]:
    """The variables of somebody who may do this and nothing else."""
    iam: Any = storage.service("iam")
    iam.create_user(UserName=name)
    if actions:
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    iam.close()
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def test_who_may_not_list_or_put_is_told_what_to_be_allowed(small: Path, shelf: Shelf, storage: Storage) -> None:
    nobody, reader = user(storage, "nobody"), user(storage, "reader", "s3:ListBucket", "s3:GetObject")
    address = f"s3://{shelf.name}/news"
    with guarded(storage):
        for who, operation in ((nobody, "ListObjectsV2"), (reader, "PutObject")):
            sentence = said(address, small, **{**storage.variables, **who})
            assert sentence == (
                f"{address}: access is denied ({operation}); allow these credentials s3:ListBucket on the bucket, "
                "and s3:GetObject, s3:PutObject and s3:DeleteObject below the prefix"
            )
        sentence = said(address, small, **{**storage.variables, "AWS_ACCESS_KEY_ID": "unknown"})
        assert sentence.startswith(f"{address}: the credentials are not accepted (InvalidAccessKeyId); set AWS_ACCESS_KEY_ID")
    assert shelf.all_keys() == []


def test_a_bucket_is_kept_in_step_with_every_save(small: Path, shelf: Shelf, tmp_path: Path) -> None:
    arguments = command("build", f"s3://{shelf.name}/news", small, "--watch", "--state", tmp_path / "state")
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, env=environment()) as process:
        try:
            assert process.stderr
            until(lambda: "news/feed.rss" in shelf.all_keys())
            assert "files written" in process.stderr.readline()
            assert process.stderr.readline() == f"feedsvc: keeping s3://{shelf.name}/news up to date\n"
            shelf.listen()
            newsrooms.write(small, newsrooms.article("one", title="Saved meanwhile"))
            until(lambda: b"Saved meanwhile" in shelf.get("news/feed.rss")["Body"])
            assert "news/articles/one/index.html" in {one.key for one in shelf.asked("PUT")}
            process.send_signal(signal.SIGTERM)
            assert process.wait(SECONDS) == 0
        finally:
            process.kill()


def test_a_build_that_is_killed_at_any_moment_is_completed_by_the_next_and_feeds_never_lead_nowhere(
    shelf: Shelf, storage: Storage, tmp_path: Path
) -> None:
    content, address, random = newsrooms.write(tmp_path / "content", SITE), f"s3://{shelf.name}/news", Random(7)
    arguments = command("build", address, content, "--state", tmp_path / "state", "--processes", "1")
    killed = 0
    for number in range(ROUNDS):
        edit(content, number)
        shelf.listen()
        with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=environment()) as process:
            enough = random.randint(1, 110)
            while process.poll() is None and len(shelf.asked("PUT", "POST")) < enough:
                time.sleep(0.002)
            process.kill()
        killed += process.returncode == -signal.SIGKILL
        check(shelf)
    assert killed >= ROUNDS // 2
    assert run(address, content, "--state", tmp_path / "state", **storage.variables).returncode == 0
    subprocess.run(
        command("build", tmp_path / "out", content, "--no-gzip"), check=True, env=environment(), stderr=subprocess.DEVNULL
    )
    wanted = {path.relative_to(tmp_path / "out").as_posix(): path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    there = {key.removeprefix("news/") for key in shelf.all_keys() if MANIFEST_FILE not in key}
    assert there == {name for name in wanted if not name.startswith((".feedsvc", "_redirects", "_headers"))}
    for name in there:
        assert shelf.get(f"news/{name}")["Body"] == wanted[name].read_bytes(), name
    assert run(address, content, **storage.variables).stderr.startswith(f"feedsvc: {address}: 0 files written, {len(there)} unch")


def edit(content: Path, number: int) -> None:
    """Some articles come, one goes, all others change."""
    for one in range(number, number + 12):
        keys = {"title": f"News {one} of {number}", "category": "asia", "image": "{src: media/logo.png}", "tags": f"[t{one % 3}]"}
        newsrooms.write(content, newsrooms.article(f"a{one}", f"2026-0{one % 3 + 1}-0{one % 9 + 1}", **keys))
    if number:
        (content / f"articles/a{number - 1}.yaml").unlink()


def check(shelf: Shelf) -> None:
    keys = set(shelf.all_keys())
    feeds = [key for key in keys if re.search(r"/feed\.(?:rss|atom|json)$", key)]
    for key in feeds:
        archive = "/archive/" in key
        for address in set(re.findall(rf"{BASE}(/[^\"'<>\s#\\]*)", shelf.get(key)["Body"].decode())):
            name = f"news{unquote(address)}{'index.html' if address.endswith('/') else ''}"
            # Archives name one another, and the feed that comes after them.
            assert name in keys or (archive and "/feed." in name), f"{key} leads to {name}"
