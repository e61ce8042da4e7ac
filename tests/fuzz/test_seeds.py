"""Test that every seed of the fuzzer, including every file it failed on, is read correctly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.target import check_file

SEEDS = sorted(Path(__file__).with_name("seeds").iterdir())


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_seed_is_read_correctly(seed: Path) -> None:
    check_file(seed.read_bytes())


def test_there_are_at_least_ten_seeds() -> None:
    assert len(SEEDS) >= 10


def test_difference_between_the_two_yaml_readers_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedsvc.content.yaml.fast.parse_subset", lambda _text: {"title": "B"})
    with pytest.raises(AssertionError):
        check_file(b"title: A\n")
