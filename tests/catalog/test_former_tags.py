"""C, C++, C#, .NET and R&D are tags of their own; where they were before, an address leads to them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.cache import codec
from feedsvc.content.cache.record import Interner, Record
from feedsvc.content.folder.folder import load_content
from feedsvc.content.reading.article import ParseResult
from feedsvc.model import Article, ArticleStatus, Tag
from feedsvc.publication.document import Document, Redirect, Resource
from feedsvc.publication.publication import Publication
from feedsvc.tag_slugs import tag_slug
from tests.audience.waiting import until
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.http_client import ask
from tests.helpers.model_newsrooms import START
from tests.live.served_content import followed

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


def written(title: str, stem: str = "", day: int = 1, **keys: str) -> dict[str, str | bytes]:
    """An article with one tag."""
    return newsrooms.article(stem or tag_slug(title), f"2026-01-{day:02}", tags=json.dumps([title]), summary="S.", **keys)


def room(root: Path) -> Path:
    files = {path: text for day, title in enumerate(TAGS, 1) for path, text in written(title, day=day).items()}
    return newsrooms.write(root, {**SITE, **files})


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return room(tmp_path_factory.mktemp("languages"))


@pytest.fixture(scope="module")
def published(content: Path) -> Publication:
    return newsrooms.load_publication(content)


def body(publication: Publication, path: str) -> str:
    found = publication.resolve(path)
    assert isinstance(found, Document), path
    return found.body.decode()


def test_tags_that_signs_tell_apart_are_read_without_a_problem(content: Path) -> None:
    read = load_content(content)
    assert read.problems == ()
    assert {tag.title: tag.id for one in read.articles for tag in one.tags} == TAGS


@pytest.mark.parametrize(("title", "slug"), TAGS.items())
def test_the_feeds_of_a_tag_hold_its_own_articles_under_its_own_name(published: Publication, title: str, slug: str) -> None:
    feed = json.loads(body(published, f"/tag/{slug}/feed.json"))
    assert feed["title"] == f"{title} – T"
    assert [(one["title"], one["tags"]) for one in feed["items"]] == [(slug, [title])]
    escaped = title.replace("&", "&amp;")
    assert f"<h1>{escaped}</h1>" in body(published, f"/tag/{slug}/")
    assert f'<category term="{escaped}" scheme="http://127.0.0.1:8000/tag/{slug}/"/>' in body(published, f"/tag/{slug}/feed.atom")
    assert f"<id>tag:t.example,2026:tag/{slug}</id>" in body(published, f"/tag/{slug}/feed.atom")
    assert body(published, f"/tag/{slug}/feed.rss").count("<item>") == 1
    assert f'href="/articles/{slug}/"' in body(published, f"/tag/{slug}/")


def test_lists_of_tags_name_each_of_them(published: Publication) -> None:
    for path in ("/tags/", "/subscribe/", "/feeds.opml"):
        text = body(published, path)
        assert [slug for slug in TAGS.values() if f"/tag/{slug}/" not in text] == []
    assert 'text="C++"' in body(published, "/feeds.opml")


@pytest.mark.parametrize("form", ["", "feed.rss", "feed.atom", "feed.json"])
def test_a_former_address_leads_to_the_tag_unless_another_tag_has_it(published: Publication, form: str) -> None:
    assert published.resolve(f"/tag/home/{form}") == Redirect(target=f"/tag/at-home/{form}")
    for own in ("c", "net", "r-d"):
        assert isinstance(published.resolve(f"/tag/{own}/{form}"), Document)
    assert published.resolve("/tag/home/rss.xml") == Redirect(target="/tag/at-home/feed.rss")
    assert published.resolve("/tag/home") == Redirect(target="/tag/at-home/")


def bearing(number: int, *titles: str, **keys: object) -> Article:
    tags = tuple(Tag(id=tag_slug(title), title=title) for title in titles)
    return model_newsrooms.article(number, START - timedelta(days=number), tags=tags, **keys)


def led(*articles: Article, path: str = "/tag/c/feed.rss") -> Resource | None:
    return Publication(build_catalog(model_newsrooms.snapshot(articles), START)).resolve(path)


def test_of_several_tags_the_one_with_most_articles_has_the_former_address() -> None:
    plus, sharp = Redirect(target="/tag/c-plus-plus/feed.rss"), Redirect(target="/tag/c-sharp/feed.rss")
    assert led(bearing(1, "C#"), bearing(2, "C++"), bearing(3, "C#")) == sharp
    assert led(bearing(1, "C#"), bearing(2, "C++")) == led(bearing(1, "C++"), bearing(2, "C#")) == plus
    assert led(bearing(1, "C#", "C++"), bearing(2, "(C++)")) == plus
    assert isinstance(led(bearing(1, "C#"), bearing(2, "C#"), bearing(3, "C")), Document)
    assert led(bearing(1, "c-plus-plus")) is None


def test_the_archives_and_older_pages_of_a_tag_have_their_former_addresses_too() -> None:
    many = [bearing(number * 40, "C++") for number in range(1, 9)]
    found = Publication(build_catalog(model_newsrooms.snapshot(many), START))
    paths = [path for path in found.paths() if path.startswith("/tag/c-plus-plus/archive/")]
    assert len(paths) > 9
    for path in paths:
        assert found.resolve(path.replace("c-plus-plus", "c", 1)) == Redirect(target=path)


@pytest.mark.parametrize(
    "keys",
    [
        {"expires": START - timedelta(hours=1)},
        {"status": ArticleStatus.WITHDRAWN, "withdrawn_at": START - timedelta(hours=1)},
    ],
    ids=["expired", "withdrawn"],
)
def test_a_former_address_leads_on_when_the_last_article_of_a_tag_has_gone(keys: dict[str, object]) -> None:
    assert led(bearing(1, "C++", **keys)) == Redirect(target="/tag/c-plus-plus/feed.rss")


def test_a_draft_and_a_scheduled_article_give_no_former_address() -> None:
    assert led(bearing(1, "C++", status=ArticleStatus.DRAFT)) is None
    assert led(bearing(-1, "C++")) is None


def after(before: Publication, gone: Article, come: Article) -> Publication:
    articles = [come if one is gone else one for one in before.catalog.content.articles]
    content = replace(before.catalog.content, articles=tuple(articles))
    return before.next_edition(before.catalog.apply_changes(content, START, removed=(gone,), added=(come,)))


def test_caches_hear_of_a_former_address_that_leads_elsewhere_by_a_save() -> None:
    """A purge named the new tag alone, and a cache went on to send readers of the former address to another tag."""
    plus, sharp = bearing(1, "C++"), bearing(2, "Other")
    first = Publication(build_catalog(model_newsrooms.snapshot((plus, sharp)), START))
    second = after(first, sharp, bearing(2, "C#"))
    third = after(second, plus, bearing(1, "None"))
    fourth = after(third, third.catalog.visible["a2"].article, bearing(2, "C#", "C"))
    fifth = after(fourth, fourth.catalog.visible["a2"].article, bearing(2, "Other"))
    targets = [one.resolve("/tag/c/feed.atom") for one in (first, second, third, fourth, fifth)]
    plus_feed, sharp_feed = (Redirect(target=f"/tag/{slug}/feed.atom") for slug in ("c-plus-plus", "c-sharp"))
    assert targets[:3] == [plus_feed, plus_feed, sharp_feed]
    assert (isinstance(targets[3], Document), targets[4]) == (True, None)
    for before, now in ((second, third), (third, fourth), (fourth, fifth)):
        changed = now.changed_since(before)
        assert {"/tag/c/", "/tag/c/feed.rss", "/tag/c/feed.atom", "/tag/c/feed.json"} <= changed
    assert not any(path.startswith("/tag/c/") for path in second.changed_since(first))


@pytest.mark.parametrize("many", [True, False], ids=["packed together", "one by one"])
def test_a_last_valid_version_of_an_earlier_version_is_in_the_feeds_of_today(*, many: bool) -> None:
    """A file about C++ that was broken during the upgrade stood in the feed of C."""
    old = replace(bearing(1), tags=(Tag(id="c", title="C++"), Tag(id="r-d", title="R&D"), Tag(id="all", title="All")))
    record = Record(signature=None, digest=b"", reading=ParseResult(old, ()), stood=True)
    if many:
        kept = codec.decode_former_page(codec.encode_page({old.path: record}), Interner())[old.path]
    else:
        kept = codec.decode_former_record(codec.encode_record(record))
    assert kept
    assert kept.good
    assert [(tag.id, tag.title) for tag in kept.good.tags] == [("c-plus-plus", "C++"), ("r-and-d", "R&D"), ("all", "All")]


def test_a_server_redirects_until_the_moment_when_an_editor_writes_the_tag(tmp_path: Path) -> None:
    content = room(tmp_path / "content")
    with followed(content, tmp_path / "state") as server:
        former = ask(server.url, "/tag/home/feed.rss")
        assert (former.status, former["location"]) == (301, "/tag/at-home/feed.rss")
        newsrooms.write(content, written("home", "house", day=20))
        until(lambda: ask(server.url, "/tag/home/feed.rss").status == 200)
        assert b"<title>house</title>" in ask(server.url, "/tag/home/feed.rss").body
        (content / "articles/house.yaml").unlink()
        until(lambda: ask(server.url, "/tag/home/feed.rss").status == 301)
