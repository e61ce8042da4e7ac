"""The nginx configuration that a build writes: redirects from former addresses."""

from __future__ import annotations

import os
import re
import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench import nginx
from bench.web import Client
from feedsvc.catalog.catalog import Catalog
from feedsvc.export import write_nginx
from feedsvc.export.nginx import configuration
from tests.audience.waiting import wait_until
from tests.helpers import newsrooms
from tests.helpers.programs import require_program


def map_entries(text: str, name: str) -> dict[str, str]:
    """Return key -> value of a map in the configuration."""
    [body] = re.findall(rf"map \S+ \${name} {{\n(.*?)}}", text, re.DOTALL)
    return dict(re.findall(r'^    "(.*)" "(.*)";$', body, re.MULTILINE))


def test_aliases_that_differ_only_in_case_have_different_targets(tmp_path: Path) -> None:
    root = newsrooms.write_sample(tmp_path)
    newsrooms.write(root, newsrooms.article("one", aliases="[Former]") | newsrooms.article("two", aliases="[former]"))
    pages = map_entries(configuration(newsrooms.load_catalog(root)), "feedsvc_moved_page")
    assert pages["~^/articles/Former$"] == "/daily/articles/one"
    assert pages["~^/articles/former$"] == "/daily/articles/two"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    if not nginx.program_path():
        require_program("nginx", nginx.INSTALL)
    files = {"index.html": "A page", "feed.rss": "<rss/>", "404.html": "Nothing"}
    newsrooms.write(tmp_path / "tree", {"index.html": "Started", **{f"daily/{name}": text for name, text in files.items()}})
    return tmp_path / "tree"


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
