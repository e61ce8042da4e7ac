"""The license of the site: the document, where it is, and everything that links to it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from lxml import etree

from feedsvc import discovery
from feedsvc.export import StaticTree
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import FeedAt, place_of
from feedsvc.web.responses import respond
from tests.discovery.sitemap_documents import BASE_URL, SITE, load_catalog
from tests.helpers import newsrooms
from tests.helpers.newsrooms import article
from tests.validators import objections

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
RSL: Final = "{https://rslstandard.org/rsl}"
LICENSE: Final = "license: {permits: [search], prohibits: [ai-train]}\n"
LINK: Final = f'<{BASE_URL}/license.xml>; rel="license"; type="application/rsl+xml"'


def load(root: Path, keys: str = LICENSE) -> Publication:
    articles = (article("a", "2026-02-01", tags="[Korea]"), article("there", "2026-02-02", link="https://else.example/"))
    return Publication(load_catalog(root, *articles, article("gone", status="withdrawn"), site=f"{SITE}{keys}"))


def document(publication: Publication, path: str) -> Document:
    resource = publication.resolve(path)
    assert isinstance(resource, Document)
    return resource


def license_document(root: Path, keys: str) -> str:
    return document(load(root, keys), "/license.xml").body.decode()


def test_the_license_has_all_terms(tmp_path: Path) -> None:
    keys = """\
