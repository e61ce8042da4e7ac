"""A build that is killed before any of its requests: the next build completes it, also if the content is as before by then."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from feedsvc import export
from tests import ROOT
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

# It kills itself before a request of this number, of those that change the bucket and the last look at the manifest.
PROGRAM = """
import os, signal, sys
from pathlib import Path
from feedsvc.export import bucket
from tests.helpers import newsrooms

def counted(method):
    def call(*arguments):
        requests.append(method.__name__)
        if len(requests) == int(sys.argv[4]):
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*arguments)
    return call

requests = []
for name in ("put", "delete", "etag"):
    setattr(bucket._Storage, name, counted(getattr(bucket._Storage, name)))
with bucket.Bucket(sys.argv[1], Path(sys.argv[2]), processes=1) as target:
    target.build(newsrooms.load_publication(Path(sys.argv[3])))
print(len(requests))
"""


def edit(content: Path) -> None:
    save(content)
    delete_older_article(content)


def run_killed(content: Path, bucket: Bucket, number: int) -> subprocess.CompletedProcess[str]:
    trees = content.with_name(f"{content.name}-state")
    words = [sys.executable, "-c", PROGRAM, f"s3://{bucket.name}/{PREFIX}", str(trees), str(content), str(number)]
    return subprocess.run(words, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("is_reverted", [False, True])
def test_next_build_completes_a_build_killed_before_any_request(bucket: Bucket, tmp_path: Path, *, is_reverted: bool) -> None:
    bucket.put(f"{PREFIX}/notes.txt", b"mine")
    total, number = 0, 10_000
    for attempt in range(6):
        content = write_small_newsroom(tmp_path / str(attempt) / "content")
        build(content, bucket)
        backup = shutil.copytree(content, tmp_path / str(attempt) / "backup")
        edit(content)
        result = run_killed(content, bucket, number)
        if attempt == 0:
            assert result.returncode == 0, result.stderr
            total = int(result.stdout)
        else:
            assert result.returncode == -signal.SIGKILL, result.stderr
            if is_reverted:
                shutil.rmtree(content)
                shutil.copytree(backup, content)
            build(content, bucket)
        # The manifest, the first object, one in the middle, the deletion, the last look at the manifest; then that.
        number = (1, 2, total // 2, total - 2, total)[min(attempt, 4)]
        export.build(newsrooms.load_publication(content), tmp_path / str(attempt) / "out")
        assert object_bodies(bucket) == {**tree_files(tmp_path / str(attempt) / "out"), "notes.txt": b"mine"}
        bucket.clear_requests()
        assert build(content, bucket).written == 0
        assert uploaded_names(bucket) == []
