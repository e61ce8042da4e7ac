"""An export that is imported into an empty folder gives the same articles, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

import pytest

from feedsvc.content.folder import ContentSnapshot, load_content
from feedsvc.importing.formats import open_source
from feedsvc.importing.writer import FolderMedia, ImportOptions, ImportReport, import_source
from feedsvc.migration import EXPORT_FORMATS, exported_articles
from feedsvc.model import Article, ArticleStatus
from feedsvc.support.http import HostAccess
from tests import ROOT
from tests.conftest import Newsroom
from tests.importing.wordpress_export import WxrItem, write_export
from tests.migration.test_exports import FILES

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL: Final = "https://asiainnews.example/media/library.jpg"
FORMS: Final = {"wxr": "xml", "json": "json"}
PICTURE: Final = """\
---
id: tag:news.example,2026:picture
title: Picture
published: 2026-01-01
summary: S.
---
Setext
======

![A](media/a.png) and [a link](/articles/fish/).
"""
GUID: Final = "title: Old\nid: tag:news.example,2026:old\nguid: 'no. 12 345'\npublished: 2026-01-02\nsummary: S.\nbody: Old\n"


def export(root: Path, form: str, file: Path) -> Path:
    content = load_content(root)
    assert not content.errors
    file.write_text("".join(EXPORT_FORMATS[form].write(content, exported_articles(root, content, NOW), NOW)), "utf-8")
    return file


def import_file(file: Path, media: Path, root: Path, *, is_dry_run: bool = False) -> ImportReport:
    options = ImportOptions(now=NOW, media=lambda hosts: FolderMedia(media, hosts), is_dry_run=is_dry_run)
    return import_source(open_source(str(file), HostAccess()), root, options)


def facts_by_id(content: ContentSnapshot) -> Mapping[str, Mapping[str, Any]]:
    """Return all fields of each article and its HTML. A file of YAML has become one of Markdown, with other empty lines."""
    return {article.id: _facts(content, article) for article in content.articles}


def _facts(content: ContentSnapshot, article: Article) -> Mapping[str, Any]:
    values = {field.name: getattr(article, field.name) for field in fields(article)}
    path = str(PurePosixPath(article.path).with_suffix(""))
    return values | {"path": path, "text": content.html(article), "tags": {tag.title for tag in article.tags}}


@pytest.mark.parametrize("form", list(FORMS))
def test_sample_newsroom_is_the_same_after_its_export_is_imported(tmp_path: Path, form: str) -> None:
    root = ROOT / "content"
    report = import_file(export(root, form, tmp_path / f"export.{FORMS[form]}"), root, tmp_path / "newsroom")
    after, before = facts_by_id(load_content(tmp_path / "newsroom")), facts_by_id(load_content(root))
    for article_id, facts in before.items():
        assert after[article_id] == facts
    assert after.keys() == before.keys()
    assert report.redirects == {}


@pytest.mark.parametrize("form", list(FORMS))
def test_categories_without_articles_are_the_same(newsroom: Newsroom, tmp_path: Path, form: str) -> None:
    root = newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-01\ncategory: sport\nsummary: S.\nbody: A\n"})
    import_file(export(root, form, tmp_path / f"export.{FORMS[form]}"), root, tmp_path / "imported")
    assert [*load_content(tmp_path / "imported").categories.items()] == [*load_content(root).categories.items()]


@pytest.mark.parametrize("form", list(FORMS))
def test_drafts_withdrawn_and_expired_articles_and_guids_are_the_same(newsroom: Newsroom, tmp_path: Path, form: str) -> None:
    root = newsroom({**FILES, "articles/deep/er/old.yaml": GUID})
    import_file(export(root, form, tmp_path / f"export.{FORMS[form]}"), root, tmp_path / "imported")
    content = load_content(tmp_path / "imported")
    assert not content.errors
    assert facts_by_id(content) == facts_by_id(load_content(root))
    assert {article.guid for article in content.articles} == {"", "no. 12 345"}


def test_article_that_another_system_changed_has_its_text(newsroom: Newsroom, tmp_path: Path) -> None:
    """The Markdown beside the HTML is older than it, if WordPress was in between."""
    root = newsroom(FILES)
    file = export(root, "wxr", tmp_path / "export.xml")
    file.write_text(file.read_text("utf-8").replace("<p>Later</p>", "<p>Sooner</p>"), "utf-8")
    import_file(file, root, tmp_path / "imported")
    content = load_content(tmp_path / "imported")
    (later,) = (article for article in content.articles if article.title == "Later")
    assert content.html(later) == "<p>Sooner</p>"


def test_article_that_another_system_hid_stays_hidden(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom(FILES)
    file = export(root, "wxr", tmp_path / "export.xml")
    text = file.read_text("utf-8").replace("<![CDATA[publish]]>", "<![CDATA[private]]>").replace("feedsvc ", "WordPress ")
    file.write_text(text, "utf-8")
    import_file(file, root, tmp_path / "imported")
    statuses = {article.id.rpartition(":")[2]: article.status for article in load_content(tmp_path / "imported").articles}
    assert statuses["full"] is ArticleStatus.DRAFT


@pytest.mark.parametrize(
    "path", ["../outside.md", "articles/../x.md", "articles/.hidden.md", "articles/con.md", "site.yaml", "articles/a.txt", 7]
)
def test_path_of_an_export_cannot_lead_elsewhere(newsroom: Newsroom, tmp_path: Path, path: object) -> None:
    root = newsroom({"articles/a.yaml": "id: tag:x.example,2026:a\ntitle: A\npublished: 2026-01-05T12:00:00Z\nbody: A\n"})
    file = export(root, "wxr", tmp_path / "export.xml")
    new = f'"{path}"' if isinstance(path, str) else str(path)
    file.write_text(file.read_text("utf-8").replace('"articles/a.yaml"', new), "utf-8")
    import_file(file, root, tmp_path / "imported")
    (article,) = load_content(tmp_path / "imported").articles
    assert article.path == "articles/2026/01/a.md"


@pytest.mark.parametrize(("form", "count"), [("wxr", 37), ("json", 35)])  # 35 articles, and 2 pages in WXR
def test_second_import_of_the_same_export_changes_nothing(tmp_path: Path, form: str, count: int) -> None:
    root = ROOT / "content"
    file = export(root, form, tmp_path / f"export.{FORMS[form]}")
    assert len(import_file(file, root, tmp_path / "newsroom").created) == count
    for is_dry_run in (True, False):
        report = import_file(file, root, tmp_path / "newsroom", is_dry_run=is_dry_run)
        assert (report.created, report.changed, report.kept) == ([], [], [])


def test_card_of_a_link_without_its_image_is_kept_and_the_image_reported(tmp_path: Path) -> None:
    root, empty = ROOT / "content", tmp_path / "empty"
    empty.mkdir()
    report = import_file(export(root, "json", tmp_path / "export.json"), empty, tmp_path / "newsroom")
    content = load_content(tmp_path / "newsroom")
    assert not content.errors
    (card,) = (embed for article in content.articles for embed in article.embeds)
    assert (card.title, card.image) == ("Feed Paging and Archiving", "")
    assert any(omission.what == f"image of a card {URL}" for omission in report.omissions)


def test_picture_of_an_export_stays_at_its_address_if_no_files_are_fetched(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({**FILES, "articles/picture.md": PICTURE})
    file = export(root, "json", tmp_path / "export.json")
    options = ImportOptions(now=NOW, base_url="https://new.example")
    import_source(open_source(str(file), HostAccess()), tmp_path / "imported", options)
    content = load_content(tmp_path / "imported")
    (article,) = (article for article in content.articles if article.title == "Picture")
    assert "https://news.example/media/a.png" in content.html(article)


def test_link_of_an_export_leads_to_the_new_name_of_the_article(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({**FILES, "articles/picture.md": PICTURE})
    file = export(root, "json", tmp_path / "export.json")
    imported = tmp_path / "imported"
    (imported / "articles").mkdir(parents=True)
    (imported / "articles/fish.md").write_text("---\nid: tag:x.example,2026:x\ntitle: X\npublished: 2026-01-01\n---\nX\n")
    import_file(file, root, imported)
    content = load_content(imported)
    (fish,) = (article for article in content.articles if article.id.endswith(":full"))
    (article,) = (article for article in content.articles if article.title == "Picture")
    assert fish.slug != "fish"
    assert f"/articles/{fish.slug}/" in content.html(article)


PAGES: Final = {
    "pages/about.md": "---\ntitle: About & us\ndescription: Who we are.\nupdated: 2026-01-02\naliases: [who-we-are]\norder: 3\n"
    "---\nWe are **three**, with [news](/articles/a/).\n",
    "pages/imprint.md": "---\ntitle: Imprint\nnavigation: none\nlanguage: de\nslug: impressum\n---\nText.\n",
    "pages/later.md": "---\ntitle: Later\nstatus: draft\n---\nNot yet.\n",
    "pages/empty.md": "---\ntitle: Empty\nupdated: 2027-01-02T08:00:00+02:00\n---\n",
}


def test_pages_are_the_same_after_an_export_to_wordpress_is_imported(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({**FILES, **PAGES})
    report = import_file(export(root, "wxr", tmp_path / "export.xml"), root, tmp_path / "imported")
    content, before = load_content(tmp_path / "imported"), load_content(root)
    assert not content.errors
    assert content.pages.keys() == before.pages.keys()
    for name, page in before.pages.items():
        assert replace(content.pages[name], path=page.path, markdown="") == replace(page, markdown="")
        assert content.pages[name].markdown.strip() == page.markdown.strip()
    assert report.redirects == {}
    again = import_file(tmp_path / "export.xml", root, tmp_path / "imported")
    assert (again.created, again.changed, again.kept) == ([], [], [])


TEXTS: Final = (
    "<b>x</b>",
    "R&D &amp; AT&T",
    "&lt;b&gt; & &copy;",
    "Fish & <chips>",
    "1 < 2 > 0",
    "a<br>b",
    "<script>x</script>",
    "]]>",
)


@pytest.mark.parametrize("form", list(FORMS))
def test_title_and_summary_with_markup_and_entities_are_the_same(newsroom: Newsroom, tmp_path: Path, form: str) -> None:
    files = {}
    for number, text in enumerate(TEXTS, 1):
        keys = f"title: {json.dumps(text)}\nsummary: {json.dumps(text)}\npublished: 2026-01-0{number}\n"
        files[f"articles/a{number}.yaml"] = f"id: tag:news.example,2026:a{number}\n{keys}body: Text\n"
        files[f"pages/p{number}.md"] = f"---\ntitle: {json.dumps(text)}\ndescription: {json.dumps(text)}\n---\nText\n"
    root = newsroom(files)
    import_file(export(root, form, tmp_path / f"export.{FORMS[form]}"), root, tmp_path / "imported")
    content = load_content(tmp_path / "imported")
    assert content.errors == ()
    assert sorted(article.title for article in content.articles) == sorted(TEXTS)
    assert sorted(article.summary for article in content.articles) == sorted(TEXTS)
    pages = {page.slug: (page.title, page.description) for page in content.pages.values()}
    assert pages == ({f"p{number}": (text, text) for number, text in enumerate(TEXTS, 1)} if form == "wxr" else {})


@pytest.mark.parametrize("form", list(FORMS))
def test_names_with_markup_and_entities_are_the_same(newsroom: Newsroom, tmp_path: Path, form: str) -> None:
    name = "R&D &amp; <b>x</b>"
    site = f"title: {json.dumps(name)}\ndescription: {json.dumps(name)}\nbase_url: https://n.example\nid_domain: n.example\n"
    article = f"title: A\npublished: 2026-01-05\ncategory: c\nauthor: a\ntags: [{json.dumps(name)}]\nsummary: S\nbody: B\n"
    root = newsroom(
        {
            "site.yaml": site,
            "categories.yaml": f"c: {{title: {json.dumps(name)}, description: {json.dumps(name)}}}\n",
            "authors.yaml": f"a: {{name: {json.dumps(f'Ann {name}')}}}\n",
            "articles/a.yaml": f"id: tag:n.example,2026:a\n{article}",
        }
    )
    import_file(export(root, form, tmp_path / f"export.{FORMS[form]}"), root, tmp_path / "imported")
    content = load_content(tmp_path / "imported")
    category = content.categories["c"]
    assert (content.site.title, content.site.description, category.title, category.description) == (name, name, name, name)
    assert [author.name for author in content.authors.values()] == [f"Ann {name}"]
    assert [tag.title for article in content.articles for tag in article.tags] == [name]


@pytest.mark.parametrize(
    ("version", "title", "expected"),
    [
        ("1.2", "AT&amp;T <em>buys</em> a &#8220;ship&#8221; &lt;now&gt;", "AT&T buys a “ship” <now>"),
        ("1.2", "Q&A: <b>who</b> pays?", "Q&A: who pays?"),
        ("1.1", "AT&amp;T <em>buys</em> a &#8220;ship&#8221;", "AT&T buys a “ship”"),
        ("1.1", "Fish &amp; chips", "Fish & chips"),
    ],
)
def test_title_of_wordpress_with_entities_and_markup_is_plain_text(
    tmp_path: Path, version: str, title: str, expected: str
) -> None:
    file = write_export(tmp_path / "export.xml", WxrItem(number=1, title=title), version=version)
    import_file(file, tmp_path, tmp_path / "imported")
    (article,) = load_content(tmp_path / "imported").articles
    assert article.title == expected
