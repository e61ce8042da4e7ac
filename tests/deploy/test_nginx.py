"""The static tree behind Debian's nginx says what the live server says."""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bench import nginx
from bench.headers import BROWSER, addresses, differences
from bench.web import GZIP, NO_HEADERS, Client
from tests.http.client import ask
from tests.http.newsroom import BASE, HUB, write_newsroom
from tests.http.running import Running, command, environment, serving
from tests.programs import require_program

HUBS: Final = (HUB, "https://second-hub.example/")
COMPRESSED: Final = (".html", ".rss", ".atom", ".json", ".xml", ".opml", ".txt", ".css", ".js")
OWN: Final = {"etag", "last-modified", "date", "server", "connection", "accept-ranges"}
LEAST: Final = 200  # bytes; less is not worth compressing


@dataclass(frozen=True)
class Two:
    """A live server and nginx over the tree of the same newsroom."""

    live: Client
    static: Client
    tree: Path

    def differ(self, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> list[str]:
        return list(differences(self.live, self.static, path, headers, method))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    if not nginx.program():
        require_program("nginx", nginx.INSTALL)
    home = tmp_path_factory.mktemp("deployed")
    content, tree = write_newsroom(home / "content"), home / "tree"
    subprocess.run(command("build", tree, content, "--state", home / "built"), check=True, env=environment(), capture_output=True)
    with serving(content, home / "state") as server:
        completed(tree, server)
        with nginx.serving(home / "nginx", tree, host=BASE, hubs=HUBS) as static:
            port = int(server.url.rstrip("/").rpartition(":")[2])
            with closing(Client(port)) as live, closing(Client(static.port)) as other:
                yield Two(live, other, tree)


def completed(tree: Path, server: Running) -> None:
    """What a build may leave to whoever deploys: the page for what is missing, and compressed twins."""
    if not (tree / "404.html").exists():
        (tree / "404.html").write_bytes(ask(server.url, "/nothing").body)
    for file in [*tree.rglob("*")]:
        twin = file.with_name(f"{file.name}.gz")
        wanted = file.is_file() and file.suffix in COMPRESSED and not file.is_relative_to(tree / "media")
        if wanted and file.stat().st_size >= LEAST and not twin.exists():
            twin.write_bytes(gzip.compress(file.read_bytes(), 6, mtime=0))


@pytest.mark.parametrize("headers", [NO_HEADERS, GZIP, BROWSER], ids=["plain", "gzip", "browser"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_document_says_what_the_live_server_says(two: Two, headers: Mapping[str, str], method: str) -> None:
    paths = addresses(two.tree)
    assert len(paths) > 50
    assert [line for path in paths for line in two.differ(path, headers, method)] == []


@pytest.mark.parametrize("path", ["/nothing", "/articles/nothing/", "/articles/bay/index.html", "/404.html", "/feed.rss.gz"])
@pytest.mark.parametrize("headers", [NO_HEADERS, GZIP], ids=["plain", "gzip"])
def test_what_is_missing_gets_the_site_s_own_page(two: Two, path: str, headers: Mapping[str, str]) -> None:
    assert two.static.ask(path, headers).status == 404
    # Each is served as the page for what is missing, whose own ETag nobody needs.
    assert two.differ(path, headers) == []


@pytest.mark.parametrize("name", [".feedsvc-build.json", ".feedsvc-build.lock"])
def test_what_a_build_remembers_is_nobody_s_business(two: Two, name: str) -> None:
    assert two.static.ask(f"/{name}").status == 404


@pytest.mark.parametrize("path", ["/", "/feed.rss", "/feed.json", "/tag/%EC%84%9C%EC%9A%B8/feed.atom", "/media/talk.mp3"])
def test_what_did_not_change_is_a_304(two: Two, path: str) -> None:
    tags = [client.ask(path).headers["etag"] for client in (two.live, two.static)]
    got = [client.ask(path, {"If-None-Match": tag}) for client, tag in zip((two.live, two.static), tags, strict=True)]
    assert [one.status for one in got] == [304, 304]
    live, static = ({name: one.headers[name] for name in one.headers.keys() - OWN} for one in got)
    assert static == live


@pytest.mark.parametrize("path", ["/feed.rss", "/feed.atom"])
def test_a_browser_never_revives_what_a_script_fetched(two: Two, path: str) -> None:
    tag = two.static.ask(path).headers["etag"]
    got = two.static.ask(path, {**BROWSER, "If-None-Match": tag})
    assert (got.status, got.headers["content-type"]) == (200, "text/xml; charset=utf-8")
    assert "etag" not in got.headers


def test_players_get_the_bytes_that_they_ask_for(two: Two) -> None:
    told = two.differ("/media/talk.mp3", {"Range": "bytes=100-199"})
    assert told == ["/media/talk.mp3: accept-ranges: 'bytes' live, None here"]
    assert two.static.ask("/media/talk.mp3", {"Range": "bytes=100-199"}).status == 206
    assert two.differ("/feed.rss", {"Range": "bytes=0-3"}) == []


def test_a_script_of_another_site_may_ask_whether_a_feed_changed(two: Two) -> None:
    asked = {"Origin": "https://reader.example", "Access-Control-Request-Method": "GET"}
    assert two.differ("/feed.rss", asked, "OPTIONS") == []


@pytest.mark.parametrize("path", ["/articles/bay", "/tag/%EC%84%9C%EC%9A%B8", "/category/business"])
def test_a_forgotten_slash_is_mended(two: Two, path: str) -> None:
    live, static = (client.ask(path) for client in (two.live, two.static))
    assert (static.status, static.headers["location"]) == (301, live.headers["location"])


@pytest.mark.parametrize(
    "path", ["/x/../feed.rss", "//feed.rss", "/feed%2Erss", '/">/../feed.rss', "/%2e/feed.rss", "/tag/bridges/../../feed.rss"]
)
def test_no_link_header_holds_what_somebody_made_up(two: Two, path: str) -> None:
    got = two.static.ask(path)
    assert (got.status, got.headers.get("link")) == (200, None)


def test_a_query_is_no_part_of_an_address(two: Two) -> None:
    assert two.differ("/feed.rss?a=b&c=/tag/x/feed.rss") == []


def test_nginx_has_no_word_against_it(tmp_path: Path) -> None:
    if not nginx.program():
        require_program("nginx", nginx.INSTALL)
    words = nginx.prepared(tmp_path / "nginx", tmp_path, port=8080, host=BASE)
    done = subprocess.run([*words, "-t"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"\[(?:warn|error|emerg)\]", done.stderr)


def test_the_include_that_is_shipped_says_all_that_is_asked_for() -> None:
    shipped = nginx.CONFIGURATION.with_name("nginx-site.conf").read_text("utf-8")
    assert {"listen", "root", "set $feedsvc_host", "set $feedsvc_hubs"} <= set(
        re.findall(r"^(set \$\w+|\w+)", shipped, re.MULTILINE)
    )
