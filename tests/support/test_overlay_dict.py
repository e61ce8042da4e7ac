"""An overlay dictionary behaves like a dictionary, however many changes it has, and the former ones stay as they were."""

from __future__ import annotations

from random import Random

import pytest

from feedsvc.support.overlay_dict import OverlayDict


@pytest.mark.parametrize("seed", range(6))
def test_an_overlay_behaves_like_a_dictionary_after_many_changes(seed: int) -> None:
    random = Random(seed)
    expected = {number: str(number) for number in range(random.choice((0, 3, 2000)))}
    overlay = OverlayDict(dict(expected))
    history = [(overlay, dict(expected))]
    for step in range(60):
        removed = [random.randrange(3000) for _ in range(random.randrange(20))]
        added = {random.randrange(3000): f"{step}:{number}" for number in range(random.randrange(20))}
        overlay = overlay.apply_changes(removed, added)
        for key in removed:
            expected.pop(key, None)
        expected |= added
        history.append((overlay, dict(expected)))
    for one, items in history:
        assert dict(one) == items
        assert (len(one), len([*one.values()]), bool(one)) == (len(items), len(items), bool(items))
        assert sorted(one.values()) == sorted(items.values())
        for key in (*items, 5000):
            assert (one.get(key), key in one) == (items.get(key), key in items)
        with pytest.raises(KeyError):
            one[5000]
