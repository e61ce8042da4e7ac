"""Test docs/scaling.md: its tables against its inputs, and its measured inputs against the responses of a server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from feedsvc.support.compression import compress
from tests import ROOT
from tests.documentation import scaling
from tests.helpers.http_client import ask, exchange_bytes
from tests.helpers.newsrooms import load_publication
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom

TEXT: Final = scaling.FILE.read_text("utf-8")
NOW: Final = datetime(2026, 11, 25, tzinfo=UTC)
TOLERANCE: Final = 0.1  # one more article, or another release of a compressor, changes the figures by less


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(ROOT / "content", tmp_path_factory.mktemp("state"))
    yield process
    process.terminate()
    assert process.wait() == 0, process.stderr


def approximately(measured: float) -> object:
    return pytest.approx(measured, rel=TOLERANCE)


def test_generated_tables_match_the_inputs() -> None:
    assert scaling.update_tables(TEXT) == TEXT, f"run {scaling.UPDATE_COMMAND} and read what changed"


@pytest.mark.parametrize(("name", "suffix"), [("RSS", "rss"), ("Atom", "atom"), ("JSON Feed", "json")])
def test_documents_have_the_documented_sizes(name: str, suffix: str) -> None:
    document = load_publication(ROOT / "content", NOW).resolve(f"/feed.{suffix}")
    body = getattr(document, "body", b"")
    sizes = [len(body), *(len(compress(body, coding)) for coding in ("gzip", "zstd", "br"))]
    match = re.search(rf"^\| {name} \|([\d,| ]+)\|$", TEXT, re.MULTILINE)
    assert match
    assert [int(cell.replace(",", "")) for cell in match[1].split("|")] == [approximately(size) for size in sizes], sizes


def test_measured_inputs_match_the_responses_of_a_server(server: ServerProcess) -> None:
    request = "GET /feed.rss HTTP/1.1\r\nHost: news.example\r\nConnection: close\r\n{}\r\n"
    head, _, body = exchange_bytes(server.url, request.format("Accept-Encoding: gzip\r\n").encode()).partition(b"\r\n\r\n")
    _, _, uncompressed = exchange_bytes(server.url, request.format("").encode()).partition(b"\r\n\r\n")
    not_modified = exchange_bytes(
        server.url, request.format(f"If-None-Match: {ask(server.url, '/feed.rss')['ETag']}\r\n").encode()
    )
    assert not_modified.startswith(b"HTTP/1.1 304")
    inputs = scaling.read_inputs(TEXT)
    measured = {"head": len(head) + 4, "same": len(not_modified), "gzip": len(body), "plain": len(uncompressed)}
    assert {name: inputs[name] for name in measured} == {name: approximately(size) for name, size in measured.items()}, measured


def test_max_age_of_a_feed_matches_the_document(tmp_path: Path) -> None:
    with serving(write_newsroom(tmp_path / "content"), tmp_path / "state") as server:
        match = re.search(r"max-age=(\d+)", ask(server.url, "/feed.rss")["Cache-Control"])
    assert match
    assert float(match[1]) == scaling.read_inputs(TEXT)["fresh"]


def test_assumed_rate_of_a_process_is_below_the_measured_rates() -> None:
    measured = re.findall(
        r"^\| a hot feed, (?:200|304), [^|]*\| ([\d,]+)/s", (ROOT / "docs/performance.md").read_text("utf-8"), re.MULTILINE
    )
    assert measured
    assert scaling.read_inputs(TEXT)["process"] <= min(int(number.replace(",", "")) for number in measured)


def commands_below(heading: str) -> list[list[str]]:
    text_below = TEXT.partition(f"**{heading}.**")[2]
    assert text_below
    return [shlex.split(line)[1:] for line in text_below.partition("```sh\n")[2].partition("```")[0].splitlines()]


def test_replicas_have_the_options_of_the_deployment() -> None:
    """Otherwise a client would get 304 for another text, nginx could not connect, and hubs would be notified twice."""
    commands = commands_below("Replicas")
    assert len(commands) == 2
    for words in commands:
        assert "--no-last-modified" in words
        assert words[words.index("--host") + 1] == "0.0.0.0"
    assert ["--no-announce" in words for words in commands] == [False, True]
