"""A state folder, a tree and a bucket that the version before wrote are used further: nothing valid in them is lost."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedsvc.audience import SqliteReadStore
from feedsvc.audience.spool import read_spool_files
from feedsvc.content.cache import ParseCache
from feedsvc.content.folder import ContentFolder
from feedsvc.publication import LastModifiedStore
from feedsvc.websub import HubSelection
from feedsvc.websub.queue import DeliveryQueue
from tests.export.s3.conftest import bucket, no_running_event_loop, storage
from tests.export.s3.moto import Bucket
from tests.helpers.running_server import command, environment
from tests.kills.newsroom import BASE_URL

__all__ = ["bucket", "no_running_event_loop", "storage"]

HUB = "https://hub.example/"
LATER = datetime(2027, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with zipfile.ZipFile(Path(__file__).with_name("before_packages.zip")) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def truth(home: Path) -> dict[str, Any]:
    """Facts that the version before stored: dates by path, reads by article, topics sent to the hub, and a file to break."""
    found: dict[str, Any] = json.loads((home / "truth.json").read_text())
    return found


def build(home: Path, out: str, *options: str, **variables: str) -> str:
    done = subprocess.run(
        command("build", out, home / "content", "--state", home / "build-state", *options),
        capture_output=True,
        text=True,
        check=True,
        env=environment(variables),
    )
    return done.stderr


def test_a_file_that_is_broken_after_the_upgrade_keeps_its_last_valid_version(
    home: Path, truth: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    (home / "content" / truth["broken"]).write_text("title: [\n")
    with closing(ParseCache(home / "state/articles.sqlite")) as cache:
        content = ContentFolder(home / "content", cache=cache).read().content
        assert content.last_valid_paths == {truth["broken"]}
        (article,) = (one for one in content.articles if one.slug == Path(truth["broken"]).stem)
        assert "<p>" in content.html(article)
    assert caplog.records == []


def test_dates_outlive_the_upgrade(home: Path, truth: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    file = home / "state/modified.sqlite"
    with closing(sqlite3.connect(file)) as rows:
        digests = dict(rows.execute("SELECT path, digest FROM document_date WHERE path != ''"))
    with closing(LastModifiedStore(file)) as store:
        dates = {path: store.last_modified(path, digests[path], LATER) for path, date in truth["dates"].items() if date}
    assert len(dates) > 50
    assert dates == {path: datetime.fromisoformat(truth["dates"][path]) for path in dates}
    assert caplog.records == []


def test_reads_outlive_the_upgrade(home: Path, truth: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    with closing(SqliteReadStore(home / "state/views.sqlite")) as store:
        for spool in read_spool_files(home / "state/unwritten"):
            for batch in spool.batches:
                store.add(batch.reads, batch.number, writer=spool.writer)
        assert store.totals_since(None) == truth["reads"]
    assert caplog.records == []


def test_no_hub_is_told_again_after_the_upgrade(home: Path, truth: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    with closing(DeliveryQueue(home / "state/push.sqlite")) as queue:
        queue.synchronize(HubSelection(base_url=BASE_URL, site_hubs=(HUB,)), truth["topics"])
        assert {one.topic for one in queue.pending_deliveries(HUB)} == truth["topics"].keys() - {*truth["told"]}
    assert caplog.records == []


def test_a_tree_is_updated_in_place_and_the_operators_file_stays(home: Path, truth: dict[str, Any]) -> None:
    tree, page = home / "tree", Path(truth["broken"]).stem
    robots = (tree / "robots.txt").stat()
    assert (tree / "articles" / page / "index.html").is_file()
    (home / "content" / truth["broken"]).unlink()
    said = build(home, str(tree), "--no-gzip")
    assert not (tree / "articles" / page).exists()
    assert (tree / "own.txt").read_text() == "A file of the operator.\n"
    after = (tree / "robots.txt").stat()
    assert (after.st_ino, after.st_mtime_ns) == (robots.st_ino, robots.st_mtime_ns)
    assert " 0 removed" not in said


def test_a_bucket_is_updated_in_place_and_the_operators_object_stays(home: Path, truth: dict[str, Any], bucket: Bucket) -> None:
    for number, one in enumerate(json.loads((home / "bucket.json").read_text())):
        bucket._client.put_object(Bucket=bucket.name, Body=(home / "bucket" / str(number)).read_bytes(), **one)
    page = f"daily/articles/{Path(truth['broken']).stem}/index.html"
    assert page in bucket.all_keys()
    (home / "content" / truth["broken"]).unlink()
    said = build(home, f"s3://{bucket.name}/daily", **bucket._storage.variables)
    assert page not in bucket.all_keys()
    assert bucket.get("daily/own.txt")["Body"] == b"An object of the operator.\n"
    found = re.search(r"(\d+) files written, (\d+) unchanged, (\d+) removed", said)
    assert found
    assert int(found[3]) > 0, said
