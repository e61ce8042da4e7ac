"""Half a minute of what `make soak` does for twenty."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import pytest

from tests.soak.figures import Sample, growing, trends
from tests.soak.run import soak

SECONDS = 30.0


def test_half_a_minute_of_readers_and_editors_ends_as_a_fresh_start_begins_and_nothing_grows(tmp_path: Path) -> None:
    seed = secrets.token_hex(4)
    sys.stdout.write(f"seed {seed}\n")
    report = soak(tmp_path, SECONDS, seed, sys.stdout.write, hurry=3.0)
    assert report.doings > 20
    assert {"200", "200 br", "200 gzip", "200 zstd", "304", "opened"} <= report.answers.keys()
    # Half a minute tells nothing of memory: caches are still filling.
    assert [line for line in growing(report.trends) if not line.startswith("memory")] == []


def grown(memory: int = 0, files: int = 0, threads: int = 0) -> list[Sample]:
    """A hundred samples that grow by so much in each."""
    return [Sample(at=at, memory=100 * 2**20 + at * memory, files=20 + at * files, threads=9 + at * threads) for at in range(100)]


@pytest.mark.parametrize(
    ("what", "told"),
    [({}, []), ({"memory": 200_000}, ["memory"]), ({"files": 1}, ["files"]), ({"threads": 1}, ["threads"])],
    ids=str,
)
def test_what_grows_is_told(what: dict[str, int], told: list[str]) -> None:
    assert [line.split()[0] for line in growing(trends(grown(**what)))] == told
