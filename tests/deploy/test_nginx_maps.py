"""The nginx configuration that a build writes: redirects from former addresses, and how long caches may keep documents."""

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
from feedsvc.catalog.catalog import Catalog
from feedsvc.catalog.periods import MAX_MONTH_ENTRIES
from feedsvc.errors import FeedsvcError
from feedsvc.export import write_nginx
from feedsvc.export.nginx import CACHE_STEPS, _seconds_left_rows, configuration
from feedsvc.feeds import FORMATS
from feedsvc.publication.document import Document, Redirect
from feedsvc.publication.publication import Publication
from feedsvc.routes import WELL_KNOWN_FEEDS, ListingRef
from feedsvc.uris import mount_path, root_relative
from feedsvc.web.responses import cache_control, respond
from tests.audience.waiting import wait_until
from tests.helpers import newsrooms
from tests.helpers.programs import require_program

LISTING_SUFFIXES: Final = ("", "/", "/feed.rss", "/feed.atom", "/feed.json", "/rss.xml", "/atom.xml/")


def map_entries(text: str, name: str) -> dict[str, str]:
    """Return key -> value of a map in the configuration."""
    [body] = re.findall(rf"map \S+ \${name} {{\n(.*?)}}", text, re.DOTALL)
    return dict(re.findall(r'^    "(.*)" "(.*)";$', body, re.MULTILINE))


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """A newsroom with former names of listings, and with a month that has pages for days."""
    root = newsrooms.write_sample(tmp_path_factory.mktemp("maps"))
    for number in range(MAX_MONTH_ENTRIES + 1):
        newsrooms.write(
            root, newsrooms.article(f"many-{number}", f"2025-11-{number % 12 + 1:02}", category="asia", author="ritesh")
        )
    return newsrooms.load_publication(root)


def test_redirects_of_former_folders_equal_those_of_the_live_server(publication: Publication) -> None:
    text, base = configuration(publication.catalog), publication.catalog.site.base_url
    pages, feeds = map_entries(text, "feedsvc_moved_page"), map_entries(text, "feedsvc_moved_feed")
    assert {"/category/east", "/articles/old-rich", "/archive/2025-11", "/category/east/archive/2025-11"} <= pages.keys()
    for folder in {folder for folder in pages.keys() | feeds.keys() if not folder.startswith("~")}:
        for suffix in LISTING_SUFFIXES:
            resource = publication.resolve(folder + suffix)
            targets, name = (feeds, f"/{feed_name(suffix)}") if suffix.strip("/") else (pages, "/")
            # An archive has no well-known feed names.
            if "/archive/" in folder and name != suffix and suffix.strip("/"):
                assert resource is None
                continue
            expected = root_relative(base, resource.target) if isinstance(resource, Redirect) else None
            assert (targets[folder] + name if folder in targets else None) == expected, folder + suffix


def feed_name(suffix: str) -> str:
    name = suffix.strip("/")
    return f"feed.{WELL_KNOWN_FEEDS[name]}" if name in WELL_KNOWN_FEEDS else name


def test_every_alias_has_a_redirect(publication: Publication) -> None:
    pages = map_entries(configuration(publication.catalog), "feedsvc_moved_page")
    former = {alias for _, alias in publication.catalog.redirects}
    assert {key.split("/")[2] for key in pages if "/" in key[1:] and not key.startswith("/archive")} >= former
    archive_keys = [key for key in pages if key.startswith("/category/east/archive/")]
    assert len(archive_keys) > len(publication.catalog.listings)
    assert "/category/east/archive/2025-11-03" in archive_keys


