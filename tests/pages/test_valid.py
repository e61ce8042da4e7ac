"""Every HTML document of a publication: valid, light, true in its head, and leading nowhere in vain."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

import html5lib
import pytest

from feedsvc.catalog.catalog import build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.content.media.thumbnails import VariantStore
from feedsvc.publication.document import Document, FileResource, Redirect
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests import ROOT
from tests.helpers import newsrooms
from tests.helpers.programs import require_program
from tests.pages.conftest import require_node_package

HEAVIEST: Final = 15_000  # bytes, compressed
# Would end an attribute, an element, a script or a template's expression.
NASTY: Final = "</script></title><b onclick=x>\"'&amp;<!--{{ 7*7 }}"


def _nasty(root: Path) -> Path:
    said = json.dumps(NASTY)
    hostile = dict.fromkeys(("title", "summary"), said) | {
        "tags": f"[{said}]",
        "author": "evil",
        "category": "evil",
        "image": f"{{src: media/logo.png, alt: {said}, caption: {said}, credit: {said}, disclaimer: {said}}}",
        "sources": f"[{{name: {said}}}]",
        "corrections": f"[{{date: 2026-01-02, text: {said}}}]",
    }
    site = newsrooms.SITE["site.yaml"]
    assert isinstance(site, str)
    return newsrooms.write(
        root,
        {
            **newsrooms.SITE,
            "site.yaml": site.replace("The Daily & Co", said).replace("© 2026 The Daily", said),
            "categories.yaml": f"evil: {{title: {said}, description: {said}}}\n",
            "authors.yaml": f"evil: {{name: {said}, bio: {said}}}\n",
            **newsrooms.article("evil", **hostile),
            **newsrooms.article("other", "2026-01-02", **hostile),
        },
    )


@pytest.fixture(scope="module", params=["sample", "rich", "nasty"])
def publication(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    root, state = tmp_path_factory.mktemp("content"), tmp_path_factory.mktemp("state")
    folders = {"sample": lambda: ROOT / "content", "rich": lambda: newsrooms.write_sample(root), "nasty": lambda: _nasty(root)}
    content = load_content(folders[request.param]())
    assert not content.errors, [str(problem) for problem in content.errors]
    now = wall_clock() if request.param == "sample" else newsrooms.NOW
    return Publication(build_catalog(content, now), variant_store=VariantStore(state))


def _pages(publication: Publication) -> Iterator[tuple[str, Document]]:
    """(path, its document): every page, and those that answer with another status."""
    gone = [f"/articles/{slug}/" for slug in publication.catalog.withdrawn]
    for path in [*publication.paths(), *gone]:
        found = publication.resolve(path)
        if isinstance(found, Document) and found.media_type == "text/html":
            yield path, found
    yield "/404/", publication.not_found_page()


def _tree(document: Document) -> Any:
    return html5lib.HTMLParser(namespaceHTMLElements=False).parse(document.body.decode())


def test_html_validate_finds_nothing(publication: Publication, tmp_path: Path) -> None:
    node = require_program("node", "apt-get install nodejs")
    require_node_package("html-validate")
    for number, (_, document) in enumerate(_pages(publication)):
        (tmp_path / f"{number}.html").write_bytes(document.body)
    done = subprocess.run([node, Path(__file__).with_name("validate.mjs"), tmp_path], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def _addresses(tree: Any) -> Iterator[str]:
    for element in tree.iter():
        for name in ("href", "src", "poster"):
            if element.get(name):
                yield element.get(name)
        for one in (element.get("srcset") or "").split(", "):
            yield from one.split()[:1]


def test_every_internal_link_resolves(publication: Publication) -> None:
    base = publication.catalog.site.base_url
    root = urlsplit(base).path
    seen = set()
    for path, document in _pages(publication):
        for address in _addresses(_tree(document)):
            whole = urljoin(f"{base}{path}", address).partition("#")[0]
            if whole.startswith(f"{base}/") and not address.startswith("#"):
                seen.add((unquote(urlsplit(whole).path)[len(root) :], path))
    assert len(seen) > 20
    for target, path in sorted(seen):
        found = publication.resolve(target)
        # An article's author may link to a former address of another; one hop is what an alias is for.
        if isinstance(found, Redirect):
            found = publication.resolve(found.target)
        assert isinstance(found, (FileResource, Document)), f"{path} -> {target}"


def test_no_article_is_heavy(publication: Publication) -> None:
    weights = {path: len(document.encode("gzip") or document.body) for path, document in _pages(publication)}
    assert not {path: weight for path, weight in weights.items() if path.startswith("/articles/") and weight > HEAVIEST}


def _metas(tree: Any) -> Mapping[str, str]:
    return {one.get("property") or one.get("name"): one.get("content") for one in tree.iter("meta")}


def test_the_head_is_true(publication: Publication) -> None:
    """Canonical address, feeds and Open Graph of every page; JSON-LD of every article told here."""
    base, told = publication.catalog.site.base_url, 0
    rows = publication.catalog.visible
    for path, document in _pages(publication):
        tree = _tree(document)
        metas, links = _metas(tree), list(tree.iter("link"))
        canonical = [one.get("href") for one in links if one.get("rel") == "canonical"]
        if document.status != 200:
            assert (canonical, metas["robots"]) == ([], "noindex")
            continue
        row = rows.get(path.removeprefix("/articles/").rstrip("/")) if path.startswith("/articles/") else None
        own = [unquote(one) for one in canonical] if not (row and row.article.link) else [f"{base}{path}"]
        assert own == [f"{base}{path}"]
        assert metas["og:url"] == canonical[0]
        assert {one.get("type") for one in links if one.get("rel") == "alternate"} == {
            "application/rss+xml",
            "application/atom+xml",
            "application/feed+json",
        }
        if row and not row.article.link:
            article, data = row.article, json.loads(tree.find(".//script[@type='application/ld+json']").text)
            assert (data["@type"], data["headline"]) == ("NewsArticle", article.title)
            assert (data["datePublished"], data["dateModified"]) == (
                metas["article:published_time"],
                metas["article:modified_time"],
            )
            assert data["datePublished"] <= data["dateModified"]
            assert metas["og:title"] == article.title
            told += 1
    assert told


def test_nothing_an_editor_writes_breaks_out(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(_nasty(tmp_path))
    seen = 0
    for path, document in _pages(publication):
        tree = _tree(document)
        assert not [one for one in tree.iter() if one.get("onclick")], path
        assert [one.get("type") or one.get("src") for one in tree.iter("script")][:1] == ["/daily/static/site.js"]
        assert len(list(tree.iter("script"))) == (2 if path.startswith("/articles/") else 1), path
        text = "".join(tree.itertext())
        assert "{{ 7*7 }}" in text
        seen += text.count(NASTY)
    assert seen > 20
