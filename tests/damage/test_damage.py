"""Damage state folders at random: 18 times, or FEEDSVC_DAMAGE_ROUNDS times; FEEDSVC_DAMAGE_SEED repeats an earlier run."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.damage.random_damage import DamageRounds
from tests.helpers.seeds import seed_of_run

ROUNDS: Final = int(os.environ.get("FEEDSVC_DAMAGE_ROUNDS", "18"))
SEED: Final = os.environ.get("FEEDSVC_DAMAGE_SEED", "")
PARTS: Final = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_service_with_damaged_state_folder_serves_every_document_and_no_false_data(tmp_path: Path, part: int) -> None:
    seed = SEED or f"{seed_of_run()}"
    sys.stdout.write(f"FEEDSVC_DAMAGE_SEED={seed}\n")
    rounds = DamageRounds(tmp_path, broken=part % 3 == 2)
    numbers = range(part, ROUNDS, PARTS)
    problems = [problem for number in numbers for problem in rounds.run(f"{seed}-{number}")]
    assert problems == []
