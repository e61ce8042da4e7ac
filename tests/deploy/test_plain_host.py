"""Every former address on a file server without redirects leads to the target of the live server's redirect."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from html import unescape
from itertools import filterfalse
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import feedparser  # type: ignore[import-untyped]
import pytest

from bench.web import Client, Response
from feedsvc.extensions import BUILT_IN_SUFFIXES
from feedsvc.routes import WELL_KNOWN_FEEDS
from tests.deploy.plain_host import plain_host
from tests.helpers import newsrooms
from tests.helpers.forked_process import run_module
from tests.helpers.running_server import build_tree, environment, serving
from tests.web.newsroom import BASE_URL, NOTICE, write_article, write_newsroom
from tests.web.test_routing import REDIRECTS

_CANONICAL: Final = re.compile(r'<link rel="canonical" href="([^"]*)">')
_REFRESH: Final = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]*)">')
_NOINDEX: Final = '<meta name="robots" content="noindex">'
_FORMER: Final = (
    *REDIRECTS, *(f"/articles/{slug}{end}" for slug in ("recalled", "recalled-once", "옛-주소") for end in ("", "/")),
    *("/articles/bay", "/category/business", "/author/m-park", "/tag/서울", "/category/money/archive/2024-04/"),
    *(f"{listing}archive/2024-04/feed.{suffix}" for listing in ("/", "/category/money/") for suffix in BUILT_IN_SUFFIXES),
    *(f"{listing}{name}" for listing in ("/tag/서울/", "/category/culture/", "/author/tuan-le/") for name in WELL_KNOWN_FEEDS),
)  # fmt: skip
_MISSING: Final = (
    *(f"/articles/{slug}/" for slug in ("unfinished", "unfinished-once", "someday", "someday-once", "nothing")),
    *("/category/nothing/feed.rss", "/tag/unheard/rss.xml", "/archive/2023/", "/archive/2025-13/", "/archive/2024-06/feed.rss"),
)


@dataclass(frozen=True)
class Hosts:
    """The live server, and a file server with the tree of the same newsroom."""

    live: Client
    plain: Client
    tree: Path
    _live_responses: dict[str, Response] = field(default_factory=dict)

    def ask_live(self, path: str) -> Response:
        """Return the response of the live server, which is requested only once: most redirects have one of a few targets."""
        if path not in self._live_responses:
            self._live_responses[path] = self.live.ask(path)
        return self._live_responses[path]

    def ask_plain(self, path: str) -> Response:
        """Return the response of the file server; follow its redirect to the folder's trailing slash, if any."""
        response = self.plain.ask(path)
        return (
            self.plain.ask(response.headers["location"])
            if response.status == 301 and response.headers["location"] == f"{path}/"
            else response
        )


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    home = tmp_path_factory.mktemp("plain_host")
    content = _write_newsroom(home / "content")
    _build(content, home / "tree", home)
    newsrooms.disable_combinations(content)  # a tree is built as a site without them
    with (
        serving(content, home / "state") as server,
        plain_host(home / "tree") as port,
        closing(Client(urlsplit(server.url).port or 0)) as live,
        closing(Client(port)) as plain,
    ):
        yield Hosts(live, plain, home / "tree")


def _write_newsroom(root: Path) -> Path:
    """Write a newsroom with years that have a page for each month, years with one page, and a month with pages for days."""
    write_newsroom(root)
    for number in range(104):
        day = f"2025-{number % 3 + 1:02}-{number % 27 + 1:02}"
        write_article(
            root, f"older-{number}", f"title: Older {number}\npublished: {day}\ncategory: business\nauthor: mina-park", "x"
        )
    for number in range(4):
        write_article(
            root, f"oldest-{number}", f"title: Oldest\npublished: 2024-0{number + 1}-02\ncategory: business\ntags: [서울]"
        )
    write_article(root, "moved", "title: 옮긴 글\npublished: 2024-05-05\ncategory: culture\naliases: [옛-주소]")
    return root


def _build(content: Path, tree: Path, home: Path, *options: str) -> None:
    build_tree(tree, content, "--state", home / "built", *options)


def _is_left_out(path: str) -> bool:
    """Return True if the tree has no file for this redirect of the live server, as docs/deploy/plain-hosts.md says."""
    below = r"/(?:author|tag)/[^/]+"
    names = "|".join(map(re.escape, WELL_KNOWN_FEEDS))
    months = rf"{below}/archive/\d{{4}}-\d{{2}}/"
    days = r".*/archive/\d{4}(?:-\d{2}-\d{2}/(?:feed\..*)?|/\d{2}/\d{2}/)"
    below_files = r".*\.\w+/"  # a file is no folder
    return bool(re.fullmatch(rf"{below}/(?:{names})/?|{months}|{days}|{below_files}", path))


def _redirects_to(response: Response, target: str) -> bool:
    """Return True if the canonical link and the refresh of a redirect page lead to `target`."""
    text = response.body.decode()
    canonical, refresh = _CANONICAL.search(text), _REFRESH.search(text)
    assert canonical
    assert refresh
    assert _NOINDEX in text
    assert f'<a href="{refresh[1]}"' in text
    return unescape(canonical[1]) == f"{BASE_URL}{target}" and unescape(refresh[1]) == target


