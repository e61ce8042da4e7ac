"""Every HTML document of a publication is valid, small, has correct metadata and no broken internal links."""

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
from feedsvc.content.media.variant_store import VariantStore
from feedsvc.publication.document import Document, FileResource, Redirect
from feedsvc.publication.publication import Publication
from feedsvc.support.clock import wall_clock
from tests import ROOT
from tests.helpers import newsrooms
from tests.helpers.programs import require_program
from tests.pages.conftest import require_node_package

MAX_COMPRESSED_SIZE: Final = 15_000  # bytes, compressed
# Could end an attribute, an element or a script, or be rendered as a template expression.
HOSTILE_TEXT: Final = "</script></title><b onclick=x>\"'&amp;<!--{{ 7*7 }}"


def _write_hostile_newsroom(root: Path) -> Path:
    value = json.dumps(HOSTILE_TEXT)
    hostile_keys = dict.fromkeys(("title", "summary"), value) | {
        "tags": f"[{value}]",
        "author": "evil",
        "category": "evil",
        "image": f"{{src: media/logo.png, alt: {value}, caption: {value}, credit: {value}, disclaimer: {value}}}",
        "sources": f"[{{name: {value}}}]",
        "corrections": f"[{{date: 2026-01-02, text: {value}}}]",
    }
    site = newsrooms.SITE["site.yaml"]
    assert isinstance(site, str)
    return newsrooms.write(
        root,
        {
            **newsrooms.SITE,
            "site.yaml": site.replace("The Daily & Co", value)
            .replace("© 2026 The Daily", value)
            .replace("hubs:", "license: {permits: [search]}\n        hubs:"),
            "categories.yaml": f"evil: {{title: {value}, description: {value}}}\n",
            "authors.yaml": f"evil: {{name: {value}, bio: {value}}}\n",
            **newsrooms.article("evil", **hostile_keys),
            **newsrooms.article("other", "2026-01-02", **hostile_keys),
        },
    )


