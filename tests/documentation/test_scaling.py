"""Test docs/scaling.md: its tables against its inputs, and its measured inputs against the responses of a server."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from math import exp
from typing import Final

import pytest

from feedsvc.support.compression import compress
from tests import ROOT
from tests.helpers.http_client import ask, exchange_bytes
from tests.helpers.newsrooms import load_publication
from tests.helpers.running_server import ServerProcess

TEXT: Final = (ROOT / "docs/scaling.md").read_text("utf-8")
ROWS: Final = re.findall(r"^\| `(\w+)` \| ([\d.,]+) \|", TEXT, re.MULTILINE)
INPUTS: Final = {name: float(number.replace(",", "")) for name, number in ROWS}
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


def test_tables_follow_from_the_inputs() -> None:
    """Nearly every input changes the mean poll or the row of a million subscribers: then compute all tables anew."""
    own = INPUTS
    unchanged = (1 - own["never"]) * exp(-own["changes"] * own["minutes"] / 1440)
    changed = 1 - own["never"] - unchanged
    mean = unchanged * own["same"] + changed * (own["head"] + own["gzip"]) + own["never"] * (own["head"] + own["plain"])
    polls = 1e6 * (1 - own["through"]) / (own["minutes"] * 60) + own["services"] / (own["service_minutes"] * 60)
    assert f"\n| mean |  | {mean:,.0f} |  |\n" in TEXT
    rates = (polls, polls * own["peak"], polls * mean * 8 / 1e6, polls * own["peak"] * mean * 8 / 1e6)
    gigabytes, processes = polls * mean * 30 * 86_400 / 1e9, polls * own["peak"] / own["process"]
    cells = [*(f"{rate:.3g}" for rate in rates), f"{float(f'{gigabytes:.3g}'):,.0f}", f"{processes:.0%}".replace("%", " %")]
    assert f"\n| 1,000,000 | {' | '.join(cells)} |\n" in TEXT


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
    measured = {"head": len(head) + 4, "same": len(not_modified), "gzip": len(body), "plain": len(uncompressed)}
    assert {name: INPUTS[name] for name in measured} == {name: approximately(size) for name, size in measured.items()}, measured


def test_assumed_rate_of_a_process_is_below_the_measured_rates() -> None:
    measured = re.findall(
        r"^\| a hot feed, (?:200|304), [^|]*\| ([\d,]+)/s", (ROOT / "docs/performance.md").read_text("utf-8"), re.MULTILINE
    )
    assert measured
    assert INPUTS["process"] <= min(int(number.replace(",", "")) for number in measured)


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
