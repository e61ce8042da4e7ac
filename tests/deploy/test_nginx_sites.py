"""The nginx configuration with special sites: below a path, with names like folders or feeds, and during an upgrade."""

from __future__ import annotations

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

import pytest

from bench import nginx
from bench.headers import BROWSER, document_paths
from bench.web import GZIP, NO_HEADERS
from feedsvc.export import write_nginx
from tests.deploy.nginx_pair import ALL_CODINGS, server_pair
from tests.helpers import newsrooms
from tests.helpers.programs import require_program
from tests.publication import test_issues as digests
from tests.web.newsroom import BASE_URL, write_article, write_newsroom


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


def test_current_page_is_served_if_a_former_address_differs_only_in_case(tmp_path: Path) -> None:
    """nginx matches former addresses without regard to case, so it looks for the current page first."""
    content = write_newsroom(tmp_path / "content")
    write_article(content, "loud", "title: Loud\npublished: 2026-02-15\nslug: ECHOES\ncategory: ECONOMY\nauthor: tuan-le")
    write_article(content, "gone", "title: Gone\npublished: 2026-02-15\nslug: OLD-ECHO\nstatus: withdrawn")
    categories = content / "categories.yaml"
    categories.write_text(f"{categories.read_text()}ECONOMY: {{title: In capitals}}\n")
    folders = ("/articles/ECHOES", "/articles/echoes", "/articles/OLD-ECHO", "/category/ECONOMY", "/category/economy")
    with server_pair(tmp_path, content) as servers:
        for path in (*folders, *(f"{folder}/" for folder in folders), *(f"{folder}/rss.xml" for folder in folders[-2:])):
            live, static = (client.ask(path) for client in (servers.live, servers.static))
            assert (static.status, static.headers.get("location")) == (live.status, live.headers.get("location")), path


def test_listings_of_languages_have_the_addresses_of_the_service(tmp_path: Path) -> None:
    names = ("", "feed.rss", "feed.json", "rss.xml", "atom.xml", "feed/", "feed", "archive/2026/", "archive/2026-01/", "none")
    with server_pair(tmp_path, newsrooms.write_sample(tmp_path / "content"), "daily") as servers:
        statuses = set()
        for path in ("/daily/language/en", *(f"/daily/language/{tag}/{name}" for tag in ("en", "ko", "fr") for name in names)):
            live, static = (client.ask(path) for client in (servers.live, servers.static))
            assert (static.status, static.headers.get("location")) == (live.status, live.headers.get("location")), path
            statuses.add(live.status)
        assert statuses == {200, 301, 404}
        assert servers.differences("/daily/language/en/feed.atom", BROWSER) == []


@pytest.mark.parametrize("is_default", [True, False])
def test_browser_view_of_one_listing_differs_from_that_of_the_site(tmp_path: Path, is_default: bool) -> None:
    content = newsrooms.write_sample(tmp_path / "content")
    site, categories = content / "site.yaml", content / "categories.yaml"
    site.write_text(site.read_text().replace("entries: 4", f"entries: 4, browser_view: {str(is_default).lower()}"))
    option = f"title: Asia & Pacific, feed: {{browser_view: {str(not is_default).lower()}}}"
    categories.write_text(categories.read_text().replace("title: Asia & Pacific", option))
    with server_pair(tmp_path, content, "daily") as servers:
        for name in ("feed.rss", "category/asia/feed.rss", "category/asia/feed.atom", "category/money/feed.rss", "feed.json"):
            for headers in (NO_HEADERS, ALL_CODINGS, BROWSER):
                assert servers.differences(f"/daily/{name}", headers) == []
        paths = [path for path in document_paths(servers.tree) if "/category/" in path and path.endswith((".rss", ".atom"))]
        assert any("/archive/" in path for path in paths)
        assert [line for path in paths for line in servers.differences(path, BROWSER)] == []


@pytest.mark.parametrize("mount_path", ["", "daily"])
def test_site_with_a_license_has_the_links_of_the_live_server(tmp_path: Path, mount_path: str) -> None:
    base_url = f"{BASE_URL}/{mount_path}".rstrip("/")
    content = write_newsroom(tmp_path / "content", base_url=base_url)
    site = content / "site.yaml"
    site.write_text(f"{site.read_text()}license: {{permits: [search], prohibits: [ai-train]}}\n")
    root = f"/{mount_path}".rstrip("/")
    with server_pair(tmp_path, content, mount_path) as servers:
        paths = [path for path in document_paths(servers.tree) if path.startswith(f"{root}/")]
        assert {f"{root}/license.xml", f"{root}/", f"{root}/archive/2026-01/feed.rss"} <= {*paths}
        for headers in (NO_HEADERS, ALL_CODINGS, BROWSER):
            assert [line for path in paths for line in servers.differences(path, headers)] == []
        license_link = f'<{base_url}/license.xml>; rel="license"; type="application/rsl+xml"'
        assert servers.static.ask(f"{root}/").headers["link"] == license_link
        assert servers.static.ask(f"{root}/archive/2026-01/feed.rss").headers["link"].endswith(f'rel="self", {license_link}')
        for path in ("/robots.txt", "/license.xml", "/media/notes.txt", "/static/site.css", "/articles/recalled/", "/nothing"):
            assert "link" not in servers.static.ask(f"{root}{path}").headers, path
        for path in ("/license.xml/", "/robots.txt/"):
            live, static = (client.ask(f"{root}{path}") for client in (servers.live, servers.static))
            assert (static.status, static.headers["location"]) == (301, live.headers["location"])
            assert live.headers["location"] == f"{root}{path[:-1]}"


