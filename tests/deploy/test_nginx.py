"""The static tree behind Debian's nginx says what the live server says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import pytest

from bench import nginx
from bench.headers import BROWSER, addresses, differences
from bench.web import GZIP, NO_HEADERS, Client
from feedsvc.export import write_nginx
from tests.helpers import newsrooms
from tests.helpers.http_client import exchange_bytes
from tests.helpers.programs import require_program
from tests.helpers.running_server import command, environment, serving
from tests.web.newsroom import BASE, NOTICE, write_article, write_newsroom
from tests.web.test_routing import MOVED

ALL: Final = {"Accept-Encoding": "gzip, deflate, br, zstd"}
NO_ADDRESSES: Final = (
    "/nothing", "/articles/nothing/", "/articles/bay/index.html", "/404.html", "/feed.rss.gz", "/feed.rss.br", "/index.html.zst",
    "/articles/recalled/410.html", "/nothing/feed.rss", "/category/nothing/feed.atom", "/tag/nothing/feed.json",
)  # fmt: skip
OWN: Final = {"etag", "last-modified", "date", "server", "connection", "accept-ranges"}
CODINGS: Final = (
    "", "identity", "gzip", "GZIP", "gzip, deflate", "br", "zstd", "br, gzip", "zstd,gzip", "deflate", "*", "gzip;q=0", "*;q=0",
    "br;q=0, gzip", "br;q=0.0,zstd ; q=0.5 , gzip;q=0", "*, br;q=0", "gzip;q=1.0, *;q=0", "brotli, gzippy", "zstd;q=0.001",
)  # fmt: skip


@dataclass(frozen=True)
class Two:
    """A live server and nginx over the tree of the same newsroom."""

    live: Client
    static: Client
    tree: Path
    port: int

    def differ(self, path: str, headers: Mapping[str, str] = NO_HEADERS, method: str = "GET") -> list[str]:
        return list(differences(self.live, self.static, path, headers, method))


@contextmanager
def both(home: Path, content: Path, below: str = "") -> Iterator[Two]:
    """The tree is built and served as docs/deploy/ says, in the folder of base_url's path."""
    if not nginx.program():
        require_program("nginx", nginx.INSTALL)
    tree, known = home / "tree", home / "feedsvc-tree.conf"
    options = ("--state", home / "built", "--nginx", known, "--coding", "br", "--coding", "zstd")
    newsrooms.write(tree, {"index.html": "Not of this site"} if below else {})
    subprocess.run(command("build", tree / below, content, *options), check=True, env=environment(), capture_output=True)
    with serving(content, home / "state") as server, nginx.serving(home / "nginx", tree, known=known) as static:
        port = urlsplit(server.url).port or 0
        with closing(Client(port)) as live, closing(Client(static.port)) as other:
            yield Two(live, other, tree, static.port)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    home = tmp_path_factory.mktemp("deployed")
    with both(home, write_newsroom(home / "content")) as found:
        yield found


@pytest.mark.parametrize("headers", [NO_HEADERS, GZIP, ALL, BROWSER], ids=["plain", "gzip", "all", "browser"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_document_says_what_the_live_server_says(two: Two, headers: Mapping[str, str], method: str) -> None:
    paths = addresses(two.tree)
    assert len(paths) > 50
    assert [line for path in paths for line in two.differ(path, headers, method)] == []


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/articles/nothing/",
        "/articles/bay/index.html",
        "/404.html",
        "/feed.rss.gz",
        "/feed.rss.br",
        "/index.html.zst",
        "/articles/recalled/410.html",
        "/nothing/feed.rss",
        "/tag/nothing/feed.json",
    ],
)
@pytest.mark.parametrize("headers", [NO_HEADERS, GZIP, {"Accept-Encoding": "br"}], ids=["plain", "gzip", "brotli"])
def test_what_is_missing_gets_the_site_s_own_page(two: Two, path: str, headers: Mapping[str, str]) -> None:
    assert two.static.ask(path, headers).status == 404
    # Each is served as the page for what is missing, whose own ETag nobody needs.
    assert two.differ(path, headers) == []


@pytest.mark.parametrize("name", [".feedsvc-build.json", ".feedsvc-build.lock", "_redirects", "_headers"])
def test_what_a_build_remembers_is_nobody_s_business(two: Two, name: str) -> None:
    assert two.static.ask(f"/{name}").status == 404


