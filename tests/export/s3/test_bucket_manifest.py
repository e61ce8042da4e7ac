"""The manifest in a bucket: without it, or after changes by other programs, a build still finds what to upload and delete."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from feedsvc import export
from feedsvc.errors import FeedsvcError
from feedsvc.export import MANIFEST_FILE, BuildResult
from feedsvc.export.s3.upload import Upload
from tests.export.s3.moto import Bucket
from tests.export.s3.uploads import (
    PREFIX,
    build,
    delete_manifest,
    object_bodies,
    object_names,
    save,
    tree_files,
    write_small_newsroom,
    write_tagged_newsroom,
)
from tests.helpers import newsrooms


def test_foreign_objects_remain_in_a_bucket_without_manifest(small_content: Path, bucket: Bucket) -> None:
    foreign_keys = [
        f"{PREFIX}/articles/of-others/index.html",
        f"{PREFIX}/media/of-others.mp3",
        f"{PREFIX}/notes.txt",
        f"{PREFIX}/metrics/notes.txt",
        "daily-mail/feed.rss",
    ]
    for key in foreign_keys:
        bucket.put(key, b"mine")
    build(small_content, bucket)
    delete_manifest(bucket)
    bucket.clear_requests()
    assert build(small_content, bucket).removed == 0
    assert {bucket.get(key)["Body"] for key in foreign_keys} == {b"mine"}
    assert f"{PREFIX}/metrics/notes.txt" not in {request.key for request in bucket.requests("HEAD")}, (
        "no build uploads an object with this key"
    )


def test_outer_site_does_not_overwrite_a_site_inside_its_prefix(small_content: Path, bucket: Bucket, tmp_path: Path) -> None:
    inner = f"{PREFIX}/tag/media"
    with Upload(f"s3://{bucket.name}/{inner}") as upload:
        upload.build(newsrooms.load_publication(small_content))
    body = bucket.get(f"{inner}/feed.rss")["Body"]
    outer = write_tagged_newsroom(tmp_path / "outer", "media")
    with pytest.raises(
        FeedsvcError,
        match=rf"/tag/media/\S+ was put there by the build to s3://{bucket.name}/{inner} and would be overwritten; b",
    ):
        build(outer, bucket)
    assert not object_names(bucket) - {name for name in object_names(bucket) if name.startswith("tag/media/")}, (
        "nothing was uploaded"
    )
    assert bucket.get(f"{inner}/feed.rss")["Body"] == body


@pytest.mark.parametrize("without_manifest", [False, True])
def test_outer_site_does_not_delete_objects_that_an_inner_site_has_overwritten(
    small_content: Path, bucket: Bucket, tmp_path: Path, *, without_manifest: bool
) -> None:
    outer, inner = write_tagged_newsroom(tmp_path / "outer", "media"), f"{PREFIX}/tag/media"
    build(outer, bucket)
    with Upload(f"s3://{bucket.name}/{inner}") as upload:
        upload.build(newsrooms.load_publication(small_content))
        inner_keys = {key for key in bucket.all_keys() if key.startswith(inner)}
        if without_manifest:
            delete_manifest(bucket)
        build(write_tagged_newsroom(outer, "sport"), bucket)
        assert {key for key in bucket.all_keys() if key.startswith(inner)} == inner_keys
        assert upload.build(newsrooms.load_publication(small_content)).written == 0


@pytest.mark.parametrize(
    "damage",
    [b"{", gzip.compress(b"[]", mtime=0), gzip.compress(b'{"common": 1, "notes": {"a": 7}}', mtime=0)],
    ids=["no gzip data", "a list", "a string instead of a number"],
)
def test_damaged_manifest_does_not_stop_a_build(small_content: Path, bucket: Bucket, damage: bytes) -> None:
    first = build(small_content, bucket)
    for key in bucket.all_keys():
        if MANIFEST_FILE in key:
            bucket.put(key, damage)
    assert build(small_content, bucket) == BuildResult(written=0, unchanged=first.written, removed=0)
    bucket.clear_requests()
    assert build(small_content, bucket).written == 0
    assert bucket.requests("PUT", "HEAD") == []


def test_concurrent_builds_are_detected_and_repaired_by_the_next_build(
    small_content: Path, bucket: Bucket, tmp_path: Path
) -> None:
    other = write_small_newsroom(tmp_path / "other")
    save(other, new="Of another build.")
    build(small_content, bucket)
    save(small_content)

    def build_concurrently(steps: Iterable[int], _: int) -> Iterable[int]:
        build(other, bucket)
        return steps

    with (
        Upload(f"s3://{bucket.name}/{PREFIX}") as upload,
        pytest.raises(FeedsvcError, match=rf"another build is writing s3://{bucket.name}/daily; wait for it to end"),
    ):
        upload.build(newsrooms.load_publication(small_content), build_concurrently)
    build(small_content, bucket)
    export.build(newsrooms.load_publication(small_content), tmp_path / "out")
    assert object_bodies(bucket) == tree_files(tmp_path / "out")


def test_manifest_is_compressed_and_not_cacheable(small_content: Path, bucket: Bucket) -> None:
    build(small_content, bucket)
    [key, *_] = [key for key in bucket.all_keys() if MANIFEST_FILE in key]
    stored = bucket.get(key)
    assert (stored["CacheControl"], stored["ContentType"]) == ("private, no-store", "application/gzip")
    assert set(json.loads(gzip.decompress(stored["Body"]))) == {"is_whole", "common", "notes"}
    assert hashlib.md5(stored["Body"]).hexdigest() == stored["ETag"].strip('"')
