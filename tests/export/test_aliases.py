"""Files at former addresses come and go with what they stand for, and take nobody's place."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random

import pytest

from feedsvc.content.folder.folder import ContentFolder
from feedsvc.export import BuildResult, StaticTree, file_name
from feedsvc.export.aliases import former_paths, is_former_path, target_path
from feedsvc.live.live import Live
from feedsvc.publication.publication import Publication
from feedsvc.tag_slugs import former_slug
from tests.helpers import newsrooms
from tests.helpers.trees import contents
from tests.live.editors import Desk

PAGE = b'<meta http-equiv="refresh" content="0; url='


def build(content: Path, out: Path, host: str = "any") -> BuildResult:
    with StaticTree(out, host=host, processes=1) as tree:
        return tree.build(newsrooms.load_publication(content))


def save(content: Path, name: str, old: str, new: str) -> Publication:
    file = content / name
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    return newsrooms.load_publication(content)


def test_each_former_address_has_a_file_and_a_twin(content: Path, out: Path) -> None:
    build(content, out)
    for name in ("articles/old-rich/index.html", "category/east/index.html", "author/rn/archive/2025/index.html"):
        assert PAGE in (out / name).read_bytes()
        assert (out / f"{name}.gz").exists()
    for copy, own in {
        "category/east/feed.json": "category/asia/feed.json",
        "category/east/archive/2025-12/feed.rss": "category/asia/archive/2025-12/feed.rss",
        "author/rn/feed.atom": "author/ritesh/feed.atom",
        "category/money/rss.xml": "category/money/feed.rss",
        "category/east/atom.xml": "category/asia/feed.atom",
        "feed/index.html": "feed.rss",
        "rss/index.html": "feed.rss",
        "index.xml": "feed.rss",
    }.items():
        for end in ("", ".gz"):
            assert (out / f"{copy}{end}").read_bytes() == (out / f"{own}{end}").read_bytes(), copy
    assert not (out / "author/ritesh/rss.xml").exists()
    assert not (out / "tag/한국/feed").exists()


def test_a_second_build_makes_none_of_them(content: Path, out: Path) -> None:
    build(content, out)
    names = ("feed/index.html", "category/east/index.html", "category/east/feed.rss", "_redirects", "_headers")
    for name in names:
        os.utime(out / name, (1, 1))
    assert build(content, out).written == 0
    assert {(out / name).stat().st_mtime for name in names} == {1}


def test_they_come_and_go_with_aliases_while_the_tree_is_kept_in_step(content: Path, out: Path, tmp_path: Path) -> None:
    publication = newsrooms.load_publication(content)
    steps = [
        ("articles/rich.yaml", "aliases: [old-rich]", "aliases: [old-rich, older-rich]"),
        ("articles/rich.yaml", "aliases: [old-rich, older-rich]", "aliases: [older-rich]"),
        ("categories.yaml", "aliases: [east]", "aliases: [orient]"),
        ("authors.yaml", ", aliases: [rn]", ""),
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
    assert PAGE in (out / "articles/older-rich/index.html").read_bytes()
    assert not (out / "category/east").exists()
    assert b"Not so." in (out / "articles/hangul/index.html").read_bytes()


def test_they_come_and_go_with_former_addresses_of_tags(out: Path, tmp_path: Path) -> None:
    content = newsrooms.write(tmp_path / "content", newsrooms.SITE)
    for number in range(8):
        newsrooms.write(content, newsrooms.article(f"a{number}", f"2025-0{number + 1}-02", tags="[C++]"))
    publication = newsrooms.load_publication(content)
    former = f"/tag/{former_slug('C++')}/"
    target = publication.redirect_target(former)
    assert target.startswith("/tag/")
    with StaticTree(out, processes=1) as tree:
        tree.build(publication)
        assert PAGE in (out / former[1:] / "index.html").read_bytes()
        assert (out / f"{former[1:]}feed.rss").read_bytes() == (out / f"{target[1:]}feed.rss").read_bytes()
        for number, tags in enumerate(("[C++, C]", "[C++]", "[C++, 'C#']")):
            newsrooms.write(content, newsrooms.article("a0", "2025-01-02", tags=tags))
            before, publication = publication, newsrooms.load_publication(content)
            tree.update(publication, publication.changed_since(before))
            build(content, tmp_path / f"fresh-{number}")
            assert contents(out) == contents(tmp_path / f"fresh-{number}"), tags
        for number in range(8):
            newsrooms.write(content, newsrooms.article(f"a{number}", f"2025-0{number + 1}-02"))
        before, publication = publication, newsrooms.load_publication(content)
        tree.update(publication, publication.changed_since(before))
    assert not (out / "tag").exists()


def test_one_save_writes_the_copies_of_the_feeds_that_it_changes_and_no_page(content: Path, out: Path) -> None:
    before = newsrooms.load_publication(content)
    with StaticTree(out, processes=1) as tree:
        tree.build(before)
        was = contents(out)
        after = save(content, "articles/korean.yaml", "title: 한국어 기사", "title: 다른 기사")
        tree.update(after, after.changed_since(before))
    now = contents(out)
    touched = {name for name, data in now.items() if data != was.get(name)}
    former = {path[1:] for path in former_paths(after.catalog)}
    assert {"rss.xml", "atom.xml", "category/east/feed.json", "author/rn/feed.rss"} <= touched & former
    assert not [name for name in touched if PAGE in now[name]]


@pytest.mark.parametrize("name", ["rss.xml", "feed/index.html", "category/east/index.html", "_redirects", "_headers"])
def test_who_has_a_file_of_his_own_at_a_former_address_keeps_it(content: Path, out: Path, name: str) -> None:
    newsrooms.write(out, {name: "mine"})
    build(content, out)
    with StaticTree(out, processes=1) as tree:
        before = newsrooms.load_publication(content)
        after = save(content, "articles/korean.yaml", "title: 한국어 기사", "title: 다른 기사")
        tree.update(after, after.changed_since(before))
    assert build(content, out).written == 0
    assert (out / name).read_text() == "mine"
    assert not (out / f"{name}.gz").exists()


def test_a_file_where_a_former_address_would_have_a_folder_stays(content: Path, out: Path) -> None:
    newsrooms.write(out, {"feed": "mine", "category/east": "mine"})
    (out / "rss.xml").mkdir()
    build(content, out)
    assert build(content, out).written == 0
    assert (out / "feed").read_text() == (out / "category/east").read_text() == "mine"
    assert (out / "feed.xml").exists()


def test_what_becomes_a_document_takes_the_place_of_the_page_that_led_on(content: Path, out: Path) -> None:
    build(content, out)
    save(content, "articles/rich.yaml", "aliases: [old-rich]", "")
    newsrooms.write(content, newsrooms.article("old-rich"))
    build(content, out)
    assert PAGE not in (out / "articles/old-rich/index.html").read_bytes()


def test_a_tree_for_nginx_has_none_and_one_that_changes_hosts_gets_and_loses_them(content: Path, out: Path) -> None:
    build(content, out, "nginx")
    bare = contents(out)
    former = {name for name, data in bare.items() if PAGE in data}
    assert not former
    assert not [name for name in ("_redirects", "_headers", "rss.xml", "category/east") if (out / name).exists()]
    plain = build(content, out)
    assert plain.written > 20
    assert build(content, out, "nginx").removed == plain.written
    assert contents(out) == bare


def test_whatever_editors_do_no_former_address_is_one_of_a_document(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "content", Random(5))
    live = Live(ContentFolder(desk.root), None)
    seen: set[str] = set()
    for _ in range(60):
        desk.act()
        live.reload()
        publication = live.edition.publication
        former, own = [*former_paths(publication.catalog)], {*publication.paths()}
        assert len(former) == len({*former})
        assert own.isdisjoint(former)
        assert {*map(file_name, own)}.isdisjoint(map(file_name, former))
        for path in former:
            assert target_path(publication, path) in own or is_former_path(publication, target_path(publication, path) or path), (
                path
            )
        seen.update(former)
    assert any(path.startswith("/articles/once-") for path in seen)


def test_every_path_of_the_list_has_a_document_and_none_is_a_path_of_its_own(content: Path) -> None:
    publication = newsrooms.load_publication(content)
    former = [*former_paths(publication.catalog)]
    assert len(former) == len({*former})
    assert not {*former} & {*publication.paths()}
    for path in former:
        place = publication.render(path)
        assert publication.redirect_target(path) or (place and getattr(place, "status", 0) == 410), path
