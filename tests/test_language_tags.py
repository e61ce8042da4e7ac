"""Ranges and spellings of language tags (RFC 5646, RFC 4647)."""

from __future__ import annotations

import pytest

from feedsvc.language_tags import is_range_of, is_same_tag, language_ranges, shorter_tags


def test_a_tag_begins_with_shorter_tags_in_its_letter_case() -> None:
    assert shorter_tags("zh-Hant-TW") == ("zh-Hant-TW", "zh-Hant", "zh")
    assert language_ranges("zh-Hant-TW") == ("zh-hant-tw", "zh-hant", "zh")


@pytest.mark.parametrize(
    ("name", "is_range", "is_same"),
    [
        ("pt-BR", True, True),
        ("PT_br", True, True),
        ("pt", True, False),
        ("p", False, False),
        ("pt-B", False, False),
        ("pt-BR-x", False, False),
        ("", False, False),
        ("pt-", False, False),
    ],
)
def test_a_range_matches_whole_subtags(name: str, *, is_range: bool, is_same: bool) -> None:
    assert is_range_of(name, "pt-BR") == is_range
    assert is_same_tag(name, "pt-BR") == is_same