def test_nothing_lies_at_a_former_address_that_nginx_would_find_before_it_redirects(two: Two) -> None:
    assert not [name for name in ("feed", "rss.xml", "category/economy", "articles/echoes") if (two.tree / name).exists()]
    assert not (two.tree / "articles/recalled/index.html").exists()
    for path in ("/feed/", "/category/economy/", "/category/economy/feed.atom", "/articles/echoes/"):
        assert two.static.ask(path).status == 301
    assert two.static.ask("/articles/recalled/").status == 410


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
    "path",
    [
        "/x/../feed.rss",
        "//feed.rss",
        "/feed%2Erss",
        '/">/../feed.rss',
        "/%2e/feed.rss",
        "/tag/bridges/../../feed.rss",
        "/x%2F../feed.rss",
        "/t%61g/bridges/feed.rss",
    ],
)
def test_no_link_header_holds_what_somebody_made_up(two: Two, path: str) -> None:
    got = two.static.ask(path)
    assert (got.status, got.headers.get("link")) == (200, None)


@pytest.mark.parametrize("query", ["a=b&c=/tag/x/feed.rss", "u=/archive/2026-01/feed.rss", "a=/archive/2026-01-01/feed.json?"])
@pytest.mark.parametrize("path", ["/feed.rss", "/tag/bridges/feed.json", "/archive/2026-01/feed.rss"])
def test_a_query_is_no_part_of_an_address(two: Two, path: str, query: str) -> None:
    assert two.differ(f"{path}?{query}") == []


