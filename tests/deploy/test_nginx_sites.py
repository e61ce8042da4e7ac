"""The nginx configuration of a build with special sites: below a path, with names like folders or feeds, and reloaded."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from bench import nginx
from bench.headers import BROWSER, document_paths
from bench.web import GZIP, NO_HEADERS, Client
from feedsvc.export import write_nginx
from tests.audience.waiting import wait_until
from tests.deploy.nginx_pair import ALL_CODINGS, ServerPair, server_pair
from tests.helpers import newsrooms
from tests.helpers.programs import require_program
from tests.publication import test_issues as digests
from tests.web.newsroom import BASE_URL, write_article, write_newsroom

HEADERS: Final = (NO_HEADERS, ALL_CODINGS, BROWSER)
LICENSE: Final = "license: {permits: [search], prohibits: [ai-train]}\n"
# Names that nginx's rules could take for those of folders, feeds or former addresses, which nginx matches in any letter case.
ARTICLES: Final = {
    "loud": "title: Loud\npublished: 2026-02-15\nslug: ECHOES\ncategory: ECONOMY\nauthor: tuan-le\naliases: [Former]",
    "gone": "title: Gone\npublished: 2026-02-15\nslug: OLD-ECHO\nstatus: withdrawn\naliases: [former]",
    "called": "title: Called\npublished: 2026-02-15\nslug: feed.rss\ncategory: business\nauthor: tuan-le",
    "taken": "title: Taken back\npublished: 2026-02-15\nslug: feed.json\nstatus: withdrawn",
    "korean": "title: 서울\npublished: 2026-02-16\nlanguage: ko\ncategory: business",
    "files": "title: Files\npublished: 2026-02-12\ncategory: business\nauthor: mina-park\naliases: [rss, Feed]\n"
    "tags: [media, sized, static, archive, feed, C++, A+]\n"
    "enclosures: [{src: media/feed.json, type: application/octet-stream}, {src: media/sub/feed.atom, type: audio/mpeg}]",
    "first": "title: The first\npublished: 2024-05-03\ncategory: business\nauthor: mina-park",
}
FILES: Final = {
    "media/feed.json": "no feed, but some bytes",
    "media/sub/feed.atom": "other bytes",
    "theme/static/feed.json": "{}",
}
ODD_PATHS: Final = (
    *(f"/articles/{name}" for name in ("ECHOES", "echoes", "OLD-ECHO", "feed.rss", "feed.json", "feed.atom", "Former", "former")),
    *("/category/ECONOMY", "/category/economy", "/category/ECONOMY/rss.xml", "/category/economy/rss.xml", "/language/en"),
    *(
        f"/language/{tag}/{name}"
        for tag in ("en", "ko", "fr")
        for name in ("", "feed.rss", "rss.xml", "feed/", "archive/2026-01/")
    ),
    *("/license.xml/", "/robots.txt/", "/archive/2024-05/", "/category/economy/archive/2024-05/", "/archive/2024-04/"),
)


def write_odd_newsroom(folder: Path, mount: str = "", *, is_default: bool = True) -> Path:
    """Write a newsroom in which one category has another `browser_view` than the site, and a license."""
    content = write_newsroom(folder / "content", base_url=f"{BASE_URL}/{mount}".rstrip("/"), browser_view=is_default)
    for stem, text in ARTICLES.items():
        write_article(content, stem, text)
    site, categories = (content / name for name in ("site.yaml", "categories.yaml"))
    site.write_text(site.read_text() + LICENSE)
    own = f"Culture, feed: {{browser_view: {str(not is_default).lower()}}}"
    categories.write_text(categories.read_text().replace("title: Culture", f"title: {own}") + "ECONOMY: {title: In capitals}\n")
    return newsrooms.write(content, FILES)


def paths_of(servers: ServerPair, content: Path, mount: str = "") -> list[str]:
    """Return the addresses of documents, former addresses and others that nginx could confuse, below the mount path."""
    former = newsrooms.load_publication(content, datetime.now(UTC)).paths_with_redirects()
    known = (quote(path, safe="/~") for path in former if "?" not in path)
    documents = (path for path in document_paths(servers.tree) if path.startswith(f"{mount}/"))
    return [*dict.fromkeys((*documents, *(f"{mount}{path}" for path in (*known, *ODD_PATHS))))]


@pytest.fixture(scope="module")
def odd_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerPair, Path]]:
    folder = tmp_path_factory.mktemp("odd")
    content = write_odd_newsroom(folder)
    with server_pair(folder, content) as servers:
        yield servers, content


def test_site_with_odd_names_equals_the_live_server(odd_site: tuple[ServerPair, Path]) -> None:
    servers, content = odd_site
    paths = paths_of(servers, content)
    expected = {"/media/feed.json", "/static/feed.json", "/tag/media/feed.rss", "/archive/2026-01/feed.rss"}
    assert expected < {*paths}
    assert servers.differences(paths, *HEADERS) == []
    feeds = [path for path in paths if "/feed." in path and not path.startswith("/articles/")]
    # nginx sends its own Accept-Ranges with 304.
    lines = servers.differences(feeds, {**BROWSER, "If-None-Match": "*"})
    assert [line for line in lines if "accept-ranges" not in line] == []
    assert servers.static.ask("/media/feed.json", {"Range": "bytes=0-3"}).status == 206
    license_link = f'<{BASE_URL}/license.xml>; rel="license"; type="application/rsl+xml"'
    assert servers.static.ask("/").headers["link"] == license_link
    assert servers.static.ask("/archive/2026-01/feed.rss").headers["link"].endswith(f'rel="self", {license_link}')


def test_feed_that_nginx_cannot_read_is_404(odd_site: tuple[ServerPair, Path]) -> None:
    """The file is a link to itself, because permissions do not apply to root."""
    servers, _ = odd_site
    feed = servers.tree / "author/unreadable/feed.rss"
    feed.parent.mkdir()
    feed.symlink_to(feed)
    for headers in (NO_HEADERS, GZIP, ALL_CODINGS):
        assert servers.static.ask("/author/unreadable/feed.rss", headers).status == 404
    assert b"<!doctype html>" in servers.static.ask("/author/unreadable/feed.rss").body


def test_site_below_the_path_media_equals_the_live_server(tmp_path: Path) -> None:
    """Documents of such a site are no media files: they have compressed files and no ranges."""
    content = write_odd_newsroom(tmp_path, "media", is_default=False)
    with server_pair(tmp_path, content, "media") as servers:
        paths = paths_of(servers, content, "/media")
        assert {"/media/sitemap.xml", "/media/media/feed.json", "/media/license.xml", "/media/language/ko/feed.rss"} <= {*paths}
        assert servers.differences(paths, *HEADERS) == []
        documents = [path for path in paths if not path.startswith(("/media/media/", "/media/sized/"))]
        assert servers.differences(documents, {"Range": "bytes=0-3"}) == []


def test_issues_of_digests_and_their_former_addresses_are_answered_as_on_the_server(tmp_path: Path) -> None:
    statuses = {
        "daily/2026-01-03": 200, "daily/2026-01-06": 410, "daily/2026-01-05": 404,
        "morning/2026-01-03": 301, "morning/2026-01-06": 301,
    }  # fmt: skip
    with server_pair(tmp_path, digests.write(tmp_path / "content")) as servers:
        assert {path: servers.static.ask(f"/feeds/{path}/").status for path in statuses} == statuses
        assert servers.differences([f"/feeds/{path}{end}" for path in statuses for end in ("", "/")]) == []


def test_former_days_of_the_archive_redirect_as_on_the_server(tmp_path: Path) -> None:
    """A month that falls to 500 articles is not divided by day any longer; so is a year that falls to 100 articles."""
    content = write_newsroom(tmp_path / "content")
    for number in range(101):
        text = f"title: One of many\npublished: 2025-11-{number % 9 + 1:02}\ncategory: business"
        write_article(content, f"many-{number}", text)
    write_article(content, "first", ARTICLES["first"])
    with server_pair(tmp_path, content) as servers:
        assert {path: servers.static.ask(path).headers.get("location") for path in FORMER_DAYS} == FORMER_DAYS
        assert servers.differences(FORMER_DAYS) == []


FORMER_DAYS: Final = {
    "/archive/2025/11/03/": "/archive/2025/11/",
    "/archive/2025/11/03": "/archive/2025/11/",
    "/archive/2025/12/03/": None,
    "/archive/2025-11-03/": "/archive/2025-11/",
    "/archive/2024-05-03/": "/archive/2024/",
    "/archive/2025-12-03/": None,
    "/archive/2025-11-03/feed.json": "/archive/2025-11/feed.json",
    "/archive/2025-12-03/feed.rss": None,
    "/category/economy/archive/2025-11-03/": "/category/business/archive/2025-11/",
    "/category/economy/archive/2024-05-03/": "/category/business/archive/2024/",
    "/category/economy/archive/2025-11-03/feed.atom": "/category/business/archive/2025-11/feed.atom",
    "/category/economy/archive/2025-12-03/": None,
    "/author/mina-park/archive/2024-05-03/": "/author/mina-park/archive/2024/",
}


@pytest.mark.parametrize("aliases", [0, 200, 5000])
def test_nginx_accepts_the_configuration_without_warnings(tmp_path: Path, aliases: int) -> None:
    if not nginx.program_path():
        require_program("nginx", nginx.INSTALL)
    content, configuration_file = newsrooms.write_sample(tmp_path / "content"), tmp_path / "known.conf"
    for start in range(0, aliases, 50):
        names = ", ".join(f"a-name-of-some-length-{number:018}" for number in range(start, start + 50))
        newsrooms.write(content, newsrooms.article(f"renamed-{start}", aliases=f"[{names}]"))
    write_nginx(configuration_file, newsrooms.load_catalog(content))
    assert configuration_file.read_text().count("a-name-of-some-length") == aliases
    arguments = nginx.write_configuration(tmp_path / "nginx", tmp_path, port=8080, tree_configuration=configuration_file)
    result = subprocess.run([*arguments, "-t"], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert not re.search(r"\[(?:warn|error|emerg)\]", result.stderr)


def test_shipped_include_has_listen_server_name_root_and_log() -> None:
    shipped = (nginx.DEPLOY_FILES / "nginx-site.conf").read_text("utf-8")
    assert {"listen", "server_name", "root", "access_log"} == set(re.findall(r"^\w+", shipped, re.MULTILINE))


def test_changed_configuration_is_used_after_a_reload_and_an_unchanged_one_is_not_written(tmp_path: Path) -> None:
    """The unit feedsvc-tree.path reloads nginx in the same way. The addresses have a dollar sign, a quote and a backslash."""
    if not nginx.program_path():
        require_program("nginx", nginx.INSTALL)
    content, tree = newsrooms.write_sample(tmp_path / "content"), tmp_path / "tree"
    newsrooms.write(tree, {"index.html": "Started", "feed.rss": "", "a$b(c)/index.html": "A page", "a$b(c)/feed.rss": "<rss/>"})

    def write_configuration(file: Path) -> os.stat_result:
        catalog = newsrooms.load_catalog(content)
        site = replace(catalog.site, base_url="https://news.example/a$b(c)", hubs=("https://hub.example/$x?a={b}&c=%22;",))
        write_nginx(file, replace(catalog, content=replace(catalog.content, site=site)))
        return file.stat()

    before, after = (write_configuration(tmp_path / "known.conf") for _ in "12")
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    with (
        nginx.serving(tmp_path / "nginx", tree, tree_configuration=tmp_path / "known.conf") as server,
        closing(Client(server.port)) as client,
    ):
        assert client.ask("/a$b(c)/articles/old-rich/").headers["location"] == "/a$b(c)/articles/rich/"
        assert client.ask("/a$b(c)/feed.rss").headers["content-type"] == "application/rss+xml; charset=utf-8"
        assert client.ask("/a$b(c)/articles/just-renamed").status == 404
        article = content / "articles/korean.yaml"
        article.write_text(article.read_text() + "aliases: [just-renamed]\n")
        write_configuration(tmp_path / "nginx/feedsvc-tree.conf")
        os.kill(server.pid, signal.SIGHUP)

        def location() -> str:
            client.close()
            return client.ask("/a$b(c)/articles/just-renamed").headers.get("location", "")

        wait_until(lambda: location() == "/a$b(c)/articles/korean/")
