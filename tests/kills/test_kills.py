"""Fifty processes are killed at random moments; FEEDSVC_KILL_ROUNDS says how many else, FEEDSVC_KILL_SEED which moments."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

import pytest

from tests.kills import rounds


def test_nothing_is_lost_damaged_or_seen_half_written_whenever_a_process_is_killed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    number, seed = int(os.environ.get("FEEDSVC_KILL_ROUNDS", "50")), os.environ.get("FEEDSVC_KILL_SEED") or secrets.token_hex(4)

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        if number > 50:  # somebody waits
            with capsys.disabled():
                sys.stderr.write(f"{line}\n")

    say(f"FEEDSVC_KILL_SEED={seed}")
    hits = rounds.run(tmp_path, number, seed, say)
    say(f"killed at work: {dict(hits)}")
    # A harness that only ever kills what is over proves nothing.
    assert sum(hits.values()) >= number / 2, hits