def test_every_redirect_and_410_of_the_live_server_has_a_file(hosts: Hosts) -> None:
    redirects = withdrawals = 0
    for path in dict.fromkeys(map(quote, filterfalse(_is_left_out, map(unquote, _FORMER)))):
        live = hosts.ask_live(path)
        if live.status == 200 and path.endswith(("/feed.rss", "/feed.atom", "/feed.json")):  # a month with a feed of its own
            continue
        assert live.status in (301, 410), path
        plain = hosts.ask_plain(path)
        assert plain.status == 200, path
        if live.status == 410:
            withdrawals += 1
            assert plain.body == live.body, path
            continue
        target = live.headers["location"]
        target_response = hosts.ask_live(target)
        redirects += 1
        if target_response.status == 410 or "/feed." in target:
            # The file is a copy of the target.
            assert plain.body == target_response.body, path
        elif target != f"{path}/" or plain.body != target_response.body:
            assert _redirects_to(plain, target), path
    assert redirects > 60
    assert withdrawals == 1


def test_notice_of_a_withdrawn_article_is_at_its_current_and_former_addresses(hosts: Hosts) -> None:
    for path in ("/articles/recalled/", "/articles/recalled-once/"):
        text = hosts.plain.ask(path).body.decode()
        assert NOTICE in text
        assert _NOINDEX in text


def test_address_that_is_404_on_the_live_server_is_404_on_the_file_server(hosts: Hosts) -> None:
    for path in map(quote, _MISSING):
        assert (hosts.ask_live(path).status, hosts.plain.ask(path).status) == (404, 404), path


def test_every_document_is_at_its_address_and_other_files_are_redirects(hosts: Hosts) -> None:
    names = (str(file.relative_to(hosts.tree)) for file in hosts.tree.rglob("*") if file.is_file())
    documents = (
        name for name in names if not name.endswith((".gz", "410.html", "404.html", "views.json")) and name[0] not in "._"
    )
    equal = different = 0
    for path in (quote("/" + name.removesuffix("index.html")) for name in documents):
        live = hosts.ask_live(path)
        if live.status == 200:
            equal += 1
            assert hosts.plain.ask(path).body == live.body, path
        else:
            different += 1
            assert live.status in (301, 410), path
    assert equal > 100
    assert different > 50


def test_sitemaps_and_feeds_contain_no_former_address(hosts: Hosts) -> None:
    former = ("economy", "m-park", "echoes", "old-echo", "recalled-once", "rss.xml", "/feed/", quote("옛-주소"))
    for file in (file for file in hosts.tree.rglob("*") if re.search(r"sitemap.*\.xml$|feeds\.opml$|/feed\.\w+$", str(file))):
        if file.is_symlink() or not _is_current(hosts, file):
            continue
        assert not [name for name in former if f"{BASE_URL}{name}" in file.read_text() or f"/{name}/" in file.read_text()], file


def _is_current(hosts: Hosts, file: Path) -> bool:
    return hosts.ask_live(quote(f"/{file.relative_to(hosts.tree)}")).status == 200


@pytest.mark.parametrize("path", ["/feed/", "/feed", "/rss/", "/category/money/feed/", "/rss.xml", "/author/m-park/feed.atom"])
def test_feed_at_a_former_address_names_its_current_address(hosts: Hosts, path: str) -> None:
    response = hosts.ask_plain(path)
    feed = feedparser.parse(response.body, response_headers={"content-type": response.headers["content-type"]})
    # Atom has a tombstone for the withdrawn article, RSS an entry.
    assert len(feed.entries) == (3 if path.endswith(".atom") else 4)
    self_links = [link.href for link in feed.feed.links if link.rel == "self"]
    assert self_links == [f"{BASE_URL}{hosts.ask_live(path).headers['location']}"]


def test_netlify_tree_has_forced_redirects_and_a_bucket_refuses_the_option(hosts: Hosts, tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    _build(content, tmp_path / "tree", tmp_path, "--hosting", "netlify")
    assert "/category/economy/ /category/business/ 301!\n" in (tmp_path / "tree/_redirects").read_text()
    assert "/category/economy/ /category/business/ 301\n" in (hosts.tree / "_redirects").read_text()
    result = run_module("feedsvc", "build", "s3://bucket", content, "--hosting", "netlify", env=environment())
    assert "--hosting netlify is for folders only" in result.stderr
    assert result.returncode == 2


def test_redirect_page_is_small_and_readable_without_scripts(hosts: Hosts) -> None:
    response = hosts.plain.ask("/category/economy/")
    text = response.body.decode()
    assert '<html lang="en" dir="ltr">' in text
    assert "This page has moved" in text
    assert response.headers["content-type"].startswith("text/html")
    # The page loads nothing, and its policy allows only its own style.
    assert "src=" not in text
    assert "default-src 'none'; style-src 'sha256-" in text
    assert len(response.body) < 2000
