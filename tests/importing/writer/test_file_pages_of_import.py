"""Pages that WordPress had for files without a post: they lead to the file in media/, and are gone without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.importing.formats import open_source
from feedsvc.importing.source import SourceFilePage
from feedsvc.importing.writer import FolderMedia, ImportOptions, ImportReport, import_source
from feedsvc.publication.old_addresses import query_target, redirect_target
from feedsvc.support.http import HostAccess
from tests.helpers.newsrooms import picture
from tests.importing.wordpress_export import SITE, WxrItem, attachment, export_xml
from tests.importing.writer.memory_source import FIRST, NOW, OLD, load, post, run_import

UPLOADS: Final = f"{SITE}/wp-content/uploads/2020/03"


def wordpress(tmp_path: Path, *items: WxrItem, end: str = "", **options: Any) -> tuple[Path, ImportReport]:
    uploads, export, root = tmp_path / "uploads", tmp_path / "export.xml", tmp_path / "newsroom"
    (uploads / "2020/03").mkdir(parents=True, exist_ok=True)
    (uploads / "2020/03/pier.jpg").write_bytes(picture(9, 9))
    text = export_xml(items)
    export.write_text(text.partition(end)[0] if end else text, "utf-8")
    media = ImportOptions(**{"now": NOW, "media": lambda hosts: FolderMedia(uploads, hosts), **options})
    return root, import_source(open_source(str(export), HostAccess()), root, media)


def file_page(number: int, name: str, **facts: Any) -> WxrItem:
    return replace(attachment(number, f"{name}.jpg"), link=f"{SITE}/{name}/", **facts)


def targets(root: Path, name: str, number: int) -> tuple[str, str]:
    catalog = build_catalog(load(root), NOW)
    return redirect_target(catalog, f"/{name}/"), query_target(catalog, "/", f"attachment_id={number}")


BODY: Final = f'<p><img src="{UPLOADS}/pier.jpg" alt=""></p>'


def test_page_of_a_picture_in_a_text_leads_to_the_picture_though_it_belongs_to_no_post(tmp_path: Path) -> None:
    root, _ = wordpress(tmp_path, WxrItem(number=1, content=BODY), file_page(9, "pier"))
    assert targets(root, "pier", 9) == ("/media/2020/03/pier.jpg", "/media/2020/03/pier.jpg")


def test_page_of_a_file_that_was_not_imported_is_gone(tmp_path: Path) -> None:
    root, report = wordpress(tmp_path, WxrItem(number=1), file_page(9, "pier"), file_page(8, "lost"))
    assert targets(root, "pier", 9) == targets(root, "lost", 8) == ("gone", "gone")
    assert {"/?attachment_id=8", "/?attachment_id=9"} <= {*report.plain_host_gaps}
    assert "/pier/" not in report.plain_host_gaps  # a plain host answers 404
    root, _ = wordpress(tmp_path, WxrItem(number=1, content=BODY), file_page(9, "pier"), file_page(8, "lost"))
    assert targets(root, "pier", 9) == ("/media/2020/03/pier.jpg", "/media/2020/03/pier.jpg")


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (WxrItem(number=5, slug="walk"), "/articles/walk/"),
        (WxrItem(number=5, slug="walk", status="trash"), "gone"),
        (WxrItem(number=5, slug="walk", post_type="product"), "gone"),
        (WxrItem(number=6, slug="walk"), "gone"),
    ],
)
def test_page_of_a_file_of_a_post_that_is_not_imported_is_gone(tmp_path: Path, parent: WxrItem, expected: str) -> None:
    root, _ = wordpress(tmp_path, WxrItem(number=1), parent, file_page(9, "pier", parent=5))
    assert targets(root, "pier", 9) == (expected, expected)


def test_page_of_a_file_is_not_gone_if_its_post_may_be_missing_from_the_export(tmp_path: Path) -> None:
    items = (file_page(9, "pier", parent=5), WxrItem(number=1), WxrItem(number=5, slug="walk"))
    root, _ = wordpress(tmp_path, *items, end="<wp:post_id>5<")
    assert targets(root, "pier", 9) == ("", "")
    root, _ = wordpress(tmp_path, *items)
    assert targets(root, "pier", 9) == ("/articles/walk/", "/articles/walk/")
    report = run_import(
        tmp_path / "later",
        *(post(1), post(300)),
        pages_of_files=[SourceFilePage((f"{OLD}/pier/",), f"{OLD}/pier.jpg")],
        since=FIRST + timedelta(days=200),
    )
    assert "/pier/" not in report.redirects


def test_page_or_post_with_the_name_of_a_file_keeps_its_address(tmp_path: Path) -> None:
    pages = [SourceFilePage((f"{OLD}/{name}/",), f"{OLD}/{name}.jpg") for name in ("about", "2020/01/03/title-1", "own")]
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/own.md").write_text("---\ntitle: Own\n---\nText.\n")
    report = run_import(tmp_path, post(1), post(2, address=f"{OLD}/about/", is_page=True), pages_of_files=pages)
    assert report.redirects["/2020/01/03/title-1/"] == "/articles/title-1/"
    assert not {"/about/", "/own/"} & report.redirects.keys()


def test_file_with_the_name_of_a_feed_does_not_take_its_address(tmp_path: Path) -> None:
    addresses = (f"{OLD}/feed/", f"{OLD}/category/city/feed/")
    pages = [SourceFilePage((address,), f"{OLD}/feed.jpg") for address in addresses]
    report = run_import(tmp_path, post(1, inner_addresses=(f"{OLD}/feed/",)), pages_of_files=pages)
    assert not {"/feed/", "/category/city/feed/"} & report.redirects.keys()


def test_file_below_the_address_of_private_feeds_is_reported(tmp_path: Path) -> None:
    report = run_import(tmp_path, post(1), pages_of_files=[SourceFilePage((f"{OLD}/private/x/",), f"{OLD}/x.jpg")])
    assert [(one.place, one.reason) for one in report.omissions] == [
        ("/private/x/", "the new site has private feeds below this address")
    ]
