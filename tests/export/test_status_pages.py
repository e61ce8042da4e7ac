"""Files for responses without a document address: the 404 page and the 410 pages of withdrawn articles."""

from __future__ import annotations

from pathlib import Path

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.export import BuildResult, StaticTree
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms


def build(content: Path, out: Path, only: str = "") -> BuildResult:
    with StaticTree(out, selection=only) as tree:
        return tree.build(newsrooms.load_publication(content))


def test_tree_for_nginx_has_the_410_page_at_one_path_only(content: Path, out: Path) -> None:
    with StaticTree(out, host="nginx") as tree:
        tree.build(newsrooms.load_publication(content))
    assert b"We were wrong." in (out / "articles/gone/410.html").read_bytes()
    assert not (out / "articles/gone/index.html").exists()


def test_404_page_of_the_operator_is_not_overwritten(content: Path, out: Path) -> None:
    newsrooms.write(out, {"404.html": "my own"})
    build(content, out)
    build(content, out)
    assert (out / "404.html").read_text() == "my own"
    assert not (out / "404.html.gz").exists()


def test_build_of_feeds_alone_writes_no_status_page(content: Path, out: Path) -> None:
    build(content, out, only="feeds")
    assert not list(out.rglob("4??.html"))


def test_update_adds_and_removes_the_410_page_of_an_article(content: Path, out: Path) -> None:
    first = Publication(build_catalog(load_content(content), newsrooms.NOW))
    file = content / "articles/korean.yaml"
    text = file.read_text()
    page, status_page = out / "articles/korean/index.html", out / "articles/korean/410.html"
    with StaticTree(out) as tree:
        tree.build(first)
        assert (page.exists(), status_page.exists()) == (True, False)
        file.write_text(f"{text}\nstatus: withdrawn\nwithdrawn: {{date: 2026-02-23, notice: Not so.}}\n")
        second = Publication(build_catalog(load_content(content), newsrooms.NOW))
        tree.update(second, second.changed_since(first))
        assert (page.exists(), status_page.exists()) == (True, True)
        assert "Not so." in status_page.read_text()
        assert page.read_bytes() == status_page.read_bytes()
        file.write_text(text)
        third = Publication(build_catalog(load_content(content), newsrooms.NOW))
        tree.update(third, third.changed_since(second))
        assert (page.exists(), status_page.exists()) == (True, False)
        assert "Not so." not in page.read_text()


def test_two_saves_in_one_second_have_different_mtimes_in_seconds(content: Path, out: Path) -> None:
    """ETags of nginx and HTTP dates have whole seconds: with equal seconds, a client would get 304 for another text."""
    file, page = content / "articles/december.yaml", out / "articles/december/index.html"
    times: list[int] = []
    text = file.read_text()
    build(content, out)
    for month in ("November", "Octobers", "Tuesdays"):
        file.write_text(text.replace("December text.", f"{month} text."))
        build(content, out)
        times.append(page.stat().st_mtime_ns // 1_000_000_000)
        assert page.stat().st_mtime_ns == page.with_name("index.html.gz").stat().st_mtime_ns
    assert times == sorted(set(times))