@pytest.mark.parametrize("tags", [0, 200, 900])  # nginx hears of the 1,000 most used at most
def test_nginx_has_no_word_against_it(tmp_path: Path, tags: int) -> None:
    if not nginx.program():
        require_program("nginx", nginx.INSTALL)
    content, known = newsrooms.write_sample(tmp_path / "content"), tmp_path / "known.conf"
    for start in range(0, tags, 50):
        listed = ", ".join(f"a name of some length {number:018}" for number in range(start, start + 50))
        newsrooms.write(content, newsrooms.article(f"tagged-{start}", tags=f"[{listed}]"))
    write_nginx(known, newsrooms.load_catalog(content))
    assert known.read_text().count("a-name-of-some-length") == tags * 6
    words = nginx.prepared(tmp_path / "nginx", tmp_path, port=8080, known=known)
    done = subprocess.run([*words, "-t"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"\[(?:warn|error|emerg)\]", done.stderr)


# What the configuration made of the clock itself, before the build told it.
LEFT = """
map $feedsvc_left $feedsvc_public { "" "public, max-age=300"; default public; }
map $feedsvc_left $feedsvc_change { 11 $feedsvc_expires; 0 $feedsvc_expires; }
"""


def test_half_an_upgrade_serves_on(two: Two, tmp_path: Path) -> None:
    """A build of before beside the configuration of today, and the other way round: nginx starts and gives feeds."""
    known = (two.tree.parent / "feedsvc-tree.conf").read_text()
    shipped = (nginx.SHIPPED / "nginx-static.conf").read_text()
    map_of_links = re.compile(r"map \$request_uri \$feedsvc_link \{\n.*?\n\}\n", re.DOTALL)
    before, one = map_of_links.subn("", known)
    before, windows = re.subn(r"map \S+ \$feedsvc_(?:public|change) \{.*?\}\n", "", before, flags=re.DOTALL)
    before, other = re.subn(r'(?:map ""|geo) \$feedsvc_(?:vary_of_styled|link_as_spelled) .*\n', "", before)
    assert (one, windows, other) == (1, 2, 2)
    older, renamed = re.subn(r"\$feedsvc_link_as_spelled \{", "$feedsvc_link {", shipped)
    older, given = re.subn(r"geo \$feedsvc_(?:link|public|change|vary_of_styled) .*\n", "", older)
    assert (renamed, given) == (1, 4)
    older = older.replace("map $feedsvc_left $feedsvc_private {", f"{LEFT}map $feedsvc_left $feedsvc_private {{")
    for name, tree, static, is_linked in (("old-tree", before, "", False), ("old-static", known, older, True)):
        (tmp_path / f"{name}.conf").write_text(tree)
        serving = nginx.serving(tmp_path / name, two.tree, known=tmp_path / f"{name}.conf", configuration=static)
        with serving as server, closing(Client(server.port)) as client:
            got = client.ask("/feed.rss", GZIP)
            assert (got.status, "link" in got.headers) == (200, is_linked)
            assert got.headers["vary"] == "Accept-Encoding, Sec-Fetch-Dest"
            assert got.headers["cache-control"].startswith("public")


def test_the_include_that_is_shipped_says_all_that_is_asked_for() -> None:
    shipped = (nginx.SHIPPED / "nginx-site.conf").read_text("utf-8")
    assert {"listen", "server_name", "root"} == set(re.findall(r"^\w+", shipped, re.MULTILINE))


@pytest.mark.parametrize("accepted", CODINGS)
def test_each_client_gets_the_coding_that_the_live_server_gives_it(two: Two, accepted: str) -> None:
    headers = {"Accept-Encoding": accepted}
    assert [line for path in ("/", "/feed.json", "/media/notes.txt") for line in two.differ(path, headers)] == []


def test_a_reader_behind_a_proxy_of_its_own_gets_gzip_too(two: Two) -> None:
    asked = {**GZIP, "Via": "1.1 proxy.example"}
    assert two.differ("/feed.rss", asked) == []
    assert two.static.ask("/feed.rss", asked).headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("headers", [NO_HEADERS, GZIP, ALL, BROWSER], ids=["plain", "gzip", "all", "browser"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_withdrawn_article_is_gone_with_its_notice(two: Two, headers: Mapping[str, str], method: str) -> None:
    got = two.static.ask("/articles/recalled/", headers, method)
    assert got.status == 410
    assert two.differ("/articles/recalled/", headers, method) == []
    assert NOTICE.encode() in two.static.ask("/articles/recalled/").body


@pytest.mark.parametrize("headers", [NO_HEADERS, BROWSER], ids=["plain", "browser"])
@pytest.mark.parametrize(
    "path", [*MOVED, "/articles/recalled", "/articles/recalled-once/", "/subscribe", "/tags", "/robots.txt/", "/articles/bay"]
)
def test_former_addresses_and_other_spellings_lead_on_in_one_hop(two: Two, path: str, headers: Mapping[str, str]) -> None:
    """Whoever asks, no answer may be kept for ever; and queries stay behind."""
    for asked in (path, f"{path}?utm_source=a&b=/c"):
        live, static = (client.ask(asked, headers) for client in (two.live, two.static))
        assert (static.status, static.headers["location"]) == (301, live.headers["location"])
        assert "max-age" in static.headers["cache-control"]
        own = OWN | {"content-length", "content-type"}  # nginx says it in words of its own
        assert {name: static.headers[name] for name in static.headers.keys() - own} == {
            name: live.headers[name] for name in live.headers.keys() - own
        }


SOMEWHERE: Final = (
    "/", "/feed.rss", "/feed.json", "/media/talk.mp3", "/robots.txt", "/articles/recalled/", "/articles/recalled",
    "/articles/bay", "/articles/echoes/", "/rss.xml", "/tag/bridges/atom.xml", "/category/economy/feed.rss", "/subscribe",
    "/sitemap.xml/",
)  # fmt: skip


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "PUT", "DELETE", "BREW"])
def test_other_methods_are_refused_where_something_is_and_find_nothing_elsewhere(two: Two, method: str) -> None:
    for path in SOMEWHERE:
        assert two.static.ask(path, method=method).status == (204 if method == "OPTIONS" else 405)
    assert [line for path in SOMEWHERE for line in two.differ(path, method=method)] == []
    assert [line for path in NO_ADDRESSES for line in two.differ(path, method=method)] == []


def test_a_part_beyond_the_end_of_a_file_is_refused_with_each_header_once(two: Two) -> None:
    url, headers = f"http://127.0.0.1:{two.port}", {"Range": "bytes=999999-"}
    asked = "GET /media/talk.mp3 HTTP/1.1\r\nHost: news.example\r\nRange: bytes=999999-\r\nConnection: close\r\n\r\n"
    head = exchange_bytes(url, asked.encode()).partition(b"\r\n\r\n")[0].decode().lower()
    names = re.findall(r"^([a-z-]+):", head, re.MULTILINE)
    assert sorted(names) == sorted(set(names))
    assert two.differ("/media/talk.mp3", headers) == [
        "/media/talk.mp3: accept-ranges: 'bytes' live, None here",
        "/media/talk.mp3: content-type: None live, 'audio/mpeg' here",
    ]


def test_what_is_called_as_another_was_but_for_the_letters_case_is_itself(tmp_path: Path) -> None:
    """nginx finds former addresses in any letter case: the page of today is looked for first."""
    content = write_newsroom(tmp_path / "content")
    write_article(content, "loud", "title: Loud\npublished: 2026-02-15\nslug: ECHOES\ncategory: ECONOMY\nauthor: tuan-le")
    write_article(content, "gone", "title: Gone\npublished: 2026-02-15\nslug: OLD-ECHO\nstatus: withdrawn")
    categories = content / "categories.yaml"
    categories.write_text(f"{categories.read_text()}ECONOMY: {{title: In capitals}}\n")
    folders = ("/articles/ECHOES", "/articles/echoes", "/articles/OLD-ECHO", "/category/ECONOMY", "/category/economy")
    with both(tmp_path, content) as two:
        for path in (*folders, *(f"{folder}/" for folder in folders), *(f"{folder}/rss.xml" for folder in folders[-2:])):
            live, static = (client.ask(path) for client in (two.live, two.static))
            assert (static.status, static.headers.get("location")) == (live.status, live.headers.get("location")), path


NOWHERE: Final = (
    "/articles/", "/articles", "/category/", "/tag", "/media/", "/static", "/articles/fish/feed.rss", "/category/nothing/rss",
    "/category/rss", "/feed.rss/", "/archive/1999-01", "/category/economy/archive/1999-01/feed.rss", "/articles/nothing",
    "/category/economy/nothing", "/.feedsvc-build.journal", "/.feedsvc-build.lock", "/articles/recalled/x", "/feed/feed",
    "/media/nothing.mp3", "/media/recalled.pdf", "/sized/00-1/x.png", "/-browser/feed.rss", "/-document/feed.rss", "/index.html/",
)  # fmt: skip


@pytest.mark.parametrize("path", NOWHERE)
def test_what_leads_nowhere_there_leads_nowhere_here(two: Two, path: str) -> None:
    assert two.live.ask(path).status == 404
    assert two.differ(path) == []


def test_a_site_below_a_path_with_awkward_names_and_unstyled_feeds(tmp_path: Path) -> None:
    """Tags that are called as folders are, and all former addresses, each as the live server has them."""
    content = newsrooms.write_sample(tmp_path / "content")
    newsrooms.write(
        content, newsrooms.article("media", tags="[media, static, sized, feed, C++, A+]", aliases="[rss, Feed]", author="jia")
    )
    site = content / "site.yaml"
    site.write_text(site.read_text().replace("entries: 4", "entries: 4, browser_view: false"))
    former = [path for path in newsrooms.load_publication(content, datetime.now(UTC)).paths_with_redirects() if "?" not in path]
    with both(tmp_path, content, "daily") as two:
        paths = [*(path for path in addresses(two.tree) if path != "/"), *(quote(f"/daily{path}", safe="/~") for path in former)]
        months = [path.replace("/2025/", "/2025-12/") for path in paths if path.endswith("/archive/2025/")]
        months += [path.replace("/category/asia/", "/category/east/") for path in months if "/category/asia/" in path]
        assert len(months) > 4
        paths += months
        found = [line for path in paths for headers in (NO_HEADERS, ALL, BROWSER) for line in two.differ(path, headers)]
        # Redirects are told in nginx's own words.
        assert [line for line in found if not re.search(r": (?:another body|content-(?:length|type): .*)$", line)] == []
        tags = [f"/daily/tag/{slug}/{name}" for slug in ("c", "a", "r-d") for name in ("", "feed.rss", "feed.atom", "feed.json")]
        assert {*tags} <= {*paths}
        moved = {*months, *tags, *(f"/daily/articles/{name}/" for name in ("old-rich", "rss", "Feed"))}
        assert {line.partition(":")[0] for line in found} <= moved
        assert len(paths) > 100


def test_a_site_below_a_path_that_is_called_media(tmp_path: Path) -> None:
    """Its documents are none of its media: they have their twins, and no parts."""
    content = write_newsroom(tmp_path / "content", base_url=f"{BASE}/media")
    with both(tmp_path, content, "media") as two:
        paths = [path for path in addresses(two.tree) if path.startswith("/media/")]
        assert {"/media/sitemap.xml", "/media/feeds.opml", "/media/robots.txt"} <= set(paths)
        documents = [path for path in paths if not path.startswith(("/media/media/", "/media/sized/"))]
        asked = (NO_HEADERS, ALL, {"Range": "bytes=0-3"})
        assert [line for path in documents for headers in asked for line in two.differ(path, headers)] == []
        assert [line for path in paths for line in two.differ(path)] == []


def test_a_newsroom_s_own_files_that_are_called_like_feeds_are_none(tmp_path: Path) -> None:
    """And a listing that is called like a folder of files has feeds."""
    content = write_newsroom(tmp_path / "content")
    enclosed = ["media/feed.json", "media/feed.rss", "media/sub/feed.atom"]
    article = (
        "id: tag:news.example,2026:files\ntitle: Files\npublished: 2026-02-12\ncategory: business\nauthor: mina-park\n"
        "tags: [media, sized, static, archive]\n"
    )
    listed = ", ".join(f"{{src: {path}, type: application/octet-stream}}" for path in enclosed)
    files = {"articles/files.yaml": f"{article}enclosures: [{listed}]\n", "theme/static/feed.json": "{}"}
    newsrooms.write(content, {**files, **dict.fromkeys(enclosed, "not a feed, but some bytes")})
    with both(tmp_path, content) as two:
        paths = [path for path in addresses(two.tree) if "/feed." in path]
        assert {"/media/feed.json", "/static/feed.json", "/tag/media/feed.rss", "/tag/archive/feed.json"} < set(paths)
        asked = (NO_HEADERS, ALL, BROWSER)
        assert [line for path in paths for headers in asked for line in two.differ(path, headers)] == []
        # What a 304 says of parts is nginx's own.
        unchanged = {**BROWSER, "If-None-Match": "*"}
        assert [line for path in paths for line in two.differ(path, unchanged) if "accept-ranges" not in line] == []
        assert {two.static.ask(path, {"Range": "bytes=0-3"}).status for path in paths if path.startswith("/media/")} == {206}


def test_an_article_that_is_called_like_a_feed_is_none(tmp_path: Path) -> None:
    content = write_newsroom(tmp_path / "content")
    write_article(content, "called", "title: Called\npublished: 2026-02-15\nslug: feed.rss\ncategory: business\nauthor: tuan-le")
    write_article(content, "gone", "title: Gone\npublished: 2026-02-15\nslug: feed.json\nstatus: withdrawn")
    with both(tmp_path, content) as two:
        for path in ("/articles/feed.rss", "/articles/feed.json", "/articles/feed.atom"):
            assert two.differ(f"{path}/") == []
            for headers in (NO_HEADERS, GZIP, ALL, BROWSER):
                live, static = (client.ask(f"{path}?a=b", headers) for client in (two.live, two.static))
                names = ("location", "vary", "link", "cache-control")
                assert static.status == live.status
                assert [static.headers.get(name) for name in names] == [live.headers.get(name) for name in names]


def test_a_feed_that_nginx_may_not_read_is_missing(tmp_path: Path) -> None:
    """A link to itself stands for it: to the tests' own user nothing is forbidden."""
    with both(tmp_path, write_newsroom(tmp_path / "content")) as two:
        feed = two.tree / "feed.rss"
        for twin in two.tree.glob("feed.rss*"):
            twin.unlink()
        feed.symlink_to(feed)
        for headers in (NO_HEADERS, GZIP, ALL):
            assert two.static.ask("/feed.rss", headers).status == 404
            assert b"<!doctype html>" in two.static.ask("/feed.rss").body


@pytest.mark.parametrize("path", ["/feed.rss", "/tag/bridges/feed.json"])
def test_a_script_of_another_site_reads_that_a_condition_failed(two: Two, path: str) -> None:
    got = two.static.ask(path, {"If-Match": '"another"'})
    assert (got.status, got.headers.get("access-control-allow-origin")) == (412, "*")
