"""Builds and starts that use several processes give the same results as those with one process."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from multiprocessing import active_children
from pathlib import Path

import pytest

from feedsvc.content.folder.folder import ContentFolder, ContentSnapshot
from feedsvc.content.scan import scanner
from feedsvc.content.scan.scanner import ScanResult
from feedsvc.content.store import ContentStore
from feedsvc.export import MANIFEST_FILE, StaticTree
from feedsvc.export.prefetch import start_prefetch
from feedsvc.export.progress import Parallelism
from feedsvc.support.process_pool import BackgroundTask
from tests.helpers import former_files, newsrooms


def test_tree_of_three_processes_equals_the_tree_of_one_process(tmp_path: Path) -> None:
    parallelism = Parallelism(render_threshold=1, render_chunk=4)
    content = newsrooms.write_sample(tmp_path / "content")
    trees = []
    for processes in (1, 3):
        out = tmp_path / f"out{processes}"
        for _ in range(2):
            with StaticTree(out, processes=processes, parallelism=parallelism) as tree:
                result = tree.build(newsrooms.load_publication(content))
        assert result.written == 0
        files = (file for file in out.rglob("*") if file.is_file() and file.name != MANIFEST_FILE)
        trees.append({str(file.relative_to(out)): file.read_bytes() for file in files})
    assert trees[0] == trees[1]
    assert len(trees[0]) > 150


def test_tree_of_three_processes_has_pages_before_feeds_and_sitemaps_after_them(tmp_path: Path) -> None:
    with StaticTree(tmp_path / "out", processes=3, codings=(), parallelism=Parallelism(render_threshold=1)) as tree:
        tree.build(newsrooms.load_publication(newsrooms.write_sample(tmp_path / "content")))
    redirect_files = {
        tmp_path / "out" / name for name in former_files.documents(newsrooms.load_publication(tmp_path / "content"))
    }
    files = (
        file for file in (tmp_path / "out").rglob("*") if file.is_file() and file.name[0] != "." and file not in redirect_files
    )
    times = {file: file.stat().st_mtime_ns for file in files}
    feeds = [mtime for file, mtime in times.items() if file.stem == "feed" and file.parent.name != "static"]
    after_feeds = [mtime for file, mtime in times.items() if file.name in ("feeds.opml", "sitemap.xml")]
    pages = [mtime for file, mtime in times.items() if file.parent.parent.name == "articles"]
    assert len(feeds) > len(pages) > len(after_feeds) == 2
    assert max(pages) <= min(feeds) <= max(feeds) <= min(after_feeds)


def test_prefetch_process_ends_with_the_first_build(tmp_path: Path) -> None:
    """Before the fix, `build --watch` kept the prefetch process until its own end."""
    publication = newsrooms.load_publication(newsrooms.write_sample(tmp_path.with_name("content")))
    with StaticTree(tmp_path, processes=1) as tree:
        tree.build(publication)
    with start_prefetch(tmp_path) as get_state:
        assert get_state()
    with StaticTree(tmp_path, processes=1, prefetch=start_prefetch(tmp_path)) as tree:
        assert len(active_children()) == 1
        tree.build(publication)
        assert not active_children()


def test_first_read_calls_while_waiting_during_the_first_scan(tmp_path: Path) -> None:
    """Before the fix, a build loaded its templates after the scan instead of during it."""
    root, marker = newsrooms.write_sample(tmp_path / "content"), tmp_path / "done"

    def scan_after_marker() -> ScanResult:
        deadline = time.monotonic() + 30
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        return scanner.scan_folder(root, scanner.ARTICLES_FOLDER)

    folder = ContentFolder(root, "", ContentStore(tmp_path / "kept"), BackgroundTask(scan_after_marker))
    start = time.monotonic()
    folder.start_first_read(newsrooms.NOW, marker.touch)
    assert time.monotonic() - start < 20
    assert folder.read().content.articles


def read_content(root: Path, cache_file: Path, large_file_size: int = 1 << 40) -> ContentSnapshot:
    """Read the content folder as a start does; store what was read in the cache file."""
    cache = ContentStore(cache_file, large_file_size=large_file_size)
    folder = ContentFolder(root, "", cache)
    content = folder.read(now=newsrooms.NOW).content
    folder.save()
    cache.close()
    return content


@pytest.mark.parametrize("is_killed", [False, True])
def test_start_with_parallel_scan_reads_the_same_content(tmp_path: Path, *, is_killed: bool) -> None:
    """A child process scans the files, or the main process if the child was killed."""
    root = newsrooms.write_sample(tmp_path / "content")
    (root / "articles/broken.yaml").write_text("title: [\n")
    (root / "articles/loop").symlink_to(root / "articles")
    with ExitStack() as patches:
        contents = [read_content(root, tmp_path / f"{name}.sqlite") for name in "ab"]
        assert contents[0] == contents[1]
        if is_killed:
            main_process = os.getpid()
            scan_patch = patches.enter_context(pytest.MonkeyPatch.context())
            scan_patch.setattr(
                "feedsvc.content.scan.scanner.scan_folder",
                lambda *_: os.kill(os.getpid(), signal.SIGKILL) if os.getpid() != main_process else None,
            )
        content = read_content(root, tmp_path / "a.sqlite", large_file_size=0)
    assert content == read_content(root, tmp_path / "b.sqlite")
    assert content.articles
    assert content.problems
