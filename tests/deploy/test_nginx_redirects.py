"""nginx answers the old addresses of redirects.yaml as the live server does: from its maps, and as a cache in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import pytest

from bench.web import Client, Response
from feedsvc.redirects import render_redirects_file
from tests.deploy.nginx_pair import ServerPair, server_pair
from tests.deploy.nginx_proxy import nginx_proxy
from tests.helpers.running_server import serving
from tests.web.newsroom import write_newsroom

# Names of locations in nginx-static.conf that only nginx itself requests.
INTERNAL_NAMES: Final = (
    *("/404.html", "/410.html", "/old/404.html", "/old/410.html", "/-old/", "/-gone/", "/-media/old.png", "/-document/old/"),
    *("/-browser/feed.rss", "/-browser/old/"),
)
EXACT: Final = {
    "/2014/05/bay/": "/articles/bay/",
    "/2014/05/Bay.html": "/articles/bay/",
    "/2014/05/bay.html": "/articles/fish/",
    "/?p=1": "/articles/bay/",
    "/?p=2": "gone",
    "/?p=3&feed=atom": "/feed.atom",
    "/index.php?id=a/b:c": "/articles/fish/",
    "/index.php?id=서": "/articles/echo/",
    "/index.php?name=caf\u00e9": "/articles/fish/",
    "/articles/bay/?amp=1": "/articles/bay/",
    "/?p=9": "/articles/nowhere/",
    "/feed.xml": "/feed.atom",
    "/category/business/feed/": "/category/business/feed.atom",
    "/articles/echoes/": "/articles/fish/",
    "/articles/fish/": "gone",
    "/articles/recalled/": "/articles/fish/",
    "/comments/feed/": "gone",
    "/comments/feed.rss": "gone",
    "/shop/": "https://shop.example.org/a%20b?c=$d",
    "/서울/": "/tag/서울/",
    "/caf\u00e9/": "/articles/bay/",
    "/price $1/": "/articles/bay/",
    '/a"b\\c/': "/articles/bay/",
    "/nowhere-old/": "/articles/nowhere/",
    "/recalled-old/": "/articles/recalled/",
    "/economy-old/": "/category/economy/",
    "/media/old.png": "/media/photo.png",
    "/old/feed.rss": "/feed.rss",
    "/archive/2026-01/": "/articles/bay/",
    "/sitemap.xml.gz": "/sitemap.xml",
    "/.rss": "/feed.rss",
    "/files/report.tar.gz": "/articles/bay/",
    "/a/.hidden/b/": "/articles/bay/",
    "/a/.well-known/b": "/articles/bay/",
    "/.well-known/old.gz": "/articles/bay/",
    **dict.fromkeys(INTERNAL_NAMES, "/articles/bay/"),
}
WILDCARDS: Final = {
    "/blog/*": "/articles/*",
    "/blog/sections/*": "/category/*",
    "/blog.old/*": "/articles/*",
    "/category/business/page/*": "/category/business/",
    "/옛/*": "/articles/*",
    "/a (b)/*": "/articles/*",
    "/moved/*": "/*",
    "/files/*": "/media/*",
    "/nowhere/*": "/articles/nowhere/",
    "/far/*": "https://far.example/*",
    "/wide/*": "https://far.example/größe 서/$x/*",
    "/spam/*": "gone",
}
PATHS: Final = (
    "/2014/05/bay", "/2014/05/bay/index.html", "/2014/05/bay/?utm=1", "/?utm=1&p=1&x=2", "/?p=1&p=2", "/?p=4", "/?p",
    "/?q=p=1", "/index.html?p=1", "/index.php?id=a%2Fb%3Ac", "/index.php?id=%EC%84%9C", "/index.php?name=caf%C3%A9",
    "/index.php?name=cafe%CC%81", "/index.php", "/feed.xml/", "/category/business/feed", "/articles/echoes", "/articles/fish",
    "/articles/bay", "/articles/recalled", "/rss.xml", "/feed/", "/archive/2026-01", "/cafe%CC%81/", "/blog/bay",
    "/blog/echo/?x=y", "/blog/a/b/", "/blog.old/bay/", "/blogXold/bay/", "/blog", "/blog/", "/blog/index.html",
    "/blog/bay/index.html", "/blog/nowhere/", "/blog/recalled/", "/blog/a.b", "/blog/sections/business/",
    "/blog/sections/bay/", "/blog/sections/business/feed.rss", "/category/business/page/7/", "/category/business/page",
    "/moved/articles/bay", "/moved/feed.rss", "/moved/about/", "/moved/", "/moved", "/moved/x", "/files/photo.png",
    "/files/nothing.png", "/nowhere/x/", "/far", "/far/", "/far/a.b", "/far/a/", "/%EC%98%9B/bay/", "/%ec%98%9b/bay/",
    "/a%20(b)/bay/", "/a%20%28b%29/bay", "/far/a%20b/%EC%84%9C", "/wide/a", "/spam/x/y", "/spam/x.y", "/bay/?amp=1",
    "/nothing", "/-old", "/-gone", "/-media/nothing", "/-document/nothing", "/-browser/", "/nothing/404.html",
    "/-spam/410.html", "/-kept", "/articles/old-echo/index.html", "/category/economy/index.html", "/who-we-are/index.html",
    "/rss/index.html", "/archive/2026-01/index.html", "/archive/2026-01-02/index.html", "/economy-old/index.html",
    "/about/index.html", "/tag/bridges/atom.xml/index.html", "/feeds.opml/index.html", "/articles/recalled/index.html",
    "/about/index.html/", "/spam", "/spam/", "/comments/", "/feed.rss?p=1", "/robots.txt/", "/category/economy/feed.xml",
)  # fmt: skip


def write(content: Path, base_url: str) -> Path:
    write_newsroom(content, base_url=base_url)
    (content / "redirects.yaml").write_text(render_redirects_file({**EXACT, **WILDCARDS}), "utf-8")
    return content


@pytest.fixture(scope="module", params=["", "daily"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerPair, str]]:
    folder = tmp_path_factory.mktemp("nginx-redirects")
    mount = f"/{request.param}" if request.param else ""
    with server_pair(folder, write(folder / "content", f"https://news.example{mount}"), request.param) as servers:
        yield servers, mount


def facts(response: Response) -> tuple[object, ...]:
    """Return what two servers must answer alike. Their redirects have other bodies."""
    names = ("location", "content-type", "allow", "access-control-allow-origin", "x-content-type-options")
    shown = names if response.status != 301 else tuple(name for name in names if name != "content-type")
    return response.status, *(response.headers.get(name) for name in shown)


def target(address: str) -> str:
    """Return an address of redirects.yaml as a request target."""
    path, mark, query = address.partition("?")
    return quote(path) + mark + quote(query, safe="=&/:")


def test_old_addresses_have_the_responses_of_the_live_server(pair: tuple[ServerPair, str]) -> None:
    servers, mount = pair
    for path, method in product((*map(target, EXACT), *PATHS), ("GET", "HEAD", "POST", "OPTIONS")):
        live, static = (client.ask(mount + path, {}, method) for client in (servers.live, servers.static))
        assert facts(static) == facts(live), path
    answers = {path: servers.static.ask(mount + path) for path in ("/2014/05/bay/", "/?p=1", "/blog/bay/", "/spam/x", "/?p=2")}
    assert [answer.status for answer in answers.values()] == [301, 301, 301, 410, 410]
    assert answers["/spam/x"].body == servers.static.ask(f"{mount}/nothing").body


HOSTILE: Final = (
    *("/far//evil.example/", "/far/%2Fevil.example", "/blog/\\evil.example", "/blog/%0D%0ASet-Cookie:a=b", "/blog/%5Cx/"),
    *("/moved//evil.example", "/moved/%2Fevil.example", "/moved/\\evil.example", "/moved/%5Cevil.example"),
)


def test_hostile_request_leads_to_no_other_host(pair: tuple[ServerPair, str]) -> None:
    servers, mount = pair
    for path in HOSTILE:
        response = servers.static.ask(mount + path)
        location = response.headers.get("location", "")
        assert "set-cookie" not in response.headers, path
        assert urlsplit(location).netloc in ("", "far.example"), path
        assert not location.startswith(("//", "/\\")), path
        assert "\\" not in location, path


def test_cache_passes_the_queries_of_old_addresses_and_caches_none_of_their_responses(tmp_path: Path) -> None:
    content = write(tmp_path / "content", "https://news.example")
    with (
        serving(content, tmp_path / "state", "--trusted-proxy", "127.0.0.1") as server,
        nginx_proxy(tmp_path / "nginx", server.url) as proxy,
        closing(Client(proxy.port)) as client,
    ):
        for _ in range(2):
            for path, status in (("/", 200), ("/?p=1", 301), ("/?:&p=1", 301), ("/", 200), ("/?p=2", 410), ("/?x=1", 200)):
                assert client.ask(path).status == status, path
        assert client.ask("/?p=1").headers["location"] == "/articles/bay/"
        assert client.ask("/2014/05/bay/").headers["location"] == "/articles/bay/"
