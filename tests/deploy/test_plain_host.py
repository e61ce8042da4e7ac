"""At a host that serves files alone, every former address leads to what the live server redirects to."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from itertools import product
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote, urlsplit

import feedparser  # type: ignore[import-untyped]
import pytest

from bench.web import Client, Got
from feedsvc.routes import FEED_SUFFIXES, WELL_KNOWN_FEEDS
from tests.deploy.plain_host import plain_host
from tests.helpers.running_server import command, environment, serving
from tests.web.newsroom import BASE, NOTICE, write_article, write_newsroom

_CANONICAL: Final = re.compile(r'<link rel="canonical" href="([^"]*)">')
_REFRESH: Final = re.compile(r'<meta http-equiv="refresh" content="0; url=([^"]*)">')
_NOINDEX: Final = '<meta name="robots" content="noindex">'
_YEARS: Final = (2024, 2025, 2026)
_LISTINGS: Final = (
    "/", "/category/business/", "/category/economy/", "/category/money/", "/category/culture/", "/category/empty/",
    "/author/mina-park/", "/author/m-park/", "/author/tuan-le/", "/tag/서울/", "/tag/bridges/", "/category/nothing/",
)  # fmt: skip
_SLUGS: Final = (
    "echoes",
    "old-echo",
    "recalled",
    "recalled-once",
    "bay",
    "unfinished-once",
    "someday-once",
    "nothing",
    "옛-주소",
)


@dataclass(frozen=True)
class Hosts:
    """The live server, and a plain host over the tree of the same newsroom."""

    live: Client
    plain: Client
    tree: Path

    def plainly(self, path: str) -> Got:
        """Return the plain host's answer, one redirect of its own to a folder's slash followed."""
        got = self.plain.ask(path)
        return self.plain.ask(got.headers["location"]) if got.status == 301 and got.headers["location"] == f"{path}/" else got


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosts]:
    home = tmp_path_factory.mktemp("plain")
    content = _newsroom(home / "content")
    _build(content, home / "tree", home)
    with (
        serving(content, home / "state") as server,
        plain_host(home / "tree") as port,
        closing(Client(urlsplit(server.url).port or 0)) as live,
        closing(Client(port)) as plain,
    ):
        yield Hosts(live, plain, home / "tree")


def _newsroom(root: Path) -> Path:
    """Years with a page for each month, and years that are one page; a month that is divided by day."""
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
    arguments = command("build", tree, content, "--state", home / "built", *options)
    subprocess.run(arguments, check=True, env=environment(), capture_output=True)


def _candidates() -> Iterator[str]:
    """Return addresses of every form, most of which lead nowhere."""
    months = [f"{year}-{month:02}" for year, month in product(_YEARS, range(1, 13))]
    periods = [*map(str, _YEARS), *months, "2025-01-05", "2023", "2025-13"]
    names = [*(f"feed.{suffix}" for suffix in FEED_SUFFIXES), *WELL_KNOWN_FEEDS, "feed/", "rss/"]
    for listing in _LISTINGS:
        yield listing
        yield from (f"{listing}{name}" for name in names)
        yield from (f"{listing}archive/{period}/" for period in periods)
        yield from (f"{listing}archive/{period}/feed.{suffix}" for period in months for suffix in FEED_SUFFIXES)
    for slug in _SLUGS:
        yield from (f"/articles/{slug}/", f"/articles/{slug}")
    yield from ("/subscribe", "/tags", "/category/business", "/author/m-park")


def _is_left_out(path: str) -> bool:
    """Whether a redirect of the live server has no file, as docs/deploy/plain-hosts.md says."""
    below = r"/(?:author|tag)/[^/]+"
    names = "|".join(map(re.escape, WELL_KNOWN_FEEDS))
    months = rf"{below}/archive/\d{{4}}-\d{{2}}/"
    return bool(re.fullmatch(rf"{below}/(?:{names})/?|{months}", path))


def _is_empty_month(path: str) -> bool:
    """Whether nothing was published in the month of a year that is one page."""
    found = re.fullmatch(r"(?:/category/([^/]+))?/archive/(\d{4}-\d{2})/", path)
    return found is not None and found[2] not in _MONTHS.get(found[1] or "", _MONTHS["business"])


# Months of such years, by category.
_MONTHS: Final = {
    "": {*(f"2024-0{month}" for month in range(1, 6)), "2026-01"},
    "business": {*(f"2024-0{month}" for month in range(1, 5)), "2026-01"},
    "culture": {"2024-05", "2026-01"},
}


def _leads(got: Got, target: str) -> bool:
    text = got.body.decode()
    canonical, refresh = _CANONICAL.search(text), _REFRESH.search(text)
    assert canonical
    assert refresh
    assert _NOINDEX in text
    assert f'<a href="{refresh[1]}"' in text
    return unescape(canonical[1]) == f"{BASE}{target}" and unescape(refresh[1]) == target


def test_every_address_at_which_the_live_server_redirects_or_says_gone_is_answered_by_a_file(hosts: Hosts) -> None:
    moved = gone = 0
    for path in map(quote, _candidates()):
        live = hosts.live.ask(path)
        if live.status not in (301, 410) or _is_left_out(unquote(path)) or _is_empty_month(path):
            continue
        plain = hosts.plainly(path)
        assert plain.status == 200, path
        if live.status == 410:
            gone += 1
            assert plain.body == live.body, path
            continue
        target = live.headers["location"]
        now = hosts.live.ask(target)
        moved += 1
        if now.status == 410 or "/feed." in target:
            # A copy names its original: these are the very same bytes.
            assert plain.body == now.body, path
        elif target != f"{path}/" or plain.body != now.body:
            assert _leads(plain, target), path
    assert moved > 150
    assert gone == 1


def test_a_withdrawn_article_s_notice_is_at_its_address_and_at_those_it_had(hosts: Hosts) -> None:
    for path in ("/articles/recalled/", "/articles/recalled-once/"):
        text = hosts.plain.ask(path).body.decode()
        assert NOTICE in text
        assert _NOINDEX in text


def test_nothing_else_answers_where_the_live_server_has_nothing(hosts: Hosts) -> None:
    for path in map(quote, _candidates()):
        if hosts.live.ask(path).status == 404 and not (hosts.tree / unquote(path)[1:]).is_dir():
            assert hosts.plain.ask(path).status == 404, path


def test_no_former_address_hides_a_document(hosts: Hosts) -> None:
    names = (str(file.relative_to(hosts.tree)) for file in hosts.tree.rglob("*") if file.is_file())
    documents = (name for name in names if not name.endswith((".gz", "410.html", "404.html")) and name[0] not in "._")
    alike = other = 0
    for path in (quote("/" + name.removesuffix("index.html")) for name in documents):
        live = hosts.live.ask(path)
        if live.status == 200:
            alike += 1
            assert hosts.plain.ask(path).body == live.body, path
        else:
            other += 1
            assert live.status in (301, 410), path
    assert alike > 100
    assert other > 50


def test_no_former_address_is_named_to_search_engines_or_readers(hosts: Hosts) -> None:
    former = ("economy", "m-park", "echoes", "old-echo", "recalled", "rss.xml", "/feed/", quote("옛-주소"))
    for file in (file for file in hosts.tree.rglob("*") if re.search(r"sitemap.*\.xml$|feeds\.opml$|/feed\.\w+$", str(file))):
        if file.is_symlink() or not _is_current(hosts, file):
            continue
        assert not [name for name in former if f"{BASE}{name}" in file.read_text() or f"/{name}/" in file.read_text()], file


def _is_current(hosts: Hosts, file: Path) -> bool:
    return hosts.live.ask(quote(f"/{file.relative_to(hosts.tree)}")).status == 200


@pytest.mark.parametrize("path", ["/feed/", "/feed", "/rss/", "/category/money/feed/", "/rss.xml", "/author/m-park/feed.atom"])
def test_a_reader_that_has_an_old_address_gets_the_feed_and_its_new_address(hosts: Hosts, path: str) -> None:
    got = hosts.plainly(path)
    read = feedparser.parse(got.body, response_headers={"content-type": got.headers["content-type"]})
    assert len(read.entries) == 3
    selves = [link.href for link in read.feed.links if link.rel == "self"]
    assert selves == [f"{BASE}{hosts.live.ask(path).headers['location']}"]


def test_a_tree_for_netlify_has_its_own_redirects_and_a_bucket_has_none(hosts: Hosts, tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    _build(content, tmp_path / "tree", tmp_path, "--hosting", "netlify")
    assert "/category/economy/ /category/business/ 301!\n" in (tmp_path / "tree/_redirects").read_text()
    assert "/category/economy/ /category/business/ 301\n" in (hosts.tree / "_redirects").read_text()
    refused = subprocess.run(
        command("build", "s3://bucket", content, "--hosting", "netlify"),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "--hosting netlify is for folders only" in refused.stderr
    assert refused.returncode == 2


def test_a_browser_follows_and_a_person_reads_the_page_of_a_former_address(hosts: Hosts) -> None:
    got = hosts.plain.ask("/category/economy/")
    text = got.body.decode()
    assert '<html lang="en" dir="ltr">' in text
    assert "This page has moved" in text
    assert got.headers["content-type"].startswith("text/html")
    # Nothing is loaded, and the style is the one that the policy allows.
    assert "src=" not in text
    assert "default-src 'none'; style-src 'sha256-" in text
    assert len(got.body) < 2000
