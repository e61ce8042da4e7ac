"""What a build tells nginx of a tree: former addresses, and how long caches may keep what."""

from __future__ import annotations

import os
import re
import signal
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import nginx
from bench.headers import BROWSER
from bench.web import Client
from feedsvc.catalog.catalog import MAX_MONTH_ENTRIES, Catalog
from feedsvc.errors import FeedsvcError
from feedsvc.export import write_nginx
from feedsvc.export.nginx import CACHE_STEPS, _seconds_left_rows, configuration
from feedsvc.feeds import FORMATS
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.publication import Publication
from feedsvc.routes import WELL_KNOWN_FEEDS, ListingRef
from feedsvc.uris import mount_path, root_relative
from feedsvc.web.responses import cache_control, respond
from tests.audience.waiting import until
from tests.helpers import newsrooms
from tests.helpers.programs import require_program

LEAVES: Final = ("", "/", "/feed.rss", "/feed.atom", "/feed.json", "/rss.xml", "/atom.xml/")


def table(text: str, name: str) -> dict[str, str]:
    [body] = re.findall(rf"map \S+ \${name} {{\n(.*?)}}", text, re.DOTALL)
    return dict(re.findall(r'^    "(.*)" "(.*)";$', body, re.MULTILINE))


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """Listings with former names, and a month that is archived by day."""
    root = newsrooms.write_sample(tmp_path_factory.mktemp("busy"))
    for number in range(MAX_MONTH_ENTRIES + 1):
        newsrooms.write(
            root, newsrooms.article(f"many-{number}", f"2025-11-{number % 12 + 1:02}", category="asia", author="ritesh")
        )
    return newsrooms.load_publication(root)


def test_every_former_folder_leads_where_the_live_server_leads(busy: Publication) -> None:
    published = busy
    text, base = configuration(published.catalog), published.catalog.site.base_url
    pages, feeds = table(text, "feedsvc_moved_page"), table(text, "feedsvc_moved_feed")
    assert {"/category/east", "/articles/old-rich", "/archive/2025-11", "/category/east/archive/2025-11"} <= pages.keys()
    for folder in pages.keys() | feeds.keys():
        for leaf in LEAVES:
            found = published.resolve(folder + leaf)
            known, name = (feeds, f"/{feed_of(leaf)}") if leaf.strip("/") else (pages, "/")
            # A period has no well-known names.
            if "/archive/" in folder and name != leaf and leaf.strip("/"):
                assert found is None
                continue
            expected = root_relative(base, found.target) if isinstance(found, Redirect) else None
            assert (known[folder] + name if folder in known else None) == expected, folder + leaf


def feed_of(leaf: str) -> str:
    name = leaf.strip("/")
    return f"feed.{WELL_KNOWN_FEEDS[name]}" if name in WELL_KNOWN_FEEDS else name


def test_no_former_folder_is_forgotten(busy: Publication) -> None:
    published = busy
    pages = table(configuration(published.catalog), "feedsvc_moved_page")
    former = {alias for _, alias in published.catalog.redirects}
    assert {key.split("/")[2] for key in pages if "/" in key[1:] and not key.startswith("/archive")} >= former
    listed = [key for key in pages if key.startswith("/category/east/archive/")]
    assert len(listed) > len(published.catalog.listings)
    assert "/category/east/archive/2025-11-03" in listed


