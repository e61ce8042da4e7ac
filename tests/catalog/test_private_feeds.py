"""Private feeds: they select articles as custom feeds do, and no public document, time or path depends on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings

from feedsvc.catalog import build_catalog
from feedsvc.content.folder import load_content, open_content_folder
from feedsvc.content.lint import lint_content
from feedsvc.feeds.digest import FeedDigests
from feedsvc.publication.publication import Publication
from tests.catalog.test_custom_feeds import FILES
from tests.catalog.test_selections import SEEDS, random_feeds
from tests.helpers import model_newsrooms, newsrooms
from tests.helpers.model_newsrooms import RandomEditor
from tests.helpers.newsrooms import NOW, article, picture

FEEDS: Final = "wire: {title: The wire, include: {categories: [world]}, access: private, aliases: [old-wire], max_age: 50d}\n"


def write(root: Path, feeds: str = FEEDS) -> Path:
    newsrooms.write(root, {**FILES, "feeds.yaml": feeds})
    for day, category in ((1, "world"), (2, "money"), (3, "world"), (20, "world")):
        newsrooms.write(root, article(f"a{day}", f"2026-01-{day:02}", category=category, summary="S."))
    return root


@given(seed=SEEDS)
@settings(max_examples=10, deadline=None)
def test_no_public_document_time_or_path_depends_on_private_feeds(seed: int) -> None:
    random = Random(seed)
    feeds = [replace(feed, access="private", digest=None) for feed in random_feeds(random)]
    editor = RandomEditor(random=random, content=model_newsrooms.snapshot())
    for _ in range(4):
        editor.edit()
    without = build_catalog(editor.content, editor.now)
    private = build_catalog(replace(editor.content, private_feeds={feed.id: feed for feed in feeds}), editor.now)
    assert (private.next_change, private.last_change) == (without.next_change, without.last_change)
    publications = [Publication(catalog) for catalog in (without, private)]
    paths, private_paths = ([*publication.paths_with_redirects()] for publication in publications)
    assert private_paths == paths
    assert [publications[1].resolve(path) for path in paths] == [publications[0].resolve(path) for path in paths]
    assert FeedDigests().compute(private) == FeedDigests().compute(without)


def test_a_private_feed_has_no_address_and_its_change_changes_no_document(tmp_path: Path) -> None:
    folder = open_content_folder(write(tmp_path / "content"), "", tmp_path / "state")
    content = folder.read().content
    publication = Publication(build_catalog(content, NOW))
    for name in ("wire", "old-wire"):
        for path in (f"/feeds/{name}/", f"/feeds/{name}/feed.rss", f"/feeds/{name}", f"/feeds/{name}/archive/2026-01/feed.rss"):
            assert publication.resolve(path) is None
    page = publication.resolve("/")
    (tmp_path / "content/feeds.yaml").write_text(FEEDS.replace("world", "money") + FEEDS.replace("wire", "another"))
    changed = folder.read()
    catalog = publication.catalog.apply_changes(changed.content, NOW)
    assert {*catalog.private_listings} == {"wire", "another"}
    assert catalog.private_listings == build_catalog(changed.content, NOW).private_listings
    following = publication.next_edition(catalog)
    assert following.changed_since(publication) == frozenset()
    assert following.resolve("/") is page


def test_a_private_feed_that_becomes_public_keeps_its_id_and_its_tokens_and_the_other_way_round(tmp_path: Path) -> None:
    bodies = []
    for access in ("private", "public"):
        root = write(tmp_path / access, FEEDS.replace("private", access))
        publication = newsrooms.load_publication(root)
        for name in ("wire", "old-wire"):
            document = publication.render_private_feed(name, "atom", "/private/x/feed.atom", NOW)
            assert document
            bodies.append(document.body)
        assert publication.render_private_feed("nothing", "atom", "/private/x/feed.atom", NOW) is None
        assert publication.render_private_feed("world", "atom", "/private/x/feed.atom", NOW) is None
    assert len(set(bodies)) == 1
    assert b"<id>tag:t.example,2026:feeds/wire</id>" in bodies[0]


@pytest.mark.parametrize("suffix", ["rss", "atom", "json"])
def test_a_private_feed_names_no_page_hub_or_archive_and_itself_only_once(tmp_path: Path, suffix: str) -> None:
    root = write(tmp_path)
    (root / "site.yaml").write_text(FILES["site.yaml"] + "hubs: [https://hub.example/]\n")
    document = newsrooms.load_publication(root).render_private_feed("wire", suffix, f"/private/x/feed.{suffix}", NOW)
    assert document
    assert document.links == ()
    text = document.body.decode()
    assert text.count("/private/") == 1
    assert f"https://t.example/private/x/feed.{suffix}" in text
    assert not [word for word in ("hub.example", "/feeds/", "archive") if word in text.replace("feeds/wire", "")]
    assert ("a1<" in text, "a20" in text, "a2<" in text) == (False, True, False) or suffix == "json"


def test_entries_leave_at_their_max_age_without_a_new_edition(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(write(tmp_path), NOW)
    catalog = publication.catalog
    assert catalog.next_change is None

    def slugs(days: int) -> list[str]:
        listing = catalog.private_listing("wire", NOW + timedelta(days=days))
        assert listing
        return [row.article.slug for row in listing.feed_rows]

    assert slugs(-25) == ["a20", "a3"]  # the feed has two entries
    assert slugs(-1) == ["a20"]
    assert slugs(0) == ["a20"]
    assert slugs(30) == []


def test_the_picture_of_a_private_feed_is_not_served_unless_something_public_has_it(tmp_path: Path) -> None:
    root = write(tmp_path, FEEDS.replace("max_age: 50d", "image: media/own.png"))
    newsrooms.write(root, {"media/own.png": picture(64, 64, "PNG")})

    def logo() -> tuple[bool, bool]:
        publication = newsrooms.load_publication(root, NOW)
        document = publication.render_private_feed("wire", "atom", "/private/x/feed.atom", NOW)
        assert document
        return publication.resolve("/media/own.png") is not None, b"media/own.png" in document.body

    assert logo() == (False, False)
    (warning,) = (problem for problem in lint_content(load_content(root), root, NOW) if problem.path == "feeds.yaml")
    assert str(warning).startswith(
        "feeds.yaml:1:102: warning: image: nothing public refers to media/own.png, so the feed has the"
    )
    newsrooms.write(root, article("b", "2026-01-05", category="money", summary="S.", image="{src: media/own.png, alt: x}"))
    assert logo() == (True, True)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("authors.yaml", "mina-park: {name: Mina Park, avatar: media/own.png}\n"),
        ("pages/about.md", "---\ntitle: About\n---\n![Us](media/own.png)\n"),
        ("feeds.yaml", ""),
    ],
)
def test_a_private_feed_with_the_picture_of_an_author_or_a_page_has_no_warning(tmp_path: Path, path: str, text: str) -> None:
    feeds = FEEDS.replace("max_age: 50d", "image: media/own.png")
    root = write(tmp_path, feeds)
    newsrooms.write(root, {"media/own.png": picture(64, 64, "PNG"), path: text or feeds})
    content = load_content(root)
    warned = [problem for problem in lint_content(content, root, NOW) if "nothing public refers to" in problem.message]
    assert (content.errors, bool(warned)) == ((), path == "feeds.yaml")


def test_check_warns_about_keys_without_effect_and_wrong_values_are_errors(tmp_path: Path) -> None:
    root = write(tmp_path, FEEDS.replace("max_age: 50d", "archives: all"))
    warnings = [str(problem) for problem in lint_content(load_content(root), root, NOW) if problem.path == "feeds.yaml"]
    assert "feeds.yaml:1:105: warning: archives: a private feed has no archives; delete it; entries: says how many" in warnings[0]
    (root / "feeds.yaml").write_text(FEEDS.replace("private", "secret"))
    (error,) = load_content(root).errors
    assert "feeds.yaml:1:" in str(error)
    assert "expected 'public' or 'private'" in str(error) or "public" in str(error)


def test_the_last_valid_version_of_a_private_feed_stays_private(tmp_path: Path) -> None:
    root, state = write(tmp_path / "content"), tmp_path / "state"
    folder = open_content_folder(root, "", state)
    expected = folder.read().content.private_feeds
    folder.save()
    for broken in (FEEDS.replace("title", "titel"), FEEDS.replace("private", "privat"), "wire: [\n"):
        (root / "feeds.yaml").write_text(broken)
        for reader in (folder, open_content_folder(root, "", state)):
            content = reader.read().content
            assert (content.private_feeds, content.custom_feeds) == (expected, {})
