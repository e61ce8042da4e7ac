"""Addresses of tags with punctuation: C, C++, C#, .NET, R&D."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from feedsvc.content.folder.folder import load_content
from feedsvc.publication.publication import Publication
from feedsvc.tag_slugs import tag_slug
from tests.helpers import newsrooms
from tests.helpers.newsrooms import text_of

TAGS: Final = {
    "C": "c",
    "C++": "c-plus-plus",
    "C#": "c-sharp",
    ".NET": "dot-net",
    "net": "net",
    "R&D": "r-and-d",
    "R D": "r-d",
    "@home": "at-home",
}
SITE: Final = {"site.yaml": "title: T\nbase_url: http://127.0.0.1:8000\nid_domain: t.example\nsince: 2026-01-01\n"}


def article_file(title: str, stem: str = "", day: int = 1, **keys: str) -> dict[str, str | bytes]:
    """Return an article file with one tag."""
    return newsrooms.article(stem or tag_slug(title), f"2026-01-{day:02}", tags=json.dumps([title]), summary="S.", **keys)


def write_newsroom(root: Path) -> Path:
    """Write a newsroom with one article for each tag of TAGS."""
    files = {path: text for day, title in enumerate(TAGS, 1) for path, text in article_file(title, day=day).items()}
    return newsrooms.write(root, {**SITE, **files})


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("languages"))


@pytest.fixture(scope="module")
def publication(content: Path) -> Publication:
    return newsrooms.load_publication(content)


def test_tags_that_differ_only_in_punctuation_have_different_slugs(content: Path) -> None:
    snapshot = load_content(content)
    assert snapshot.problems == ()
    assert {tag.title: tag.id for article in snapshot.articles for tag in article.tags} == TAGS


@pytest.mark.parametrize(("title", "slug"), TAGS.items())
def test_the_feeds_and_the_page_of_a_tag_have_its_articles_title_and_id(publication: Publication, title: str, slug: str) -> None:
    feed = json.loads(text_of(publication, f"/tag/{slug}/feed.json"))
    assert feed["title"] == f"{title} – T"
    assert [(item["title"], item["tags"]) for item in feed["items"]] == [(slug, [title])]
    escaped = title.replace("&", "&amp;")
    assert f"<h1>{escaped}</h1>" in text_of(publication, f"/tag/{slug}/")
    assert f'<category term="{escaped}" scheme="http://127.0.0.1:8000/tag/{slug}/"/>' in text_of(
        publication, f"/tag/{slug}/feed.atom"
    )
    assert f"<id>tag:t.example,2026:tag/{slug}</id>" in text_of(publication, f"/tag/{slug}/feed.atom")
    assert text_of(publication, f"/tag/{slug}/feed.rss").count("<item>") == 1
    assert f'href="/articles/{slug}/"' in text_of(publication, f"/tag/{slug}/")


def test_every_list_of_tags_links_to_every_tag(publication: Publication) -> None:
    for path in ("/tags/", "/subscribe/", "/feeds.opml"):
        text = text_of(publication, path)
        assert [slug for slug in TAGS.values() if f"/tag/{slug}/" not in text] == []
    assert 'text="C++"' in text_of(publication, "/feeds.opml")
