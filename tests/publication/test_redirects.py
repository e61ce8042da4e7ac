"""Rules of redirects.yaml lead from old addresses to documents that exist now, and never hide a document."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder, load_content, open_content_folder
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.publication import Publication
from tests.web.newsroom import NEXT_CHANGE, NOON, write_article, write_newsroom

CAFE = "title: Café\npublished: 2026-01-03\ncategory: culture\nauthor: tuan-le\nslug: café\naliases: [cafés]"
RULES = """\
exact:
  /2014/05/bay/: /articles/bay/
  /2014/05/echoes.html: /articles/old-echo
  /?p=1: /articles/bay/
  /?p=2&feed=rss2: /category/business/feed.rss
  /later-old/: /articles/later/
  /brief-old/: /articles/brief/
  /draft-old/: /articles/unfinished/
  /recalled-old/: /articles/recalled/
  /missing-old/: /articles/nowhere/
  /economy-old/: /category/economy/
  /feed.xml: /feed.atom
  /category/business/feed: /category/business/feed.atom
  /articles/echoes/: /articles/fish/
  /articles/bay: /articles/fish/
  /articles/fish/: gone
  /articles/recalled/: /articles/fish/
  /robots.txt/: /articles/fish/
  /shop/: https://shop.example.org/a%20b
  /comments/feed/: gone
  /talk.mp3: /media/talk.mp3
  /secret.pdf: /media/draft.pdf
  /media/old.png: /media/photo.png
  /서울/: /tag/서울/
  /blog/*: /articles/*
  /blog/sections/*: /category/*
  /category/culture/page/*: /category/culture/
  /moved/*: /2014/05/*
  /articles/*: gone
  /?author_name=m-park: /author/m-park/feed.rss
"""


def publication_at(root: Path, now: datetime = NOON) -> Publication:
    return Publication(build_catalog(load_content(root), now))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_newsroom(tmp_path_factory.mktemp("redirects") / "content", with_scheduled=True)
    (root / "redirects.yaml").write_text(RULES)
    return root


@pytest.fixture(scope="module")
def publication(root: Path) -> Publication:
    return publication_at(root)


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/2014/05/bay/", "/articles/bay/"),
        ("/2014/05/bay", "/articles/bay/"),
        ("/2014/05/bay/index.html", "/articles/bay/"),
        ("/2014/05/echoes.html", "/articles/echo/"),
        ("/recalled-old/", "/articles/recalled/"),
        ("/economy-old/", "/category/business/"),
        ("/shop/", "https://shop.example.org/a%20b"),
        ("/talk.mp3", "/media/talk.mp3"),
        ("/media/old.png", "/media/photo.png"),
        ("/서울", "/tag/서울/"),
        ("/blog/bay/", "/articles/bay/"),
        ("/blog/old-echo", "/articles/echo/"),
        ("/blog/sections/economy/", "/category/business/"),
        ("/blog/sections/business/feed/", "/category/business/feed.rss"),
        ("/category/culture/page/7/", "/category/culture/"),
        ("/category/culture/page", "/category/culture/"),
        ("/moved/bay", "/articles/bay/"),
    ],
)
def test_old_address_redirects_in_one_hop(publication: Publication, path: str, target: str) -> None:
    assert publication.resolve(path) == Redirect(target=target)
    assert publication.redirect_target(path) == target
    assert not target.startswith("/") or not isinstance(publication.resolve(target), Redirect)


@pytest.mark.parametrize("path", ["/comments/feed/", "/comments/feed", "/articles/nowhere"])
def test_address_that_is_gone_is_410_with_the_page_of_unknown_addresses(publication: Publication, path: str) -> None:
    document = publication.resolve(path)
    assert isinstance(document, Document)
    assert (document.status, document.body) == (410, publication.not_found_page.body)


@pytest.mark.parametrize(
    "path",
    [
        "/later-old/",
        "/draft-old/",
        "/missing-old/",
        "/secret.pdf",
        "/blog/later/",
        "/blog/nowhere/",
        "/blog/sections/bay/",
        "/moved/x/",
        "/x/",
    ],
)
def test_rule_to_what_is_not_public_is_no_rule(publication: Publication, path: str) -> None:
    assert publication.resolve(path) is None


def test_rule_to_a_scheduled_article_holds_from_its_second_on_and_to_an_expired_one_no_longer(root: Path) -> None:
    before, now = publication_at(root, NEXT_CHANGE - timedelta(seconds=1)), publication_at(root, NEXT_CHANGE)
    assert before.resolve("/brief-old/") == Redirect(target="/articles/brief/")
    assert before.resolve("/later-old/") is now.resolve("/brief-old/") is None
    assert now.resolve("/later-old/") == Redirect(target="/articles/later/")
    next_edition = before.next_edition(before.catalog.apply_changes(before.catalog.content, NEXT_CHANGE))
    assert {"/later-old/", "/brief-old/"} <= next_edition.changed_since(before)
    assert "/2014/05/bay/" not in next_edition.changed_since(before)


def test_exact_rule_comes_before_a_redirect_of_the_site_and_one_with_an_asterisk_after_it(publication: Publication) -> None:
    assert publication.resolve("/feed.xml") == Redirect(target="/feed.atom")
    assert publication.resolve("/rss.xml") == Redirect(target="/feed.rss")
    assert publication.resolve("/category/business/feed/") == Redirect(target="/category/business/feed.atom")
    assert publication.resolve("/articles/echoes/") == Redirect(target="/articles/fish/")
    assert publication.resolve("/articles/old-echo") == Redirect(target="/articles/echo/")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        *[("/who-we-are/index.html", "/about/"), ("/articles/old-echo/index.html", "/articles/echo/")],
        *[("/category/economy/index.html", "/category/business/"), ("/rss/index.html", "/feed.rss")],
        *[
            ("/category/business/feed/index.html", "/category/business/feed.atom"),
            ("/archive/2026-01/index.html", "/archive/2026/"),
        ],
    ],
)
def test_index_html_of_a_former_address_redirects_as_its_folder_does(publication: Publication, path: str, target: str) -> None:
    assert publication.resolve(path) == Redirect(target=target)
    assert publication.resolve(path.removesuffix("index.html")) == Redirect(target=target)


@pytest.mark.parametrize("path", ["/about/index.html", "/index.html", "/feeds.opml/index.html"])
def test_index_html_of_a_document_is_not_found(publication: Publication, path: str) -> None:
    assert publication.resolve(path) is None


@pytest.mark.parametrize(
    ("path", "target"),
    [
        *[("/tag/서울/", "/tag/서울/"), ("/tag/서울", "/tag/서울/"), ("/tag/서울/rss.xml", "/tag/서울/feed.rss")],
        *[("/tag/서울/feed.atom", "/tag/서울/feed.atom"), ("/서울/", "/tag/서울/"), ("/media/é.png", "/media/é.png")],
        *[("/articles/café/", "/articles/café/"), ("/articles/cafés/", "/articles/café/")],
    ],
)
def test_address_in_unicode_form_nfd_redirects_to_the_address_in_nfc(root: Path, path: str, target: str) -> None:
    write_article(root, "cafe", f"{CAFE}\nimage: {{src: media/é.png, alt: A}}")
    (root / "media/é.png").write_bytes((root / "media/photo.png").read_bytes())
    publication = publication_at(root, NOON)
    assert publication.resolve(unicodedata.normalize("NFD", path)) == Redirect(target=target)


def test_no_rule_hides_a_document_with_or_without_its_slash(publication: Publication) -> None:
    assert publication.resolve("/articles/bay") == Redirect(target="/articles/bay/")
    for path, status in (("/articles/fish/", 200), ("/articles/recalled/", 410)):
        document = publication.resolve(path)
        assert isinstance(document, Document)
        assert (document.status, document.path) == (status, path)
    assert publication.resolve("/robots.txt/") == Redirect(target="/robots.txt")


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/", "p=1", "/articles/bay/"),
        ("/", "utm=x&p=1", "/articles/bay/"),
        ("/", "feed=rss2&p=2", "/category/business/feed.rss"),
        ("/", "author_name=m-park", "/author/mina-park/feed.rss"),
    ],
)
def test_query_redirects_before_the_document_at_its_path(publication: Publication, path: str, query: str, target: str) -> None:
    assert publication.resolve_query(path, query) == Redirect(target=target)


@pytest.mark.parametrize(("path", "query"), [("/", "p=3"), ("/", ""), ("/", "author_name=nobody"), ("/feed.rss", "p=1")])
def test_other_queries_have_no_effect(publication: Publication, path: str, query: str) -> None:
    assert publication.resolve_query(path, query) is None


def test_change_of_the_file_changes_only_the_addresses_in_it(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content")
    (root / "redirects.yaml").write_text("exact: {/a/: /articles/bay/, /b/: /articles/bay/, /?p=1: /articles/bay/}\n")
    folder = ContentFolder(root)
    before = Publication(build_catalog(folder.read().content, NOON))
    document = before.resolve("/articles/bay/")
    (root / "redirects.yaml").write_text("exact: {/b/: /articles/fish/, /c/: gone, /blog/*: /articles/*}\n")
    change = folder.read()
    assert (change.added, change.removed) == ((), ())
    publication = before.next_edition(before.catalog.apply_changes(change.content, NOON))
    assert publication.changed_since(before) == {"/a/", "/b/", "/c/"}
    assert publication.resolve("/articles/bay/") is document, "no document is rendered again"
    assert publication.resolve("/a/") is None
    assert publication.resolve("/b/") == Redirect(target="/articles/fish/")


def test_a_file_that_was_never_valid_is_not_reported_as_served_in_its_last_valid_version(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content")
    (root / "redirects.yaml").write_text("exact: [")
    content = ContentFolder(root).read().content
    assert [problem.path for problem in content.errors] == ["redirects.yaml"]
    assert content.last_valid_paths == frozenset()


def test_changed_paths_are_a_superset_of_the_old_addresses_whose_responses_differ(tmp_path: Path) -> None:
    root, random = write_newsroom(tmp_path / "content", with_scheduled=True), Random(7)
    names = ("bay", "clock", "dance", "echo", "fish", "later", "brief")
    folder = ContentFolder(root)
    publication = Publication(build_catalog(folder.read().content, NOON))
    addresses = [f"/old-{name}/" for name in names]
    for step in range(25):
        before = publication
        exact = {address: random.choice(["gone", *(f"/articles/{name}/" for name in names)]) for address in addresses}
        lines = "".join(f"  {address}: {target}\n" for address, target in exact.items() if random.random() < 0.7)
        (root / "redirects.yaml").write_text(f"exact:\n{lines}" if step % 3 == 0 else (root / "redirects.yaml").read_text())
        article = root / "articles" / f"{random.choice(names)}.yaml"
        text = article.read_text()
        article.write_text(text.replace("status: draft\n", "") if "status: draft" in text else f"{text}status: draft\n")
        change = folder.read()
        catalog = before.catalog.apply_changes(
            change.content, NOON + timedelta(minutes=step * 5), removed=change.removed, added=change.added
        )
        publication = before.next_edition(catalog)
        different = {path for path in addresses if before.redirect_target(path) != publication.redirect_target(path)}
        assert different <= publication.changed_since(before)


def test_address_that_leads_over_another_old_address_redirects_in_one_hop_and_follows_its_document(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content")
    (root / "redirects.yaml").write_text("exact: {/a/: /b/, /b/: /c, /c/: /articles/fish/, /d/: /e/, /e/: gone}\n")
    before = publication_at(root)
    assert before.resolve("/a/") == before.resolve("/b") == Redirect(target="/articles/fish/")
    assert before.redirect_target("/d/") == "gone"
    (root / "articles/fish.yaml").unlink()
    content = load_content(root)
    removed = [article for article in before.catalog.content.articles if article.slug == "fish"]
    publication = before.next_edition(before.catalog.apply_changes(content, NOON, removed=removed))
    assert publication.resolve("/a/") is publication.resolve("/c/") is None
    assert {"/a/", "/b/", "/c/"} <= publication.changed_since(before)


def test_broken_file_stands_in_its_last_valid_version_after_a_restart(tmp_path: Path) -> None:
    root, state = write_newsroom(tmp_path / "content"), tmp_path / "state"
    file = root / "redirects.yaml"
    file.write_text("exact:\n  /a/: /articles/bay/\n  /blog/*: /articles/*\n")
    state.mkdir()
    folder = open_content_folder(root, "", state)
    rules = folder.read().content.redirects
    folder.save()
    assert open_content_folder(root, "", state).read().content.redirects == rules
    file.write_text("exact:\n  /a/: nowhere\n")
    content = open_content_folder(root, "", state).read().content
    assert (content.redirects, [problem.line for problem in content.errors]) == (rules, [2])
    assert Publication(build_catalog(content, NOON)).resolve("/blog/fish") == Redirect(target="/articles/fish/")


def test_pattern_of_an_earlier_version_is_an_error_and_the_other_rules_of_the_file_are_in_force(tmp_path: Path) -> None:
    root = write_newsroom(tmp_path / "content")
    file = root / "redirects.yaml"
    file.write_text("exact:\n  /a/: /articles/bay/\n  /b/: /articles/bay/\n")
    folder = ContentFolder(root)
    assert folder.read().content.errors == ()
    file.write_text("exact:\n  /a/: /articles/fish/\npatterns:\n  - from: /blog/{slug}/\n    to: /articles/{slug}/\n")
    content = folder.read().content
    assert [(problem.line, problem.hint) for problem in content.errors] == [(4, "write /blog/*: /articles/* below exact:")]
    publication = Publication(build_catalog(content, NOON))
    assert publication.resolve("/a/") == Redirect(target="/articles/fish/")
    assert publication.resolve("/b/") is publication.resolve("/blog/fish/") is None
