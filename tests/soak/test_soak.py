"""Run the soak test for twelve seconds; `make soak` runs it for twenty minutes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.helpers.seeds import seed_of_run
from tests.soak.figures import Sample, growth_messages, trends
from tests.soak.run import soak

SECONDS = 12.0


def test_server_equals_a_fresh_one_and_does_not_grow_after_polls_and_edits(tmp_path: Path) -> None:
    report = soak(tmp_path, SECONDS, f"{seed_of_run()}", sys.stdout.write, speed=3.0)
    assert report.actions >= 10
    assert {"200", "200 br", "200 gzip", "200 zstd", "304", "reads"} <= report.responses.keys()
    # Memory still grows after twelve seconds, while the caches fill.
    assert [line for line in growth_messages(report.trends) if not line.startswith("memory")] == []


def growing_samples(memory: int = 0, files: int = 0, threads: int = 0) -> list[Sample]:
    """Return a hundred samples that grow by these amounts each."""
    return [
        Sample(seconds=seconds, memory=100 * 2**20 + seconds * memory, files=20 + seconds * files, threads=9 + seconds * threads)
        for seconds in range(100)
    ]


@pytest.mark.parametrize(
    ("growth", "expected"),
    [({}, []), ({"memory": 200_000}, ["memory"]), ({"files": 1}, ["files"]), ({"threads": 1}, ["threads"])],
    ids=str,
)
def test_growth_messages_name_what_grows(growth: dict[str, int], expected: list[str]) -> None:
    assert [line.split()[0] for line in growth_messages(trends(growing_samples(**growth)))] == expected
