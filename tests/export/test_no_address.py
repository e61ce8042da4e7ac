"""What a server answers without an address of its own, as files: what is missing, and what was withdrawn."""

from __future__ import annotations

import os
from pathlib import Path

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.export import BuildResult, StaticTree
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms


def build(content: Path, out: Path, only: str = "") -> BuildResult:
    with StaticTree(out, selection=only) as tree:
        return tree.build(newsrooms.load_publication(content))


def test_the_page_for_what_is_missing_and_that_of_a_withdrawn_article_are_files(content: Path, out: Path) -> None:
    build(content, out)
    published = newsrooms.load_publication(content)
    assert (out / "404.html").read_bytes() == published.not_found_page().body
    assert b"We were wrong." in (out / "articles/gone/410.html").read_bytes()
    assert (out / "articles/gone/index.html").read_bytes() == (out / "articles/gone/410.html").read_bytes()


def test_nginx_has_the_page_of_a_withdrawn_article_under_no_other_name(content: Path, out: Path) -> None:
    with StaticTree(out, host="nginx") as tree:
        tree.build(newsrooms.load_publication(content))
    assert b"We were wrong." in (out / "articles/gone/410.html").read_bytes()
    assert not (out / "articles/gone/index.html").exists()


def test_they_are_not_made_again_from_the_same(content: Path, out: Path) -> None:
    first = build(content, out)
    for name in ("404.html", "articles/gone/410.html"):
        os.utime(out / name, (1, 1))
    assert build(content, out).unchanged == first.written
    assert (out / "404.html").stat().st_mtime == 1


def test_who_has_a_page_for_what_is_missing_keeps_it(content: Path, out: Path) -> None:
    newsrooms.write(out, {"404.html": "my own"})
    build(content, out)
    build(content, out)
    assert (out / "404.html").read_text() == "my own"
    assert not (out / "404.html.gz").exists()


def test_feeds_alone_need_neither(content: Path, out: Path) -> None:
    build(content, out, only="feeds")
    assert not list(out.rglob("4??.html"))


def test_an_article_that_is_withdrawn_while_the_tree_is_kept_in_step_says_so_and_back(content: Path, out: Path) -> None:
    first = Publication(build_catalog(load_content(content), newsrooms.NOW))
    file = content / "articles/korean.yaml"
    text = file.read_text()
    page, gone = out / "articles/korean/index.html", out / "articles/korean/410.html"
    with StaticTree(out) as tree:
        tree.build(first)
        assert (page.exists(), gone.exists()) == (True, False)
        file.write_text(f"{text}\nstatus: withdrawn\nwithdrawn: {{date: 2026-02-23, notice: Not so.}}\n")
        second = Publication(build_catalog(load_content(content), newsrooms.NOW))
        tree.update(second, second.changed_since(first))
        assert (page.exists(), gone.exists()) == (True, True)
        assert "Not so." in gone.read_text()
        assert page.read_bytes() == gone.read_bytes()
        file.write_text(text)
        third = Publication(build_catalog(load_content(content), newsrooms.NOW))
        tree.update(third, third.changed_since(second))
        assert (page.exists(), gone.exists()) == (True, False)
        assert "Not so." not in page.read_text()


def test_two_saves_in_one_second_have_two_times_in_seconds(content: Path, out: Path) -> None:
    """nginx's entity tag and HTTP's dates count in seconds: a reader would get 304 for another text of the same length."""
    file, page = content / "articles/december.yaml", out / "articles/december/index.html"
    times: list[int] = []
    text = file.read_text()
    build(content, out)
    for word in ("November", "Octobers", "Tuesdays"):
        file.write_text(text.replace("December text.", f"{word} text."))
        build(content, out)
        times.append(page.stat().st_mtime_ns // 1_000_000_000)
        assert page.stat().st_mtime_ns == page.with_name("index.html.gz").stat().st_mtime_ns
    assert times == sorted(set(times))
