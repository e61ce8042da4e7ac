"""Entries of tags.yaml: titles, descriptions and aliases of tags in every document that names them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import load_content, open_content_folder
from feedsvc.content.lint import lint_content
from feedsvc.publication.document import Document, Redirect
from tests.helpers import newsrooms
from tests.helpers.newsrooms import NOW, article, text_of

SITE: Final = "title: T\nbase_url: https://t.example\nid_domain: t.example\nsince: 2026-01-01\n"
ENTRIES: Final = "korea: {title: South Korea, description: From Seoul <daily>, aliases: [rok, corea]}\n"


def write(root: Path, entries: str = ENTRIES, **tags: str) -> Path:
    """Write a newsroom with tags.yaml and one article for each stem, with these tags."""
    newsrooms.write(root, {"site.yaml": SITE, "tags.yaml": entries})
    for stem, titles in (tags or {"a": "[Korea, Other]", "b": "[KOREA]", "c": "[KOREA]"}).items():
        newsrooms.write(root, article(stem, tags=titles, summary="S."))
    return root


def test_every_document_shows_the_title_of_the_entry(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path))
    title = "South Korea"
    assert f"<h1>{title}</h1>" in text_of(publication, "/tag/korea/")
    for path in ("/tag/korea/feed.rss", "/tag/korea/feed.atom"):
        assert f">{title} – T</title>" in text_of(publication, path)
    for path in ("/feed.atom", "/tag/other/feed.atom"):
        assert f'<category term="{title}" scheme="https://t.example/tag/korea/"/>' in text_of(publication, path)
    assert json.loads(text_of(publication, "/feed.json"))["items"][0]["tags"][0] == "South Korea"
    for path in ("/tags/", "/subscribe/", "/articles/a/", "/feeds.opml"):
        assert title in text_of(publication, path)
    for path in publication.paths():
        document = publication.resolve(path)
        if isinstance(document, Document) and not path.startswith("/static/"):
            assert b">Korea<" not in document.body, path
            assert b"KOREA" not in document.body, path


def test_pages_feeds_opml_and_subscribe_page_show_the_description(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path))
    for path in ("/tag/korea/", "/tag/korea/feed.atom", "/tag/korea/feed.rss", "/subscribe/", "/feeds.opml"):
        text = text_of(publication, path)
        assert "From Seoul &lt;daily&gt;" in text or "From Seoul &#x3C;daily" in text or "From Seoul &lt;daily>" in text, path
    assert json.loads(text_of(publication, "/tag/korea/feed.json"))["description"] == "From Seoul <daily>"


def test_a_tag_without_title_in_its_entry_has_its_most_frequent_spelling(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path, "korea: {description: From Seoul}\n"))
    listing = publication.catalog.tag_listing("korea")
    assert (listing.title, listing.description) == ("KOREA", "From Seoul")
    assert publication.catalog.tag_listing("other").description == ""


@pytest.mark.parametrize("name", ["", "feed.rss", "feed.atom", "feed.json"])
def test_aliases_redirect_pages_and_feeds(tmp_path: Path, name: str) -> None:
    publication = newsrooms.load_publication(write(tmp_path))
    for alias in ("rok", "corea"):
        assert publication.resolve(f"/tag/{alias}/{name}") == Redirect(target=f"/tag/korea/{name}")
    assert "/tag/rok/feed.rss" in {*publication.paths_with_redirects()}


def test_an_alias_does_not_redirect_while_an_article_has_a_tag_with_its_id(tmp_path: Path) -> None:
    root = write(tmp_path, a="[Korea]", b="[ROK]")
    publication = newsrooms.load_publication(root)
    assert isinstance(publication.resolve("/tag/rok/"), Document)
    assert publication.resolve("/tag/corea/") == Redirect(target="/tag/korea/")
    assert check(root) == [
        (
            "tags.yaml:1:72: warning: korea.aliases: 'rok' does not redirect, because articles/b.yaml has a tag with this id; "
            "name the tag 'South Korea' in the articles instead, or delete the alias"
        ),
    ]


def test_an_entry_of_no_article_makes_no_page_and_has_a_warning(tmp_path: Path) -> None:
    root = write(tmp_path, f"{ENTRIES}moon:\n  title: The Moon\n  aliases: luna\nothr: {{title: Other}}\n", a="[Korea, Other]")
    publication = newsrooms.load_publication(root)
    assert [publication.resolve(f"/tag/{name}/") for name in ("moon", "luna", "othr")] == [None, None, None]
    assert "Moon" not in text_of(publication, "/subscribe/") + text_of(publication, "/tags/") + text_of(
        publication, "/feeds.opml"
    )
    assert check(root) == [
        (
            "tags.yaml:2:1: warning: moon: no article has this tag, so it has no page; "
            "delete the entry, or name the tag in an article"
        ),
        "tags.yaml:5:1: warning: othr: no article has this tag, so it has no page; did you mean 'other'?",
    ]


def test_a_tag_of_a_draft_has_no_warning_and_none_has_one_while_an_article_is_broken(tmp_path: Path) -> None:
    root = write(tmp_path / "a", a="[Other]")
    newsrooms.write(root, article("d", tags="[Korea]", status="draft"))
    assert check(root) == []
    root = write(tmp_path / "b", a="[Other]")
    newsrooms.write(root, {"articles/broken.yaml": "titel: A\n"})
    assert [line for line in check(root) if line.startswith("tags.yaml")] == []


def check(root: Path) -> list[str]:
    content = load_content(root)
    return [str(problem) for problem in lint_content(content, root, NOW)]


def test_a_change_of_tags_yaml_makes_new_rows_and_listings(tmp_path: Path) -> None:
    root = write(tmp_path)
    folder = open_content_folder(root, "", tmp_path)
    before = build_catalog(folder.read().content, NOW)
    (root / "tags.yaml").write_text("korea: {title: Corea}\n")
    change = folder.read()
    after = before.apply_changes(change.content, NOW, removed=change.removed, added=change.added)
    assert after.tag_listing("korea").title == "Corea"
    assert ("tag", "rok") not in after.redirects
    assert after.visible["a"] is not before.visible["a"]
