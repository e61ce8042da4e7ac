"""The files `_redirects` and `_headers` stay within the limits of hosts and match the responses of the live server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from feedsvc.catalog.catalog import Catalog, build_catalog
from feedsvc.content.folder.folder import load_content
from feedsvc.export import StaticTree, hosts
from feedsvc.export.aliases import former_paths
from feedsvc.export.host_headers import render_headers
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import ArticleAt, FeedAt, place_of
from feedsvc.uris import mount_path
from feedsvc.web.responses import respond
from tests.helpers import newsrooms
from tests.web.newsroom import write_newsroom

_NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_STATUS: Final = {"any": "301", "netlify": "301!"}


@dataclass(frozen=True)
class Rule:
    """One line of `_redirects`."""

    pattern: str
    target: str
    status: str

    def target_of(self, path: str) -> str:
        """Return the target for a percent-encoded path, "" if the pattern does not match."""
        pattern = re.escape(self.pattern).replace(r"\*", "(?P<splat>.*)")
        match = re.fullmatch(re.sub(r":([a-z]+)", r"(?P<\1>[^/]+)", pattern), path)
        if match is None:
            return ""
        target = self.target
        for name, text in match.groupdict().items():
            target = target.replace(f":{name}", text)
        return target


def _parse_rules(text: str) -> list[Rule]:
    return [Rule(*line.split(" ")) for line in text.splitlines()]


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    content = load_content(write_newsroom(tmp_path_factory.mktemp("hosts") / "content"))
    return Publication(build_catalog(content, _NOW))


@pytest.mark.parametrize("host", ["any", "netlify"])
def test_redirects_have_the_targets_of_the_live_server(publication: Publication, host: str) -> None:
    rules = _parse_rules(hosts.render_redirects(publication.catalog, hosts.HOSTS[host]))
    assert {rule.status for rule in rules} - {"410!"} == {_STATUS[host]}
    for path in former_paths(publication.catalog):
        target = publication.redirect_target(path)
        first_location = next((location for rule in rules if (location := rule.target_of(quote(path)))), "")
        is_period = "archive/" in path and not re.match("/category/(?:economy|money)/", path)
        is_gone = getattr(publication.resolve(target), "status", 0) == 410 if target else False
        assert not is_gone or not first_location, "withdrawn"
        if target and not is_period and not is_gone:
            location = (
                first_location
                if "archive/" not in path
                else quote(publication.redirect_target(f"{first_location}") or first_location)
            )
            assert location == quote(target), path
    for path in ("/tag/bridges/feed/", "/tag/bridges/rss", "/author/mina-park/atom.xml"):
        first_location = next(location for rule in rules if (location := rule.target_of(path)))
        assert first_location == publication.redirect_target(path)


def test_no_redirect_rule_matches_a_document(publication: Publication) -> None:
    rules = _parse_rules(hosts.render_redirects(publication.catalog, hosts.HOSTS["netlify"]))
    assert not [(path, rule) for path in publication.paths() for rule in rules if rule.target_of(quote(path))]


def test_netlify_gets_410_rules_and_other_hosts_get_redirects_only(publication: Publication) -> None:
    netlify = hosts.render_redirects(publication.catalog, hosts.HOSTS["netlify"]).splitlines()
    assert "/articles/recalled/ /articles/recalled/410.html 410!" in netlify
    assert "410" not in hosts.render_redirects(publication.catalog, hosts.HOSTS["any"])


def test_patterns_are_the_last_rules_so_that_cloudflare_counts_only_them_as_dynamic(publication: Publication) -> None:
    is_dynamic = [
        "*" in line or ":" in line for line in hosts.render_redirects(publication.catalog, hosts.HOSTS["any"]).splitlines()
    ]
    assert is_dynamic == sorted(is_dynamic)
    assert is_dynamic.count(True) > 10


def _catalog_with_aliases(folder: Path, articles: int, categories: int = 0) -> Catalog:
    aliases = ", ".join(f"c-{number}" for number in range(categories))
    content = newsrooms.write(folder, {**newsrooms.SITE, "categories.yaml": f"asia: {{title: Asia, aliases: [{aliases}]}}\n"})
    for number in range(0, articles, 1000):
        article_aliases = ", ".join(f"a-{alias}" for alias in range(number, min(number + 1000, articles)))
        newsrooms.write(content, newsrooms.article(f"b{number}", aliases=f"[{article_aliases}]"))
    return newsrooms.load_catalog(content)


def test_redirects_stop_at_the_limits_of_cloudflare_with_warnings(tmp_path: Path) -> None:
    catalog = _catalog_with_aliases(tmp_path, 2500, 120)
    lines = hosts.render_redirects(catalog, hosts.HOSTS["any"]).splitlines()
    dynamic = [line for line in lines if "*" in line or ":id" in line]
    assert (len(lines) - len(dynamic), len(dynamic)) == (2000, 100)
    assert lines[0].endswith("/feed.rss 301"), "feeds first"
    warnings = [*hosts.limit_warnings(catalog, hosts.HOSTS["any"])]
    assert warnings[0].startswith("_redirects has 2,000 of ")
    assert warnings[0].endswith(
        "former addresses, because Cloudflare reads no more; the tree has redirect pages and copies of feeds at the others"
    )
    assert warnings[1].startswith("_redirects has 100 of 137 patterns")
    assert len(hosts.render_redirects(catalog, hosts.HOSTS["netlify"]).splitlines()) > 4000
    assert not [*hosts.limit_warnings(catalog, hosts.HOSTS["netlify"])]


def test_tree_has_advice_if_redirects_exceed_the_limits_of_the_host(tmp_path: Path) -> None:
    catalog = _catalog_with_aliases(tmp_path / "content", 2500)
    with StaticTree(tmp_path / "out") as tree:
        assert len([*tree.advice(Publication(catalog))]) == 1


def test_line_longer_than_the_limit_of_cloudflare_is_omitted(tmp_path: Path) -> None:
    slug, long_alias = "길" * 66, "로" * 66
    newsrooms.write(tmp_path, {**newsrooms.SITE, **newsrooms.article("a", slug=slug, aliases=f"[{long_alias}, short]")})
    catalog = newsrooms.load_catalog(tmp_path)
    lines = hosts.render_redirects(catalog, hosts.HOSTS["any"]).splitlines()
    assert max(map(len, lines)) <= 1000
    assert f"/daily/articles/short/ /daily/articles/{quote(slug)}/ 301" in lines
    assert f"/articles/{long_alias}/" in {*former_paths(catalog)}


def test_site_below_a_path_has_that_path_in_both_files(tmp_path: Path) -> None:
    catalog = newsrooms.load_catalog(newsrooms.write_sample(tmp_path))
    assert mount_path(catalog.site.base_url) == "/daily"
    lines = hosts.render_redirects(catalog, hosts.HOSTS["any"]).splitlines()
    assert lines
    assert all(re.match(r"/daily/\S+ /daily/\S* 301$", line) for line in lines)
    assert all(line.startswith(("/daily/", "  ")) for line in render_headers(catalog).splitlines())


def _headers_for_path(text: str, path: str) -> dict[str, list[str]]:
    """Return the headers that a host sends with a path: name -> values of all matching rules."""
    headers: dict[str, list[str]] = {}
    matches = False
    for line in text.splitlines():
        if not line.startswith(" "):
            matches = re.fullmatch(re.escape(line).replace(r"\*", ".*"), path) is not None
        elif matches:
            name, _, value = line.strip().partition(": ")
            headers.setdefault(name, []).append(value)
    return headers


def test_headers_equal_those_of_the_live_server(publication: Publication) -> None:
    _compare_headers(publication)


def test_headers_of_a_site_with_a_license_equal_those_of_the_live_server(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path)
    site = content / "site.yaml"
    site.write_text(f"{site.read_text()}license: {{prohibits: [ai-train]}}\n")
    publication = Publication(newsrooms.load_catalog(content, _NOW))
    _compare_headers(publication)
    text = render_headers(publication.catalog)
    assert _headers_for_path(text, "/license.xml")["Content-Type"] == ["application/rsl+xml; charset=utf-8"]
    links = {path: _headers_for_path(text, quote(path)).get("Link", []) for path in publication.paths()}
    for path, values in links.items():
        is_covered = path.endswith("/") or isinstance(place_of(path), FeedAt)
        assert ("license" in "".join(values)) == is_covered, path


def _compare_headers(publication: Publication) -> None:
    text = render_headers(publication.catalog)
    for path in publication.paths():
        document = publication.resolve(path)
        if not isinstance(document, Document):
            continue
        host_headers, live_headers = (
            _headers_for_path(text, quote(path)),
            dict(respond(document, ("GET", {}), _NOW, None).headers),
        )
        links = host_headers.get("Link", [])
        assert [value for values in host_headers.values() if values is not links for value in values[1:]] == [], path
        # Hosts join the values of Link. Only feeds of authors and tags lack some of the server's.
        known_links = live_headers.get("Link", "")
        assert all(link in known_links.split(", ") for value in links for link in value.split(", ")), path
        for name, value in ((name, values[0]) for name, values in host_headers.items() if name != "Link"):
            if name == "Content-Security-Policy":
                assert live_headers.get(name, value) == value
            elif name == "Cache-Control":
                assert value == "public, max-age=300"
            else:
                assert live_headers[name] == value, path
        if re.search(r"/feed\.(?:rss|atom|json)$", path) or path == "/feeds.opml":
            assert host_headers["Content-Type"] == [live_headers["Content-Type"]], path
        if re.fullmatch(r"(?:/category/[a-z]+)?/feed\.\w+", path):
            assert sorted(", ".join(links).split(", ")) == sorted(known_links.split(", ")), path


def test_copies_of_feeds_have_the_media_type_of_feeds(publication: Publication) -> None:
    text = render_headers(publication.catalog)
    for path in (path for path in former_paths(publication.catalog) if "/feed." in publication.redirect_target(path)):
        suffix = publication.redirect_target(path).rpartition(".")[2]
        media_type = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}[suffix]
        assert _headers_for_path(text, quote(path))["Content-Type"] == [f"{media_type}; charset=utf-8"], path
    for path in (path for path in former_paths(publication.catalog) if isinstance(place_of(path), ArticleAt)):
        assert "Content-Type" not in _headers_for_path(text, quote(path))


def test_root_file_whose_name_ends_like_that_of_a_feed_has_only_its_own_type(tmp_path: Path) -> None:
    """Before the fix, hosts joined two types: "application/rss+xml; charset=utf-8, application/xml; charset=utf-8"."""
    files = {"root/sitemap_index.xml": "<x/>", "root/newsfeed.json": "{}", "root/old/my-atom.xml": "<x/>"}
    publication = Publication(newsrooms.load_catalog(newsrooms.write(tmp_path, {**newsrooms.SITE, **files})))
    text = render_headers(publication.catalog)
    for name in files:
        path = name.removeprefix("root")
        document = publication.resolve(path)
        live_headers = dict(respond(document, ("GET", {}), _NOW, None).headers) if isinstance(document, Document) else {}
        assert _headers_for_path(text, f"/daily{path}")["Content-Type"] == [live_headers["Content-Type"]], path


def test_svg_has_a_sandbox_policy_and_other_media_do_not(publication: Publication) -> None:
    text = render_headers(publication.catalog)
    assert "sandbox" in "".join(_headers_for_path(text, "/media/logo.svg")["Content-Security-Policy"])
    assert "sandbox" not in "".join(_headers_for_path(text, "/media/paper.pdf")["Content-Security-Policy"])


def test_headers_file_has_at_most_100_rules_and_the_build_says_so(tmp_path: Path) -> None:
    categories = "".join(f"c{number}: {{title: C}}\n" for number in range(200))
    catalog = newsrooms.load_catalog(newsrooms.write(tmp_path, {**newsrooms.SITE, "categories.yaml": categories}))
    assert len([line for line in render_headers(catalog).splitlines() if not line.startswith(" ")]) == 100
    for host in ("any", "netlify"):
        [warning] = hosts.limit_warnings(catalog, hosts.HOSTS[host])
        assert warning.startswith("_headers has 100 of ")
    assert not [*hosts.limit_warnings(catalog, hosts.HOSTS["nginx"])]
