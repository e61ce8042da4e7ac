"""Kill processes at random moments in 16 rounds, or FEEDSVC_KILL_ROUNDS; FEEDSVC_KILL_SEED repeats an earlier run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.helpers.seeds import seed_of_run
from tests.kills import scenarios


def test_killed_processes_lose_and_damage_no_data_and_expose_no_partial_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number, seed = int(os.environ.get("FEEDSVC_KILL_ROUNDS", "16")), os.environ.get("FEEDSVC_KILL_SEED") or f"{seed_of_run()}"

    def print_line(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        if number > 50:  # an interactive run of `make kills`
            with capsys.disabled():
                sys.stderr.write(f"{line}\n")

    print_line(f"FEEDSVC_KILL_SEED={seed}")
    kills = scenarios.run(tmp_path, number, seed, print_line)
    print_line(f"killed while running: {dict(kills)}")
    # Kills of processes that have already ended prove nothing.
    assert sum(kills.values()) >= number / 2, kills
