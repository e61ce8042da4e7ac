"""Test that a state folder, a tree and a bucket of the previous version are used without losing valid data."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feedsvc.audience.spool import read_spool_files
from feedsvc.audience.sqlite_store import SqliteReadStore
from feedsvc.content.cache import ParseCache
from feedsvc.content.folder import ContentFolder
from feedsvc.publication import LastModifiedStore
from feedsvc.websub import HubSelection
from feedsvc.websub.queue import DeliveryQueue
from tests.export.s3.conftest import bucket, no_running_event_loop, storage
from tests.export.s3.moto import Bucket
from tests.helpers.forked_process import run_module
from tests.helpers.running_server import environment
from tests.kills.newsroom import BASE_URL

__all__ = ["bucket", "no_running_event_loop", "storage"]

HUB = "https://hub.example/"
LATER = datetime(2027, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with zipfile.ZipFile(Path(__file__).with_name("previous_version.zip")) as archive:
        archive.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def facts(home: Path) -> dict[str, Any]:
    """Facts about the stored data: dates by path, reads by article, topics sent to the hub, and a file to break."""
    facts: dict[str, Any] = json.loads((home / "truth.json").read_text())
    return facts


def build(home: Path, out: str, *options: str, **variables: str) -> str:
    arguments = (out, home / "content", "--state", home / "build-state", *options)
    result = run_module("feedsvc", "build", *arguments, env=environment(variables))
    assert result.returncode == 0, result.stderr
    return result.stderr


def test_file_broken_after_the_upgrade_keeps_its_last_valid_version(
    home: Path, facts: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    (home / "content" / facts["broken"]).write_text("title: [\n")
    with closing(ParseCache(home / "state/articles.sqlite")) as cache:
        content = ContentFolder(home / "content", cache=cache).read().content
        assert content.last_valid_paths == {facts["broken"]}
        (article,) = (candidate for candidate in content.articles if candidate.slug == Path(facts["broken"]).stem)
        assert "<p>" in content.html(article)
    assert caplog.records == []


def test_last_modified_dates_are_kept_by_the_upgrade(home: Path, facts: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    file = home / "state/modified.sqlite"
    with closing(sqlite3.connect(file)) as database:
        digests = dict(database.execute("SELECT path, digest FROM document_date WHERE path != ''"))
    with closing(LastModifiedStore(file)) as store:
        dates = {path: store.last_modified(path, digests[path], LATER) for path, date in facts["dates"].items() if date}
    assert len(dates) > 50
    assert dates == {path: datetime.fromisoformat(facts["dates"][path]) for path in dates}
    assert caplog.records == []


def test_read_counts_are_kept_by_the_upgrade(home: Path, facts: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    with closing(SqliteReadStore(home / "state/views.sqlite")) as store:
        for spool in read_spool_files(home / "state/unwritten"):
            for batch in spool.batches:
                store.add(batch.reads, batch.number, writer=spool.writer)
        assert store.totals_since(None) == facts["reads"]
    assert caplog.records == []


def test_hubs_are_not_notified_again_after_the_upgrade(
    home: Path, facts: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    with closing(DeliveryQueue(home / "state/push.sqlite")) as queue:
        queue.synchronize(HubSelection(base_url=BASE_URL, site_hubs=(HUB,)), facts["topics"])
        assert {delivery.topic for delivery in queue.pending_deliveries(HUB)} == facts["topics"].keys() - {*facts["told"]}
    assert caplog.records == []


def test_tree_is_updated_in_place_without_deleting_an_operators_file(home: Path, facts: dict[str, Any]) -> None:
    tree, page = home / "tree", Path(facts["broken"]).stem
    robots_before = (tree / "robots.txt").stat()
    assert (tree / "articles" / page / "index.html").is_file()
    (home / "content" / facts["broken"]).unlink()
    stderr = build(home, str(tree), "--no-gzip")
    assert not (tree / "articles" / page).exists()
    assert (tree / "own.txt").read_text() == "A file of the operator.\n"
    robots_after = (tree / "robots.txt").stat()
    assert (robots_after.st_ino, robots_after.st_mtime_ns) == (robots_before.st_ino, robots_before.st_mtime_ns)
    assert " 0 removed" not in stderr


def test_bucket_is_updated_in_place_without_deleting_an_operators_object(
    home: Path, facts: dict[str, Any], bucket: Bucket
) -> None:
    for number, object_fields in enumerate(json.loads((home / "bucket.json").read_text())):
        bucket._client.put_object(Bucket=bucket.name, Body=(home / "bucket" / str(number)).read_bytes(), **object_fields)
    page = f"daily/articles/{Path(facts['broken']).stem}/index.html"
    assert page in bucket.all_keys()
    (home / "content" / facts["broken"]).unlink()
    stderr = build(home, f"s3://{bucket.name}/daily", **bucket._storage.variables)
    assert page not in bucket.all_keys()
    assert bucket.get("daily/own.txt")["Body"] == b"An object of the operator.\n"
    match = re.search(r"(\d+) files written, (\d+) unchanged, (\d+) removed", stderr)
    assert match
    assert int(match[3]) > 0, stderr
