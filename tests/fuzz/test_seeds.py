"""Every file that the fuzzer starts from, and every one that it ever failed with, is read soundly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.target import look

SEEDS = sorted(Path(__file__).with_name("seeds").iterdir())


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_a_seed_is_read_soundly(seed: Path) -> None:
    look(seed.read_bytes())


def test_there_are_seeds_of_every_kind() -> None:
    assert len(SEEDS) >= 10


def test_a_disagreement_of_the_two_readers_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedsvc.content.yaml.fast.parse_subset", lambda _text, **_: {"title": "B"})
    with pytest.raises(AssertionError):
        look(b"title: A\n")
