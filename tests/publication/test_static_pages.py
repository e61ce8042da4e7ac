"""Static pages and files in root/ at their addresses: documents, redirects, dates, changes, and what is in no list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import ContentFolder, load_content
from feedsvc.content.media import variants
from feedsvc.publication.addresses import root_content_types
from feedsvc.publication.document import Document, FileResource, Redirect
from feedsvc.publication.last_modified import LastModifiedStore
from feedsvc.publication.publication import Publication
from tests.conftest import Newsroom
from tests.helpers.newsrooms import NOW, load_publication, picture, text_of, write

ABOUT = "---\ntitle: About us\ndescription: Who we are.\nupdated: 2026-01-02\naliases: [who]\n---\n![](media/p.jpg) We *write*.\n"


@pytest.fixture
def root(newsroom: Newsroom) -> Path:
    return newsroom(
        {
            "pages/about.md": ABOUT,
            "pages/draft.md": "---\ntitle: Secret plan\nstatus: draft\n---\n![](media/draft.jpg)\n",
            "media/p.jpg": picture(1000, 500),
            "media/draft.jpg": picture(),
            "root/ads.txt": "google.com, 1\n",
            "root/.well-known/security.txt": "Contact: mailto:a@news.example\n",
            "root/.well-known/apple-app-site-association": "{}",
            "root/site.webmanifest": "{}",
            "root/app/page.html": "<title>A</title>",
            "articles/one.yaml": "title: One\npublished: 2026-01-02\n",
        }
    )


def test_a_page_and_the_files_of_root_have_their_addresses(root: Path) -> None:
    publication = load_publication(root)
    page = text_of(publication, "/about/")
    assert "<h1>About us</h1>" in page
    assert '<link rel="canonical" href="https://news.example/about/">' in page
    assert '<meta name="description" content="Who we are.">' in page
    assert '<p class="standfirst">Who we are.</p>' in page
    assert '<time datetime="2026-01-02">' in page
    assert 'src="/media/p.jpg"' in page
    assert isinstance(publication.resolve("/media/p.jpg"), FileResource)
    types = {
        "/ads.txt": "text/plain",
        "/.well-known/security.txt": "text/plain",
        "/.well-known/apple-app-site-association": "application/json",
        "/site.webmanifest": "application/manifest+json",
        "/app/page.html": "text/html",
    }
    for path, media_type in types.items():
        document = publication.resolve(path)
        assert isinstance(document, Document)
        assert (document.media_type, document.body) == (media_type, (root / f"root{path}").read_bytes())


def test_a_page_links_to_the_other_pages_of_the_menus_and_not_to_drafts(root: Path) -> None:
    assert 'class="siblings"' not in text_of(load_publication(root), "/about/")
    (root / "pages/imprint.md").write_text("---\ntitle: Imprint\n---\nText.\n", "utf-8")
    publication = load_publication(root)
    for path, other in (("/about/", "/imprint/"), ("/imprint/", "/about/")):
        siblings = text_of(publication, path).partition('class="siblings"')[2].partition("</nav>")[0]
        assert re.findall('href="(.*?)"', siblings) == [other]


@pytest.mark.parametrize(
    ("path", "target"), [("/about", "/about/"), ("/who", "/about/"), ("/who/", "/about/"), ("/draft/", ""), ("/ads.txt/", "")]
)
def test_another_spelling_of_a_page_redirects_and_a_draft_has_no_address(root: Path, path: str, target: str) -> None:
    resource = load_publication(root).resolve(path)
    assert resource == (Redirect(target=target) if target else None)


def test_a_page_is_in_the_sitemap_and_in_no_feed_and_a_draft_nowhere(root: Path) -> None:
    publication = load_publication(root)
    assert "<loc>https://news.example/about/</loc><lastmod>2026-01-01T18:30:00Z</lastmod>" in text_of(publication, "/sitemap.xml")
    paths = set(publication.paths())
    assert {"/about/", "/ads.txt", "/.well-known/security.txt", "/media/p.jpg"} <= paths
    assert not {"/draft/", "/media/draft.jpg"} & paths
    assert "/who/" in set(publication.paths_with_redirects()) - paths
    for path in paths:
        resource = publication.resolve(path)
        text = resource.body.decode() if isinstance(resource, Document) and not path.endswith((".ico", ".js")) else ""
        assert "Secret plan" not in text
        assert "About us" not in text or path.endswith("/"), path
        assert publication.resolve("/media/draft.jpg") is None


def test_a_preview_shows_a_draft_with_its_mark(root: Path) -> None:
    publication = Publication(build_catalog(load_content(root), NOW, is_preview=True))
    page = text_of(publication, "/draft/")
    assert '<p class="mark">Draft' in page
    assert '<meta name="robots" content="noindex">' in page
    assert "/draft/" not in text_of(publication, "/sitemap.xml")


def test_a_rule_of_redirects_yaml_leads_to_a_page_and_a_file_of_root(root: Path) -> None:
    write(root, {"redirects.yaml": "exact:\n  /impressum.html: /about\n  /x: /ads.txt\n  /about/: /ads.txt\n"})
    publication = load_publication(root)
    assert publication.resolve("/impressum.html") == Redirect(target="/about/")
    assert publication.resolve("/x") == Redirect(target="/ads.txt")
    assert isinstance(publication.resolve("/about/"), Document)


EDITS = {
    "body": ({"pages/about.md": ABOUT.replace("*write*", "*read*")}, {"/about/", "/who/"}),
    "date": ({"pages/about.md": ABOUT.replace("2026-01-02", "2026-01-03")}, {"/about/", "/who/", "/sitemap.xml"}),
    "media": ({"media/p.jpg": picture(1000, 400)}, {"/about/", "/who/", "/media/p.jpg"}),
    "new": ({"pages/new.md": "---\ntitle: New\nnavigation: none\n---\n"}, {"/new/", "/sitemap.xml"}),
    "draft": ({"pages/draft.md": "---\ntitle: Secret plan\nstatus: draft\n---\n"}, set()),
    "root": ({"root/ads.txt": "x", "root/b.txt": "b"}, {"/ads.txt", "/b.txt"}),
}


@pytest.mark.parametrize("edit", EDITS)
def test_after_a_save_only_the_documents_that_show_it_are_made_again(root: Path, edit: str) -> None:
    files, expected = EDITS[edit]
    folder = ContentFolder(root)
    before = Publication(build_catalog(folder.read().content, NOW))
    for path in before.paths():
        before.resolve(path)
    write(root, files)
    change = folder.read()
    catalog = before.catalog.apply_changes(change.content, NOW, removed=change.removed, added=change.added)
    assert (catalog.pages is before.catalog.pages) == (catalog.pages == before.catalog.pages)
    now, fresh = before.next_edition(catalog), load_publication(root)
    for path in {*before.paths_with_redirects(), *fresh.paths_with_redirects()}:
        one, other = now.resolve(path), fresh.resolve(path)
        assert one == other, path
    changed = now.changed_since(before)
    assert {path for path in changed if not path.startswith("/sized/")} == expected


def test_a_browser_gets_programs_and_archives_of_root_without_charset(newsroom: Newsroom) -> None:
    # A browser compiles WebAssembly while it loads only if its Content-Type has no parameter.
    files = {f"root/{name}": b"\0" for name in ("a.wasm", "a.zip", "a.pdf", "a.bin")} | {
        "root/a.json": b"{}",
        "root/a.xml": b"<a/>",
    }
    assert root_content_types(load_publication(newsroom(files)).catalog) == {
        "/a.bin": "application/octet-stream",
        "/a.json": "application/json; charset=utf-8",
        "/a.pdf": "application/pdf",
        "/a.wasm": "application/wasm",
        "/a.xml": "application/xml; charset=utf-8",
        "/a.zip": "application/zip",
    }


@pytest.mark.parametrize(
    "edit",
    [{"pages/about.md": ABOUT.replace("About us", "All of us")}, {"root/favicon.ico": b"x"}, {"pages/about.md": ABOUT + "x"}],
)
def test_a_title_in_a_menu_and_a_favicon_change_every_page(root: Path, edit: dict[str, str | bytes]) -> None:
    folder = ContentFolder(root)
    before = Publication(build_catalog(folder.read().content, NOW))
    write(root, edit)
    catalog = before.catalog.apply_changes(folder.read().content, NOW)
    now = before.next_edition(catalog)
    is_on_every_page = not any(str(text).endswith("x") for path, text in edit.items() if path.startswith("pages/"))
    assert ("/articles/one/" in now.changed_since(before)) == is_on_every_page
    assert text_of(now, "/articles/one/") == text_of(load_publication(root), "/articles/one/")


def test_a_picture_that_only_a_page_shows_is_public_as_long_as_the_page(root: Path) -> None:
    write(root, {"pages/about.md": ABOUT.replace("aliases", "navigation: none\naliases")})  # no other page names it
    folder = ContentFolder(root)
    publication = Publication(build_catalog(folder.read().content, NOW))
    paths = [variant.path for variant in variants(publication.catalog.media["media/p.jpg"])]
    assert paths
    (root / "pages/about.md").unlink()
    catalog = publication.catalog.apply_changes(folder.read().content, NOW)
    now = publication.next_edition(catalog)
    assert now.resolve("/media/p.jpg") is None
    assert {"/media/p.jpg", "/about/", *paths} <= now.changed_since(publication)


def test_new_bytes_of_a_picture_that_only_a_page_shows_have_new_narrower_copies(root: Path) -> None:
    folder = ContentFolder(root)
    publication = Publication(build_catalog(folder.read().content, NOW))
    write(root, {"media/p.jpg": picture(1000, 400)})
    change = folder.read()
    catalog = publication.catalog.apply_changes(change.content, NOW, removed=change.removed, added=change.added)
    paths = [variant.path for variant in variants(catalog.media["media/p.jpg"])]
    assert paths
    assert {*paths} <= publication.next_edition(catalog).changed_since(publication)


def test_pages_and_root_files_have_last_modified(root: Path, tmp_path: Path) -> None:
    store = LastModifiedStore(None)
    publication = Publication(
        build_catalog(load_content(root), NOW), lambda path, digest: store.last_modified(path, digest, NOW, NOW)
    )
    for path in ("/about/", "/ads.txt"):
        document = publication.resolve(path)
        assert isinstance(document, Document)
        assert document.last_modified == NOW