def test_names_that_differ_in_case_alone_lead_each_to_its_own(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    newsrooms.write(root, newsrooms.article("one", aliases="[Former]") | newsrooms.article("two", aliases="[former]"))
    pages = table(configuration(newsrooms.load_catalog(root)), "feedsvc_moved_page")
    assert pages["~^/articles/Former$"] == "/daily/articles/one"
    assert pages["~^/articles/former$"] == "/daily/articles/two"


def test_a_current_feed_has_the_link_that_the_live_server_gives_it(busy: Publication) -> None:
    links = table(configuration(busy.catalog), "feedsvc_link")
    assert len(links) == len(busy.catalog.listings) * len(FORMATS)
    for address, link in links.items():
        document = busy.resolve(unquote(address).removeprefix(mount_path(busy.catalog.site.base_url)))
        assert isinstance(document, Document)
        told = dict(respond(document, ("GET", {}), datetime.now(UTC), None).headers)
        assert link.replace('\\"', '"') == told["Link"]


def test_feeds_whose_addresses_differ_in_case_alone_are_not_taken_for_one_another(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    authors = root / "authors.yaml"
    authors.write_text(authors.read_text("utf-8") + "Ada: {name: Ada L}\nada: {name: Ada S}\n", "utf-8")
    newsrooms.write(root, newsrooms.article("one", author="Ada") | newsrooms.article("two", author="ada"))
    told = newsrooms.load_catalog(root)
    text = configuration(told)
    assert {ListingRef("author", "Ada"), ListingRef("author", "ada")} <= told.listings.keys()
    assert not [address for address in table(text, "feedsvc_link") if "/ada/" in address.lower()]
    assert 'default "$feedsvc_link_as_spelled"' in text


@given(left=st.integers(-10, 100_000), change=st.integers(1_100_000_000, 9_000_000_000), part=st.floats(0, 0.999))
def test_a_moment_is_told_by_patterns_no_later_than_it_has_to_be(left: int, change: int, part: float) -> None:
    """nginx compares no numbers: what patterns make of the clock never keeps more than the live server would."""
    moment = datetime.fromtimestamp(change, UTC)
    rows = dict(_seconds_left_rows(moment))
    shown = f"{change - left + part:.3f}"
    found = next((less for pattern, less in rows.items() if re.match(pattern.removeprefix("~"), shown)), "")
    expected = max((step for step in CACHE_STEPS if left > step), default=0)
    assert found == ("" if expected == CACHE_STEPS[0] else str(expected))


def windows(caching: str) -> dict[str, int]:
    return {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", caching)}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    if not nginx.program():
        require_program("nginx", nginx.INSTALL)
    files = {"index.html": "A page", "feed.rss": "<rss/>", "404.html": "Nothing"}
    newsrooms.write(tmp_path / "tree", {"index.html": "Started", **{f"daily/{name}": text for name, text in files.items()}})
    return tmp_path / "tree"


@pytest.mark.parametrize("seconds", [None, 100_000, 40_000, 600, 200, 5, -60])
def test_no_cache_is_told_to_keep_anything_beyond_the_next_change(tree: Path, tmp_path: Path, seconds: int | None) -> None:
    """As the live server's windows at that moment or shorter; in the last minutes, a date."""
    now = datetime.now(UTC)
    change = now + timedelta(seconds=seconds) if seconds is not None else None
    known = tmp_path / "known.conf"
    write_nginx(known, replace(catalog_of(tmp_path), next_change=change))
    with nginx.serving(tmp_path / "nginx", tree, known=known) as server, closing(Client(server.port)) as client:
        for path, headers in (("/daily/", {}), ("/daily/feed.rss", {}), ("/daily/feed.rss", BROWSER), ("/daily/nothing", {})):
            got = client.ask(path, headers).headers
            private, missing = headers is BROWSER, path.endswith("nothing")
            live = windows(cache_control(datetime.now(UTC), change, private=private, missing=missing))
            assert ("private" in got["cache-control"]) == private
            here = windows(got["cache-control"])
            assert here or parsedate_to_datetime(got["expires"]) == change_less_a_second(change)
            assert all(here[name] <= live[name] for name in here)
            assert "expires" not in got or not here
            if seconds is None or seconds > 90_000:
                assert here == live


def change_less_a_second(change: datetime | None) -> datetime:
    assert change
    return change.replace(microsecond=0) - timedelta(seconds=1)


def catalog_of(folder: Path) -> Catalog:
    return newsrooms.load_catalog(newsrooms.write_sample(folder / "content"))


def test_a_file_that_says_all_this_is_left_alone(tmp_path: Path) -> None:
    known, told = tmp_path / "known.conf", catalog_of(tmp_path)
    write_nginx(known, told)
    before = known.stat()
    write_nginx(known, told)
    assert known.stat() == before
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["known.conf"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FeedsvcError, match=r"nowhere/known.conf cannot be written \(No such file or directory\)"):
        write_nginx(tmp_path / "nowhere/known.conf", catalog_of(tmp_path))


def test_what_means_something_to_nginx_is_said_as_it_is(tmp_path: Path) -> None:
    """A dollar sign, a quote and a backslash in addresses."""
    if not nginx.program():
        require_program("nginx", nginx.INSTALL)
    told = catalog_of(tmp_path)
    site = replace(told.site, base_url="https://news.example/a$b(c)", hubs=("https://hub.example/$x?a={b}&c=%22;",))
    told = replace(told, content=replace(told.content, site=site))
    tree, known = tmp_path / "tree", tmp_path / "known.conf"
    newsrooms.write(tree / "a$b(c)", {"index.html": "A page", "feed.rss": "<rss/>"})
    write_nginx(known, told)
    (tree / "index.html").write_text("Started")
    with nginx.serving(tmp_path / "nginx", tree, known=known) as server, closing(Client(server.port)) as client:
        assert client.ask("/a$b(c)/articles/old-rich/").headers["location"] == "/a$b(c)/articles/rich/"
        assert client.ask("/a$b(c)/feed.rss").headers["content-type"] == "application/rss+xml; charset=utf-8"


def test_nginx_reads_what_is_new_when_it_is_reloaded(tree: Path, tmp_path: Path) -> None:
    """As feedsvc-tree.path has it done."""
    known, told = tmp_path / "known.conf", catalog_of(tmp_path)
    write_nginx(known, told)
    with nginx.serving(tmp_path / "nginx", tree, known=known) as server, closing(Client(server.port)) as client:
        assert client.ask("/daily/articles/just-renamed").status == 404
        article = tmp_path / "content/articles/korean.yaml"
        article.write_text(article.read_text() + "aliases: [just-renamed]\n")
        write_nginx(tmp_path / "nginx/feedsvc-tree.conf", newsrooms.load_catalog(tmp_path / "content"))
        os.kill(server.pid, signal.SIGHUP)

        def location() -> str:
            client.close()
            return client.ask("/daily/articles/just-renamed").headers.get("location", "")

        until(lambda: location() == "/daily/articles/korean/")
