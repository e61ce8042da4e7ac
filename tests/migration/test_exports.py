"""Export newsrooms as WXR and JSON, and read them with lxml, feedparser and json."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent

import pytest
from lxml import etree

from feedsvc.content.folder import load_content
from feedsvc.migration import EXPORT_FORMATS, exported_articles, left_out
from tests import ROOT
from tests.cli.command_line import run_feedsvc
from tests.conftest import Newsroom
from tests.helpers.newsrooms import picture

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WP = "{http://wordpress.org/export/1.2/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"

_TEXTS: dict[str, str | bytes] = {
    "media/a.png": picture(64, 64, "PNG"),
    "articles/full.md": """
        ---
        id: tag:news.example,2026:full
        title: "Fish & <chips> ]]> end"
        published: 2026-02-01T09:30:00+05:30
        updated: 2026-02-02T09:30:00+05:30
        categories: [asia, sport]
        authors: [mina-park, ritesh-nambiar]
        tags: [Harbour & sea]
        summary: In short & <b>.
        image: {src: media/a.png, alt: A picture, caption: C, credit: Ana}
        enclosures: [{src: media/a.png}]
        corrections: [{date: 2026-02-02, text: It was two.}]
        sources: [{name: S, url: "https://s.example/"}]
        aliases: [former]
        slug: fish
        ---
        The **text** with ]]> and an &amp; entity.
        """,
    "articles/draft.yaml": """
        id: tag:news.example,2026:draft
        title: Draft
        published: 2026-02-03T00:00:00Z
        status: draft
        body: Secret
        """,
    "articles/later.yaml": "title: Later\npublished: 2026-05-01T00:00:00Z\nbody: Later\n",
    "articles/wrong.yaml": """
        title: Wrong
        published: 2026-02-04T00:00:00Z
        status: withdrawn
        withdrawn: {date: 2026-02-05, notice: Wrong harbour.}
        body: Wrong
        """,
    "articles/over.yaml": "title: Over\npublished: 2026-01-04T00:00:00Z\nexpires: 2026-02-05T00:00:00Z\nbody: Over\n",
}

FILES = {path: dedent(text).lstrip() if isinstance(text, str) else text for path, text in _TEXTS.items()}


SETTINGS: dict[str, str | bytes] = {
    "tags.yaml": "harbour-sea: {title: Harbour}\n",
    "redirects.yaml": "exact:\n  /old/: gone\n",
    "site.yaml": "title: Asia Daily\nbase_url: https://news.example\ntimezone: Asia/Kolkata\nhubs: https://hub.example/\n",
    "authors.yaml": "mina-park: {name: Mina Park, bio: Writes.}\nritesh-nambiar: {name: Ritesh Nambiar}\n",
}


def exported(root: Path, form: str) -> bytes:
    content = load_content(root)
    assert not content.errors
    return "".join(EXPORT_FORMATS[form].write(content, exported_articles(root, content, NOW), NOW)).encode()


def wxr_items(data: bytes) -> dict[str, etree._Element]:
    root = etree.fromstring(data)
    return {item.findtext("title", ""): item for item in root.iter("item") if item.findtext(f"{WP}post_type") == "post"}


def meta_of(item: etree._Element) -> dict[str, str]:
    return {meta.findtext(f"{WP}meta_key", ""): meta.findtext(f"{WP}meta_value", "") for meta in item.iter(f"{WP}postmeta")}


def test_wxr_has_what_wordpress_needs(newsroom: Newsroom) -> None:
    root = etree.fromstring(exported(newsroom(FILES), "wxr"))
    assert root.findtext(f"channel/{WP}wxr_version") == "1.2"
    assert [author.findtext(f"{WP}author_login") for author in root.iter(f"{WP}author")] == ["mina-park", "ritesh-nambiar"]
    assert [one.findtext(f"{WP}category_nicename") for one in root.iter(f"{WP}category")] == ["asia", "sport"]
    assert [one.findtext(f"{WP}tag_name") for one in root.iter(f"{WP}tag")] == ["Harbour &amp; sea"]  # HTML
    numbers = [item.findtext(f"{WP}post_id") for item in root.iter("item")]
    assert len(numbers) == len(set(numbers)) == 6  # five articles and a picture


def test_article_in_wxr(newsroom: Newsroom) -> None:
    item = wxr_items(exported(newsroom(FILES), "wxr"))["Fish &amp; &lt;chips&gt; ]]&gt; end"]
    assert item.findtext("guid") == "tag:news.example,2026:full"
    assert item.findtext("link") == "https://news.example/articles/fish/"
    assert item.findtext(CONTENT) == "<p>The <strong>text</strong> with ]]&gt; and an &amp; entity.</p>"
    assert item.findtext(f"{WP}post_date") == "2026-02-01 09:30:00"  # Asia/Kolkata
    assert item.findtext(f"{WP}post_date_gmt") == "2026-02-01 04:00:00"
    assert item.findtext(f"{WP}post_modified_gmt") == "2026-02-02 04:00:00"
    assert [(term.get("domain"), term.get("nicename"), term.text) for term in item.iter("category")] == [
        ("category", "asia", "Asia"),
        ("category", "sport", "Sport"),
        ("post_tag", "harbour-and-sea", "Harbour &amp; sea"),
        ("author", "cap-mina-park", "Mina Park"),
        ("author", "cap-ritesh-nambiar", "Ritesh Nambiar"),
    ]
    meta = meta_of(item)
    assert meta["_thumbnail_id"] == "6"
    assert meta["enclosure"].startswith("https://news.example/media/a.png\n")


def test_nothing_that_is_not_public_becomes_public(newsroom: Newsroom) -> None:
    root = newsroom(FILES)
    states = {title: item.findtext(f"{WP}status") for title, item in wxr_items(exported(root, "wxr")).items()}
    assert {title[:5]: state for title, state in states.items()} == {
        "Fish ": "publish",
        "Draft": "draft",
        "Later": "future",
        "Wrong": "draft",
        "Over": "draft",
    }


@pytest.mark.parametrize("form", list(EXPORT_FORMATS))
def test_sample_newsroom_is_exported_completely(form: str) -> None:
    root = ROOT / "content"
    content, data = load_content(root), exported(root, form).decode()
    assert all(json.dumps(article.path)[1:-1] in data for article in content.articles)
    assert exported(root, form).decode() == data


def test_command_writes_a_file_and_lists_what_is_left_out(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({**FILES, **SETTINGS})
    result = run_feedsvc("export", "wxr", root, "--output", tmp_path / "out.xml")
    assert (result.returncode, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "feedsvc: 5 articles exported",
        "feedsvc: not in the export: the file in media/: the export has only addresses, so copy the folder",
        "feedsvc: not in the export: tags.yaml",
        "feedsvc: not in the export: redirects.yaml",
        "feedsvc: not in the export: of site.yaml: hubs",
        "feedsvc: not in the export: of authors.yaml: bio",
    ]
    assert len(wxr_items((tmp_path / "out.xml").read_bytes())) == 5
    printed = run_feedsvc("export", "json", root)
    assert len(json.loads(printed.stdout)["items"]) == 5


def test_newsroom_with_errors_is_not_exported(newsroom: Newsroom, tmp_path: Path) -> None:
    root = newsroom({**FILES, "articles/broken.yaml": "title: no\n"})
    result = run_feedsvc("export", "wxr", root, "--output", tmp_path / "out.xml")
    assert (result.returncode, "articles/broken.yaml:1:8" in result.stderr) == (1, True)
    assert not (tmp_path / "out.xml").exists()
    result = run_feedsvc("export", "wxr", ROOT / "content", "--output", tmp_path / "none" / "out.xml")
    assert (result.returncode, "cannot be written" in result.stderr) == (2, True)


def test_left_out_is_empty_for_articles_alone(newsroom: Newsroom) -> None:
    article = "title: A\npublished: 2026-01-01\nauthor: mina-park\nbody: A\n"
    root = newsroom({"articles/a.yaml": article, "authors.yaml": "mina-park:\n  name: Mina Park\n"})
    assert list(left_out(load_content(root), EXPORT_FORMATS["wxr"])) == []


def test_authors_without_articles_are_listed_as_left_out(newsroom: Newsroom) -> None:
    content = load_content(newsroom({"articles/a.yaml": "title: A\npublished: 2026-01-01\nauthor: mina-park\nbody: A\n"}))
    reason = "without articles: an import writes only authors of articles"
    for form in EXPORT_FORMATS.values():
        assert list(left_out(content, form)) == [f"of authors.yaml: ritesh-nambiar, {reason}"]


def test_pages_are_in_the_export_for_wordpress_and_listed_as_left_out_of_json(newsroom: Newsroom) -> None:
    root = newsroom({**FILES, "pages/about.md": "---\ntitle: About\n---\nText.\n", "root/ads.txt": "x"})
    items = etree.fromstring(exported(root, "wxr")).iter("item")
    (item,) = (item for item in items if item.findtext(f"{WP}post_type") == "page")
    assert (item.findtext("title"), item.findtext("link")) == ("About", f"{load_content(root).site.base_url}/about/")
    assert (item.findtext(f"{WP}post_name"), item.findtext(f"{WP}status")) == ("about", "publish")
    assert item.findtext(CONTENT) == "<p>Text.</p>"
    phrases = {form: list(left_out(load_content(root), EXPORT_FORMATS[form])) for form in ("wxr", "json")}
    assert "the file in root/" in phrases["wxr"]
    assert set(phrases["json"]) - set(phrases["wxr"]) == {"the file in pages/, which wxr has"}