license:
  url: https://t.example/terms?a=1&b=2
  permits: [search, KR, ai-index, JP, education]
  prohibits: ai-train
  payment: {type: crawl, amount: 0.015, currency: EUR, standard: https://s.example/, custom: https://c.example/}
  server: https://licenses.example/api
"""
    expected = """\
<?xml version="1.0" encoding="UTF-8"?>
<rsl xmlns="https://rslstandard.org/rsl">
  <content url="/" server="https://licenses.example/api">
    <terms>https://t.example/terms?a=1&amp;b=2</terms>
    <license>
      <permits type="usage">search ai-index</permits>
      <permits type="user">education</permits>
      <permits type="geo">KR JP</permits>
      <prohibits type="usage">ai-train</prohibits>
      <payment type="crawl">
        <amount currency="EUR">0.015</amount>
        <standard>https://s.example/</standard>
        <custom>https://c.example/</custom>
      </payment>
    </license>
  </content>
</rsl>
"""
    assert license_document(tmp_path, keys) == expected


def test_a_license_without_payment_is_free(tmp_path: Path) -> None:
    """RSL 1.0 section 3.7: a license without payment is free, so none is written."""
    root = etree.fromstring(license_document(tmp_path, "license: {prohibits: [ai-all]}\n").encode())
    assert [element.tag.removeprefix(RSL) for element in root.iter("*")] == ["rsl", "content", "license", "prohibits"]


def test_a_payment_without_price_is_an_empty_element(tmp_path: Path) -> None:
    assert '<payment type="attribution"/>' in license_document(tmp_path, "license: {payment: {type: attribution}}\n")


def test_the_license_of_a_site_below_a_path_covers_that_path(tmp_path: Path) -> None:
    site = SITE.replace(BASE_URL, f"{BASE_URL}/news desk") + LICENSE
    publication = Publication(load_catalog(tmp_path, article("a"), site=site))
    root = etree.fromstring(document(publication, "/license.xml").body)
    assert root[0].get("url") == "/news%20desk/"
    assert b"License: https://t.example/news%20desk/license.xml\n" in document(publication, "/robots.txt").body


def test_without_license_there_is_no_document_and_no_link(tmp_path: Path) -> None:
    publication = load(tmp_path, "")
    assert (publication.resolve("/license.xml"), publication.resolve("/license.xml/")) == (None, None)
    assert "/license.xml" not in {*publication.paths()}
    for path in publication.paths():
        resource = publication.resolve(path)
        if isinstance(resource, Document):
            assert b"license" not in resource.body, path
            assert "license" not in [link.rel for link in resource.links]
    assert discovery.render_license(publication.catalog.site) is None


def test_pages_and_feeds_have_a_link_header_and_other_documents_have_none(tmp_path: Path) -> None:
    publication = load(tmp_path)
    for path in publication.paths():
        resource = publication.resolve(path)
        if isinstance(resource, Document):
            links = dict(respond(resource, ("GET", {}), NOW, None).headers).get("Link", "")
            is_covered = path.endswith("/") or isinstance(place_of(path), FeedAt)
            assert links.endswith(LINK) == is_covered, path
            assert resource.links == () or is_covered
    assert document(publication, "/").links == document(publication, "/articles/a/").links
    for missing in (document(publication, "/articles/gone/"), publication.not_found_page):
        assert (missing.links, b"license" in missing.body) == ((), False)


def test_pages_link_to_the_license(tmp_path: Path) -> None:
    publication = load(tmp_path)
    for path in (path for path in publication.paths() if path.endswith("/")):
        body = document(publication, path).body.decode()
        assert body.count('<link rel="license" type="application/rsl+xml" href="/license.xml">') == 1, path


def test_each_rss_item_of_the_site_has_its_license(tmp_path: Path) -> None:
    body = document(load(tmp_path), "/feed.rss").body
    there, here = etree.fromstring(body).iter("item")
    assert there.find(f"{RSL}content") is None
    content = here.find(f"{RSL}content")
    assert content is not None
    assert content.get("url") == here.findtext("link") == f"{BASE_URL}/articles/a/"
    assert [(element.tag, element.get("type"), element.text) for element in content[0]] == [
        (f"{RSL}permits", "usage", "search"),
        (f"{RSL}prohibits", "usage", "ai-train"),
    ]
    assert objections(body, "rss", f"{BASE_URL}/feed.rss", now=NOW) == []


def test_atom_feeds_link_to_the_license_and_exclude_articles_of_other_sites(tmp_path: Path) -> None:
    """RFC 4946: an entry without a link has the license of the feed."""
    body = document(load(tmp_path), "/feed.atom").body
    feed = etree.fromstring(body)
    atom = "{http://www.w3.org/2005/Atom}"
    licenses = {
        element.getparent().tag.removeprefix(atom) + (element.getparent().findtext(f"{atom}title") or ""): dict(element.attrib)
        for element in feed.iter(f"{atom}link")
        if element.get("rel") == "license"
    }
    assert licenses == {
        "feedT": {"rel": "license", "href": f"{BASE_URL}/license.xml", "type": "application/rsl+xml"},
        "entrythere": {"rel": "license", "href": "http://purl.org/atompub/license#unspecified"},
    }
    assert objections(body, "atom", f"{BASE_URL}/feed.atom", now=NOW) == []


def test_json_feeds_name_the_license_and_exclude_articles_of_other_sites(tmp_path: Path) -> None:
    body = document(load(tmp_path), "/feed.json").body
    feed = json.loads(body)
    assert feed["_feedsvc"] == {"license": f"{BASE_URL}/license.xml"}
    assert [item.get("_feedsvc") for item in feed["items"]] == [{"license": "http://purl.org/atompub/license#unspecified"}, None]
    assert objections(body, "json", f"{BASE_URL}/feed.json", now=NOW) == []


def test_no_sitemap_lists_the_license(tmp_path: Path) -> None:
    assert b"license" not in document(load(tmp_path), "/sitemap.xml").body


@pytest.mark.parametrize("only", ["", "feeds"])
def test_a_static_tree_has_the_license(tmp_path: Path, only: str) -> None:
    publication, out = load(tmp_path / "content"), tmp_path / "out"
    with StaticTree(out, selection=only, processes=1) as tree:
        tree.build(publication)
    assert (out / "license.xml").read_bytes() == document(publication, "/license.xml").body
    site = tmp_path / "content/site.yaml"
    site.write_text(site.read_text().replace(LICENSE, ""))
    with StaticTree(out, selection=only, processes=1) as tree:
        tree.build(newsrooms.load_publication(tmp_path / "content"))
    assert not (out / "license.xml").exists()
