"""docs/scaling.md says what its own inputs come to, and its measured inputs are what this program sends."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import pytest

from bench.nginx import SHIPPED
from feedsvc.cli import main
from feedsvc.support.compression import compress
from tests import ROOT
from tests.documentation import scaling
from tests.helpers.http_client import ask, exchange_bytes
from tests.helpers.newsrooms import load_publication
from tests.helpers.running_server import ServerProcess, serving
from tests.web.newsroom import write_newsroom

TEXT: Final = scaling.FILE.read_text("utf-8")
NOW: Final = datetime(2026, 11, 25, tzinfo=UTC)
WIDE: Final = 0.1  # an article more or another release of a coding moves the figures by less


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    one = ServerProcess(ROOT / "content", tmp_path_factory.mktemp("state"))
    yield one
    one.terminate()
    assert one.wait() == 0, one.stderr


def near(measured: float) -> object:
    return pytest.approx(measured, rel=WIDE)


def test_every_made_table_is_what_the_inputs_come_to() -> None:
    assert scaling.renewed(TEXT) == TEXT, f"run {scaling.RENEW} and read what changed"


@pytest.mark.parametrize(("name", "suffix"), [("RSS", "rss"), ("Atom", "atom"), ("JSON Feed", "json")])
def test_documents_have_the_sizes_that_are_told(name: str, suffix: str) -> None:
    document = load_publication(ROOT / "content", NOW).resolve(f"/feed.{suffix}")
    body = getattr(document, "body", b"")
    sizes = [len(body), *(len(compress(body, coding)) for coding in ("gzip", "zstd", "br"))]
    told = re.search(rf"^\| {name} \|([\d,| ]+)\|$", TEXT, re.MULTILINE)
    assert told
    assert [int(cell.replace(",", "")) for cell in told[1].split("|")] == [near(size) for size in sizes], sizes


def test_the_inputs_that_are_measured_are_what_a_server_sends(server: ServerProcess) -> None:
    asked = "GET /feed.rss HTTP/1.1\r\nHost: news.example\r\nConnection: close\r\n{}\r\n"
    head, _, body = exchange_bytes(server.url, asked.format("Accept-Encoding: gzip\r\n").encode()).partition(b"\r\n\r\n")
    _, _, plain = exchange_bytes(server.url, asked.format("").encode()).partition(b"\r\n\r\n")
    same = exchange_bytes(server.url, asked.format(f"If-None-Match: {ask(server.url, '/feed.rss')['ETag']}\r\n").encode())
    assert same.startswith(b"HTTP/1.1 304")
    given = scaling.inputs(TEXT)
    measured = {"head": len(head) + 4, "same": len(same), "gzip": len(body), "plain": len(plain)}
    assert {name: given[name] for name in measured} == {name: near(size) for name, size in measured.items()}, measured


def test_caches_may_keep_a_feed_as_long_as_is_told(tmp_path: Path) -> None:
    with serving(write_newsroom(tmp_path / "content"), tmp_path / "state") as quiet:
        told = re.search(r"max-age=(\d+)", ask(quiet.url, "/feed.rss")["Cache-Control"])
    assert told
    assert float(told[1]) == scaling.inputs(TEXT)["fresh"]


def test_one_process_is_taken_for_less_than_was_measured() -> None:
    measured = re.findall(
        r"^\| a hot feed, (?:200|304), [^|]*\| ([\d,]+)/s", (ROOT / "docs/performance.md").read_text("utf-8"), re.MULTILINE
    )
    assert measured
    assert scaling.inputs(TEXT)["process"] <= min(int(number.replace(",", "")) for number in measured)


def test_every_command_exists_and_every_link_leads_somewhere() -> None:
    commands = re.findall(r"^feedsvc ([a-z]+\b[^#\n]*)", TEXT, re.MULTILINE)
    assert len(commands) >= 5
    for line in commands:
        name, *arguments = shlex.split(line)
        command = main.get_command(click.Context(main), name)
        assert command, line
        assert command.make_context(name, arguments).params
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (Path(scaling.FILE).parent / target).exists(), target


def commands_of(heading: str) -> list[list[str]]:
    part = TEXT.partition(f"**{heading}.**")[2]
    assert part
    return [shlex.split(line)[1:] for line in part.partition("```sh\n")[2].partition("```")[0].splitlines()]


def test_the_replicas_are_those_of_the_deployment() -> None:
    """Otherwise a reader gets 304 for another text, nginx reaches nobody, and hubs are told twice."""
    several = commands_of("Replicas")
    assert len(several) == 2
    for words in several:
        assert "--no-last-modified" in words
        assert words[words.index("--host") + 1] == "0.0.0.0"
    assert ["--no-announce" in words for words in several] == [False, True]


def test_the_tree_is_the_one_that_nginx_serves_and_has_what_nginx_must_know() -> None:
    [words] = commands_of("The static tree behind nginx")
    shipped = (SHIPPED / "nginx-site.conf").read_text("utf-8")
    assert f"root {words[words.index('build') + 1]};" in shipped
    unit = (SHIPPED / "feedsvc-build.service").read_text("utf-8")
    assert f"--nginx {words[words.index('--nginx') + 1]}\n" in unit


def test_object_storage_is_filled_by_feedsvc_itself() -> None:
    assert commands_of("Object storage and a content delivery network")[0][1].startswith("s3://")