def test_aliases_that_differ_only_in_case_have_different_targets(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    newsrooms.write(root, newsrooms.article("one", aliases="[Former]") | newsrooms.article("two", aliases="[former]"))
    pages = map_entries(configuration(newsrooms.load_catalog(root)), "feedsvc_moved_page")
    assert pages["~^/articles/Former$"] == "/daily/articles/one"
    assert pages["~^/articles/former$"] == "/daily/articles/two"


def test_link_header_of_each_feed_equals_that_of_the_live_server(publication: Publication) -> None:
    links = map_entries(configuration(publication.catalog), "feedsvc_link")
    assert len(links) == len(publication.catalog.listings) * len(FORMATS)
    for address, link in links.items():
        document = publication.resolve(unquote(address).removeprefix(mount_path(publication.catalog.site.base_url)))
        assert isinstance(document, Document)
        live_headers = dict(respond(document, ("GET", {}), datetime.now(UTC), None).headers)
        assert link.replace('\\"', '"') == live_headers["Link"]


def test_feeds_whose_addresses_differ_only_in_case_have_no_entry_in_the_link_map(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    authors = root / "authors.yaml"
    authors.write_text(authors.read_text("utf-8") + "Ada: {name: Ada L}\nada: {name: Ada S}\n", "utf-8")
    newsrooms.write(root, newsrooms.article("one", author="Ada") | newsrooms.article("two", author="ada"))
    catalog = newsrooms.load_catalog(root)
    text = configuration(catalog)
    assert {ListingRef("author", "Ada"), ListingRef("author", "ada")} <= catalog.listings.keys()
    assert not [address for address in map_entries(text, "feedsvc_link") if "/ada/" in address.lower()]
    assert 'default "$feedsvc_link_as_spelled"' in text


@given(
    seconds_left=st.integers(-10, 100_000),
    change_timestamp=st.integers(1_100_000_000, 9_000_000_000),
    fraction=st.floats(0, 0.999),
)
def test_patterns_for_the_seconds_left_never_exceed_the_live_windows(
    seconds_left: int, change_timestamp: int, fraction: float
) -> None:
    """nginx cannot compare numbers, so the configuration matches the clock with patterns."""
    moment = datetime.fromtimestamp(change_timestamp, UTC)
    rows = dict(_seconds_left_rows(moment))
    clock_text = f"{change_timestamp - seconds_left + fraction:.3f}"
    matched_step = next((step_text for pattern, step_text in rows.items() if re.match(pattern.removeprefix("~"), clock_text)), "")
    expected = max((step for step in CACHE_STEPS if seconds_left > step), default=0)
    assert matched_step == ("" if expected == CACHE_STEPS[0] else str(expected))


def cache_windows(caching: str) -> dict[str, int]:
    """Return the numbers in a Cache-Control header by their directive."""
    return {name: int(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", caching)}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    if not nginx.program_path():
        require_program("nginx", nginx.INSTALL)
    files = {"index.html": "A page", "feed.rss": "<rss/>", "404.html": "Nothing"}
    newsrooms.write(tmp_path / "tree", {"index.html": "Started", **{f"daily/{name}": text for name, text in files.items()}})
    return tmp_path / "tree"


@pytest.mark.parametrize("seconds", [None, 100_000, 40_000, 600, 200, 5, -60])
def test_no_cache_window_exceeds_the_next_scheduled_change(tree: Path, tmp_path: Path, seconds: int | None) -> None:
    """The windows equal those of the live server or are shorter; in the last minutes, Expires has the date of the change."""
    now = datetime.now(UTC).replace(microsecond=0)
    change = now + timedelta(seconds=seconds) if seconds is not None else None
    configuration_file = tmp_path / "known.conf"
    catalog = load_catalog_with_change(tmp_path / "content", now, change)
    assert catalog.next_visible_change == change
    write_nginx(configuration_file, catalog)
    with (
        nginx.serving(tmp_path / "nginx", tree, tree_configuration=configuration_file) as server,
        closing(Client(server.port)) as client,
    ):
        for path, headers in (("/daily/", {}), ("/daily/feed.rss", {}), ("/daily/feed.rss", BROWSER), ("/daily/nothing", {})):
            headers_of_nginx = client.ask(path, headers).headers
            private, missing = headers is BROWSER, path.endswith("nothing")
            live_windows = cache_windows(cache_control(datetime.now(UTC), change, private=private, missing=missing))
            assert ("private" in headers_of_nginx["cache-control"]) == private
            nginx_windows = cache_windows(headers_of_nginx["cache-control"])
            assert nginx_windows or parsedate_to_datetime(headers_of_nginx["expires"]) == one_second_before(change)
            assert all(nginx_windows[name] <= live_windows[name] for name in nginx_windows)
            assert "expires" not in headers_of_nginx or not nginx_windows
            if seconds is None or seconds > 90_000:
                assert nginx_windows == live_windows


def one_second_before(change: datetime | None) -> datetime:
    assert change
    return change.replace(microsecond=0) - timedelta(seconds=1)


def load_catalog_with_change(root: Path, now: datetime, change: datetime | None) -> Catalog:
    """Return a catalog, built now or just before `change`, whose only scheduled change is an article of that moment."""
    newsrooms.write_sample(root)
    if change:
        newsrooms.write(root, newsrooms.article("due", change.isoformat()))
    return newsrooms.load_catalog(root, min(now, change - timedelta(seconds=1)) if change else now)


def test_an_article_that_leaves_the_news_sitemap_ends_no_cache_time(tmp_path: Path) -> None:
    """Caches stored no document any more from 48 hours after publication on, because no build came at that moment."""
    now = datetime.now(UTC).replace(microsecond=0)
    newsrooms.write(newsrooms.write_sample(tmp_path), newsrooms.article("recent", (now - timedelta(hours=47)).isoformat()))
    catalog = newsrooms.load_catalog(tmp_path, now)
    assert catalog.next_change == now + timedelta(hours=1)
    assert 'map "" $feedsvc_expires { default ""; }' in configuration(catalog)


def load_sample_catalog(folder: Path) -> Catalog:
    return newsrooms.load_catalog(newsrooms.write_sample(folder / "content"))


def test_unchanged_configuration_is_not_written_again(tmp_path: Path) -> None:
    configuration_file, catalog = tmp_path / "known.conf", load_sample_catalog(tmp_path)
    write_nginx(configuration_file, catalog)
    before = configuration_file.stat()
    write_nginx(configuration_file, catalog)
    after = configuration_file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["known.conf"]


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FeedsvcError, match=r"nowhere/known.conf cannot be written \(No such file or directory\)"):
        write_nginx(tmp_path / "nowhere/known.conf", load_sample_catalog(tmp_path))


def test_special_characters_of_nginx_are_escaped(tmp_path: Path) -> None:
    """The addresses contain a dollar sign, a quote and a backslash."""
    if not nginx.program_path():
        require_program("nginx", nginx.INSTALL)
    catalog = load_sample_catalog(tmp_path)
    site = replace(catalog.site, base_url="https://news.example/a$b(c)", hubs=("https://hub.example/$x?a={b}&c=%22;",))
    catalog = replace(catalog, content=replace(catalog.content, site=site))
    tree, configuration_file = tmp_path / "tree", tmp_path / "known.conf"
    newsrooms.write(tree / "a$b(c)", {"index.html": "A page", "feed.rss": "<rss/>"})
    write_nginx(configuration_file, catalog)
    (tree / "index.html").write_text("Started")
    with (
        nginx.serving(tmp_path / "nginx", tree, tree_configuration=configuration_file) as server,
        closing(Client(server.port)) as client,
    ):
        assert client.ask("/a$b(c)/articles/old-rich/").headers["location"] == "/a$b(c)/articles/rich/"
        assert client.ask("/a$b(c)/feed.rss").headers["content-type"] == "application/rss+xml; charset=utf-8"


def test_reloaded_nginx_uses_the_new_configuration(tree: Path, tmp_path: Path) -> None:
    """The unit feedsvc-tree.path reloads nginx in the same way."""
    configuration_file, catalog = tmp_path / "known.conf", load_sample_catalog(tmp_path)
    write_nginx(configuration_file, catalog)
    with (
        nginx.serving(tmp_path / "nginx", tree, tree_configuration=configuration_file) as server,
        closing(Client(server.port)) as client,
    ):
        assert client.ask("/daily/articles/just-renamed").status == 404
        article = tmp_path / "content/articles/korean.yaml"
        article.write_text(article.read_text() + "aliases: [just-renamed]\n")
        write_nginx(tmp_path / "nginx/feedsvc-tree.conf", newsrooms.load_catalog(tmp_path / "content"))
        os.kill(server.pid, signal.SIGHUP)

        def location() -> str:
            client.close()
            return client.ask("/daily/articles/just-renamed").headers.get("location", "")

        wait_until(lambda: location() == "/daily/articles/korean/")
