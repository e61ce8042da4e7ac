"""Files at former addresses follow the settings and articles, and never replace a document or a file of the operator."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from feedsvc.catalog import periods as catalog_periods
from feedsvc.content.folder.folder import ContentFolder
from feedsvc.export import BuildResult, StaticTree, file_name
from feedsvc.export.aliases import former_paths, is_former_path, target_path
from feedsvc.live.live import Live
from feedsvc.publication.publication import Publication
from tests.helpers import newsrooms
from tests.helpers.trees import contents
from tests.live.editors import SimulatedEditors

REDIRECT_MARKUP = b'<meta http-equiv="refresh" content="0; url='


def build(content: Path, out: Path, host: str = "any") -> BuildResult:
    with StaticTree(out, host=host, processes=1) as tree:
        return tree.build(newsrooms.load_publication(content))


def save(content: Path, name: str, old: str, new: str) -> Publication:
    """Replace a text in a file of the content folder; return the new publication."""
    file = content / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    return newsrooms.load_publication(content)


def test_each_former_address_has_a_file_and_a_gzip_file(content: Path, out: Path) -> None:
    build(content, out)
    for name in ("articles/old-rich/index.html", "category/east/index.html", "author/rn/archive/2025/index.html"):
        assert REDIRECT_MARKUP in (out / name).read_bytes()
        assert (out / f"{name}.gz").exists()
    for copy, original in {
        "category/east/feed.json": "category/asia/feed.json",
        "category/east/archive/2025-12/feed.rss": "category/asia/archive/2025-12/feed.rss",
        "author/rn/feed.atom": "author/ritesh/feed.atom",
        "category/money/rss.xml": "category/money/feed.rss",
        "category/east/atom.xml": "category/asia/feed.atom",
        "feed/index.html": "feed.rss",
        "rss/index.html": "feed.rss",
        "index.xml": "feed.rss",
    }.items():
        for suffix in ("", ".gz"):
            assert (out / f"{copy}{suffix}").read_bytes() == (out / f"{original}{suffix}").read_bytes(), copy
    assert not (out / "author/ritesh/rss.xml").exists()
    assert not (out / "tag/한국/feed").exists()


def test_update_adds_and_removes_files_of_aliases(content: Path, out: Path, tmp_path: Path) -> None:
    publication = newsrooms.load_publication(content)
    steps = [
        ("articles/rich.yaml", "aliases: [old-rich]", "aliases: [old-rich, older-rich]"),
        ("articles/rich.yaml", "aliases: [old-rich, older-rich]", "aliases: [older-rich]"),
        ("categories.yaml", "aliases: [east]", "aliases: [orient]"),
        ("authors.yaml", "  aliases: [rn]\n", ""),
        ("articles/december.yaml", "December text.", "Another text."),
        (
            "articles/korean.yaml",
            "lang",
            "status: withdrawn\nwithdrawn: {date: 2026-02-23, notice: Not so.}\naliases: [hangul]\nlang",
        ),
        ("articles/december.yaml", "published: 2025-12", "published: 2024-10"),
    ]
    with StaticTree(out, processes=1) as tree:
        tree.build(publication)
        for number, step in enumerate(steps):
            before, publication = publication, save(content, *step)
            tree.update(publication, publication.changed_since(before))
            build(content, tmp_path / f"fresh-{number}")
            assert contents(out) == contents(tmp_path / f"fresh-{number}"), step
    assert not (out / "articles/old-rich").exists()
    assert REDIRECT_MARKUP in (out / "articles/older-rich/index.html").read_bytes()
    assert not (out / "category/east").exists()
    assert b"Not so." in (out / "articles/hangul/index.html").read_bytes()


def test_one_save_rewrites_copies_of_changed_feeds_and_no_redirect_page(content: Path, out: Path) -> None:
    before = newsrooms.load_publication(content)
    with StaticTree(out, processes=1) as tree:
        tree.build(before)
        old_contents = contents(out)
        after = save(content, "articles/korean.yaml", "title: 한국어 기사", "title: 다른 기사")
        tree.update(after, after.changed_since(before))
    new_contents = contents(out)
    changed_names = {name for name, data in new_contents.items() if data != old_contents.get(name)}
    former_names = {path[1:] for path in former_paths(after.catalog)}
    assert {"rss.xml", "atom.xml", "category/east/feed.json", "author/rn/feed.rss"} <= changed_names & former_names
    assert not [name for name in changed_names if REDIRECT_MARKUP in new_contents[name]]


@pytest.mark.parametrize("name", ["rss.xml", "feed/index.html", "category/east/index.html", "_redirects", "_headers"])
def test_operator_file_at_a_former_address_is_not_overwritten(content: Path, out: Path, name: str) -> None:
    newsrooms.write(out, {name: "mine"})
    build(content, out)
    with StaticTree(out, processes=1) as tree:
        before = newsrooms.load_publication(content)
        after = save(content, "articles/korean.yaml", "title: 한국어 기사", "title: 다른 기사")
        tree.update(after, after.changed_since(before))
    assert build(content, out).written == 0
    assert (out / name).read_text() == "mine"
    assert not (out / f"{name}.gz").exists()


def test_operator_file_in_place_of_a_folder_of_a_former_address_is_not_replaced(content: Path, out: Path) -> None:
    newsrooms.write(out, {"feed": "mine", "category/east": "mine"})
    (out / "rss.xml").mkdir()
    build(content, out)
    assert build(content, out).written == 0
    assert (out / "feed").read_text() == (out / "category/east").read_text() == "mine"
    assert (out / "feed.xml").exists()


def test_tree_for_nginx_has_no_files_at_former_addresses(content: Path, out: Path) -> None:
    build(content, out, "nginx")
    nginx_contents = contents(out)
    former = {name for name, data in nginx_contents.items() if REDIRECT_MARKUP in data}
    assert not former
    assert not [name for name in ("_redirects", "_headers", "rss.xml", "category/east") if (out / name).exists()]
    result = build(content, out)
    assert result.written > 20
    assert build(content, out, "nginx").removed == result.written
    assert contents(out) == nginx_contents


@pytest.mark.parametrize("host", ["any", "netlify", "nginx"])
def test_an_updated_tree_equals_a_new_one_when_languages_come_and_go(tmp_path: Path, host: str) -> None:
    """The server redirects from /language/ko/ while there are only articles in ko-KR; a tree has no file there."""
    root, out = newsrooms.write(tmp_path / "content", newsrooms.SITE), tmp_path / "out"
    live = Live(ContentFolder(root), None)
    written = live.edition.publication
    with StaticTree(out, host=host) as tree:
        tree.build(written)
        for name, language in (("a", ""), ("b", "ko-KR"), ("c", "ko"), ("c", None), ("d", "ko-KP"), ("b", None), ("d", None)):
            file = root / f"articles/{name}.yaml"
            if language is None:
                file.unlink()
            else:
                keys = {"language": language} if language else {}
                newsrooms.write(root, newsrooms.article(name, "2026-01-02", summary="S.", **keys))
            live.reload()
            publication = live.edition.publication
            tree.update(publication, publication.changed_since(written))
            written = publication
            new = tmp_path / f"new-{name}-{language}"
            build(root, new, host)
            assert contents(out) == contents(new), (name, language)


@pytest.mark.parametrize("host", ["any", "nginx"])
def test_an_updated_tree_equals_a_new_one_when_a_month_is_no_longer_divided_by_day(
    tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server redirects from the former days; a tree has no files there."""
    monkeypatch.setattr(catalog_periods, "MAX_MONTH_ENTRIES", 3)
    root, out = newsrooms.write(tmp_path / "content", newsrooms.SITE), tmp_path / "out"
    for number in range(4):
        newsrooms.write(root, newsrooms.article(f"many-{number}", f"2025-07-{number + 1:02}", category="asia"))
    live = Live(ContentFolder(root), None)
    divided = live.edition.publication
    with StaticTree(out, host=host) as tree:
        tree.build(divided)
        assert (out / "archive/2025/07/01").exists()
        (root / "articles/many-3.yaml").unlink()
        live.reload()
        publication = live.edition.publication
        tree.update(publication, publication.changed_since(divided))
    build(root, tmp_path / "new", host)
    assert contents(out) == contents(tmp_path / "new")
    assert not (out / "archive/2025/07/01").exists()


def test_no_former_address_equals_a_document_address_after_random_edits(tmp_path: Path) -> None:
    editors = SimulatedEditors(tmp_path / "content", Random(5))
    live = Live(ContentFolder(editors.root), None)
    all_former_paths: set[str] = set()
    for _ in range(60):
        editors.act()
        live.reload()
        publication = live.edition.publication
        former, paths = [*former_paths(publication.catalog)], {*publication.paths()}
        assert len(former) == len({*former})
        assert paths.isdisjoint(former)
        assert {*map(file_name, paths)}.isdisjoint(map(file_name, former))
        for path in former:
            assert target_path(publication, path) in paths or is_former_path(
                publication, target_path(publication, path) or path
            ), path
        all_former_paths.update(former)
    assert any(path.startswith("/articles/once-") for path in all_former_paths)
