"""nginx as a cache before the service: the service's answers, kept as long as it says, and no other."""

from __future__ import annotations

import http.server
import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit

import pytest

from bench.headers import BROWSER, differences
from bench.nginx import SHIPPED
from bench.web import GZIP, NO_HEADERS, Client
from tests.audience.waiting import until
from tests.deploy.nginx_proxy import proxied
from tests.deploy.test_nginx import ALL, CODINGS
from tests.helpers import newsrooms
from tests.helpers.http_client import SECONDS, ask
from tests.helpers.programs import require_program
from tests.helpers.running_server import ServerProcess, serving
from tests.live.served_content import addresses as known_addresses
from tests.web.newsroom import BASE, write_article, write_newsroom
from tests.web.test_routing import MOVED

pytestmark = pytest.mark.alone

ALL_OF_THEM: Final = "gzip, br, zstd"
PROXY: Final = ("--trusted-proxy", "127.0.0.1")


@dataclass(frozen=True)
class Chain:
    """A service, asked directly and through nginx."""

    service: ServerProcess
    direct: Client
    cached: Client
    port: int

    def differ(self, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> list[str]:
        return list(differences(self.direct, self.cached, path, headers, method))

    def asked(self) -> int:
        """How many requests the service has answered, this one left out."""
        text = ask(self.service.url, "/metrics").body.decode()
        return sum(int(float(count)) for count in re.findall(r"^feedsvc_requests_total{.*} (\S+)$", text, re.MULTILINE))


@contextmanager
def chain(home: Path, content: Path, *options: str) -> Iterator[Chain]:
    with (
        serving(content, home / "state", *PROXY, *options) as service,
        proxied(home / "nginx", service.url) as nginx,
        closing(Client(urlsplit(service.url).port or 0)) as direct,
        closing(Client(nginx.port)) as cached,
    ):
        yield Chain(service, direct, cached, nginx.port)


@pytest.fixture(scope="module")
def newsroom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_newsroom(tmp_path_factory.mktemp("cached") / "content")


@pytest.fixture(scope="module")
def both(newsroom: Path) -> Iterator[Chain]:
    with chain(newsroom.parent, newsroom) as found:
        yield found


def reaching(both: Chain, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> int:
    """How many requests the service hears of when nginx is asked once."""
    before = both.asked()
    both.cached.ask(path, headers, method)
    return both.asked() - before - 1  # of the first look itself


@pytest.mark.parametrize("headers", [NO_HEADERS, GZIP, ALL, BROWSER], ids=["plain", "gzip", "all", "browser"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_answer_is_the_service_s_first_and_again(
    both: Chain, newsroom: Path, headers: Mapping[str, str], method: str
) -> None:
    paths = [*(quote(path, safe="/~") for path in known_addresses(newsroom)), *MOVED]
    assert len(paths) > 100
    assert [line for path in paths for _ in "12" for line in both.differ(path, headers, method)] == []


@pytest.mark.parametrize("path", ["/feed.rss", "/", "/articles/recalled/", "/feed", "/media/talk.mp3", "/nothing-of-that-name"])
def test_what_is_kept_is_asked_for_once_whatever_the_query_says(both: Chain, path: str) -> None:
    both.cached.ask(path)
    assert reaching(both, path) == 0
    assert reaching(both, f"{path}?utm_source=a&b={time.time()}") == 0
    assert reaching(both, path, {"X-Forwarded-Host": "evil.example", "Cookie": "a=b", "Accept": "text/html"}) == 0
    assert both.differ(f"{path}?a=b") == []


def test_a_query_never_reaches_the_service(tmp_path: Path) -> None:
    """It could be the first to be kept under an address, for everybody."""
    with upstream_of("max-age=60") as (service, heard, _), proxied(tmp_path / "nginx", service) as nginx:
        ask(
            f"http://127.0.0.1:{nginx.port}",
            "/articles/%EC%84%9C/?x=<script>",
            {"X-Forwarded-For": "6.6.6.6", "Forwarded": "for=6"},
        )
        path, headers = heard[-1]
        assert path == "/articles/%EC%84%9C/"
        assert headers["X-Forwarded-For"] == "127.0.0.1"
        assert {"Forwarded", "X-Forwarded-Host", "X-Forwarded-Proto", "Accept-Encoding", "Sec-Fetch-Dest"}.isdisjoint(headers)


@pytest.mark.parametrize("accepted", CODINGS)
def test_each_client_gets_its_coding_of_few_kept_forms(both: Chain, accepted: str) -> None:
    headers = {"Accept-Encoding": accepted}
    assert [line for path in ("/", "/feed.json") for _ in "12" for line in both.differ(path, headers)] == []
    assert reaching(both, "/feed.json", {"Accept-Encoding": f"{accepted}, odd"}) <= 1
    assert reaching(both, "/feed.json", {"Accept-Encoding": f"odder ,{accepted}, odd"}) == 0


@pytest.mark.parametrize("path", ["/feed.rss", "/category/business/feed.atom"])
def test_a_browser_s_view_of_a_feed_is_kept_for_nobody(both: Chain, path: str) -> None:
    for _ in range(2):
        assert reaching(both, path, BROWSER) == 1
    got = both.cached.ask(path, BROWSER)
    assert got.headers["content-type"] == "text/xml; charset=utf-8"
    assert both.cached.ask(path).headers["content-type"] != got.headers["content-type"]
    again = both.cached.ask(path, {**BROWSER, "If-None-Match": got.headers["etag"]})
    assert (again.status, again.headers["etag"]) == (304, got.headers["etag"])


@pytest.mark.parametrize("path", ["/", "/feed.rss", "/feed.json", "/media/talk.mp3"])
def test_what_did_not_change_is_a_304_of_which_the_service_never_hears(both: Chain, path: str) -> None:
    got = both.cached.ask(path)
    asked = {"If-None-Match": got.headers["etag"], "If-Modified-Since": got.headers["last-modified"]}
    assert reaching(both, path, asked) == 0
    for one in (asked, {"If-None-Match": asked["If-None-Match"]}, {"If-Modified-Since": asked["If-Modified-Since"]}):
        assert both.cached.ask(path, one).status == 304
        assert [line for line in both.differ(path, one) if "accept-ranges" not in line] == []
    assert both.cached.ask(path, {"If-None-Match": '"other"'}).status == 200


def test_players_get_the_bytes_that_they_ask_for(both: Chain) -> None:
    got = both.cached.ask("/media/talk.mp3", {"Range": "bytes=100-199"})
    assert (got.status, got.headers["content-range"], len(got.body)) == (206, "bytes 100-199/3072", 100)
    assert both.cached.ask("/feed.rss", {"Range": "bytes=0-3"}).status == 200


@pytest.mark.parametrize("path", ["/articles/bay/views", "/healthz", "/readyz", "/status", "/metrics"])
def test_what_answers_for_a_moment_is_asked_for_each_time(both: Chain, path: str) -> None:
    before = both.asked()
    for _ in range(3):
        got = both.cached.ask(path)
    assert got.status == (403 if path in ("/status", "/metrics") else 200)
    # What is counted in reads is none of the documents' traffic.
    assert path.endswith("views") or both.asked() - before - 1 == 3


def test_reads_count_for_the_readers_behind_nginx(both: Chain) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Sec-Fetch-Mode": "cors"}
    before = json.loads(both.cached.ask("/articles/dance/views").body)["views"]
    posted = both.cached.ask("/articles/dance/views", {**headers, "X-Forwarded-For": "6.6.6.6", "Content-Length": "0"}, "POST")
    assert posted.status == 204
    assert json.loads(both.cached.ask("/articles/dance/views").body)["views"] == before + 1


def test_caches_beyond_count_from_when_the_service_answered(both: Chain) -> None:
    """nginx tells no age, and max-age alone would begin anew at each of them."""
    first = both.cached.ask("/feeds.opml").headers["date"]
    time.sleep(1.1)
    assert both.cached.ask("/feeds.opml").headers["date"] == first


def test_a_scheduled_article_is_there_in_its_second_through_the_cache(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)
    with chain(tmp_path, newsrooms.write(content, newsrooms.article("due", due.isoformat(), title="Dueword"))) as both:
        assert b"Dueword" not in both.cached.ask("/feed.rss").body
        assert reaching(both, "/feed.rss") == 0
        looks: list[tuple[datetime, datetime, bool]] = []

        def look() -> bool:
            asked = datetime.now(UTC)
            looks.append((asked, datetime.now(UTC), b"Dueword" in both.cached.ask("/feed.rss").body))
            return asked > due + timedelta(seconds=1)

        until(look)
        assert all(holds for asked, _, holds in looks if asked >= due)


def test_feeds_of_a_tag_called_media_are_not_shortened_for_ever_by_a_change_that_has_come(tmp_path: Path) -> None:
    """Nor those of a category called sized, nor pages: all of them are asked for whole, with their new Cache-Control."""
    content = write_newsroom(tmp_path / "content")
    write_article(content, "radio", "title: Radio\npublished: 2026-02-13\ncategory: sized\nauthor: tuan-le\ntags: [media]")
    categories = content / "categories.yaml"
    categories.write_text(f"{categories.read_text()}sized: {{title: Clothes}}\n")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=8)
    newsrooms.write(content, newsrooms.article("due", due.isoformat()))
    paths = ("/tag/media/feed.rss", "/tag/media/", "/category/sized/feed.json", "/category/sized/archive/2026-02/feed.atom")
    with chain(tmp_path, content) as both:
        assert all("max-age=300" not in both.cached.ask(path).headers["cache-control"] for path in paths)
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()) + 1.5)
        assert [line for path in paths for _ in "12" for line in both.differ(path)] == []
        assert "max-age=300" in both.cached.ask(paths[0]).headers["cache-control"]


def test_a_service_that_is_away_is_covered_for_until_the_next_change_and_no_longer(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=6)
    newsrooms.write(content, newsrooms.article("due", due.isoformat(), title="Dueword"))
    service = ServerProcess(content, tmp_path / "state", *PROXY)
    with proxied(tmp_path / "nginx", service.url) as nginx, closing(Client(nginx.port)) as cached:
        assert cached.ask("/feed.rss").status == 200
        service.kill()
        assert cached.ask("/feed.rss").status == 200
        time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
        assert cached.ask("/feed.rss").status == 502


@contextmanager
def upstream_of(caching: str) -> Iterator[tuple[str, list[tuple[str, Mapping[str, str]]], Callable[[], None]]]:
    """A service whose every answer is another number; what it heard, and what ends it."""
    heard: list[tuple[str, Mapping[str, str]]] = []

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append((self.path, dict(self.headers.items())))
            body = str(len(heard)).encode()
            self.send_response(200)
            for name, value in (("Cache-Control", caching), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def stop() -> None:
            server.shutdown()
            thread.join()
            server.server_close()

        try:
            yield f"http://127.0.0.1:{server.server_port}/", heard, stop
        finally:
            stop()


def test_stale_answers_are_shown_within_the_windows_that_were_told(tmp_path: Path) -> None:
    """While somebody fetches anew, and while the service is away; never after that."""
    told = "public, max-age=1, stale-while-revalidate=3, stale-if-error=4"
    with (
        upstream_of(told) as (service, _, stop),
        proxied(tmp_path / "nginx", service) as nginx,
        closing(Client(nginx.port)) as client,
    ):
        kept = client.ask("/page").body
        assert client.ask("/page").body == kept
        time.sleep(2.2)
        assert client.ask("/page").body == kept, "stale, and at once"
        until(lambda: client.ask("/page").body != kept)
        kept = client.ask("/page").body
        time.sleep(6)
        assert client.ask("/page").body != kept, "beyond the window one has to wait"
        kept = client.ask("/page").body
        stop()
        time.sleep(2.2)
        assert (client.ask("/page").status, client.ask("/page").body) == (200, kept)
        time.sleep(4)
        assert client.ask("/page").status == 502


def test_news_are_kept_at_once_where_nginx_is_told(tmp_path: Path) -> None:
    """What --purge runs before hubs hear of a change: each form in which a client may get it."""
    require_program("curl", "apt-get install curl")
    content = write_newsroom(tmp_path / "content")
    forms = [{"Accept-Encoding": form} for form in ("", "gzip", "br", "zstd", "gzip, zstd", "gzip, br", "br, zstd", ALL_OF_THEM)]
    paths = ("/feed.rss", "/tag/%EC%84%9C%EC%9A%B8/feed.json", "/articles/clock/")
    with chain(tmp_path, content) as both:
        for path in paths:
            assert [line for form in forms for line in both.differ(path, form)] == []
        write_article(
            content, "clock", "title: Newsword\npublished: 2026-02-20\ncategory: culture\nauthor: tuan-le\ntags: [서울]"
        )
        until(lambda: all(b"Newsword" in both.direct.ask(path).body for path in paths))
        assert not any(b"Newsword" in both.cached.ask(path).body for path in paths)
        told = "".join(f"{BASE}{path}\n" for path in paths)
        assert refreshed(both.port, told) == (0, "")
        for path in paths:
            assert [line for form in forms for line in both.differ(path, form)] == []
            assert reaching(both, path) == 0


def refreshed(port: int, addresses: str, *name: str) -> tuple[int, str]:
    """What nginx-refresh ends with, and what it says."""
    words = [str(SHIPPED / "nginx-refresh"), f"http://127.0.0.1:{port}", *name]
    environment = {**os.environ, "http_proxy": "http://127.0.0.1:9", "all_proxy": "http://127.0.0.1:9"}
    done = subprocess.run(words, input=addresses, text=True, check=False, timeout=SECONDS, capture_output=True, env=environment)
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_news_are_kept_where_another_site_is_the_first_on_that_port(tmp_path: Path) -> None:
    require_program("curl", "apt-get install curl")
    with (
        upstream_of("max-age=60") as (service, heard, _),
        proxied(tmp_path / "nginx", service, beside="return 200 other;") as nginx,
    ):
        assert refreshed(nginx.port, f"{BASE}/feed.rss\n") == (0, "")
        assert [path for path, _ in heard] == ["/feed.rss"] * 8
        assert refreshed(nginx.port, "https://cdn.example:8443/feed.rss\n", "news.example") == (0, "")
        assert len(heard) == 16
        ended, said = refreshed(nginx.port, "https://cdn.example/feed.rss\n")
        assert (ended, len(heard)) == (1, 16)
        assert said.startswith(f"nginx-refresh: http://127.0.0.1:{nginx.port} did not fetch anew")
        assert "\n200 http://cdn.example/feed.rss \n" in said
        assert said.endswith("with this server_name, and does the service run?\n")
        assert refreshed(nginx.port, "") == (0, "")


def test_a_refresh_that_reaches_nobody_is_told(tmp_path: Path) -> None:
    """Neither a service that is away nor an nginx that is."""
    require_program("curl", "apt-get install curl")
    with upstream_of("max-age=60, stale-if-error=600") as (service, _, stop), proxied(tmp_path / "nginx", service) as nginx:
        assert refreshed(nginx.port, f"{BASE}/feed.rss\n{BASE}/feed.atom\n") == (0, "")
        stop()
        ended, said = refreshed(nginx.port, f"{BASE}/feed.rss\n{BASE}/feed.atom\n")
        assert ended == 1
        assert "\n502 http://news.example/feed.rss \n" in said
    ended, said = refreshed(nginx.port, f"{BASE}/feed.rss\n")
    assert ended == 1
    assert re.search(r"^000 http://news\.example/feed\.rss .*connect", said, re.MULTILINE)


def test_nginx_has_no_word_against_it(both: Chain, newsroom: Path) -> None:
    assert not re.search(r"\[(?:warn|error|emerg)\]", (newsroom.parent / "nginx/log").read_text())
