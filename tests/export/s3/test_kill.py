"""A build that is killed before any of its requests: the next build completes it, also if the content is as before by then."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from feedsvc import export
from tests.export.s3.moto import Bucket
from tests.export.s3.uploads import (
    PREFIX,
    build,
    delete_older_article,
    object_bodies,
    save,
    tree_files,
    uploaded_names,
    write_small_newsroom,
)
from tests.helpers import newsrooms
from tests.helpers.forked_process import run_module
from tests.helpers.http_client import SECONDS


def edit(content: Path) -> None:
    save(content)
    delete_older_article(content)


def run_killed(content: Path, bucket: Bucket, number: int) -> subprocess.CompletedProcess[str]:
    trees = content.with_name(f"{content.name}-state")
    address = f"s3://{bucket.name}/{PREFIX}"
    return run_module("tests.export.s3.killed_build", address, trees, content, number, env=dict(os.environ), timeout=SECONDS)


@pytest.mark.slow
def test_next_build_completes_a_build_killed_before_any_request(bucket: Bucket, tmp_path: Path) -> None:
    """The kill is before the manifest, the first object, one in the middle, the deletion, the last look, that of the manifest."""
    foreign_key = f"{PREFIX}/articles/older/notes.txt"
    bucket.put(foreign_key, b"mine")
    content = write_small_newsroom(tmp_path / "content")
    build(content, bucket)
    original = shutil.copytree(content, tmp_path / "original")
    edit(content)
    result = run_killed(content, bucket, 10_000)
    assert result.returncode == 0, result.stderr
    total = int(result.stdout)
    middle, deletion = total // 2, total - 2
    for number, is_reverted in ((1, False), (2, True), (middle, False), (middle, True), (deletion, False), (total, True)):
        shutil.rmtree(content)
        shutil.copytree(original, content)
        build(content, bucket)
        edit(content)
        result = run_killed(content, bucket, number)
        assert result.returncode == -signal.SIGKILL, result.stderr
        if is_reverted:
            shutil.rmtree(content)
            shutil.copytree(original, content)
        build(content, bucket)
        out = tmp_path / f"out-{number}-{is_reverted}"
        export.build(newsrooms.load_publication(content), out)
        assert object_bodies(bucket) == {**tree_files(out), "articles/older/notes.txt": b"mine"}
        bucket.clear_requests()
        assert build(content, bucket).written == 0
        assert uploaded_names(bucket) == []
