"""Sixty damages by chance; FEEDSVC_DAMAGE_ROUNDS says how many else, FEEDSVC_DAMAGE_SEED which."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.damage.rounds import Rounds

ROUNDS: Final = int(os.environ.get("FEEDSVC_DAMAGE_ROUNDS", "60"))
SEED: Final = os.environ.get("FEEDSVC_DAMAGE_SEED", "")
PARTS: Final = 6


@pytest.mark.parametrize("part", range(PARTS))
def test_a_damaged_state_folder_costs_no_document_and_invents_nothing(tmp_path: Path, part: int) -> None:
    seed = SEED or secrets.token_hex(4)
    sys.stdout.write(f"FEEDSVC_DAMAGE_SEED={seed}\n")
    rounds = Rounds(tmp_path, broken=part % 3 == 2)
    numbers = range(part, ROUNDS, PARTS)
    wrong = [one for number in numbers for one in rounds.run(f"{seed}-{number}")]
    assert wrong == []
