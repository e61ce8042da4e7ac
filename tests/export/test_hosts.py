"""`_redirects` and `_headers` as hosts read them: within their limits, and as the live server answers."""

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
from feedsvc.publication.document import Document
from feedsvc.publication.publication import Publication
from feedsvc.routes import ArticleAt, place_of
from feedsvc.uris import mount_path
from feedsvc.web.responses import respond
from tests.helpers import newsrooms
from tests.web.newsroom import write_newsroom

_NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
_STATUS: Final = {"any": "301", "netlify": "301!"}


@dataclass(frozen=True)
class Rule:
    pattern: str
    target: str
    status: str

    def leads(self, path: str) -> str:
        """Return where the rule leads from a percent-encoded path, "" where it does not fit."""
        form = re.escape(self.pattern).replace(r"\*", "(?P<splat>.*)")
        found = re.fullmatch(re.sub(r":([a-z]+)", r"(?P<\1>[^/]+)", form), path)
        if found is None:
            return ""
        target = self.target
        for name, text in found.groupdict().items():
            target = target.replace(f":{name}", text)
        return target


def _rules(text: str) -> list[Rule]:
    return [Rule(*line.split(" ")) for line in text.splitlines()]


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    content = load_content(write_newsroom(tmp_path_factory.mktemp("hosts") / "content"))
    return Publication(build_catalog(content, _NOW))


@pytest.mark.parametrize("host", ["any", "netlify"])
def test_redirects_lead_where_the_live_server_does(publication: Publication, host: str) -> None:
    rules = _rules(hosts.render_redirects(publication.catalog, hosts.HOSTS[host]))
    assert {rule.status for rule in rules} - {"410!"} == {_STATUS[host]}
    for path in former_paths(publication.catalog):
        target = publication.redirect_target(path)
        first = next((led for rule in rules if (led := rule.leads(quote(path)))), "")
        is_period = "archive/" in path and not re.match("/category/(?:economy|money)/", path)
        is_gone = getattr(publication.resolve(target), "status", 0) == 410 if target else False
        assert not is_gone or not first, "withdrawn"
        if target and not is_period and not is_gone:
            led = first if "archive/" not in path else quote(publication.redirect_target(f"{first}") or first)
            assert led == quote(target), path
    for path in ("/tag/bridges/feed/", "/tag/bridges/rss", "/author/mina-park/atom.xml"):
        first = next(led for rule in rules if (led := rule.leads(path)))
        assert first == publication.redirect_target(path)


def test_no_rule_fits_a_document(publication: Publication) -> None:
    rules = _rules(hosts.render_redirects(publication.catalog, hosts.HOSTS["netlify"]))
    assert not [(path, rule) for path in publication.paths() for rule in rules if rule.leads(quote(path))]


def test_netlify_says_410_with_the_notice_and_others_are_told_of_nothing_but_redirects(publication: Publication) -> None:
    netlify = hosts.render_redirects(publication.catalog, hosts.HOSTS["netlify"]).splitlines()
    assert "/articles/recalled/ /articles/recalled/410.html 410!" in netlify
    assert "410" not in hosts.render_redirects(publication.catalog, hosts.HOSTS["any"])


def test_patterns_come_last_or_cloudflare_would_count_what_follows_as_such(publication: Publication) -> None:
    dynamic = [
        "*" in line or ":" in line for line in hosts.render_redirects(publication.catalog, hosts.HOSTS["any"]).splitlines()
    ]
    assert dynamic == sorted(dynamic)
    assert dynamic.count(True) > 10


def _with_aliases(home: Path, articles: int, categories: int = 0) -> Catalog:
    aliases = ", ".join(f"c-{number}" for number in range(categories))
    content = newsrooms.write(home, {**newsrooms.SITE, "categories.yaml": f"asia: {{title: Asia, aliases: [{aliases}]}}\n"})
    for number in range(0, articles, 1000):
        several = ", ".join(f"a-{one}" for one in range(number, min(number + 1000, articles)))
        newsrooms.write(content, newsrooms.article(f"b{number}", aliases=f"[{several}]"))
    return newsrooms.load_catalog(content)


def test_no_more_is_written_than_cloudflare_reads_and_the_build_says_so(tmp_path: Path) -> None:
    made = _with_aliases(tmp_path, 2500, 120)
    lines = hosts.render_redirects(made, hosts.HOSTS["any"]).splitlines()
    dynamic = [line for line in lines if "*" in line or ":id" in line]
    assert (len(lines) - len(dynamic), len(dynamic)) == (2000, 100)
    assert lines[0].endswith("/feed.rss 301"), "feeds first"
    said = [*hosts.limit_warnings(made, hosts.HOSTS["any"])]
    assert said[0].startswith("_redirects has 2,000 of ")
    assert said[0].endswith(
        "former addresses, because Cloudflare reads no more; the tree has redirect pages and copies of feeds at the others"
    )
    assert said[1].startswith("_redirects has 100 of 137 patterns")
    assert len(hosts.render_redirects(made, hosts.HOSTS["netlify"]).splitlines()) > 4000
    assert not [*hosts.limit_warnings(made, hosts.HOSTS["netlify"])]