@pytest.fixture(scope="module", params=["sample", "rich", "hostile"])
def publication(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Publication:
    root, state = tmp_path_factory.mktemp("content"), tmp_path_factory.mktemp("state")
    folders = {
        "sample": lambda: ROOT / "content",
        "rich": lambda: newsrooms.write_sample(root),
        "hostile": lambda: _write_hostile_newsroom(root),
    }
    content = load_content(folders[request.param]())
    assert not content.errors, [str(problem) for problem in content.errors]
    now = wall_clock() if request.param == "sample" else newsrooms.NOW
    return Publication(build_catalog(content, now), variant_store=VariantStore(state))


def _pages(publication: Publication) -> Iterator[tuple[str, Document]]:
    """Yield path and document of every page, also of pages with another status than 200."""
    withdrawn_paths = [f"/articles/{slug}/" for slug in publication.catalog.withdrawn]
    for path in [*publication.paths(), *withdrawn_paths]:
        document = publication.resolve(path)
        if isinstance(document, Document) and document.media_type == "text/html":
            yield path, document
    yield "/404/", publication.not_found_page


def _tree(document: Document) -> Any:
    return html5lib.HTMLParser(namespaceHTMLElements=False).parse(document.body.decode())


def test_html_validate_finds_no_error(publication: Publication, tmp_path: Path) -> None:
    node = require_program("node", "apt-get install nodejs")
    require_node_package("html-validate")
    for number, (_, document) in enumerate(_pages(publication)):
        (tmp_path / f"{number}.html").write_bytes(document.body)
    result = subprocess.run(
        [node, Path(__file__).with_name("validate.mjs"), tmp_path], capture_output=True, text=True, check=True
    )
    assert json.loads(result.stdout) == []


def _addresses(tree: Any) -> Iterator[str]:
    for element in tree.iter():
        for name in ("href", "src", "poster"):
            if element.get(name):
                yield element.get(name)
        for candidate in (element.get("srcset") or "").split(", "):
            yield from candidate.split()[:1]


def test_every_internal_link_resolves(publication: Publication) -> None:
    base = publication.catalog.site.base_url
    root = urlsplit(base).path
    links = set()
    for path, document in _pages(publication):
        for address in _addresses(_tree(document)):
            absolute_url = urljoin(f"{base}{path}", address).partition("#")[0]
            if absolute_url.startswith(f"{base}/") and not address.startswith("#"):
                links.add((unquote(urlsplit(absolute_url).path)[len(root) :], path))
    assert len(links) > 20
    for target, path in sorted(links):
        resource = publication.resolve(target)
        # An article may link to a former address of another article; an alias redirects in one hop.
        if isinstance(resource, Redirect):
            resource = publication.resolve(resource.target)
        assert isinstance(resource, (FileResource, Document)), f"{path} -> {target}"


def test_compressed_article_page_is_small(publication: Publication) -> None:
    sizes = {path: len(document.encode("gzip") or document.body) for path, document in _pages(publication)}
    assert not {path: size for path, size in sizes.items() if path.startswith("/articles/") and size > MAX_COMPRESSED_SIZE}


def _metas(tree: Any) -> Mapping[str, str]:
    return {element.get("property") or element.get("name"): element.get("content") for element in tree.iter("meta")}


def test_head_has_correct_metadata(publication: Publication) -> None:
    """Every page has a canonical address, feeds and Open Graph; every article without an external link has JSON-LD."""
    base, article_count = publication.catalog.site.base_url, 0
    rows = publication.catalog.visible
    for path, document in _pages(publication):
        tree = _tree(document)
        metas, links = _metas(tree), list(tree.iter("link"))
        canonical = [link.get("href") for link in links if link.get("rel") == "canonical"]
        if document.status != 200:
            assert (canonical, metas["robots"]) == ([], "noindex")
            continue
        row = rows.get(path.removeprefix("/articles/").rstrip("/")) if path.startswith("/articles/") else None
        unquoted_canonical = [unquote(link) for link in canonical] if not (row and row.article.link) else [f"{base}{path}"]
        assert unquoted_canonical == [f"{base}{path}"]
        assert metas["og:url"] == canonical[0]
        languages = [link.get("hreflang") for link in links if link.get("hreflang")]
        assert {*languages} - {"x-default"} == ({one.language for one in row.translations} if row else set())
        assert {link.get("type") for link in links if link.get("rel") == "alternate" and not link.get("hreflang")} == {
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
            article_count += 1
    assert article_count


def test_breadcrumbs_lead_from_the_front_page_to_the_page_itself(publication: Publication) -> None:
    site, count = publication.catalog.site, 0
    for path, document in _pages(publication):
        tree = _tree(document)
        scripts = [json.loads(script.text) for script in tree.findall(".//script[@type='application/ld+json']")]
        lists = [data["itemListElement"] for data in scripts if data.get("@type") == "BreadcrumbList"]
        if path in ("/", "/subscribe/", "/404/") or document.status != 200:
            assert lists == [], path
            continue
        (items,) = lists
        assert [item["position"] for item in items] == list(range(1, len(items) + 1))
        assert items[0]["item"] == f"{site.base_url}/"
        canonical = tree.find(".//link[@rel='canonical']").get("href")
        assert items[-1]["item"] == canonical, path
        links = [link.get("href") for link in tree.findall(".//nav[@class='breadcrumbs']//a")]
        # The sections of an article stand above its title, and the title of the site leads to the front page.
        is_shown = len(items) > 2 and not path.startswith("/articles/")
        assert [urljoin(site.base_url, link) for link in links] == [item["item"] for item in items[:-1] if is_shown], path
        count += 1
    assert count > 5


def test_front_page_describes_site_and_publisher(publication: Publication) -> None:
    site = publication.catalog.site
    document = publication.resolve("/")
    assert isinstance(document, Document)
    graph = json.loads(_tree(document).find(".//script[@type='application/ld+json']").text)["@graph"]
    assert [entry["@type"] for entry in graph] == ["NewsMediaOrganization", "WebSite"]
    assert graph[1]["publisher"] == {"@id": graph[0]["@id"]}
    assert [entry["name"] for entry in graph] == [site.title, site.title]


def test_front_page_names_the_accounts_of_the_newsroom(tmp_path: Path) -> None:
    site, account = newsrooms.SITE["site.yaml"], "https://mastodon.example/@daily"
    assert isinstance(site, str)
    keys = site.replace("hubs:", f"profiles: [{account}]\n        hubs:")
    publication = newsrooms.load_publication(newsrooms.write(tmp_path, {**newsrooms.SITE, "site.yaml": keys}))
    front_page, archive = publication.resolve("/"), publication.resolve("/archive/")
    assert isinstance(front_page, Document)
    assert isinstance(archive, Document)
    tree = _tree(front_page)
    assert [link.get("href") for link in tree.iter("link") if link.get("rel") == "me"] == [account]
    graph = json.loads(tree.find(".//script[@type='application/ld+json']").text)["@graph"]
    assert graph[0]["sameAs"] == [account]
    assert b'rel="me"' not in archive.body
    # The logo is 64 by 64 pixels; there is no article whose picture could stand for the site.
    metas = _metas(tree)
    assert (metas["og:image:width"], metas["og:image:height"]) == ("64", "64")


def test_hostile_texts_of_editors_are_escaped(tmp_path: Path) -> None:
    publication = newsrooms.load_publication(_write_hostile_newsroom(tmp_path))
    occurrences = 0
    for path, document in _pages(publication):
        tree = _tree(document)
        assert not [element for element in tree.iter() if element.get("onclick")], path
        assert [element.get("type") or element.get("src") for element in tree.iter("script")][:1] == ["/daily/static/site.js"]
        # JSON-LD: that of the front page or of an article, and breadcrumbs.
        expected_scripts = {"/": 2, "/subscribe/": 1, "/404/": 1}.get(path, 3 if path.startswith("/articles/") else 2)
        assert len(list(tree.iter("script"))) == expected_scripts, path
        text = "".join(tree.itertext())
        assert "{{ 7*7 }}" in text
        occurrences += text.count(HOSTILE_TEXT)
    assert occurrences > 20