def test_site_below_a_path_with_tags_named_like_folders_and_without_browser_view(tmp_path: Path) -> None:
    """All former addresses are compared with the live server, too."""
    content = newsrooms.write_sample(tmp_path / "content")
    newsrooms.write(
        content, newsrooms.article("media", tags="[media, static, sized, feed, C++, A+]", aliases="[rss, Feed]", author="jia")
    )
    site = content / "site.yaml"
    site.write_text(site.read_text().replace("entries: 4", "entries: 4, browser_view: false"))
    former = [path for path in newsrooms.load_publication(content, datetime.now(UTC)).paths_with_redirects() if "?" not in path]
    with server_pair(tmp_path, content, "daily") as servers:
        paths = [
            *(path for path in document_paths(servers.tree) if path != "/"),
            *(quote(f"/daily{path}", safe="/~") for path in former),
        ]
        months = [path.replace("/2025/", "/2025-12/") for path in paths if path.endswith("/archive/2025/")]
        months += [path.replace("/category/asia/", "/category/east/") for path in months if "/category/asia/" in path]
        assert len(months) > 4
        paths += months
        lines = [
            line
            for path in paths
            for headers in (NO_HEADERS, ALL_CODINGS, BROWSER)
            for line in servers.differences(path, headers)
            # nginx sends the icon as any file of root/, without ranges; bodies are equal.
            if not re.match(r"/daily/favicon\.ico: (?:accept-ranges|vary): ", line)
        ]
        # nginx has its own bodies of redirects.
        assert [line for line in lines if not re.search(r": (?:another body|content-(?:length|type): .*)$", line)] == []
        redirected_paths = {*months, *(f"/daily/articles/{name}/" for name in ("old-rich", "rss", "Feed"))}
        assert {line.partition(":")[0] for line in lines} <= redirected_paths
        assert len(paths) > 100


def test_site_below_the_path_media(tmp_path: Path) -> None:
    """Documents of such a site are no media files: they have compressed files and no ranges."""
    content = write_newsroom(tmp_path / "content", base_url=f"{BASE_URL}/media")
    with server_pair(tmp_path, content, "media") as servers:
        paths = [path for path in document_paths(servers.tree) if path.startswith("/media/")]
        assert {"/media/sitemap.xml", "/media/feeds.opml", "/media/robots.txt"} <= set(paths)
        documents = [path for path in paths if not path.startswith(("/media/media/", "/media/sized/"))]
        header_sets = (NO_HEADERS, ALL_CODINGS, {"Range": "bytes=0-3"})
        assert [line for path in documents for headers in header_sets for line in servers.differences(path, headers)] == []
        assert [line for path in paths for line in servers.differences(path)] == []


def test_media_and_static_files_named_like_feeds_are_served_as_files(tmp_path: Path) -> None:
    """A listing named like a folder of files has feeds."""
    content = write_newsroom(tmp_path / "content")
    media_paths = ["media/feed.json", "media/feed.rss", "media/sub/feed.atom"]
    article = (
        "id: tag:news.example,2026:files\ntitle: Files\npublished: 2026-02-12\ncategory: business\nauthor: mina-park\n"
        "tags: [media, sized, static, archive]\n"
    )
    enclosure_list = ", ".join(f"{{src: {path}, type: application/octet-stream}}" for path in media_paths)
    files = {"articles/files.yaml": f"{article}enclosures: [{enclosure_list}]\n", "theme/static/feed.json": "{}"}
    newsrooms.write(content, {**files, **dict.fromkeys(media_paths, "not a feed, but some bytes")})
    with server_pair(tmp_path, content) as servers:
        paths = [path for path in document_paths(servers.tree) if "/feed." in path]
        assert {"/media/feed.json", "/static/feed.json", "/tag/media/feed.rss", "/tag/archive/feed.json"} < set(paths)
        header_sets = (NO_HEADERS, ALL_CODINGS, BROWSER)
        assert [line for path in paths for headers in header_sets for line in servers.differences(path, headers)] == []
        # nginx sends its own Accept-Ranges with 304.
        conditional_headers = {**BROWSER, "If-None-Match": "*"}
        assert [
            line for path in paths for line in servers.differences(path, conditional_headers) if "accept-ranges" not in line
        ] == []
        assert {servers.static.ask(path, {"Range": "bytes=0-3"}).status for path in paths if path.startswith("/media/")} == {206}