def test_the_command_says_what_a_host_does_not_read(tmp_path: Path) -> None:
    made = _with_aliases(tmp_path / "content", 2500)
    with StaticTree(tmp_path / "out") as tree:
        assert len([*tree.advice(Publication(made))]) == 1


def test_a_line_that_cloudflare_does_not_read_is_left_to_the_page(tmp_path: Path) -> None:
    long, other = "길" * 66, "로" * 66
    newsrooms.write(tmp_path, {**newsrooms.SITE, **newsrooms.article("a", slug=long, aliases=f"[{other}, short]")})
    made = newsrooms.load_catalog(tmp_path)
    lines = hosts.render_redirects(made, hosts.HOSTS["any"]).splitlines()
    assert max(map(len, lines)) <= 1000
    assert f"/daily/articles/short/ /daily/articles/{quote(long)}/ 301" in lines
    assert f"/articles/{other}/" in {*former_paths(made)}


def test_a_site_below_a_path_names_it_in_both_files(tmp_path: Path) -> None:
    made = newsrooms.load_catalog(newsrooms.write_sample(tmp_path))
    assert mount_path(made.site.base_url) == "/daily"
    lines = hosts.render_redirects(made, hosts.HOSTS["any"]).splitlines()
    assert lines
    assert all(re.match(r"/daily/\S+ /daily/\S* 301$", line) for line in lines)
    assert all(line.startswith(("/daily/", "  ")) for line in hosts.render_headers(made).splitlines())


def _fitting(text: str, path: str) -> dict[str, list[str]]:
    """Return the headers that a host sends with a path, each with the values of all rules that fit."""
    found: dict[str, list[str]] = {}
    fits = False
    for line in text.splitlines():
        if not line.startswith(" "):
            fits = re.fullmatch(re.escape(line).replace(r"\*", ".*"), path) is not None
        elif fits:
            name, _, value = line.strip().partition(": ")
            found.setdefault(name, []).append(value)
    return found


def test_headers_are_those_of_the_live_server(publication: Publication) -> None:
    text = hosts.render_headers(publication.catalog)
    for path in publication.paths():
        found = publication.resolve(path)
        if not isinstance(found, Document):
            continue
        got, sent = _fitting(text, quote(path)), dict(respond(found, ("GET", {}), _NOW, None).headers)
        assert [value for values in got.values() for value in values[1:]] == [], path
        for name, [value] in got.items():
            if name == "Content-Security-Policy":
                assert sent.get(name, value) == value
            else:
                assert sent[name] == value, path
        if re.search(r"/feed\.(?:rss|atom|json)$", path) or path == "/feeds.opml":
            assert got["Content-Type"] == [sent["Content-Type"]], path
        if re.fullmatch(r"(?:/category/[a-z]+)?/feed\.\w+", path):
            assert got["Link"] == [sent["Link"]]


def test_copies_of_feeds_are_sent_as_feeds(publication: Publication) -> None:
    text = hosts.render_headers(publication.catalog)
    for path in (path for path in former_paths(publication.catalog) if "/feed." in publication.redirect_target(path)):
        suffix = publication.redirect_target(path).rpartition(".")[2]
        kind = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}[suffix]
        assert _fitting(text, quote(path))["Content-Type"] == [f"{kind}; charset=utf-8"], path
    for path in (path for path in former_paths(publication.catalog) if isinstance(place_of(path), ArticleAt)):
        assert "Content-Type" not in _fitting(text, quote(path))


def test_a_drawing_is_no_page_and_other_media_have_no_sandbox(publication: Publication) -> None:
    text = hosts.render_headers(publication.catalog)
    assert "sandbox" in "".join(_fitting(text, "/media/logo.svg")["Content-Security-Policy"])
    assert "sandbox" not in "".join(_fitting(text, "/media/paper.pdf")["Content-Security-Policy"])


def test_no_host_is_given_more_than_a_hundred_rules(tmp_path: Path) -> None:
    categories = "".join(f"c{number}: {{title: C}}\n" for number in range(200))
    made = newsrooms.load_catalog(newsrooms.write(tmp_path, {**newsrooms.SITE, "categories.yaml": categories}))
    assert len([line for line in hosts.render_headers(made).splitlines() if not line.startswith(" ")]) == 100
