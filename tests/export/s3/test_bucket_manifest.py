"""The manifest in a bucket: what a build deletes, what it leaves alone, and what it does without the manifest."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

from feedsvc import export
from feedsvc.errors import FeedsvcError
from feedsvc.export import MANIFEST_FILE, BuildResult
from tests.export.s3.moto import Bucket
from tests.export.s3.uploads import (
    PREFIX,
    build,
    delete_older_article,
    object_bodies,
    object_names,
    save,
    target,
    tree_files,
    uploaded_names,
    write_small_newsroom,
    write_tagged_newsroom,
)
from tests.helpers import newsrooms

MANIFEST_KEY = f"{PREFIX}/{MANIFEST_FILE}"


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]


def test_without_manifest_nothing_is_deleted_and_one_warning_says_so(
    small_content: Path, bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    foreign_keys = [f"{PREFIX}/articles/of-others/index.html", f"{PREFIX}/notes.txt", "daily-mail/feed.rss"]
    for key in foreign_keys:
        bucket.put(key, b"mine")
    build(small_content, bucket)
    before = object_names(bucket)
    bucket.remove(MANIFEST_KEY)
    caplog.clear()
    delete_older_article(small_content)
    bucket.clear_requests()
    assert build(small_content, bucket).removed == 0
    assert bucket.requests("POST", "DELETE") == []
    assert object_names(bucket) == before
    assert {bucket.get(key)["Body"] for key in foreign_keys} == {b"mine"}
    (warning,) = warnings(caplog)
    assert warning.startswith(f"feedsvc: s3://{bucket.name}/{PREFIX} has objects, but no manifest ({MANIFEST_FILE})")
    assert warning.endswith("nothing is deleted")
    caplog.clear()
    build(small_content, bucket)
    assert warnings(caplog) == []


def test_first_build_of_an_empty_prefix_has_no_warning(
    small_content: Path, bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.put("daily-mail/feed.rss", b"mine")
    build(small_content, bucket)
    assert warnings(caplog) == []


def test_damaged_manifest_counts_as_missing_and_no_object_is_uploaded_again(
    small_content: Path, bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    first = build(small_content, bucket)
    wrong_entry = gzip.compress(b'{"fingerprint": "", "objects": {"a": 7}}', mtime=0)
    for damage in (b"{", gzip.compress(b"[]", mtime=0), wrong_entry):
        caplog.clear()
        bucket.put(MANIFEST_KEY, damage)
        bucket.clear_requests()
        assert build(small_content, bucket) == BuildResult(written=0, unchanged=first.written, removed=0)
        assert uploaded_names(bucket) == []
        assert len(warnings(caplog)) == 1
    bucket.clear_requests()
    assert build(small_content, bucket).written == 0
    assert [request.method for request in bucket.requests("PUT", "HEAD", "GET")] == ["GET"], "the manifest is read"
    shutil.rmtree(small_content.with_name("content-state"))
    bucket.clear_requests()
    assert build(small_content, bucket) == BuildResult(written=0, unchanged=first.written, removed=0)
    assert uploaded_names(bucket) == [], "a new state folder needs no upload"


def test_sites_inside_one_another_do_not_overwrite_or_delete_each_others_objects(bucket: Bucket, tmp_path: Path) -> None:
    inner_prefix = f"{PREFIX}/tag/media"
    outer = write_tagged_newsroom(tmp_path / "outer", "media")
    inner = write_small_newsroom(tmp_path / "inner")
    build(inner, bucket, inner_prefix)
    body = bucket.get(f"{inner_prefix}/feed.rss")["Body"]
    with pytest.raises(FeedsvcError, match=rf"/tag/media/\S+ was not put there by the build to s3://{bucket.name}/daily and "):
        build(outer, bucket)
    assert {name for name in object_names(bucket) if not name.startswith("tag/media/")} == set(), "nothing was uploaded"
    build(write_tagged_newsroom(outer, "sport"), bucket)
    with pytest.raises(FeedsvcError, match=r"was not put there by the build to "):
        build(write_tagged_newsroom(outer, "media"), bucket)
    build(write_tagged_newsroom(outer, "sport"), bucket)
    assert bucket.get(f"{inner_prefix}/feed.rss")["Body"] == body
    assert build(inner, bucket, inner_prefix).written == 0


def test_concurrent_builds_are_detected_and_repaired_by_the_next_build(
    small_content: Path, bucket: Bucket, tmp_path: Path
) -> None:
    other = write_small_newsroom(tmp_path / "other")
    save(other, new="Of another build.")
    build(small_content, bucket)
    delete_older_article(small_content)

    progress_calls: list[int] = []

    def build_concurrently(steps: Iterable[int], total: int) -> Iterable[int]:
        progress_calls.append(total)
        if len(progress_calls) == 2:  # the tree is built, and the upload begins
            build(other, bucket)
        return steps

    with (
        target(small_content, bucket) as upload,
        pytest.raises(FeedsvcError, match=rf"another build is writing s3://{bucket.name}/daily; wait for it to end"),
    ):
        upload.build(newsrooms.load_publication(small_content), build_concurrently)
    build(small_content, bucket)
    export.build(newsrooms.load_publication(small_content), tmp_path / "out")
    assert object_bodies(bucket) == tree_files(tmp_path / "out")


def test_manifest_is_compressed_and_not_cacheable_and_names_every_object(small_content: Path, bucket: Bucket) -> None:
    build(small_content, bucket)
    stored = bucket.get(MANIFEST_KEY)
    assert (stored["CacheControl"], stored["ContentType"]) == ("private, no-store", "application/gzip")
    assert json.loads(gzip.decompress(stored["Body"]))["objects"].keys() == object_names(bucket)