def test_article_with_a_slug_like_a_feed_name_is_served_as_an_article(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    write_article(content, "called", "title: Called\npublished: 2026-02-15\nslug: feed.rss\ncategory: business\nauthor: tuan-le")
    write_article(content, "gone", "title: Gone\npublished: 2026-02-15\nslug: feed.json\nstatus: withdrawn")
    with server_pair(tmp_path, content) as servers:
        for path in ("/articles/feed.rss", "/articles/feed.json", "/articles/feed.atom"):
            assert servers.differences(f"{path}/") == []
            for headers in (NO_HEADERS, GZIP, ALL_CODINGS, BROWSER):
                live, static = (client.ask(f"{path}?a=b", headers) for client in (servers.live, servers.static))
                names = ("location", "vary", "link")
                assert static.status == live.status
                assert [static.headers.get(name) for name in names] == [live.headers.get(name) for name in names]


def test_feed_that_nginx_cannot_read_is_404(tmp_path: Path) -> None:
    """The file is replaced with a link to itself, because permissions do not apply to root."""
    with server_pair(tmp_path, write_newsroom(tmp_path / "content")) as servers:
        feed = servers.tree / "feed.rss"
        for file in servers.tree.glob("feed.rss*"):
            file.unlink()
        feed.symlink_to(feed)
        for headers in (NO_HEADERS, GZIP, ALL_CODINGS):
            assert servers.static.ask("/feed.rss", headers).status == 404
            assert b"<!doctype html>" in servers.static.ask("/feed.rss").body


def test_issues_of_digests_and_their_former_addresses_are_answered_as_on_the_server(tmp_path: Path) -> None:
    with server_pair(tmp_path, digests.write(tmp_path / "content")) as servers:
        statuses = {}
        for path in ("daily/2026-01-03/", "daily/2026-01-06/", "daily/2026-01-05/", "morning/2026-01-03/", "morning/2026-01-06/"):
            for address in (f"/feeds/{path}", f"/feeds/{path}".rstrip("/")):
                live, static = (client.ask(address) for client in (servers.live, servers.static))
                assert (static.status, static.headers.get("location")) == (live.status, live.headers.get("location")), address
            statuses[path] = servers.static.ask(f"/feeds/{path}").status
            assert statuses[path] == 301 or servers.differences(f"/feeds/{path}") == []
        assert [*statuses.values()] == [200, 410, 404, 301, 301]


def test_former_days_of_the_archive_redirect_as_on_the_server(tmp_path: Path) -> None:
    """A month that falls to 500 articles is not divided by day any longer; so is a year that falls to 100 articles."""
    content = write_newsroom(tmp_path / "content")
    for number in range(101):
        text = f"title: One of many\npublished: 2025-11-{number % 9 + 1:02}\ncategory: business"
        write_article(content, f"many-{number}", text)
    write_article(content, "first", "title: The first\npublished: 2024-05-03\ncategory: business\nauthor: mina-park")
    with server_pair(tmp_path, content) as pair:
        for path, target in FORMER_DAYS.items():
            responses = [client.ask(path) for client in (pair.live, pair.static)]
            expected = (301 if target else 404, target)
            assert [(response.status, response.headers.get("location")) for response in responses] == [expected] * 2, path


FORMER_DAYS: Final = {
    "/archive/2025/11/03/": "/archive/2025/11/",
    "/archive/2025/11/03": "/archive/2025/11/",
    "/archive/2025/12/03/": None,
    "/archive/2025-11-03/": "/archive/2025-11/",
    "/archive/2025-11-03": "/archive/2025-11/",
    "/archive/2024-05-03/": "/archive/2024/",
    "/archive/2025-12-03/": None,
    "/archive/2025-11-03/feed.rss": "/archive/2025-11/feed.rss",
    "/archive/2025-11-03/feed.json": "/archive/2025-11/feed.json",
    "/archive/2025-12-03/feed.rss": None,
    "/category/business/archive/2025-11-03/": "/category/business/archive/2025-11/",
    "/category/economy/archive/2025-11-03/": "/category/business/archive/2025-11/",
    "/category/economy/archive/2024-05-03/": "/category/business/archive/2024/",
    "/category/economy/archive/2025-11-03/feed.atom": "/category/business/archive/2025-11/feed.atom",
    "/category/economy/archive/2025-12-03/": None,
    "/author/mina-park/archive/2024-05-03/": "/author/mina-park/archive/2024/",
}
