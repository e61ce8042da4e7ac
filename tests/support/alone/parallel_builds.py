"""Builds and starts that use several processes give the same results as those with one process."""

from __future__ import annotations

from multiprocessing import active_children
from pathlib import Path

from feedsvc.export import MANIFEST_FILE, StaticTree
from feedsvc.export.prefetch import start_prefetch
from feedsvc.export.progress import Parallelism
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
