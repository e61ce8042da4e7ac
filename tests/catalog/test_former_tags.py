"""Slugs of tags with punctuation (C, C++, C#, .NET, R&D), and redirects from the slugs that they had in earlier versions."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.model import Article, ArticleStatus, Tag
from feedsvc.publication.document import Document, Redirect, Resource
from feedsvc.publication.publication import Publication
from feedsvc.tag_slugs import tag_slug
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.model_newsrooms import START, next_edition
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


@pytest.mark.parametrize("file_name", ["", "feed.rss", "feed.atom", "feed.json"])
def test_a_former_address_redirects_to_the_tag_unless_another_tag_has_that_slug(publication: Publication, file_name: str) -> None:
    assert publication.resolve(f"/tag/home/{file_name}") == Redirect(target=f"/tag/at-home/{file_name}")
    for slug in ("c", "net", "r-d"):
        assert isinstance(publication.resolve(f"/tag/{slug}/{file_name}"), Document)
    assert publication.resolve("/tag/home/rss.xml") == Redirect(target="/tag/at-home/feed.rss")
    assert publication.resolve("/tag/home") == Redirect(target="/tag/at-home/")


def article_with_tags(number: int, *titles: str, **keys: object) -> Article:
    """Return an article that was published `number` days before START, with these tags."""
    tags = tuple(Tag(id=tag_slug(title), title=title) for title in titles)
    return model_newsrooms.article(number, START - timedelta(days=number), tags=tags, **keys)


def resolve(*articles: Article, path: str = "/tag/c/feed.rss") -> Resource | None:
    """Resolve a path of a publication of these articles."""
    return Publication(build_catalog(model_newsrooms.snapshot(articles), START)).resolve(path)


def test_a_former_address_of_several_tags_redirects_to_the_tag_with_the_most_articles() -> None:
    to_plus, to_sharp = Redirect(target="/tag/c-plus-plus/feed.rss"), Redirect(target="/tag/c-sharp/feed.rss")
    assert resolve(article_with_tags(1, "C#"), article_with_tags(2, "C++"), article_with_tags(3, "C#")) == to_sharp
    assert (
        resolve(article_with_tags(1, "C#"), article_with_tags(2, "C++"))
        == resolve(article_with_tags(1, "C++"), article_with_tags(2, "C#"))
        == to_plus
    )
    assert resolve(article_with_tags(1, "C#", "C++"), article_with_tags(2, "(C++)")) == to_plus
    assert isinstance(resolve(article_with_tags(1, "C#"), article_with_tags(2, "C#"), article_with_tags(3, "C")), Document)
    assert resolve(article_with_tags(1, "c-plus-plus")) is None


def test_archives_and_older_pages_of_a_tag_are_redirected_from_their_former_addresses() -> None:
    articles = [article_with_tags(number * 40, "C++") for number in range(1, 9)]
    publication = Publication(build_catalog(model_newsrooms.snapshot(articles), START))
    paths = [path for path in publication.paths() if path.startswith("/tag/c-plus-plus/archive/")]
    assert len(paths) > 9
    for path in paths:
        assert publication.resolve(path.replace("c-plus-plus", "c", 1)) == Redirect(target=path)


@pytest.mark.parametrize(
    "keys",
    [
        {"expires": START - timedelta(hours=1)},
        {"status": ArticleStatus.WITHDRAWN, "withdrawn_at": START - timedelta(hours=1)},
    ],
    ids=["expired", "withdrawn"],
)
def test_a_former_address_redirects_after_the_last_article_of_the_tag_is_hidden(keys: dict[str, object]) -> None:
    assert resolve(article_with_tags(1, "C++", **keys)) == Redirect(target="/tag/c-plus-plus/feed.rss")


def test_drafts_and_scheduled_articles_create_no_redirect() -> None:
    assert resolve(article_with_tags(1, "C++", status=ArticleStatus.DRAFT)) is None
    assert resolve(article_with_tags(-1, "C++")) is None


def test_a_former_address_with_another_target_is_among_the_changed_paths() -> None:
    """The list of changed paths had only the new tag, so caches continued to redirect the former address to another tag."""
    plus, sharp = article_with_tags(1, "C++"), article_with_tags(2, "Other")
    first = Publication(build_catalog(model_newsrooms.snapshot((plus, sharp)), START))
    second = next_edition(first, [sharp], [article_with_tags(2, "C#")])
    third = next_edition(second, [plus], [article_with_tags(1, "None")])
    fourth = next_edition(third, [third.catalog.visible["a2"].article], [article_with_tags(2, "C#", "C")])
    fifth = next_edition(fourth, [fourth.catalog.visible["a2"].article], [article_with_tags(2, "Other")])
    targets = [edition.resolve("/tag/c/feed.atom") for edition in (first, second, third, fourth, fifth)]
    plus_feed, sharp_feed = (Redirect(target=f"/tag/{slug}/feed.atom") for slug in ("c-plus-plus", "c-sharp"))
    assert targets[:3] == [plus_feed, plus_feed, sharp_feed]
    assert (isinstance(targets[3], Document), targets[4]) == (True, None)
    for before, now in ((second, third), (third, fourth), (fourth, fifth)):
        changed = now.changed_since(before)
        assert {"/tag/c/", "/tag/c/feed.rss", "/tag/c/feed.atom", "/tag/c/feed.json"} <= changed
    assert not any(path.startswith("/tag/c/") for path in second.changed_since(first))
