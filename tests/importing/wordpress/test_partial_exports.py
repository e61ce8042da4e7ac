"""Later exports that have only some of a site's items: what they lack stays as it is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from feedsvc.importing.writer import FolderMedia, ImportOptions, ImportReport, import_source
from tests.helpers.newsrooms import picture
from tests.importing.wordpress.reading import open_export
from tests.importing.wordpress_export import SITE, WxrItem, attachment, write_export
from tests.importing.writer.memory_source import files, former_addresses

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PICTURE = f"{SITE}/2020/a-title/picture/"
MODIFIED = "2020-04-01 10:00:00"
ITEMS = (
    WxrItem(number=1, author="jo.doe", terms=[("category", "%d0%bd", "\u041d")], meta=[("_thumbnail_id", "21")]),
    WxrItem(number=2, slug="second", content='[gallery ids="21"]', modified=MODIFIED, modified_gmt=MODIFIED),
    attachment(21, "a.png", parent=1, link=PICTURE),
    WxrItem(number=3, slug="third", content='<!-- wp:block {"ref":30} /-->', modified=MODIFIED, modified_gmt=MODIFIED),
    WxrItem(number=30, post_type="wp_block", content="<p>Of all texts</p>"),
    WxrItem(number=4, slug="fourth", post_type="page", content='<p>A</p>[gallery ids="21"]', modified_gmt=MODIFIED),
)


def run(tmp_path: Path, *items: WxrItem, since: datetime | None = None) -> ImportReport:
    """Import an export with these items into the folder n, with one picture in a folder of uploads."""
    file = tmp_path / "uploads/2020/03/a.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_bytes(picture(8, 8, "PNG"))
    source = open_export(write_export(tmp_path / "export.xml", *items))
    media = partial(FolderMedia, tmp_path / "uploads")
    return import_source(source, tmp_path / "n", ImportOptions(now=NOW, since=since, media=media))


@pytest.mark.parametrize("numbers", [(0, 1, 3), (0,), (1,), (2,), (1, 2), (3, 4), (4,), (5,), ()])
def test_import_of_some_items_changes_nothing(tmp_path: Path, numbers: tuple[int, ...]) -> None:
    run(tmp_path, *ITEMS)
    rules = former_addresses(tmp_path / "n")
    assert rules["/author/jo.doe/feed/"] == "/author/jo-doe/feed.rss"
    before = files(tmp_path / "n")
    report = run(tmp_path, *(ITEMS[number] for number in numbers))
    assert (report.changed, report.kept) == ([], [])
    assert files(tmp_path / "n") == before


def test_text_of_a_post_that_was_changed_is_taken_without_the_pictures_that_the_export_lacks(tmp_path: Path) -> None:
    run(tmp_path, *ITEMS)
    later = {"modified": "2020-05-01 10:00:00", "modified_gmt": "2020-05-01 10:00:00"}
    report = run(
        tmp_path, replace(ITEMS[1], content='<p>New</p>[gallery ids="21"]', **later), replace(ITEMS[0], title="New title")
    )
    assert len(report.changed) == 2
    text = (tmp_path / "n/articles/2020/03/second.md").read_text("utf-8")
    assert text.endswith("---\n\nNew\n")
    first = (tmp_path / "n/articles/2020/03/a-title.md").read_text("utf-8")
    assert 'title: "New title"' in first
    assert "src: media/2020/03/a.png" in first


def write_posts_only(path: Path, *items: WxrItem) -> Path:
    """Write an export of posts only, which has no list of categories and tags."""
    write_export(path, *items)
    path.write_text(re.sub(r"<wp:(category|tag)>.*</wp:\1>\n", "", path.read_text("utf-8")), "utf-8")
    return path


def test_export_of_posts_without_a_list_of_categories_changes_no_rule_of_a_category_below_another(tmp_path: Path) -> None:
    items = (
        WxrItem(number=1, slug="one", terms=[("category", "europe", "Europe & Asia"), ("post_tag", "r-d", "R&D")]),
        WxrItem(number=2, slug="two", terms=[("category", "%d0%bd", "\u041d")]),
    )
    child = (
        "<wp:category><wp:category_nicename>%d0%bd</wp:category_nicename><wp:category_parent>europe</wp:category_parent>"
        "<wp:cat_name>\u041d</wp:cat_name></wp:category>\n"
    )
    complete = write_export(tmp_path / "all.xml", *items, extra=child)
    posts = write_posts_only(tmp_path / "posts.xml", *items)
    file = tmp_path / "n/redirects.yaml"
    import_source(open_export(complete), tmp_path / "n", ImportOptions(now=NOW))
    before, all_before = file.read_bytes(), files(tmp_path / "n")
    assert former_addresses(tmp_path / "n")["/category/world/europe/\u043d/feed/rss2/"] == "/category/\u043d/feed.rss"
    for export in (posts, complete, posts):
        report = import_source(open_export(export), tmp_path / "n", ImportOptions(now=NOW))
        assert (report.redirects, report.settings) == ({}, [])
        assert file.read_bytes() == before
        assert files(tmp_path / "n") == all_before
        assert not [omission for omission in report.omissions if "changed at the source" in omission.reason]
