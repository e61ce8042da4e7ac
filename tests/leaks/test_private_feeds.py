"""No token, and no name or address of a private feed, is in a public document, a header, a log line, a metric or a tree."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from feedsvc.access import token_digest
from feedsvc.export import StaticTree
from feedsvc.live.live import Live
from tests.audience.postgres import schema
from tests.cli.command_line import run_feedsvc
from tests.helpers.http_client import ask
from tests.helpers.newsrooms import load_publication, picture, write
from tests.helpers.running_server import ServerProcess
from tests.leaks.newsroom import NOW, write_newsroom
from tests.leaks.search import all_paths, find_leaks, find_leaks_in_tree, hidden_words, other_listing_paths
from tests.leaks.test_leaks import fetcher, open_live
from tests.web.conftest import FakeClock
from tests.workers.running_workers import responses_by_worker

MARKER: Final = "zqprivate"
_FEED: Final = (
    f"{MARKER}id: {{title: {MARKER}title, description: {MARKER}description, aliases: [{MARKER}alias], "
    f"image: media/{MARKER}image.png, include: {{categories: [asia]}}, max_age: 9999d}}\n"
)
PRIVATE: Final = _FEED.replace("max_age", "access: private, max_age")
OPEN: Final = "open: {title: Open, include: {all: true}, content: summary}\n"
_FILES: Final = {f"media/{MARKER}image.png": picture(32, 32, "PNG"), "feeds.yaml": PRIVATE + OPEN}


def write_private_newsroom(root: Path) -> Path:
    return write(write_newsroom(root), _FILES)


def guessed_paths() -> Iterator[str]:
    """Yield the paths at which a private feed would be if it were public, and others that somebody may try."""
    for name in (f"{MARKER}id", f"{MARKER}alias", f"{MARKER}ID", f"{MARKER}title"):
        for start in ("feeds", "private", "feed", "category", "tag"):
            yield from (f"/{start}/{name}", f"/{start}/{name}/")
            yield from (f"/{start}/{name}/{end}" for end in ("feed.rss", "feed.atom", "feed.json", "rss.xml", "archive/2026-02/"))
            yield f"/{start}/{name}/archive/2026-02/feed.rss"
        yield from (f"/feed/custom:{name}.rss", f"/{name}")
    yield f"/media/{MARKER}image.png"
    yield f"/sized/0123abcd-320/{MARKER}image.png"
    yield from ("/private", "/private/", "/private/feed.rss")


@dataclass(frozen=True)
class Traffic:
    """All that a service with two workers and PostgreSQL said about a newsroom with a private feed that was fetched."""

    tokens: tuple[str, ...]
    leaks: dict[str, set[str]]
    missing: dict[str, int]
    texts: dict[str, str]  # kind of output -> text


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    folder = tmp_path_factory.mktemp("private")
    root, log = write_private_newsroom(folder / "content"), folder / "log"
    edition = load_publication(root)
    with ExitStack() as stack:
        database = ("--database", stack.enter_context(schema()).url())
        log_file = stack.enter_context(log.open("wb"))
        server = ServerProcess(
            root, folder / "state", "--workers", "2", "--access-log", "json", "--announce", *database, log=log_file
        )
        stack.callback(server.kill)
        arguments = (root, "--state", folder / "state", *database)
        addresses = []
        for name, options in (("alice", ()), ("bob", ("--limit-fetches", "1")), ("carol", ())):
            result = run_feedsvc("token", "add", f"{MARKER}alias", name, *arguments, *options)
            assert result.returncode == 0, result.stderr
            addresses.append(urlsplit(result.stdout.strip()).path)
        run_feedsvc("token", "revoke", "carol", *arguments)
        statuses = []
        for address in addresses:
            for suffix in ("rss", "atom", "json"):
                path = address.replace("feed.rss", f"feed.{suffix}")
                responses = [*responses_by_worker(server, path).values(), ask(server.url, path, method="HEAD")]
                responses += [ask(server.url, path, {"Sec-Fetch-Dest": "document"}), ask(server.url, path, method="POST")]
                statuses += [response.status for response in responses]
                headers = "\n".join(f"{key}: {value}" for response in responses for key, value in response.headers.items())
                assert address.split("/")[2] not in headers
                assert hidden_words(headers) == set()
        assert {200, 429, 410, 405} == {*statuses}
        tokens = tuple(address.split("/")[2] for address in addresses)
        for token in tokens:
            for path in (
                f"/private/{token}",
                f"/private/{token}/feed.RSS",
                f"/articles/{token}/",
                f"/private/{token}%2F/feed.rss",
            ):
                assert ask(server.url, path, {"User-Agent": f"x https://news.example/private/{token}/feed.rss"}).status == 404
        paths = [*all_paths(edition), *other_listing_paths(), *guessed_paths()]
        leaks = find_leaks(lambda path, headers: ask(server.url, path, headers), paths)
        missing = {path: ask(server.url, path).status for path in guessed_paths()}
        for path in ("/status", "/metrics"):
            leaks |= {
                f"{path} of worker {number}": words
                for number, response in responses_by_worker(server, path).items()
                if (words := hidden_words(response.body))
            }
        bodies = "\n".join(ask(server.url, path).body.decode(errors="replace") for path in paths)
        server.terminate()
        assert server.wait() == 0
    texts = {"bodies": bodies, "access log": log.read_text(), "stderr": server.stderr}
    return Traffic(tokens, leaks, missing, texts)


def test_no_public_response_has_a_word_of_a_private_feed(traffic: Traffic) -> None:
    assert traffic.leaks == {}
    assert set(traffic.missing.values()) == {404}


def test_no_response_log_line_or_metric_has_a_token_or_its_digest(traffic: Traffic) -> None:
    for token in traffic.tokens:
        digest = token_digest(token)
        assert digest
        for kind, text in traffic.texts.items():
            assert token not in text.lower(), kind
            assert digest.hex() not in text.lower(), kind
            assert not [start for start in range(16) if token[start : start + 16] in text.lower()], kind


def test_no_log_line_has_the_name_of_a_private_feed_but_each_has_that_of_its_token(traffic: Traffic) -> None:
    assert {kind: hidden_words(text) for kind, text in traffic.texts.items() if kind != "access log"} == {
        kind: set() for kind in traffic.texts if kind != "access log"
    }
    lines = [json.loads(line) for line in traffic.texts["access log"].splitlines()]
    private = {line["path"] for line in lines if line["path"].startswith("/private")}
    expected = {f"/private/{name}/feed.{suffix}" for name in ("alice", "bob", "carol") for suffix in ("rss", "atom", "json")}
    assert expected <= private
    # Whoever guesses the name of a feed writes it into the log himself.
    guessed = {line["path"] for line in lines if hidden_words(line["path"])}
    assert {re.sub(r"%[0-9A-F]{2}", "", path) for path in guessed} <= {*guessed_paths()}


def test_a_tree_has_no_word_of_a_private_feed(tmp_path: Path) -> None:
    root = write_private_newsroom(tmp_path / "content")
    for hosting in ("any", "nginx", "netlify"):
        out = tmp_path / hosting
        options = ("--nginx", tmp_path / f"{hosting}.conf") if hosting == "nginx" else ()
        result = run_feedsvc("build", out, root, "--state", tmp_path / "state", "--hosting", hosting, *options)
        assert result.returncode == 0, result.stderr
        assert find_leaks_in_tree(out) == {}
        assert hidden_words(result.stdout + result.stderr) == set()
    assert hidden_words((tmp_path / "nginx.conf").read_text()) == set()


def test_a_feed_that_becomes_private_disappears_from_server_and_tree(tmp_path: Path) -> None:
    root = write(write_newsroom(tmp_path / "content"), {**_FILES, "feeds.yaml": _FEED + OPEN})
    live: Live = open_live(root, FakeClock(NOW))
    before = live.current(NOW)
    with StaticTree(tmp_path / "out") as tree:
        tree.build(before)
        assert f"{MARKER}title" in set().union(*find_leaks_in_tree(tmp_path / "out").values())
        (root / "feeds.yaml").write_text(PRIVATE + OPEN)
        live.reload()
        after = live.current(NOW)
        changed = after.changed_since(before)
        assert f"/feeds/{MARKER}id/feed.rss" in changed
        tree.update(after, changed)
    assert find_leaks_in_tree(tmp_path / "out") == {}
    paths = [*all_paths(before), *all_paths(after), *other_listing_paths(), *guessed_paths()]
    assert find_leaks(fetcher(live), paths) == {}


def test_a_combination_with_the_name_of_a_private_feed_is_answered_like_one_with_an_unknown_name(tmp_path: Path) -> None:
    publication = load_publication(write_private_newsroom(tmp_path), NOW)
    unknown = publication.not_found_page_at("/feed/tag:zqunknown.rss").body
    assert b"zqunknown" in unknown
    for name in (f"{MARKER}id", f"{MARKER}alias", f"{MARKER}title"):
        path = f"/feed/tag:{name}.rss"
        assert publication.resolve(path) is None
        assert publication.not_found_page_at(path).body == unknown.replace(b"zqunknown", name.encode())


def test_the_bytes_of_every_public_document_equal_those_of_a_newsroom_without_private_feeds(tmp_path: Path) -> None:
    root = write_private_newsroom(tmp_path / "a")
    with_private = load_publication(root, NOW)
    (root / "feeds.yaml").write_text(OPEN)
    without = load_publication(root, NOW)
    paths = [*without.paths_with_redirects()]
    assert [*with_private.paths_with_redirects()] == paths
    assert [with_private.resolve(path) for path in paths] == [without.resolve(path) for path in paths]
    assert (with_private.next_change, with_private.last_change) == (without.next_change, without.last_change)
